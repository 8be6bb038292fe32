"""Printed figures of others: from ``published.csv`` to facts that know their rounding.

A rounded percentage stays an interval; nothing here turns one into a number of children.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path

from sverige_did.errors import InputError, Problem
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.published import Reported
from sverige_did.sources.files.cpr import refuse_cpr_in
from sverige_did.sources.published.fact_row import COLUMNS, MEASURED, Row, read_row
from sverige_did.study.read import read_text

TIE = 1e-9
"""Two limits that differ by less than this are the same limit; binary fractions are not decimal ones."""


def read_facts(
    path: Path, *, known: Collection[str] = CATALOGUE, hard_stop: date | None = None
) -> tuple[Reported, ...]:
    """Read the published figures, in the order of the file.

    ``known`` are the outcomes a figure may be about; ``outcome.part`` is a part of one. Nothing about the compared
    districts may lie after ``hard_stop``, except a target.

    Raises InputError with every problem of the file, each with row, column, what was found and what was expected.
    """
    checked = [(row, *read_row(row, frozenset(known), hard_stop)) for row in _rows(path)]
    problems = [problem for _, _, found in checked for problem in found]
    sound = [(row, fact) for row, fact, _ in checked if fact is not None]
    problems += _repeated_ids([row for row, _, _ in checked])
    problems += _contradictions(sound)
    if problems:
        raise InputError(*sorted(problems, key=lambda problem: problem.row or 0))
    return tuple(fact for _, fact in sound)


def _rows(path: Path) -> list[Row]:
    """The rows below the header; raises InputError when the file is no table with these columns."""
    file = path.name
    try:
        text = read_text(path)
        refuse_cpr_in(text, file)
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise InputError(Problem("not_csv", file)) from error
    header = [name.strip() for name in lines[0]] if lines else []
    if len(header) == 1 and header[0].count(";") >= len(COLUMNS) - 1:
        raise InputError(Problem("semicolons", file, row=1))
    missing = [name for name in COLUMNS if name not in header]
    if lines and missing:
        raise InputError(*(Problem("missing_column", file, 1, name, expected=", ".join(COLUMNS)) for name in missing))
    body = [(number, line) for number, line in enumerate(lines[1:], start=2) if line]
    if not body:
        raise InputError(Problem("empty_table", file))
    wrong = [(number, len(line)) for number, line in body if len(line) != len(header)]
    if wrong:
        expected = str(len(header))
        raise InputError(*(Problem("row_width", file, at, found=str(n), expected=expected) for at, n in wrong))
    return [Row(file, at, dict(zip(header, (cell.strip() for cell in line), strict=True))) for at, line in body]


def _repeated_ids(rows: Iterable[Row]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row in rows:
        if row["fact_id"] and row["fact_id"] in first:
            yield row.problem("repeated_id", "fact_id", first=first[row["fact_id"]])
        first.setdefault(row["fact_id"], row.number)


def _contradictions(sound: Iterable[tuple[Row, Reported]]) -> Iterator[Problem]:
    """Figures about the same thing whose roundings do not overlap."""
    same: dict[tuple[object, ...], list[tuple[Row, Reported]]] = defaultdict(list)
    for row, fact in sound:
        if fact.measure in MEASURED and isinstance(fact.value, float):
            low, high = limits(fact)
            key = (fact.outcome, fact.measure, _common_unit(fact.unit), fact.group, fact.period_start, fact.period_end)
            for other_row, other in same[key]:
                other_low, other_high = limits(other)
                if low > other_high + TIE or high < other_low - TIE:
                    expected = f"{other_low:g} - {other_high:g}"
                    yield row.problem("contradiction", "value", expected, row=other_row.number)
            same[key].append((row, fact))


def _common_unit(unit: str) -> str:
    return "mio_dkk" if unit == "dkk" else unit


def limits(fact: Reported) -> tuple[float, float]:
    """The smallest and largest true number, with all money in million DKK; TypeError when the fact is no number."""
    scale = 1e-6 if fact.unit == "dkk" else 1.0
    return fact.low * scale, fact.high * scale
