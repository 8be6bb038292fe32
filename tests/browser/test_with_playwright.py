"""Both pages as people use them: with a keyboard, a phone, a screen reader, in the dark, on paper, and offline."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_pages import ODD, with_everything
from small_release import make_study

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import annex_name, file_name, render
from sverige_did.report.doubt.page import render_doubt
from sverige_did.report.front import render_front
from sverige_did.report.pages import doubt_name

playwright = pytest.importorskip("playwright.sync_api", reason="the group dev is not installed: no Playwright")
axe = pytest.importorskip("axe_playwright_python.base", reason="the group dev is not installed: no axe")

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1280)
HEIGHT = 800
SOON = 50.0
"""Milliseconds within which a sentence follows its slider."""

MOST_SHEETS = {"front": 8, "annex": 40, "doubt": 22}
"""Of A4, for the small release."""

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
AUDIT = """async (options) => {
  const found = await axe.run(document, options);
  return found.violations.map(one => one.id + ": " + one.nodes.slice(0, 3).map(node => node.html).join(" | "));
}"""
AUDITS: dict[tuple[str, str], tuple[tuple[bool, str, tuple[int, ...]], ...]] = {
    ("front", "da"): tuple((opened, scheme, WIDTHS) for opened in (False, True) for scheme in ("light", "dark")),
    ("front", "en"): ((False, "light", WIDTHS[::2]),),
    ("annex", "da"): ((False, "light", WIDTHS[:1]), (True, "light", WIDTHS), (True, "dark", WIDTHS[-1:])),
    ("annex", "en"): ((True, "light", WIDTHS[-1:]),),
    ("doubt", "da"): ((False, "light", WIDTHS[:1]), (True, "light", WIDTHS), (True, "dark", WIDTHS[-1:])),
    ("doubt", "en"): ((True, "light", WIDTHS[-1:]),),
}
"""Whether the folds are open, the colours, and the widths at which a page is audited. An annex takes seconds each time:
its colours do not go by its width, nor what an audit finds by its language."""

FORMULA = '=HYPERLINK("http://127.0.0.1")'


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all of them."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on PATH: install chromium to test the pages in a browser")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=found)
        yield running
        running.close()


@pytest.fixture(scope="module")
def made() -> Release:
    return with_everything()


@pytest.fixture(scope="module")
def folder(made: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both pages in both languages, beside each other as they are delivered."""
    place = tmp_path_factory.mktemp("both")
    for language in words.LANGUAGES:
        (place / file_name(made, language)).write_text(render_front(made, language), "utf-8")
        (place / annex_name(made, language)).write_text(render(made, language), "utf-8")
        (place / doubt_name(made, language)).write_text(render_doubt(made, language), "utf-8")
    return place


