"""Pages of odd studies: nothing is told twice, nothing is told of nothing, and a refusal has no number beside it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from page_outline import outline
from small_pages import ODD

from sverige_did import words
from sverige_did.report import render
from sverige_did.report.front import first_screen, render_front
from sverige_did.report.headlines import off_scale, rows


def text_of(page: str) -> str:
    bare = re.sub(r"<(style|script|svg|pre)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", sorted(ODD))
def test_both_pages_are_whole(name: str, language: words.Language) -> None:
    release = ODD[name]()
    for page in (render_front(release, language), render(release, language)):
        found = outline(page)
        assert found.open == []
        assert len(found.ids) == len(set(found.ids))
        assert not re.search(r"\b(nan|inf)\b", text_of(page))
    front = text_of(render_front(release, language))
    assert not re.search(r"\b(af de 1|Alle 1|All 1|the 1|Of 1|Af 1)\b", front)


@pytest.mark.parametrize("name", sorted(ODD))
def test_no_two_tiles_tell_of_one_outcome(name: str) -> None:
    names = [tile.name for tile in first_screen.tiles(ODD[name](), "en")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_beside_a_refusal_stands_no_number(language: words.Language) -> None:
    """Contradiction: an interval, bands and a figure beside "cannot be computed"."""
    release = ODD["refused"]()
    assert [one.verdict for one in release.methods_tables] == ["refused"]
    (tile,) = first_screen.tiles(release, language)
    assert tile.bar is None
    assert not re.search(r"\d", tile.sentence)
    assert tile.verdict == words.text("front.verdict.untestable", language)
    assert "2" in first_screen.lead(release, language)
    assert not rows(release)
    assert off_scale(release) == (("institution_per_1000", "refused"),)
    annex = render(release, language)
    assert words.text("methods_table.caption.event", language, outcome="").strip() not in text_of(annex)
    cells = re.findall(r'<td class="number">([^<]*)</td>', annex)
    assert not [cell for cell in cells if "(" in cell and re.search(r"\(\W?\d", cell)]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_too_few_districts_are_not_called_too_few_children(language: words.Language) -> None:
    said = first_screen.lead(ODD["two_treated"](), language)
    assert words.text("front.why.withheld_districts", language) in said
    assert words.text("front.why.withheld", language) not in said


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_is_hidden_is_said_once_and_drawn_nowhere(language: words.Language) -> None:
    page = render_front(ODD["all_hidden"](), language)
    assert "<svg" not in page
    assert "<table" not in page


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_so_few_is_said_of_few_only(language: words.Language) -> None:
    few = words.text("front.reasons.too_few", language, n_treated=40, n_control=58)
    page = text_of(render_front(ODD["many_municipalities"](), language))
    assert few not in page
    assert words.text("front.reasons.not_simulated", language, n_treated=40, n_control=58) in page
