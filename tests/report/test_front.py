"""The answer page: what stands first, in whose numbers, and that nothing on it is only there with a script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape

import pytest
from page_outline import outline
from small_release import make_release

from sverige_did import words
from sverige_did.checks.spillover import spillover
from sverige_did.disclosure.release import Release
from sverige_did.report import annex_name, file_name, render
from sverige_did.report.answers import study_answers
from sverige_did.report.claims import claim
from sverige_did.report.front import cards, counterfactual, explore, first_screen, render_front
from sverige_did.report.headlines import headline, standing_among_all
from sverige_did.report.numbers import LOCALE

MOST_BYTES = 1_000_000
RAW_KEY = re.compile(r"\b[a-z]+_[a-z_]+\b")


@pytest.fixture(scope="module")
def release() -> Release:
    return make_release()


@pytest.fixture(scope="module")
def pages(release: Release) -> dict[words.Language, str]:
    return {language: render_front(release, language) for language in words.LANGUAGES}


def text_of(page: str) -> str:
    bare = re.sub(r"<(style|script)[^>]*>.*?</\1>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def test_it_is_well_formed_and_every_link_leads_somewhere(pages: dict[words.Language, str], release: Release) -> None:
    for language, page in pages.items():
        found, annex = outline(page), outline(render(release, language))
        assert found.open == []
        assert len(found.ids) == len(set(found.ids))
        other: words.Language = "en" if language == "da" else "da"
        for target in found.targets:
            name, _, anchor = target.partition("#")
            assert name in {"", annex_name(release, language), file_name(release, other)}
            assert not anchor or anchor in (annex.ids if name else found.ids), target
        assert len(page.encode()) < MOST_BYTES


def test_every_answer_of_the_index_stands_where_it_is_said_to(
    pages: dict[words.Language, str], release: Release
) -> None:
    for language, page in pages.items():
        on_page, annex = outline(page).ids, outline(render(release, language)).ids
        for one in study_answers(release, language).answers:
            assert one.anchor in (annex if one.page else on_page), one.anchor


def test_the_script_is_allowed_by_its_hash_alone(pages: dict[words.Language, str]) -> None:
    for page in pages.values():
        (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
        assert f"script-src 'sha256-{digest}'" in policy
        assert "default-src 'none'" in policy
        assert not re.search(r"\bfetch\(|XMLHttpRequest|eval\(|innerHTML", script)


def test_what_was_seen_comes_first_and_then_what_can_be_said(release: Release) -> None:
    for language in words.LANGUAGES:
        said = first_screen.lead(release, language)
        main = first_screen.main_outcome(release)
        stands = standing_among_all(release, main)
        assert words.catalogue(language)[f"front.answer.{stands}"].split("{")[0].strip() in said
        assert len(said.split()) <= 60


def test_an_open_answer_is_never_called_none(pages: dict[words.Language, str]) -> None:
    for language, page in pages.items():
        assert words.text("front.not_the_same", language) in text_of(page)
        for key in ("inconclusive", "conditional"):
            said = words.text(f"front.verdict.{key}", language).lower()
            assert not re.search(r"\b(ingen|no)\b", said)


def test_numbers_of_children_follow_from_the_estimate(release: Release) -> None:
    """By hand: what was seen over the ratio, or less the difference; the limits change sides."""
    checked = 0
    for wanted in release.study.outcomes:
        found, main = counterfactual.expected(release, wanted.outcome), headline(release, wanted.outcome)
        if found is None or main is None or main.result.lower is None or main.result.upper is None:
            continue
        one = main.result
        if one.scale == "ratio":
            by_hand = [found.seen / value for value in (one.estimate, one.upper, one.lower)]
        else:
            by_hand = [min(max(found.seen - value, 0), 100) for value in (one.estimate, one.upper, one.lower)]
        assert [found.expected, found.lower, found.upper] == pytest.approx(by_hand)
        checked += 1
    assert checked


def test_every_question_is_a_card_or_told_or_was_done(release: Release) -> None:
    shown = {card.question for card in cards.cards(release, "en")}
    told = {one.question for one in cards.told_only(release, "en")}
    done = {one.question for one in release.study.outcomes if one.role == "implementation"}
    assert shown | told | done == {question.key for question in release.study.questions if question.key in
                                   {one.question for one in release.study.outcomes}}  # fmt: skip
    assert not shown & told


def test_the_words_of_a_card_are_those_that_the_design_allows(release: Release) -> None:
    for language in words.LANGUAGES:
        for card in cards.cards(release, language):
            assert card.claim == claim(release, card.outcome, language)


def test_a_slider_says_at_every_step_what_was_computed(release: Release) -> None:
    moved = spillover(-0.5, "institution_share", scale="log_ratio", limits=(-1.2, 0.2))
    movable = release.model_copy(update={"checks": (moved,)})
    found = [explore.slider(movable, one.outcome, "en") for one in release.study.outcomes]
    sliders = [one for one in found if one is not None]
    assert sliders
    for one in sliders:
        data = json.loads(one.data)
        assert one.low == 0
        assert one.high == len(data["x"]) - 1
        for told in data["steps"].values():
            assert len(told) == len(data["x"])
        filled = data["sentence"].replace("[x]", data["x"][int(one.start)])
        for name, told in data["steps"].items():
            filled = filled.replace(f"[{name}]", told[int(one.start)])
        assert filled == one.said
        assert "[" not in one.said


def test_both_languages_have_the_same_numbers(pages: dict[words.Language, str]) -> None:
    def digits(language: words.Language) -> list[str]:
        told = text_of(pages[language]).split(words.text("front.headings.words", language))[0]
        decimal, thousands = (",", ".") if LOCALE[language].startswith("da") else (".", ",")
        found = re.findall(r"\d[\d.,]*", told)
        return sorted(one.rstrip(".,").replace(thousands, "").replace(decimal, ".") for one in found)

    assert digits("da") == digits("en")


def test_no_raw_key_and_no_banned_word(pages: dict[words.Language, str]) -> None:
    for page in pages.values():
        told = text_of(page).replace("sverige_did", "")
        assert not RAW_KEY.findall(told)
    danish = text_of(pages["da"]).lower()
    for banned in ("a posteriori", "begejstret", "grøn bund", "forenelige med en effekt", "parallelle forinden"):
        assert banned not in danish
