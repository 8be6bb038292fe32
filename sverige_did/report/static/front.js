"use strict";
// Moves an assumption along curves that were computed beforehand, and lets tables and the citation be taken along.
// Every number is formatted before it comes here; without this script the page is complete.
(() => {
  const place = new URLSearchParams(location.hash.includes("~") ? location.hash.split("~")[1] : "");

  for (const box of document.querySelectorAll(".slider")) {
    const input = box.querySelector("input");
    const output = box.querySelector("output");
    const { x, steps, sentence } = JSON.parse(box.dataset.steps);
    const say = () => {
      const at = Number(input.value);
      let said = sentence.replace("[x]", x[at]);
      for (const [name, told] of Object.entries(steps)) said = said.replace(`[${name}]`, told[at]);
      said = said.replace(/([^\W_])\.\.(?=[\s)«»”]|$)/g, "$1."); // an abbreviation at the end has one full stop
      output.textContent = said;
      input.setAttribute("aria-valuetext", said);
    };
    const kept = Number(place.get(input.id));
    if (place.has(input.id) && kept >= 0 && kept < x.length) input.value = String(kept);
    input.addEventListener("input", say);
    input.addEventListener("change", () => {
      place.set(input.id, input.value);
      history.replaceState(null, "", `#${box.closest("article").id}~${place}`);
    });
    box.hidden = false;
    say();
  }

  if (location.hash.includes("~")) document.getElementById(location.hash.slice(1).split("~")[0])?.scrollIntoView();

  // What explains a word can be put away, and stays within the window.
  for (const term of document.querySelectorAll(".term")) {
    term.addEventListener("keydown", (event) => term.classList.toggle("shut", event.key === "Escape"));
    for (const kind of ["mouseenter", "focus"]) term.addEventListener(kind, () => {
      term.classList.remove("shut");
      term.classList.toggle("left", term.getBoundingClientRect().left > innerWidth / 2);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector(".term:hover")?.classList.add("shut");
  });

  const words = document.body.dataset;
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", () => act(made));
    return made;
  };

  for (const table of document.querySelectorAll("table")) {
    const save = () => {
      const formula = (text) => /^[=+\-@\t\r]/.test(text) && !/^[+-][\d.,]+(\s*%)?$/.test(text); // a number is none
      const quote = (cell) => {
        const text = cell.textContent.trim();
        return `"${(formula(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
      };
      const rows = [...table.rows].map((row) => [...row.cells].map(quote).join(";"));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([`\ufeff${rows.join("\r\n")}\r\n`], { type: "text/csv" }));
      link.download = `${words.study}-${table.closest("[id]").id}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
    };
    table.closest(".scroll").after(button(words.csv, save));
  }

  const citation = document.getElementById("citation");
  if (citation && navigator.clipboard) {
    citation.after(" ", button(words.copy, async (made) => {
      await navigator.clipboard.writeText(citation.textContent);
      made.textContent = words.copied;
    }));
  }
})();
