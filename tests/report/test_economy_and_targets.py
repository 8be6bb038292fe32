"""The sections on money and on targets: what they say, what they leave open, in both languages."""

from __future__ import annotations

import re

import pytest
from herning import evidence, plan
from small_economy import panel
from small_economy import plan as panel_plan

from sverige_did import words
from sverige_did.design import designs
from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import Release, release_published
from sverige_did.report import render
from sverige_did.report.answers import study_answers
from sverige_did.report.economy import economy_sentences, economy_tables, waterfall
from sverige_did.report.targets import target_figure, target_moves, target_notes, target_sentences, target_table
from sverige_did.studies.panel.economy import economy as of_panel
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
def made_up() -> Release:
    study = panel_plan(economy=panel_plan().economy.model_copy(update={"investments": ()}))
    found = panel()
    return release_registers(
        study=study, panel=found, designs=designs(found, study), findings=(), methods_tables=(), coverage=(),
        economy=of_panel(found, study),
    )  # fmt: skip


def section(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL)
    assert found, name
    return found.group(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fall_as_large_as_is_told_leaves_nothing(herning: Release, language: words.Language) -> None:
    """What is saved then pays what was invested and the refusion that it costs, and no more."""
    final = next(one for one in herning.economy.benefits if one.moment == "final")
    share = final.refunded.value / final.saving.value
    enough = final.investment.value / (1 - share)  # the saving that leaves nothing
    fall = 1 - (final.actual + enough) / final.before
    said = next(one for one in economy_sentences(herning, language) if "2015" in one)
    told = [int(found) for found in re.findall(r"(\d+)\s?%", said.replace("\u00a0", " "))]
    assert told == [round(100 * fall)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reading_that_gives_up_figures_is_named(herning: Release, language: words.Language) -> None:
    given_up = [one for one in target_notes(herning, language) if "F077" in one]
    assert len(given_up) == 2
    assert all(re.search(r"H[123] · ", one) for one in given_up)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_is_told_of_targets_without_their_figure(herning: Release, language: words.Language) -> None:
    told = next(one.sentence for one in study_answers(herning, language).answers if one.anchor == "targets")
    assert words.text("targets.no_effect", language) in told
    assert words.text("targets.read", language) not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_sections_stand_on_the_page_with_their_figures(herning: Release, language: words.Language) -> None:
    page = render(herning, language)
    for name in ("targets", "economy"):
        assert section(page, name).count("<svg") == 2, "one for a wide page, one for a narrow one"
        assert f'href="#{name}"' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_sentence_has_the_numbers_of_the_record(herning: Release, language: words.Language) -> None:
    sign = {"da": ",", "en": "."}[language]
    said = economy_sentences(herning, language)[0]
    for number in (f"4{sign}0", f"3{sign}0", f"0{sign}5"):
        assert number in said
    printed = re.compile(rf"(?<!\d)6\{sign}7")
    assert sum(bool(printed.search(one)) for one in economy_sentences(herning, language)) == 1


def test_a_target_is_never_told_as_an_effect(herning: Release) -> None:
    assert "not evidence of an effect" in " ".join(target_sentences(herning, "en"))
    assert "viser ikke en effekt" in " ".join(target_sentences(herning, "da"))  # codespell:ignore effekt


def test_the_rows_say_why_where_there_is_no_bar(herning: Release) -> None:
    drawn = target_figure(herning, "en")[0].wide
    for said in ("no figure at its date", "not met, says the source (2015)", "met before the start", "over 99.9%"):
        assert said in drawn.replace("\n", " ") or said in re.sub(r"<[^>]+>", " ", drawn).replace("\n", " ")


def test_how_far_an_answer_moved_is_told_for_those_that_were_asked_twice(herning: Release) -> None:
    (moved,) = target_moves(herning, "en")
    assert "97% at mid-term (2014), over 99.9% at the end (2015)" in moved


def test_every_target_and_date_stands_in_the_table(herning: Release) -> None:
    table = target_table(herning, "en")
    assert len(table.rows) >= sum(len(one.moments) or 1 for one in herning.targets)
    assert {len(row) for row in table.rows} == {len(table.columns)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_not_given_is_said_and_is_no_nought(made_up: Release, language: words.Language) -> None:
    said = words.text("economy.not_given", language)
    assert said in waterfall(made_up, language)[0].narrow
    assert words.text("economy.remark.no_investment", language) in render(made_up, language)
    ways = economy_tables(made_up, language)[0]
    assert all(said in row[5] for row in ways.rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_made_up_data_are_marked_in_every_figure_and_table(made_up: Release, language: words.Language) -> None:
    mark = words.text("report.synthetic.mark", language)
    assert mark in waterfall(made_up, language)[0].wide
    assert all(table.caption.startswith(mark) for table in economy_tables(made_up, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_release_without_them_has_no_such_section(release: Release, language: words.Language) -> None:
    page = render(release, language)
    assert 'id="economy"' not in page
    assert 'id="targets"' not in page
