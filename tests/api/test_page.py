"""The researcher's page: whole, in both languages, and it says first that nothing in it is hidden."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from frames import small, study

import sverige_did as sd
from sverige_did import words

FIRST = {"en": "Small numbers are NOT hidden on this page.", "da": "Små tal er IKKE skjult på denne side."}
PARTS = ("verdict", "levels", "methods", "events", "checks", "settle")


class Told(HTMLParser):
    """The text of a page in its order, and what it opens."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.ids: list[str] = []
        self.body = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.body |= tag == "body"
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        if self.body and data.strip():
            self.text.append(data.strip())


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("page") / "made" / "anew"
    frame = sd.datasets.simulate(units=14, treated=4, periods=8, starts=6, effect=-3.0)
    frame.columns = frame.columns.str.replace("district", "school")
    paths = study(frame, unit="school").report(folder)
    return {path.name.split(".")[1]: path.read_text("utf-8") for path in paths}


@pytest.mark.parametrize("language", FIRST)
def test_the_first_line_says_that_small_numbers_are_not_hidden(pages: dict[str, str], language: str) -> None:
    assert Told(pages[language]).text[0].startswith(FIRST[language])


@pytest.mark.parametrize("language", FIRST)
def test_it_has_every_part_and_needs_nothing_from_elsewhere(pages: dict[str, str], language: str) -> None:
    page, told = pages[language], Told(pages[language])
    assert [name for name in told.ids if name in PARTS] == list(PARTS)
    assert len(told.ids) == len(set(told.ids))
    assert page.count("<svg") == 4
    assert not re.search(r'(src|href)="(?!#|data:|study\.(da|en)\.html)', page)
    assert "<script" not in page
    assert not re.search(r"\{\w+\}|None|nan\b", " ".join(told.text))


def test_it_tells_what_the_results_tell_of_the_callers_units(pages: dict[str, str]) -> None:
    frame = sd.datasets.simulate(units=14, treated=4, periods=8, starts=6, effect=-3.0)
    frame.columns = frame.columns.str.replace("district", "school")
    verdict = study(frame, unit="school").verdict()
    told = " ".join(Told(pages["en"]).text)
    assert verdict.say("en") in told
    assert "schools" in told
    assert "district" not in told.replace("district 0", "").replace("district 1", "")
    assert not re.search(r"distrikt", " ".join(Told(pages["da"]).text))


def test_made_up_data_are_marked_on_the_page_and_in_its_figures(pages: dict[str, str]) -> None:
    assert "All numbers are made up." in pages["en"]
    assert pages["en"].count("SYNTHETIC DATA") == 4
    assert "made-up data" in study(small()).verdict().summary("en")
    real = small()
    real.attrs.clear()
    assert "made-up" not in study(real).verdict().summary("en")


def test_a_design_that_carries_no_verdict_has_a_page_that_says_so(tmp_path: Path) -> None:
    page = study(small(treated=1)).report(tmp_path)[1].read_text("utf-8")
    told = Told(page).text
    assert any("cannot be tested here" in one for one in told)
    assert any("This design carries no verdict" in one for one in told)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "page"
    place.write_text("")
    with pytest.raises(sd.InputError, match="a file and no folder"):
        study(small()).report(place)


def test_starts_that_differ_have_a_line_each(tmp_path: Path) -> None:
    page = study(sd.datasets.simulate(units=15, treated=6, starts=(5, 7))).report(tmp_path)[1].read_text("utf-8")
    assert all(name in page for name in ("from 5 (3)", "from 7 (3)", "never (9)"))


def dated(scale: str) -> sd.Study:
    frame = sd.datasets.simulate(units=24, treated=10, periods=9, starts=(4, 6), effect=-1.0, seed=4)
    frame["y"] = np.exp(frame["y"] / 10)
    return sd.did(frame, unit="district", time="period", y="y", treated_from="start", scale=scale)


def test_a_study_without_a_verdict_has_a_page_with_what_it_carries(tmp_path: Path) -> None:
    """Ratios of units that start apart have neither verdict nor effects; their levels and the way out are there."""
    pages = {page.name: page.read_text("utf-8") for page in dated("ratio").report(tmp_path)}
    for name, said in (("study.en.html", "give the logarithm as"), ("study.da.html", "logaritmen")):
        page = pages[name]
        assert said in page
        headings = re.findall(r'<section id="(\w+)"', page)
        assert headings == ["verdict", "levels", "methods", "events", "checks", "settle"]
        assert page.count("<svg") == 1
    assert not re.search("Traceback|None|nan", re.sub(r"<svg.*?</svg>", "", pages["study.en.html"], flags=re.DOTALL))


def test_the_checks_of_starts_that_differ_weigh_the_estimate_of_the_verdict(tmp_path: Path) -> None:
    study = dated("own")
    verdict, checks = study.verdict(), study.sensitivity()
    effects = {one.check: one.numbers["effect"] for one in checks.checks if one.numbers.get("effect") is not None}
    assert len(effects) >= 4
    assert list(effects.values()) == pytest.approx([verdict.estimate] * len(effects))
    drift, power = checks.by("pretrends").numbers, checks.by("pretest_power").numbers
    assert drift["effect_erases"] == pytest.approx(power["effect_erases"])
    for page, language in zip(sorted(study.report(tmp_path)), ("da", "en"), strict=True):
        assert words.text("notebook.note.checks_of_dates", language) in html.unescape(page.read_text("utf-8"))
