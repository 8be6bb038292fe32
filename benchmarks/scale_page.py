"""The page on how long things take and how that grows, from what two other scripts printed.

python benchmarks/national.py | tee docs/scale.jsonl
python benchmarks/everything.py | tee docs/everything.jsonl
python benchmarks/scale_page.py      # writes docs/scale.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

DOCS = Path(__file__).parents[1] / "docs"
LINES, EVERYTHING, PAGE = DOCS / "scale.jsonl", DOCS / "everything.jsonl", DOCS / "scale.md"

START = 2.0
"""Seconds of a core that a job takes of nothing: Python, its imports and the plan."""

TOLD = 10.0
"""A stage that takes less than so many seconds of a core at the largest size is not told: its start is most of it."""

MOST = 1.15
"""The growth exponent above which a stage needs a reason."""

REASONS: dict[str, str] = {}
"""Why a stage grows faster."""


class Stage(NamedTuple):
    """One stage of one study: seconds of a core and megabytes by the part of the country that was run."""

    study: str
    stage: str
    cpu: dict[int, float]
    peak_mb: dict[int, float]

    @property
    def exponent(self) -> float:
        """By which power of the size its time grows, beyond what its start takes at any size."""
        parts = sorted(self.cpu)
        over = np.log([max(self.cpu[part] - START, 0.1) for part in parts])
        return float(np.polyfit(-np.log(parts), over, 1)[0]) if len(parts) > 1 else float("nan")


def stages(lines: list[dict[str, object]]) -> Iterator[Stage]:
    """Those that are told, by study and in the order of their time at the largest size."""
    found: dict[tuple[str, str], Stage] = {}
    for one in lines:
        if "study" in one and "parts" in one:
            key = str(one["study"]), str(one["stage"])
            stage = found.setdefault(key, Stage(*key, {}, {}))
            stage.cpu[int(str(one["parts"]))] = float(str(one["cpu"]))
            stage.peak_mb[int(str(one["parts"]))] = float(str(one["peak_mb"]))
    told = [one for one in found.values() if max(one.cpu.values()) >= TOLD]
    yield from sorted(told, key=lambda one: (one.study, -one.cpu[min(one.cpu)]))


def page(lines: list[dict[str, object]]) -> str:
    """The page as Markdown."""
    machine = next(str(one["machine"]) for one in lines if "machine" in one)
    whole = {int(str(one["parts"])): one for one in lines if one.get("stage") == "all"}
    parts = sorted({int(str(one["parts"])) for one in lines if "parts" in one}, reverse=True)
    names = {part: "the whole" if part == 1 else f"1/{part}" for part in parts}
    told = list(stages(lines))
    largest = parts[-1]
    row = "| {} |".format
    out = [
        "# How it grows",
        "",
        "*Written by `benchmarks/scale_page.py` from `docs/scale.jsonl`, which `benchmarks/national.py` printed. All"
        " data are made up: no child in them exists.*",
        "",
        "A country of 98 municipalities with 1,274 districts, 28 half-years, five million children and five million"
        " placements, and parts of it. Two studies run through `snakemake all`, with six outcomes"
        " each: *together*, in which four districts of each municipality start on the same day, with all doubts, 10,000"
        " reassignments and a hierarchical model over all districts under six priors, and"
        " *staggered*, in which municipalities start in five different years. Disclosure control, pages in two"
        " languages and release folders are in it.",
        "",
        f"**Machine.** {machine}",
        "",
    ]
    if whole:
        out += [
            row(" | ".join(["size", "children", "cores", "wall time", "largest job", "jobs at one moment"])),
            row(" | ".join(["---"] * 6)),
        ]
    for part in sorted(whole, reverse=True):
        seconds = float(str(whole[part]["seconds"]))
        held = [f"{float(str(whole[part][name])) / 1000:.1f} GB" for name in ("peak_mb", "together_mb")]
        children, cores = f"{5_000_000 // part:,}", str(whole[part]["cores"])
        out.append(row(" | ".join([names[part], children, cores, f"{seconds / 60:.1f} min", *held])))
    if 1 not in whole:
        out += [
            "**No run of the whole was measured from beginning to end.** What stands below are stages that were"
            " finished. How long all of it takes is not known.",
        ]
    out += [text for one in lines if "note" in one for text in ("", str(one["note"]))]
    out += [
        "",
        "## By stage",
        "",
        "Seconds of a core, what else the machine did left out, and the most memory that a process held. The exponent"
        f" says by which power of the size the time grows, beyond the {START:.0f} seconds that a job takes of nothing;"
        f" 1 is in proportion. Stages under {TOLD:.0f} seconds at the largest size are not told.",
        "",
        row(" | ".join(["study", "stage", *(names[part] for part in parts), f"GB, {names[largest]}", "exponent"])),
        row(" | ".join(["---"] * (len(parts) + 4))),
    ]
    for one in told:
        cells = [_or_dash(one.cpu.get(part, float("nan")), ",.0f") for part in parts]
        peak = _or_dash(one.peak_mb.get(largest, float("nan")) / 1000, ".1f")
        out.append(row(" | ".join([one.study, one.stage, *cells, peak, _or_dash(one.exponent, ".2f")])))
    reasons = [(one.stage, REASONS[one.stage]) for one in told if one.exponent > MOST and one.stage in REASONS]
    if reasons:
        out += ["", f"Above {MOST}:", "", *(f"- **{stage}**: {why}" for stage, why in dict(reasons).items())]
    return "\n".join(out) + "\n"


def everything(lines: list[dict[str, object]]) -> str:
    """The section on what the studies of this repository take: a row a work, from the fastest run to the slowest."""
    machine = next(str(one["machine"]) for one in lines if "machine" in one)
    row = "| {} |".format
    out = [
        "",
        "## The studies of this repository",
        "",
        "*From `docs/everything.jsonl`, which `benchmarks/everything.py` printed:* each work from nothing, with models"
        " that were compiled before, the fastest run first. A core that others use too is slower: the last column says"
        " how many times as long a short loop took around each run as at its fastest.",
        "",
        f"**Machine.** {machine}",
        "",
        row(" | ".join(["work", "seconds", "seconds of a core", "slowed"])),
        row(" | ".join(["---"] * 4)),
    ]
    runs: dict[str, list[dict[str, object]]] = {}
    for one in lines:
        if "work" in one:
            runs.setdefault(str(one["work"]), []).append(one)
    for work, found in runs.items():
        found.sort(key=lambda one: float(str(one["seconds"])))
        columns = (", ".join(str(one[name]) for one in found) for name in ("seconds", "core_seconds", "slowed"))
        out.append(row(" | ".join([work, *columns])))
    return "\n".join(out) + "\n"


def _or_dash(value: float, form: str) -> str:
    return format(value, form) if value == value else "–"


def read(file: Path = LINES) -> list[dict[str, object]]:
    """What a run printed."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def text() -> str:
    """All of docs/scale.md."""
    return page(read()) + everything(read(EVERYTHING))


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
    print(PAGE)