class Tab:
    """A tab, and all that a page said or asked for in it."""

    def __init__(self, browser: Any, **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": HEIGHT}, **context)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda one: self.said.append(one.text))
        self.page.on("pageerror", lambda one: self.said.append(str(one)))
        self.page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.said.append(request.url)


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    made = Tab(browser)
    yield made
    made.context.close()


def name_of(kind: str, release: Release, language: words.Language) -> str:
    return {"front": file_name, "annex": annex_name, "doubt": doubt_name}[kind](release, language)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("kind", ["front", "annex", "doubt"])
def test_nothing_stands_in_a_readers_way(
    tab: Tab, folder: Path, made: Release, kind: str, language: words.Language
) -> None:
    """No violation of WCAG 2.2 AA or of best practice, closed and open, light and dark, at every width; nothing that
    runs off the screen; no word on the console, and no request."""
    page = tab.page
    page.goto((folder / name_of(kind, made, language)).as_uri())
    page.evaluate(axe.AXE_SCRIPT)
    for opened, scheme, widths in AUDITS[kind, language]:
        page.evaluate("opened => document.querySelectorAll('details').forEach(one => { one.open = opened; })", opened)
        page.emulate_media(color_scheme=scheme)
        for width in widths:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            assert page.evaluate(AUDIT, RULES) == [], (opened, scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (opened, width)
    assert tab.said == []


def test_the_audit_would_find_something(tab: Tab) -> None:
    tab.page.set_content("<html><body><img src='data:,'><p style='color:#ccc;background:#fff'>pale</p></body></html>")
    tab.page.evaluate(axe.AXE_SCRIPT)
    found = " ".join(tab.page.evaluate(AUDIT, RULES))
    assert "image-alt" in found
    assert "color-contrast" in found


def test_all_can_be_reached_and_worked_with_the_keyboard(tab: Tab, folder: Path, made: Release) -> None:
    """Tab goes through everything in its order, and what it stands on is seen and not under the banner."""
    page = tab.page
    page.goto((folder / file_name(made, "da")).as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    reached, covered = [], []
    for _ in range(200):
        page.keyboard.press("Tab")
        one = page.evaluate(
            """() => {
              const at = document.activeElement, box = at.getBoundingClientRect();
              const banner = document.querySelector(".banner")?.getBoundingClientRect().bottom ?? 0;
              const style = getComputedStyle(at);
              return {tag: at.tagName, seen: style.outlineStyle !== "none" || at.matches("input"),
                      clear: box.bottom > banner && box.top < innerHeight, html: at.outerHTML.slice(0, 80)};
            }"""
        )
        if one["tag"] == "BODY":
            break
        reached.append(one["tag"])
        if not (one["seen"] and one["clear"]):
            covered.append(one["html"])
    assert covered == []
    assert {"A", "SUMMARY", "INPUT", "BUTTON", "DIV"} <= set(reached)
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    choice = page.locator(".choices input").first
    choice.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".choices input").nth(1).is_checked()
    assert page.locator(".choice p:visible").count() == page.locator(".choices").count()
    assert tab.said == []


def test_a_sentence_follows_its_slider_and_comes_back_from_its_link(tab: Tab, folder: Path, made: Release) -> None:
    page = tab.page
    page.goto((folder / file_name(made, "da")).as_uri())
    slider = page.locator(".slider input").first
    said = page.locator(".slider output").first
    first = said.inner_text()
    slider.focus()
    page.keyboard.press("End")
    last = said.inner_text()
    assert last != first
    assert slider.get_attribute("aria-valuetext") == last
    took = page.evaluate(
        """() => {
          const input = document.querySelector(".slider input"), output = document.querySelector(".slider output");
          const times = [];
          for (let at = Number(input.min); at <= Number(input.max); at++) {
            const began = performance.now();
            input.value = String(at);
            input.dispatchEvent(new Event("input"));
            output.getBoundingClientRect();
            times.push(performance.now() - began);
          }
          return Math.max(...times);
        }"""
    )
    assert took < SOON
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    kept, link = said.inner_text(), page.url
    assert "~" in link
    page.goto("about:blank")
    page.goto(link)
    assert page.locator(".slider output").first.inner_text() == kept
    assert tab.said == []


@pytest.mark.parametrize("place", ["#question-institution~slider=%", "#nowhere~x", "#question-institution~slider-x=-4"])
def test_a_broken_link_does_no_harm(tab: Tab, folder: Path, made: Release, place: str) -> None:
    tab.page.goto((folder / file_name(made, "en")).as_uri() + place)
    tab.page.reload()
    assert tab.said == []


def test_a_table_is_saved_as_it_stands_and_a_formula_is_harmless(browser: Any, tmp_path: Path) -> None:
    groups = {
        "treated": {"label": {"da": FORMULA, "en": FORMULA}, "districts": 4, "districts_known": True},
        "control": {"label": {"da": "Øvrige; andre", "en": "Others; more"}, "districts": 16, "districts_known": False},
    }
    whole = with_everything()
    release = whole.model_copy(update={"study": make_study(**groups)})
    page_file = tmp_path / "formula.html"
    page_file.write_text(render_front(release, "da"), "utf-8")
    tab = Tab(browser, accept_downloads=True)
    page = tab.page
    page.goto(page_file.as_uri())
    table = page.locator(".card table").first
    with page.expect_download() as got:
        page.locator(".card .scroll + button").first.click()
    text = Path(got.value.path()).read_text("utf-8-sig")
    assert re.fullmatch(r"[\w-]+\.csv", got.value.suggested_filename)
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    shown = [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in table.locator("tr").all()]
    assert [[cell.removeprefix("'") for cell in row] for row in rows] == shown
    assert any(FORMULA in cell for row in shown for cell in row)
    signed = [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert all(re.fullmatch(r"[+-][\d.,]+( ?%)?", cell) for cell in signed)
    assert tab.said == []
    tab.context.close()


def test_the_languages_and_the_pages_lead_to_each_other(tab: Tab, folder: Path, made: Release) -> None:
    page = tab.page
    page.goto((folder / file_name(made, "da")).as_uri())
    page.locator(".switch a").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator(".more a").first.click()
    assert page.url.partition("#")[0].endswith(annex_name(made, "en"))
    page.locator(".back a").click()
    assert page.url.endswith(file_name(made, "en"))
    assert tab.said == []


def test_what_is_jumped_to_is_not_under_the_banner(tab: Tab, folder: Path, made: Release) -> None:
    page = tab.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.goto((folder / file_name(made, "da")).as_uri())
        for anchor in page.evaluate("[...document.querySelectorAll('article[id], section[id]')].map(one => one.id)"):
            page.evaluate("anchor => { location.hash = anchor; }", anchor)
            top, banner = page.evaluate(
                """anchor => [document.getElementById(anchor).getBoundingClientRect().top,
                              document.querySelector(".banner").getBoundingClientRect().bottom]""",
                anchor,
            )
            assert top >= banner - 1, (width, anchor)


def test_on_a_phone_a_row_is_a_stack_with_its_heads(tab: Tab, folder: Path, made: Release) -> None:
    page = tab.page
    page.set_viewport_size({"width": 360, "height": HEIGHT})
    page.goto((folder / file_name(made, "da")).as_uri())
    cells = page.evaluate(
        """[...document.querySelectorAll(".card td")].filter(one => one.textContent.trim()).map(one => {
          const row = one.closest("tr").getBoundingClientRect(), box = one.getBoundingClientRect();
          return {wide: Math.abs(box.width - row.width) < 2, head: getComputedStyle(one, "::before").content,
                  label: one.dataset.label};
        })"""
    )
    assert cells
    assert all(one["wide"] and one["head"].strip('"') for one in cells)


def test_without_its_script_a_page_is_complete(browser: Any, tab: Tab, folder: Path, made: Release) -> None:
    bare = Tab(browser, java_script_enabled=False)
    uri = (folder / file_name(made, "en")).as_uri()
    for one in (bare, tab):
        one.page.goto(uri)
    text = bare.page.locator("main").inner_text()
    moved = tab.page.locator("main").inner_text()
    for line in text.splitlines():
        assert line in moved
    assert bare.page.locator("button, .slider:visible").count() == 0
    bare.context.close()


@pytest.mark.parametrize("kind", ["front", "annex", "doubt"])
def test_it_prints_on_so_many_sheets(tab: Tab, folder: Path, made: Release, kind: str) -> None:
    tab.page.goto((folder / name_of(kind, made, "da")).as_uri())
    printed = tab.page.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    assert 1 <= sheets <= MOST_SHEETS[kind]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_page_fits_every_screen(tab: Tab, tmp_path: Path, name: str) -> None:
    release = ODD[name]()
    page = tab.page
    made = {"front": render_front, "annex": render, "doubt": render_doubt}
    for kind, text in ((kind, page_of(release, "da")) for kind, page_of in made.items()):
        file = tmp_path / f"{kind}.html"
        file.write_text(text, "utf-8")
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (kind, width)
    page.goto((tmp_path / "front.html").as_uri())
    page.evaluate(axe.AXE_SCRIPT)
    assert page.evaluate(AUDIT, RULES) == []
    assert tab.said == []
