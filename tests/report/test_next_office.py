"""What the next office takes over: no effect where none can be told, and the same numbers as the release."""

from __future__ import annotations

import csv

import pytest
from small_release import make_release

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report.claims import claim
from sverige_did.report.headlines import design_of, done, headline
from sverige_did.report.next_office import COLUMNS, DIMENSIONS, investment_sheet, knowledge_declaration
from sverige_did.study.blocks import Bilingual
from sverige_did.words import Language

RELEASE = make_release()


def rows(release: Release, language: Language) -> list[dict[str, str]]:
    lines = investment_sheet(release, language).splitlines()
    table = csv.reader(lines, delimiter=";" if language == "da" else ",")
    head, *body = table
    assert head == [words.text(f"next_office.column.{name}", language) for name in COLUMNS]
    return [dict(zip(COLUMNS, row, strict=True)) for row in body]


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_sheet_has_each_outcome_that_could_be_an_effect_and_the_sentence_that_may_be_said(
    language: Language,
) -> None:
    wanted = [one.outcome for one in RELEASE.study.outcomes if not done(RELEASE, one.outcome)]
    found = rows(RELEASE, language)
    assert [one["outcome"] for one in found] == [words.text(f"outcomes.{name}.short", language) for name in wanted]
    with words.naming(RELEASE.study.named_unit):
        assert [one["sentence"] for one in found] == [claim(RELEASE, name, language) for name in wanted]
    assert {one["synthetic"] for one in found} == {words.text("next_office.yes", language)}
    assert {(one["from"], one["to"], one["months"]) for one in found} == {("2013-08-01", "2014-12-31", "17")}


def test_only_what_may_be_called_an_effect_and_has_both_limits_has_numbers() -> None:
    wanted = [one.outcome for one in RELEASE.study.outcomes if not done(RELEASE, one.outcome)]
    filled = dict(zip(wanted, rows(RELEASE, "en"), strict=True))
    for outcome, row in filled.items():
        shown = headline(RELEASE, outcome)
        if row["effect"]:
            assert shown is not None
            assert design_of(RELEASE, outcome).may_say_effect
            assert float(row["effect"]) == pytest.approx(shown.result.estimate, rel=1e-5)
            assert float(row["lower"]) == pytest.approx(shown.result.lower, rel=1e-5)
        else:
            assert not any(row[name] for name in ("lower", "upper", "shown", "interval", "scale"))
            assert row["use"] == words.text("next_office.use.no", "en")
    assert [outcome for outcome, row in filled.items() if row["effect"]] == ["institution_share"]
    assert filled["institution_share"]["use"] == words.text("next_office.use.range", "en")


def test_danish_numbers_have_commas() -> None:
    first = rows(RELEASE, "da")[0]
    assert "," in first["effect"]
    assert "." not in first["effect"]


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_declaration_has_five_dimensions_each_with_what_is_not_known(language: Language) -> None:
    text = knowledge_declaration(RELEASE, language)
    for name in DIMENSIONS:
        assert f"## {words.text(f'next_office.dimension.{name}', language)}\n" in text
        assert words.text(f"next_office.missing.{name}", language) in text
    assert text.count(f"### {words.text('next_office.unknown', language)}") == len(DIMENSIONS)
    assert words.text("report.synthetic.mark", language) in text
    assert "<script>" not in text


def test_what_cannot_be_told_stands_under_what_is_not_known() -> None:
    """Two totals: whether there was an effect is not known, however far the estimate lies from none."""
    known, unknown = knowledge_declaration(RELEASE, "en").partition("## Effect")[2].split("### What is not known")[:2]
    assert "Nothing in the release tells of it." in known
    assert "institutions cannot be determined" in unknown
    findings = tuple(
        one.model_copy(update={"verdict": "supported", "design_class": "D1"})
        if one.outcome == "institution_share" and one.verdict == "conditional"
        else one
        for one in RELEASE.findings
    )
    designs = tuple(
        one.model_copy(update={"design_class": "D1"}) if one.outcome == "institution_share" else one
        for one in RELEASE.designs
    )
    sure = RELEASE.model_copy(update={"findings": findings, "designs": designs})
    known = knowledge_declaration(sure, "en").partition("## Effect")[2].split("### What is not known")[0]
    assert "institution" in known
    assert rows(sure, "en")[0]["use"] == words.text("next_office.use.yes", "en")


HARM = '=HYPERLINK("http://a.dk";"b")<script>alert(1)</script> [c](javascript:alert(1)) ![d](http://a.dk)\n# e `f`'


def test_no_text_of_a_plan_is_run_by_a_spreadsheet_or_becomes_a_link_or_a_heading() -> None:
    release = make_release()
    harm = Bilingual(da=HARM, en=HARM)
    study = release.study.model_copy(update={
        "title": harm, "population": harm, "control": release.study.control.model_copy(update={"label": harm}),
    })  # fmt: skip
    harmed = release.model_copy(update={"study": study})
    for language, separator in (("da", ";"), ("en", ",")):
        rows = list(csv.DictReader(investment_sheet(harmed, language).splitlines(), delimiter=separator))
        cells = [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@"]
        assert all(cell.lstrip("+-")[0].isdigit() for cell in cells)
        told = [cell for row in rows for cell in row.values() if cell and "HYPERLINK" in cell]
        assert told, "the text of the plan stands in the sheet"
        assert all(cell.startswith("'") or cell[0].isalpha() for cell in told)
        text = knowledge_declaration(harmed, language)
        assert "<script" not in text
        assert "](" not in text
        assert "\n# e" not in text
