"""One row of ``published.csv``: its columns, the words they may hold, and everything that can be wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sverige_did.errors import UNSEEN, Problem
from sverige_did.results.published import Reported

COLUMNS = (
    "fact_id", "source_file", "place", "outcome", "measure", "unit", "group", "period_start", "period_end", "value",
    "rounding", "finding_da", "finding_en", "provenance",
)  # fmt: skip
VOCABULARY: dict[str, tuple[str, ...]] = {
    "measure": (
        "count", "total", "level", "change", "ratio_change", "ratio", "direction", "target", "amount", "date",
        "context",
    ),
    "unit": (
        "percent", "pp", "children", "cases", "person_years", "mio_dkk", "dkk", "ratio", "weeks", "months", "districts",
        "persons", "date", "none",
    ),
    "group": ("treated", "control", "whole", "frikommuner", "team"),
    "provenance": ("printed", "derived", "inferred", "external"),
}  # fmt: skip
"""The words each column may hold. A ``direction`` says in which way only; ``context`` and ``date`` are about things
outside the catalogue of outcomes and may name them freely."""

WORDS_ONLY = frozenset({"direction", "context"})
MEASURED = frozenset({"count", "total", "level", "change", "ratio_change", "amount"})
WHOLE_UNITS = frozenset({"children", "cases", "persons", "districts", "dkk"})
COMPARED = frozenset({"treated", "control", "whole", "team"})

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file, and the problems it can report about itself."""

    file: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def problem(self, key: str, column: str | None, expected: str | None = None, **values: object) -> Problem:
        """A problem of this row, showing what stands in the column."""
        found = self.cells[column][:60] if column else None
        return Problem(key, self.file, self.number, column, found, expected, values=values)


def read_row(row: Row, known: frozenset[str], hard_stop: date | None) -> tuple[Reported | None, list[Problem]]:
    """The figure of one row, or None with everything that is wrong with the row."""
    problems = [*_empty_cells(row), *_unknown_words(row, known)]
    problems += [row.problem("text_unseen", column) for column, cell in row.cells.items() if UNSEEN.search(cell)]
    start, end = (_as_date(row, column, problems) for column in ("period_start", "period_end"))
    rounding = _as_number(row, "rounding", problems)
    value = _as_date(row, "value", problems) if row["unit"] == "date" else _as_number(row, "value", problems)
    if not problems and start and end:
        problems += _period(row, start, end, hard_stop)
        problems += _value(row, value, rounding)
    if problems or start is None or end is None:
        return None, problems
    plain = {name: row[name] for name in COLUMNS if name not in {"period_start", "period_end", "value", "rounding"}}
    parsed: dict[str, Any] = {"period_start": start, "period_end": end, "value": value, "rounding": rounding}
    return Reported.model_validate(plain | parsed), []


def _empty_cells(row: Row) -> Iterator[Problem]:
    for column in ("fact_id", "source_file", "place", "period_start", "period_end", "finding_da", "finding_en"):
        if not row[column]:
            yield row.problem("empty_cell", column)
    if not row["value"] and row["measure"] not in WORDS_ONLY:
        yield row.problem("empty_cell", "value")
    if row["value"] and not row["rounding"] and row["measure"] in MEASURED:
        yield row.problem("rounding_missing", "rounding")


def _unknown_words(row: Row, known: frozenset[str]) -> Iterator[Problem]:
    for column, allowed in VOCABULARY.items():
        if row[column] not in allowed:
            yield row.problem("not_in_list", column, ", ".join(allowed))
    if row["measure"] not in {"context", "date"} and base_outcome(row["outcome"]) not in known:
        yield row.problem("unknown_outcome", "outcome", ", ".join(sorted(known)))


def base_outcome(outcome: str) -> str:
    """The outcome of which ``outcome.part`` is a part."""
    return outcome.partition(".")[0]


def _as_date(row: Row, column: str, problems: list[Problem]) -> date | None:
    text = row[column]
    if not text:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # 2013-02-30 has the form of a date without being one: told below
    problems.append(row.problem("not_a_date", column))
    return None


def _as_number(row: Row, column: str, problems: list[Problem]) -> float | None:
    text = row[column]
    if not text:
        return None
    if _DECIMAL_COMMA.fullmatch(text):
        problems.append(row.problem("decimal_comma", column, text.replace(",", ".")))
    elif row["unit"] in WHOLE_UNITS and _THOUSANDS.fullmatch(text):
        problems.append(row.problem("thousands_point", column, text.replace(".", "")))
    elif not _NUMBER.fullmatch(text):
        problems.append(row.problem("not_a_number", column))
    else:
        return float(text)
    return None


def _period(row: Row, start: date, end: date, hard_stop: date | None) -> Iterator[Problem]:
    if start > end:
        yield row.problem("period_reversed", "period_end", f">= {start}")
    bound = row["group"] in COMPARED and row["measure"] != "target"
    if hard_stop is not None and bound and end > hard_stop:
        yield row.problem("after_hard_stop", "period_end", f"<= {hard_stop}")


def _value(row: Row, value: float | date | None, rounding: float | None) -> Iterator[Problem]:
    if rounding is not None and rounding < 0:
        yield row.problem("below_zero", "rounding", ">= 0")
    if not isinstance(value, float):
        return
    lowest, highest = _range(row["measure"], row["unit"])
    if not lowest <= value <= highest:
        expected = f">= {lowest:g}" if math.isinf(highest) else f"{lowest:g} - {highest:g}"
        yield row.problem("percent_range" if row["unit"] in {"percent", "pp"} else "below_zero", "value", expected)
    if row["measure"] in {"count", "total"} and row["unit"] in WHOLE_UNITS and not value.is_integer():
        yield row.problem("not_whole", "value")


def _range(measure: str, unit: str) -> tuple[float, float]:
    """What a number of that kind can be at all."""
    if unit == "pp":
        return -100.0, 100.0
    if measure == "ratio_change":
        return -100.0, math.inf
    if unit == "percent":
        return (-100.0, 100.0) if measure == "change" else (0.0, 100.0)
    signed = measure in {"change", "direction", "context"}
    return (-math.inf, math.inf) if signed else (0.0, math.inf)
