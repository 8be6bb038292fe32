"""What a reader could take for more than it is: each kind is said where it stands, in both languages."""

from __future__ import annotations

import math
import re
from datetime import date

import pytest
from herning import evidence, plan
from page_outline import outline
from small_release import finding, make_release, make_reported, make_study

from sverige_did import words
from sverige_did.checks.needed import needed_share
from sverige_did.checks.overdispersion import overdispersion
from sverige_did.disclosure.release import Release, release_published
from sverige_did.report import annex_name, render, seen
from sverige_did.report.claims import claim
from sverige_did.report.economy import waterfall
from sverige_did.report.front import beside, first_screen, reasons, render_front
from sverige_did.report.front.bar import interval_bar
from sverige_did.report.front.by_hand import MARK, by_hand, holds_unprinted
from sverige_did.report.front.glossary import TERMS, terms_in
from sverige_did.report.implementation import done_briefly
from sverige_did.report.labels import spoken
from sverige_did.report.overview import cell
from sverige_did.report.sections import fact_anchor, reported, reported_row
from sverige_did.report.targets import target_sentences, target_table
from sverige_did.results.estimates import ROW_FIELDS, Estimate
from sverige_did.studies.published.economy import economy
from sverige_did.studies.published.targets import target_records

LANGUAGES = words.LANGUAGES


@pytest.fixture(scope="module")
def herning() -> Release:
    held = evidence()
    return release_published(
        study=plan(), data_sha256="0", synthetic=False, reported=held.facts, designs=held.designs,
        feasible=held.feasible, contradicted=held.contradicted, findings=(), checks=(), diagnostics=(),
        economy=economy(held), targets=target_records(held),
    )  # fmt: skip


