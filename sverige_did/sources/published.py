"""Printed figures of others: from ``published.csv`` to facts that know their rounding, and on to the panel.

A rounded percentage stays an interval; nothing here turns one into a number of children.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import CELLS, Panel
from sverige_did.results import Reported
from sverige_did.sources.published_row import COLUMNS, MEASURED, Row, read_row
from sverige_did.study import Study, read_text

TIE = 1e-9
"""Two limits that differ by less than this are the same limit; binary fractions are not decimal ones."""


def read_facts(
    path: Path, *, known: Collection[str] = tuple(CATALOGUE), hard_stop: date | None = None
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
        lines = list(csv.reader(io.StringIO(read_text(path), newline=""), strict=True))
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


def to_panel(facts: Iterable[Reported], study: Study) -> Panel:
    """The figures about outcomes as cells of two groups; dates, targets, ratios and context are no cells.

    Shares and relative changes are in per cent, changes of shares in percentage points, money in million DKK. Several
    figures about one cell leave the interval that all of them allow. A direction has no number: its cell is missing,
    unless the plan's ``control_unchanged_pp`` names the fact as its source and so says how far "unchanged" reaches.
    A part (``ladder_moves.down``) is a unit of its own under its outcome.

    Raises InputError when two figures about one cell exclude each other.
    """
    cells: dict[tuple[str, ...], list[Reported]] = defaultdict(list)
    for fact in facts:
        kind = _kind(fact)
        if kind is not None and fact.group in {"treated", "control", "frikommuner"}:
            cells[fact.outcome, fact.group, str(fact.period_start), str(fact.period_end), kind].append(fact)
    rows = [_cell(key[-1], same, study) for key, same in cells.items()]
    return Panel.of(pd.DataFrame(rows, columns=list(CELLS.columns)), synthetic=study.synthetic, file=study.input)


def _kind(fact: Reported) -> str | None:
    """Which kind of cell a figure is; None when it is none."""
    if fact.measure in {"count", "total"}:
        stock = "cases" if fact.unit == "cases" else "stock"
        return stock if fact.period_start == fact.period_end else "events"
    if fact.measure == "level":
        return "share" if fact.unit == "percent" else "mean"
    if fact.measure == "direction":
        return {"percent": "share", "none": "mean"}.get(fact.unit, "change")
    return {"change": "change", "ratio_change": "ratio_change", "amount": "money"}.get(fact.measure)


def _cell(kind: str, same: list[Reported], study: Study) -> dict[str, object]:
    fact, start = same[0], study.periods.treatment_start
    outcome, _, part = fact.outcome.partition(".")
    unit = f"{fact.group}.{part}" if part else fact.group
    period = str(fact.period_end) if fact.period_start == fact.period_end else f"{fact.period_start}/{fact.period_end}"
    return {
        "outcome": outcome,
        "reading": "all",
        "unit": unit,
        "unit_kind": "group",
        "group": "control" if fact.group == "control" else "treated",
        "treated_from": pd.Timestamp(start) if fact.group == "treated" else pd.NaT,
        "stratum": None,
        "period": period,
        "start": pd.Timestamp(fact.period_start),
        "end": pd.Timestamp(fact.period_end),
        "kind": kind,
        **_known_limits(same, study),
        "denominator": None,
        "denominator_low": None,
        "denominator_high": None,
        "source": ";".join(sorted(item.fact_id for item in same)),
    }


def _known_limits(same: list[Reported], study: Study) -> dict[str, object]:
    """Value, limits and status of one cell from every figure about it."""
    numbers = [limits(fact) for fact in same if isinstance(fact.value, float)] or _unchanged(same, study)
    if not numbers:
        return {"value": None, "low": None, "high": None, "status": "missing"}
    low, high = max(low for low, _ in numbers), min(high for _, high in numbers)
    if low > high + TIE:
        raise InputError(
            Problem("exclude_each_other", study.input, values={"facts": ", ".join(f.fact_id for f in same)})
        )
    if high - low <= TIE:
        return {"value": low, "low": low, "high": low, "status": "exact"}
    return {"value": (low + high) / 2, "low": low, "high": high, "status": "interval"}


def _unchanged(same: list[Reported], study: Study) -> list[tuple[float, float]]:
    """The limits that the plan gives to a change reported as practically none."""
    plan = [item for item in study.assumptions if item.key == "control_unchanged_pp"]
    named = {name.strip() for item in plan for name in item.source.split(",")}
    told = any(fact.fact_id in named for fact in same)
    return [(-item.value, item.value) for item in plan if told]
