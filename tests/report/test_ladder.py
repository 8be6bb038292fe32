"""The sections on the ladder and on what was done: nothing that is hidden, no word of an effect."""

from __future__ import annotations

import re
from itertools import product

import pytest
from small_release import make_release

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import headlines, ladder, render
from sverige_did.report.implementation import doses_said
from sverige_did.results.doses import DoseResponse
from sverige_did.results.estimates import Remark
from sverige_did.results.ladder import LadderCell, LadderContrast, LadderRecord, PrintedRung

RUNGS = ("clarification", "early_help", "prevention", "foster", "institution")
CAUSAL = re.compile(r"effekt|effect|virkning|impact|påvirk", re.IGNORECASE)  # codespell:ignore effekt
VERDICTS = re.compile(r"understøttet|supported|uafklaret|inconclusive|betinget|tyder på|point to", re.IGNORECASE)


def cells(**hidden: str) -> tuple[LadderCell, ...]:
    """Every number of every rung, as 10, 20, 30, 40; a rung of ``hidden`` has that status in the treated after."""
    found = []
    for rung, (at, side) in product(RUNGS, enumerate(product(("treated", "control"), ("before", "after")))):
        quantities = ["stay", "down", "up", "out", "of_age", "months", "arrived"]
        quantities += ["measure", "age", "known"] if rung in ladder.EARLY else []
        status = hidden.get(rung, "shown") if at == 1 else "shown"
        found += [
            LadderCell.model_validate(
                {"rung": rung, "quantity": q, "group": side[0], "moment": side[1], "status": status,
                 "value": 10.0 * (at + 1) if status == "shown" else None}
            )
            for q in quantities
        ]  # fmt: skip
    whole = ({"rung": "any_measure", "quantity": "arrived", "group": g, "moment": m, "value": 5.0}
             for g, m in product(("treated", "control"), ("before", "after")))  # fmt: skip
    return (*found, *(LadderCell.model_validate(one) for one in whole))


def released(**changes: object) -> Release:
    record = LadderRecord(
        plan_sha256="0", flow_months=6.0, time_months=12.0, level=0.95, cells=cells(foster="hidden"),
        contrasts=(LadderContrast(rung="institution", quantity="stay", estimate=-12.5, lower=-30.0, upper=5.0),
                   LadderContrast(rung="any_measure", quantity="arrived", estimate=1.5)),
        remarks=(Remark(key="errors.ladder_rung_unseen", values={"rungs": "2"}),),
    )  # fmt: skip
    return make_release().model_copy(update={"ladder": record} | changes)


def section(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}".*?\n</section>', page, re.DOTALL)
    assert found, name
    return found[0]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_section_tells_the_numbers_and_calls_none_an_effect(language: words.Language) -> None:
    told = section(render(released(), language), "ladder")
    assert not CAUSAL.search(re.sub(r"<[^>]+>", "", told))
    assert words.text("ladder.status.hidden", language) in told
    assert told.count("<svg") == 2
    for number in ("12.5", "30", "1.5") if language == "en" else ("12,5", "30", "1,5"):
        assert number in told
    assert words.text("ladder.no_limits", language) in told
    assert words.text("ladder.early.selection", language) in told


def test_a_hidden_number_stands_in_no_table_and_no_mark_is_drawn_for_it() -> None:
    flows, times = ladder.ladder_figures(released(), "en")
    (row,) = [row for row in flows.table.rows if row[0] == "Foster family, Treated after"]
    assert set(row[1:]) == {"hidden"}
    (row,) = [row for row in times.table.rows if row[0] == "Foster family"]
    assert row[1:] == ("10", "hidden", "30", "40")


def test_both_languages_have_the_same_rows() -> None:
    for danish, english in zip(
        *(ladder.ladder_figures(released(), language) for language in ("da", "en")), strict=True
    ):
        shape = [[len(row) for row in figure.table.rows] for figure in (danish, english)]
        assert shape[0] == shape[1]


def test_without_early_help_the_question_is_said_to_be_out_of_reach() -> None:
    record = released().ladder
    assert record is not None
    nobody = tuple(
        one.model_copy(update={"status": "nobody", "value": None}) if one.rung == "early_help" else one
        for one in record.cells
    )  # fmt: skip
    release = released(ladder=record.model_copy(update={"cells": nobody}))
    assert ladder.early_help(release, "en") == (words.text("ladder.early.none", "en"),)


def test_printed_rungs_are_told_with_a_limit_or_as_out_of_reach() -> None:
    printed = (
        PrintedRung(
            reading="all", rung="family", before=(36, 36), after=(34, 35), moved=8, stood=42, at_most=100 * 8 / 42
        ),
        PrintedRung(reading="all", rung="institution", moved=13, printed=True),
        PrintedRung(reading="all", rung="network", before=(4, 4), after=(0, 0), moved=8, stood=8, at_most=100.0),
    )
    release = released(ladder=LadderRecord(plan_sha256="0", printed=printed))
    table = ladder.printed_rungs(release, "en")
    assert table is not None
    assert [row[-1] for row in table.rows] == ["at most 19%", "cannot be computed", "cannot be computed"]
    assert table.rows[0][1:4] == ("36", "34–35", "at most 8")
    told = section(render(release, "da"), "ladder")
    assert "<svg" not in told
    assert not CAUSAL.search(re.sub(r"<[^>]+>", "", told))


def test_no_ladder_no_section() -> None:
    page = render(make_release(), "en")
    assert 'id="ladder"' not in page


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_was_done_has_a_section_without_a_verdict(language: words.Language) -> None:
    told = section(render(make_release(), language), "implementation")
    assert not VERDICTS.search(re.sub(r"<[^>]+>", "", told))
    assert 'class="badge' not in told
    assert words.text("implementation.no_target", language) in told


def test_what_was_done_is_counted_apart_and_stands_in_no_first_figure() -> None:
    release = make_release()
    counts = headlines.tally(release)
    assert counts["implementation"] == 1
    assert counts["total"] == len(release.study.questions) - 1
    assert headlines.standing(release, "caseload") == "implementation"
    assert headlines.question_standing(release, "caseload") == "implementation"
    assert "caseload" not in {row.outcome for row in headlines.rows(release)}
    assert "caseload" not in {name for name, _ in headlines.off_scale(release)}


def test_doses_are_told_with_their_caution_and_their_p() -> None:
    doses = (
        DoseResponse(dose="caseload", outcome="institution_share", among="all", districts=20, slope=0.5, p=0.04),
        DoseResponse(dose="caseload", outcome="institution_share", among="within", districts=20, slope=-0.1, p=0.6),
        DoseResponse(
            dose="follow_ups", outcome="institution_share", among="all", why=Remark(key="errors.dose_no_districts")
        ),
    )
    told = doses_said(make_release().model_copy(update={"policy": "registers", "doses": doses}), "en")
    assert "drew lots" in told[0]
    assert "+0.50" in told[1]
    assert "p = 0.04" in told[1]
    assert "within the groups" in told[2]
    assert "cannot be computed" in told[3]
