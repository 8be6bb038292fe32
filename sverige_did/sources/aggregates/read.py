"""Published tables by area and period, with their signs for hidden numbers, to a panel.

What each number means is declared in a plan. A stock, events within a year and person-years stay different kinds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.panel import WHOLE, Panel
from sverige_did.periods import period_days, period_label
from sverige_did.sources.aggregates.crosswalk import Crosswalk, to_units
from sverige_did.sources.aggregates.go_live import go_live
from sverige_did.sources.aggregates.plan import Adoption, AggregatePlan, Parts, Series
from sverige_did.sources.aggregates.suppression import bound_by_total, limits
from sverige_did.sources.files.cpr import refuse_cpr
from sverige_did.sources.files.read_table import read_raw
from sverige_did.sources.registers.converting import as_text
from sverige_did.windows import sides


def read_aggregates(folder: Path, plan: AggregatePlan, crosswalk: Crosswalk) -> Panel:
    """The panel of all series of the plan, from the files in ``folder``; every unit has its go-live date or none.

    Who begins after the last period of all series is a control in all that is seen.

    Raises InputError with all problems: a column or row that is not there, text that no sign explains, a count that is
    not whole, an area that appears or disappears without a line in the crosswalk, an adopter without a date.
    """
    tables = {file: _text_table(folder / file) for file in {series.file for series in plan.series}}
    problems: list[Problem] = []
    frames = []
    for series in plan.series:
        frame, found = _series_cells(tables[series.file], series, plan, crosswalk)
        frames.append(frame)
        problems += found
    treated, found = _adopters(folder, plan.adoption, crosswalk)
    problems += found
    if problems:
        raise InputError(*problems)
    cells = pd.concat(frames, ignore_index=True)
    begun = pd.to_datetime(cells["unit"].map(treated)).astype("datetime64[us]")
    return Panel.of(cells.assign(**sides(begun, cells["end"].max())._asdict()), synthetic=False)


def _text_table(path: Path) -> pd.DataFrame:
    """The cells of a published table as text. Raises InputError, at once where a CPR number stands in it."""
    raw = read_raw(path)
    refuse_cpr(raw.frame, raw.file)
    if raw.problems:
        raise InputError(*raw.problems)
    return raw.frame.apply(as_text).fillna("")


def _series_cells(
    table: pd.DataFrame, series: Series, plan: AggregatePlan, crosswalk: Crosswalk
) -> tuple[pd.DataFrame, list[Problem]]:
    """The panel's cells of one series, and what is wrong with them."""
    frame, problems = _rows_of(table, series, plan)
    if problems:
        return pd.DataFrame(), problems
    numbers, problems = _numbers(frame, series, plan)
    lacking = sorted(set(range(series.first, series.last + 1)) - set(numbers["year"]))
    if lacking:
        rows = [f"{column} = {' | '.join(values)}" for column, values in series.rows.items()]
        expected = "; ".join([*rows, f"{plan.period} = {', '.join(map(str, lacking))}"])
        return pd.DataFrame(), [*problems, Problem("agg_no_rows", file=series.file, expected=expected)]
    numbers, more = _with_denominator(numbers, frame, series, plan)
    if problems or more:
        return pd.DataFrame(), problems + more
    possible = (series.least, series.most)
    units, found = to_units(numbers, crosswalk, mean=series.kind == "mean", possible=possible, file=series.file)
    return _panel_cells(units, series, plan), found


def _rows_of(table: pd.DataFrame, series: Series, plan: AggregatePlan) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of the series' years, with area, period and year; or what is missing from the table."""
    needed = [plan.area, plan.period, series.value, *series.rows]
    needed += [series.per.column, *series.per.rows] if series.per else []
    needed += [series.parts.column] if series.parts else []
    problems = [Problem("missing_column", file=series.file, column=name) for name in needed if name not in table]
    if problems:
        return table, problems
    frame = table.assign(area=table[plan.area], period=table[plan.period].map(period_label))
    known = frame["period"].isin([label for label in frame["period"].unique() if _is_period(label)])
    problems = [
        Problem("reg_not_a_period", file=series.file, row=row, column=plan.period, found=text[:20])
        for row, text in zip(table.index[~known].tolist(), table[plan.period][~known], strict=True)
    ]
    years = pd.to_numeric(frame["period"].str[:4].where(known))
    return frame.assign(year=years)[years.between(series.first, series.last)], problems


def _is_period(label: str) -> bool:
    try:
        period_days(label)
    except ValueError:
        return False
    return True