@pytest.fixture(scope="module")
def small() -> Release:
    return make_release()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_that_no_source_prints_is_marked_and_one_that_gives_a_printed_one_back_is_not(
    herning: Release, language: words.Language
) -> None:
    table = by_hand(herning, "network_share", language)
    assert table is not None
    assert holds_unprinted(table)
    levels = {row[1] for row in table.rows[:2]}
    assert all(one.endswith(MARK) for one in levels)
    assert not any(row[2].endswith(MARK) or row[3].endswith(MARK) for row in table.rows)
    derived = by_hand(herning, "home_based_share", language)
    assert derived is not None
    assert all(row[3].endswith(MARK) for row in derived.rows)
    said = beside.notes(herning, "ties", "home_based_share", language)
    assert words.text("front.table.unprinted", language) in said
    printed = by_hand(herning, "institution_children", language)
    assert printed is not None
    assert not holds_unprinted(printed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_printed_measure_that_makes_another_number_stands_beside(
    herning: Release, language: words.Language
) -> None:
    said = " ".join(beside.notes(herning, "institution", "institution_children", language))
    assert re.search(r"\b25\D+.*\b13\b", said)
    assert re.search(r"\b12\b.*\b6\b.*\b4\b", said)
    same = [one for one in herning.reported if one.outcome != "institution_share"]
    alone = herning.model_copy(update={"reported": tuple(same)})
    assert not any("25" in one for one in beside.notes(alone, "institution", "institution_children", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_later_figure_without_a_comparison_is_not_said_to_be_tested(
    herning: Release, language: words.Language
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_screen, "spokesman", lambda *_: "institution_children")
        said = first_screen.later(herning, language)
    assert said.startswith("0 ")
    assert "2015" in said
    until = tuple(
        one for one in herning.reported if one.period_end.year < 2015 or one.outcome != "institution_children"
    )
    assert first_screen.later(herning.model_copy(update={"reported": until}), language) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_spending_that_is_assumed_prices_times_children_is_not_told_as_printed(
    herning: Release, language: words.Language
) -> None:
    drawn = waterfall(herning, language)
    assert drawn is not None
    (printed,) = (
        one.number for one in herning.reported
        if (one.outcome, one.measure, one.group, one.unit) == ("placement_spending", "change", "treated", "mio_dkk")
        and one.period_end == herning.study.periods.follow_up
    )  # fmt: skip
    assert f"{abs(printed)}".replace(".", "," if language == "da" else ".") in drawn[1]
    assert words.text("economy.step.actual_assumed", language) in drawn[0].wide


def test_a_target_made_of_its_own_figure_is_not_counted_as_met(herning: Release) -> None:
    for language in LANGUAGES:
        answer = target_sentences(herning, language)[0]
        assert [int(one) for one in re.findall(r"\d+", answer)] == [8, 3, 2, 2, 2, 1, 1]
        assert words.text("targets.from_itself", language, count=1) in answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_source_of_a_registered_number_prints_that_number_or_is_said_to_be_worked_out(
    herning: Release, language: words.Language
) -> None:
    table, facts = target_table(herning, language), {one.fact_id: one for one in herning.reported}
    assert table is not None
    prefix = words.text("targets.printed", language, facts="@").partition("@")[0]
    seen_printed = 0
    for row in table.rows:
        assert ".txt" not in row[-1]
        named = [part for part in row[-1].split("; ") if part.startswith(prefix)]
        if not named or row[3] == "–":
            continue
        told = abs(float(row[3].replace("−", "-").replace(",", ".")))
        values = [facts[key].value for key in named[0].removeprefix(prefix).split(", ")]
        assert any(isinstance(one, float) and math.isclose(abs(one), told) for one in values), row
        seen_printed += 1
    assert seen_printed > 5


def test_limits_without_a_probability_have_no_level_in_the_table_for_machines(small: Release) -> None:
    for inference, level in (("bounds", None), ("assumption", None), ("exact", 0.95)):
        estimate = Estimate(
            estimate=0.5, scale="ratio", estimand="att", estimator="did", inference=inference, lower=0.4, upper=0.6,
            level=0.95,
        )  # fmt: skip
        row = finding(make_study(), "institution_share", "H1", estimate).row()
        assert tuple(row) == ROW_FIELDS
        assert row["level"] == level


def test_what_was_added_after_the_plan_was_written_is_a_deviation() -> None:
    """A date in a plan later than its own is of something that was read after it, and so a change of it."""
    study = plan()
    text = study.model_copy(update={"deviations": ()}).model_dump_json()
    later = {found for found in re.findall(r"20\d\d-\d\d-\d\d", text) if date.fromisoformat(found).year >= 2026}
    later = {found for found in later if date.fromisoformat(found) > study.written}
    assert later
    assert {date.fromisoformat(found) for found in later} <= {one.when for one in study.deviations}
    assert all(one.when >= study.written for one in study.deviations)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_is_a_link_to_its_row_and_only_an_address_is_a_link_to_a_source(
    small: Release, language: words.Language
) -> None:
    facts = (
        *small.reported,
        make_reported("E1", 13.0, "percent").model_copy(
            update={"source_file": "https://example.org/a", "place": "web"}
        ),
    )
    release = small.model_copy(update={"reported": facts})
    front, annex = render_front(release, language), render(release, language)
    ids = outline(annex).ids
    for fact in facts:
        assert ids.count(fact_anchor(fact.fact_id)) == 1
        assert f'href="{annex_name(release, language)}#{fact_anchor(fact.fact_id)}"' in front
    assert 'href="https://example.org/a"' in annex
    assert 'href="small.txt' not in annex + front
    assert f"{annex_name(release, language)}#record" in front


def test_a_place_that_the_document_names_is_not_said_twice(herning: Release) -> None:
    fact = next(one for one in herning.reported if one.fact_id == "F011")
    for language in LANGUAGES:
        assert "nyhed 16. april 2015: nyhed" not in reported_row(herning, fact, language)[3]
        assert ": nyhed" not in reported_row(herning, fact, language)[3]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_printed_says_so_in_the_annex(herning: Release, language: words.Language) -> None:
    assert reported(herning, language, "institution_per_1000") is None
    table = reported(herning, language, "institution_share")
    assert table is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_the_others_are_told_where_there_is_no_number(small: Release, language: words.Language) -> None:
    said = make_reported("F9", None, "percent", "complaints").model_copy(
        update={"group": "control", "measure": "direction"}
    )
    level = Estimate(
        estimate=1.4, scale="level", estimand="level", estimator="proportion", inference="exact", lower=0.0, upper=7.8,
        level=0.95,
    )  # fmt: skip
    outcome = next(one.outcome for one in small.designs if one.design_class == "D2")
    found = finding(small.study, outcome, "all", level).model_copy(
        update={"design_class": "D2", "verdict": "descriptive"}
    )
    bare = small.model_copy(update={"findings": (found,), "reported": ()})
    told = bare.model_copy(update={"reported": (said.model_copy(update={"outcome": outcome}),)})
    assert "F9" in claim(told, outcome, language)
    assert "F9" not in claim(bare, outcome, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_written_of_the_groups_before_is_a_reason_to_doubt(herning: Release, language: words.Language) -> None:
    (before,) = (one for one in reasons.reasons(herning, language) if one.heading.endswith(("før?", "before?")))
    for fact in (one for one in herning.reported if one.fact_id in {"F042", "F043"}):
        told = fact.finding_da if language == "da" else fact.finding_en
        assert told[1:] in before.sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_done_is_told_in_what_was_printed_and_what_was_derived_is_called_so(
    herning: Release, language: words.Language
) -> None:
    said = done_briefly(herning, "caseload", language)
    assert "%" not in said
    assert words.text("labels.provenance.derived", language) in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_annex_calls_a_verdict_what_the_answer_calls_it(language: words.Language) -> None:
    catalogue = words.catalogue(language)
    keys = [key.rpartition(".")[2] for key in catalogue if key.startswith("labels.verdict.")]
    for key in keys:
        assert catalogue[f"labels.verdict.{key}"].startswith(catalogue[f"front.verdict.{key}"].lower()), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_has_a_backslash(language: words.Language) -> None:
    assert [key for key, text in words.catalogue(language).items() if "\\" in text] == []


def test_an_outcome_that_should_rise_is_told_how_far_it_would_have_to_rise() -> None:
    falls, rises = (needed_share(0.25, 0.26, 0.625, "o", s=(0.0, 0.3), rises=up) for up in (False, True))
    assert falls.key != rises.key
    assert falls.numbers["reached_low"] < 25 < rises.numbers["reached_low"]
    assert rises.numbers["reached_low"] < rises.numbers["reached_high"]


def test_a_factor_below_all_that_are_tried_is_not_told_as_one_that_matters() -> None:
    assert overdispersion([[17, 17], [75, 75]], [[67, 67], [300, 300]], "institution_share").key == "none"
    assert overdispersion([[170, 80], [750, 750]], [[670, 580], [3000, 3000]], "institution_share").key == "result"


def test_a_p_value_in_a_sentence_has_the_decimals_of_the_table() -> None:
    assert spoken({"p_low": 0.2, "p": 0.073, "share": 0.2}, "da") == {"p_low": "0,20", "p": "0,073", "share": "0,2"}


def test_a_limit_beside_no_difference_is_not_told_as_it() -> None:
    found = Estimate(
        estimate=0.88, scale="ratio", estimand="att", estimator="did", inference="exact", lower=0.79, upper=1.001,
        level=0.95,
    )  # fmt: skip
    told = cell(finding(make_study(), "institution_share", "H1", found), "da")
    assert told == "−12 (−21; +0,1)"
    rounding = found.model_copy(update={"inference": "bounds"})
    told = cell(finding(make_study(), "institution_share", "H1", rounding), "da")
    assert "afrunding" in told
    assert "79" not in told


@pytest.mark.parametrize("ends", [(-7.9, 0.5, 8.9), (3.1, 3.2, 3.3), (-9.0, -8.9, -8.8)])
def test_limits_of_a_bar_never_meet_and_no_difference_is_named(ends: tuple[float, float, float]) -> None:
    drawn = interval_bar(
        "a", ends, scale="mio_dkk", benefit="higher", language="da", title="t", mark=None, unit="mio. kr."
    )
    placed = [(float(x), text) for x, text in re.findall(r'<text x="([\d.]+)"[^>]*>([^<]*mio\. kr\.)</text>', drawn)]
    assert len(placed) == 2
    (low, first), (high, second) = placed
    assert high - low >= 0.28 * 13 * (len(first) + len(second))
    assert words.text("front.bar.nothing", "da") in drawn


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_are_explained_are_those_that_the_page_has(small: Release, language: words.Language) -> None:
    page = render_front(small, language)
    listed = re.findall(r'<dd id="word-(\w+)"', page)
    body = page.partition('<section id="about"')[0]
    assert tuple(listed) == terms_in(language, body)
    assert set(listed) <= set(TERMS)
    assert terms_in(language, "<p>x</p>") == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_of_stock_is_told_no_finer_than_its_source_prints_it(herning: Release, language: words.Language) -> None:
    first, second, third = seen.series(herning, "institution_children", "treated")
    told = [seen.moment(one, language) for one in (first, second, third)]
    assert not re.search("jun[ie]|ecember", " ".join(told).lower())
    assert words.text("front.moment.start", language, when="@").partition("@")[0] in told[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_all_are_open_they_are_not_counted_as_some(small: Release, language: words.Language) -> None:
    open_only = {"supported": 0, "open": 4, "descriptive": 0, "unanswered": 0, "total": 4, "implementation": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_screen, "tally", lambda _: open_only)
        said = first_screen.tally_said(small, language)
    assert said == words.text("front.tally.all_open", language, count=4) + "."
