"""The answer page: what stands first, in whose numbers, and that nothing on it is only there with a script."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from datetime import date
from html import unescape

import pytest
from page_outline import outline
from small_release import make_release, make_study

from sverige_did import words
from sverige_did.checks.spillover import spillover
from sverige_did.disclosure.release import Release
from sverige_did.outcomes import CATALOGUE
from sverige_did.periods import periods_in
from sverige_did.report import annex_name, file_name, render, seen
from sverige_did.report.answers import study_answers
from sverige_did.report.claims import claim
from sverige_did.report.doubt.page import render_doubt
from sverige_did.report.front import cards, counterfactual, explore, first_screen, render_front
from sverige_did.report.front.glossary import Glossary
from sverige_did.report.headlines import (
    answering,
    headline,
    question_standing_among_all,
    standing_among_all,
    tally,
)
from sverige_did.report.labels import check_sentence
from sverige_did.report.numbers import LOCALE
from sverige_did.report.pages import doubt_name
from sverige_did.report.provenance import limits
from sverige_did.results.estimates import CheckResult, Curve
from sverige_did.results.methods_tables import MethodsRecord

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
        doubt = outline(render_doubt(release, language))
        assert found.open == []
        assert len(found.ids) == len(set(found.ids))
        other: words.Language = "en" if language == "da" else "da"
        for target in found.targets:
            name, _, anchor = target.partition("#")
            if name.startswith("https://"):
                continue
            assert name in {"", annex_name(release, language), doubt_name(release, language), file_name(release, other)}
            there = {"": found.ids, annex_name(release, language): annex.ids, doubt_name(release, language): doubt.ids}
            assert not anchor or anchor in there[name], target
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
            most = 100.0 if CATALOGUE[wanted.outcome].family == "share" else math.inf
            by_hand = [min(found.seen / value, most) for value in (one.estimate, one.upper, one.lower)]
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


def test_a_slider_says_better_only_where_the_plan_says_what_is_better(release: Release) -> None:
    """Contradiction: "it became better" beside an outcome of which neither side is."""
    curve = Curve(
        name="prob_benefit", x_name="checks.axis.shock_sd", y_name="checks.axis.prob_benefit", x=(0.0, 0.5, 1.0),
        y=(0.9, 0.8, 0.7),
    )  # fmt: skip
    check = CheckResult(check="shock_curve", outcome="family_share", reading="all", curves=(curve,))
    for benefit, there in (("higher", True), ("none", False)):
        plan = release.study.model_copy(
            update={
                "outcomes": tuple(
                    one.model_copy(update={"benefit": benefit}) if one.outcome == "family_share" else one
                    for one in release.study.outcomes
                )
            }
        )
        moved = release.model_copy(update={"study": plan, "checks": (check,)})
        assert (explore.slider(moved, "family_share", "en") is not None) == there


def test_a_slider_of_a_share_of_the_effect_begins_at_none(release: Release) -> None:
    """There it says what the sentence above it says."""
    moved = spillover(-0.5, "institution_share", scale="log_ratio", limits=(-1.2, 0.2))
    slider = explore.slider(release.model_copy(update={"checks": (moved,)}), "institution_share", "en")
    assert slider is not None
    assert json.loads(slider.data)["x"][int(slider.start)] == "0"


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_a_check_moves_has_the_unit_of_its_axis(language: words.Language) -> None:
    """No sentence holds a logarithm that nobody named."""
    for scale, told in (("log_ratio", " %" if language == "da" else "%"), ("log_odds", "odds"), ("mio_dkk", "kr.")):
        check = spillover(-0.5, "placement_spending" if scale == "mio_dkk" else "institution_share", scale=scale)
        said = check_sentence(check.model_copy(update={"scale": None}), language)
        unit = "million DKK" if (scale, language) == ("mio_dkk", "en") else told
        assert said.replace("\u00a0", " ").count(unit) >= 3, said


def test_a_sentence_has_one_full_stop() -> None:
    assert words.text("front.slider.effect", "da").endswith("[effect].")
    assert words.one_stop("4 mio. kr..") == "4 mio. kr."
    assert words.one_stop("(»4 mio. kr..« og ../data)") == "(»4 mio. kr.« og ../data)"
    assert words.one_stop("Og så videre...") == "Og så videre..."


def test_an_estimate_with_a_prior_stands_beside_the_one_by_hand(release: Release) -> None:
    """Contradiction: "with the others' development it would have been 8" over a table that makes it 12."""
    weighed = counterfactual.Expected(4.0, 7.9, 3.2, 20.0, 12.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counterfactual, "expected", lambda *_: weighed)
        said = counterfactual.said(release, "institution_share", "en")
    assert "would have been about 12." in said
    assert "the best guess without the programme is 8" in said
    assert "anything from 3 to 20" in said


def test_no_share_is_expected_above_all_of_them(release: Release) -> None:
    for wanted in release.study.outcomes:
        found = counterfactual.expected(release, wanted.outcome)
        if found is not None and CATALOGUE[wanted.outcome].family == "share":
            assert 0 <= found.lower <= found.expected <= found.upper <= 100


def test_two_places_say_the_same_of_a_question(release: Release) -> None:
    """What is counted is what the badges say."""
    counts = tally(release)
    stands = [one.standing for one in (*cards.cards(release, "en"), *cards.told_only(release, "en"))]
    assert counts["open"] == sum(one in {"bounded", "inconclusive", "conditional"} for one in stands)
    assert counts["unanswered"] == sum(one in {"refused", "no_data"} for one in stands)


def test_levels_of_money_are_told_in_kroner_a_child() -> None:
    """Contradiction: spending per child in mio. kr. is 0.01 and 0.00 everywhere."""
    level = seen.Level(date(2014, 1, 1), date(2014, 12, 31), 0.00515312, "2014H1–2014H2")
    assert seen.shown(level, "da", "placement_cost") == "5.153"
    assert "pr. barn" in seen.unit_of("placement_cost", "da", printed=False)
    assert seen.unit_of("placement_spending", "da", printed=True) == "mio. kr."


def test_what_adds_up_over_time_is_compared_a_period() -> None:
    assert CATALOGUE["placed_total"].adds_up
    assert not CATALOGUE["placed_per_1000"].adds_up
    assert (periods_in("2009H1–2013H1"), periods_in("2014H1–2014H2"), periods_in("2014")) == (9, 2, 1)


def test_what_was_withheld_does_not_answer_and_is_not_counted_twice() -> None:
    """A question whose weightiest outcome is withheld is left open by the next, and never answered by it."""
    plan = make_study()
    asked = [one.model_dump() | {"question": "institution"} for one in plan.outcomes[:2]]
    for verdict, stands in (("supported", "inconclusive"), ("inconclusive", "inconclusive")):
        study = make_study(outcomes=asked)
        whole = make_release(study)
        mine = tuple(
            one.model_copy(update={"verdict": verdict, "design_class": "D1"})
            for one in whole.findings if one.outcome == "family_share"
        )  # fmt: skip
        designs = tuple(one.model_copy(update={"design_class": "D1"}) for one in whole.designs)
        record = MethodsRecord(outcome="family_share", scale="pp", verdict=verdict)
        release = whole.model_copy(
            update={
                "findings": mine,
                "designs": designs,
                "methods_tables": (record,),
                "withheld": ("institution_share",),
            }
        )
        assert answering(release, "institution") == ("family_share",)
        assert question_standing_among_all(release, "institution") == stands


def test_limits_are_those_of_the_outcomes_that_have_an_effect_to_tell(release: Release) -> None:
    assert "two_groups" in limits(release)
    first, *others = release.designs
    mixed = release.model_copy(update={"designs": (first.model_copy(update={"design_class": "D1"}), *others)})
    assert "two_groups" not in limits(mixed)
    assert "some_two_groups" in limits(mixed)
    lone = tuple(one for one in release.designs if one.outcome == "caseload")
    dose = tuple(one for one in release.study.outcomes if one.outcome == "caseload")
    study = release.study.model_copy(update={"outcomes": dose})
    assert "treated_only" not in limits(release.model_copy(update={"designs": lone, "study": study}))


def test_a_source_on_the_web_is_a_link_and_has_no_place(release: Release) -> None:
    one = release.reported[0].model_copy(update={"source_file": "https://example.org/a", "place": "web"})
    found = seen.sources(release.model_copy(update={"reported": (one,)}), "institution_share", "en")
    assert [(source.said, source.href) for source in found] == [("https://example.org/a", "https://example.org/a")]


def test_figures_of_several_dates_are_not_said_to_be_of_one(release: Release) -> None:
    """The answer says of what is known from before exactly when the annex lists it among the limits."""
    designs = tuple(
        one.model_copy(update={"support": one.support.model_copy(update={"treated_dates": 5})})
        for one in release.designs
    )
    dated = release.model_copy(update={"designs": designs})
    for language in words.LANGUAGES:
        said = words.text("report.limits.no_trend", language)
        assert said in text_of(render_front(release, language))
        assert said not in text_of(render_front(dated, language))
        assert words.text("front.why.two_totals", language) in first_screen.lead(release, language)
        assert words.text("front.why.two_totals_with_dates", language) in first_screen.lead(dated, language)


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_word_of_the_glossary_is_explained_where_it_first_stands_and_nowhere_else(language: words.Language) -> None:
    page = render_front(make_release(), language)
    links = re.findall(r'<a class="term" href="#word-(\w+)" aria-describedby="word-(\w+)" data-tip="([^"]+)">', page)
    assert links
    assert len({one for one, _, _ in links}) == len(links)
    for to, by, tip in links:
        assert to == by
        entry = re.search(rf'<dd id="word-{to}">(.*?)</dd>', page)
        assert entry
        assert unescape(entry[1]) == unescape(tip)


def test_a_word_in_hostile_text_is_marked_and_the_text_stays_text() -> None:
    glossary = Glossary("en")
    hostile = '<b title="chance">by chance</b>, which cannot be determined & an interval'
    said = glossary.mark(hostile)
    assert "<b" not in said
    assert said.count('class="term"') == 3
    assert unescape(re.sub(r"<[^>]+>", "", said)) == hostile
    assert 'class="term"' not in glossary.mark("chance, interval; it cannot be determined")
