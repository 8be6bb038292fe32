"""The list of every export that is accepted, with its columns and codes, written from what reads it."""

from __future__ import annotations

import csv
import io

from sverige_did import words
from sverige_did.sources.exports.convert import TARGETS
from sverige_did.sources.exports.formats import EXPORTS, PLACEMENT_EVENTS
from sverige_did.sources.exports.others import CodeRow, l201_codes
from sverige_did.sources.registers.chart import SOURCES, chart_text
from sverige_did.sources.registers.codes import Measure, standard_codes
from sverige_did.sources.registers.register import Column, Register
from sverige_did.words import Language


def exports_section(language: Language) -> str:
    """Tables in Markdown: the exports with their headers, the events, the codes of L201, and the chart of accounts."""
    measures = {measure.key: measure for measure in standard_codes().measures}
    chart = list(csv.DictReader(io.StringIO(chart_text()), delimiter=";"))
    accounts = [_account(row, measures, language) for row in chart]
    parts = [
        f"### {_say('title', language)}",
        _say("intro", language),
        _table(("export", "columns", "register"), [_export(one, language) for one in EXPORTS], language),
        _say("events", language),
        _table(("event", "written"), [*_events(language)], language),
        _say("l201", language),
        _table(("code", "measure", "years", "source"), [_code(one, language) for one in l201_codes()], language),
        _say("chart", language),
        _table(("account", "kle", "measure", "years", "note"), accounts, language),
        "\n".join(f"- `{key}`: {text}" for key, text in SOURCES.items()),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _say(key: str, language: Language, /) -> str:
    return words.text(f"exports.page.{key}", language)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], language: Language) -> str:
    lines = [tuple(_say(f"heads.{head}", language) for head in heads), ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _export(one: Register, language: Language) -> tuple[str, ...]:
    names = ", ".join(f"`{stem}`" for stem in one.stems)
    columns = "; ".join(_column(column, language) for column in one.columns)
    return names, columns, f"`{TARGETS[one].da}`"


def _column(column: Column, language: Language) -> str:
    written = "/".join(f"`{name}`" for name in (column.da, *column.aliases[:1]))
    return f"{written} ({_say('optional', language)})" if column.optional else written


def _events(language: Language) -> list[tuple[str, ...]]:
    allowed = next(column for column in PLACEMENT_EVENTS.columns if column.name == "event").allowed
    return [
        (value.da if language == "da" else value.name.replace("_", " "),
         ", ".join(f"`{name}`" for name in (value.da, *value.aliases)))
        for value in allowed
    ]  # fmt: skip


def _code(one: CodeRow, language: Language) -> tuple[str, ...]:
    years = f"{one.since}–{one.until if one.until < 9999 else ''}"
    return f"`{one.code}`", f"`{one.measure}`" if one.measure else _say("no_rung", language), years, one.source


def _account(row: dict[str, str], measures: dict[str, Measure], language: Language) -> tuple[str, ...]:
    measure = measures.get(row["foranstaltning"])
    name = _say("no_rung", language) if measure is None else (measure.da if language == "da" else measure.en)
    account, kle = (f"`{row[key]}`" if row[key] else "" for key in ("konto", "kle"))
    return (
        account,
        kle,
        name,
        f"{row['fra']}–{row['til']}",
        ". ".join(one for one in (row["indhold"], row["note"]) if one),
    )