def _pick(frame: pd.DataFrame, rows: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    wanted = pd.Series(True, index=frame.index)
    for column, values in rows.items():
        wanted &= frame[column].isin(values)
    return frame[wanted]


def _numbers(frame: pd.DataFrame, series: Series, plan: AggregatePlan) -> tuple[pd.DataFrame, list[Problem]]:
    """Area, period and limits of the series' own rows, tightened by the total that they are parts of."""
    pool = _pick(frame, {column: values for column, values in series.rows.items() if not _is_part(series, column)})
    if series.parts is None:
        pool = _pick(pool, series.rows)
    known = limits(pool[series.value], pool["year"], plan.signs, possible=(series.least, series.most))
    cells = pool[["area", "period", "year", *series.rows]].join(known.cells)
    mine = _pick(cells, series.rows)
    parts = [series.parts.column] if series.parts else []
    problems = _unclear(pool, known.unexplained, ["area", "period", *parts], series.value, series.file)
    if series.kind in WHOLE:
        broken = mine["value"].notna() & (mine["value"] != mine["value"].round())
        problems += [
            Problem("agg_fraction", file=series.file, row=row, column=series.value, found=f"{number:g}")
            for row, number in zip(mine.index[broken].tolist(), mine["value"][broken], strict=True)
        ]
    if series.parts and not problems:
        mine = _tightened(cells, series.parts).loc[mine.index]
    return mine.drop(columns=list(series.rows)), problems


def _unclear(frame: pd.DataFrame, unexplained: pd.Index[Any], key: list[str], column: str, file: str) -> list[Problem]:
    """The cells that no sign explains, and the rows that give an area a second number."""
    problems = [
        Problem("agg_unexplained", file=file, row=row, column=column, found=text[:20])
        for row, text in zip(unexplained.tolist(), frame[column][unexplained], strict=True)
    ]
    doubled = frame.duplicated(key)
    return problems + [Problem("agg_twice", file=file, row=row) for row in doubled.index[doubled].tolist()]


def _is_part(series: Series, column: str) -> bool:
    return series.parts is not None and series.parts.column == column


def _tightened(cells: pd.DataFrame, parts: Parts) -> pd.DataFrame:
    """The cells with limits that respect the totals of their area and year; cells without a total keep theirs."""
    total = cells[(cells[parts.column] == parts.total) & cells["exists"]]
    totals = total.set_index(["area", "period"])[["low", "high"]]
    pieces = cells[(cells[parts.column] != parts.total) & cells["exists"]]
    group = totals.index.get_indexer(pd.MultiIndex.from_frame(pieces[["area", "period"]]))
    pieces = pieces[group >= 0]
    low, high = bound_by_total(
        pieces["low"].to_numpy(), pieces["high"].to_numpy(), group[group >= 0], totals["low"].to_numpy(),
        totals["high"].to_numpy(), slack=parts.slack,
    )  # fmt: skip
    hidden = pieces["status"] != "exact"
    out = cells.copy()
    out.loc[pieces.index[hidden], "low"] = low[hidden]
    out.loc[pieces.index[hidden], "high"] = high[hidden]
    return out


def _with_denominator(
    cells: pd.DataFrame, frame: pd.DataFrame, series: Series, plan: AggregatePlan
) -> tuple[pd.DataFrame, list[Problem]]:
    """The cells with what they are out of; one that is not published anywhere is missing, not zero."""
    names = ["denominator", "denominator_low", "denominator_high"]
    if series.per is None:
        return cells.assign(**dict.fromkeys(names, np.nan)), []
    other = _pick(frame, series.per.rows or series.rows)
    known = limits(other[series.per.column], other["year"], plan.signs, possible=(0, np.inf))
    problems = _unclear(other, known.unexplained, ["area", "period"], series.per.column, series.file)
    out_of = known.cells[["value", "low", "high"]].set_axis(names, axis=1)
    joined = cells.reset_index().merge(other[["area", "period"]].join(out_of), how="left", on=["area", "period"])
    if series.per.contains:
        smaller = joined["denominator_high"] < joined["high"]
        joined["high"] = joined["high"].mask(smaller & (joined["status"] != "exact"), joined["denominator_high"])
    return joined.set_index("row"), problems


def _panel_cells(units: pd.DataFrame, series: Series, plan: AggregatePlan) -> pd.DataFrame:
    days = {label: period_days(label, year_ends=plan.year_ends) for label in units["period"].unique()}
    end = pd.to_datetime(units["period"].map(lambda label: days[label].end))
    start = end if series.kind == "stock" else pd.to_datetime(units["period"].map(lambda label: days[label].start))
    columns: dict[str, Any] = {
        "outcome": series.outcome, "reading": "all", "unit_kind": "area", "stratum": None,
        "start": start, "end": end, "kind": series.kind, "source": series.file,
    }  # fmt: skip
    cells = units.assign(**columns)
    cells["stratum"] = cells["stratum"].astype("str")
    return cells


def _adopters(folder: Path, adoption: Adoption, crosswalk: Crosswalk) -> tuple[dict[str, pd.Timestamp], list[Problem]]:
    """First treated day by unit. An adopter without a date is a problem unless the crosswalk leaves the area out."""
    frame = _text_table(folder / adoption.file)
    dates: dict[str, pd.Timestamp] = {}
    problems = []
    units = crosswalk.unit_of(frame[adoption.area])
    dated = zip(frame[adoption.area], frame[adoption.date], strict=True)
    texts = [adoption.instead.get(area, text) for area, text in dated]
    for row, unit, text in zip(frame.index.tolist(), units, texts, strict=True):
        if pd.isna(unit):
            continue
        days = go_live(text)
        if days is None:
            problems.append(Problem("agg_no_date", file=adoption.file, row=row, column=adoption.date, found=text[:40]))
            continue
        day = pd.Timestamp(days.start if adoption.use == "earliest" else days.end)
        if dates.setdefault(unit, day) != day:
            problems.append(
                Problem("agg_two_dates", file=adoption.file, row=row, column=adoption.date, found=text[:40])
            )
    return dates, problems
