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
from sverige_did.sources.aggregates.crosswalk import CERTAINTY, Crosswalk, to_units
from sverige_did.sources.aggregates.go_live import go_live
from sverige_did.sources.aggregates.suppression import bound_by_total, limits
from sverige_did.sources.aggregates.text_tables import TextTables, plain_number
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.registers.rules_of_lives import is_total
from sverige_did.study.aggregates import AggregatePlan, Denominator, Parts, Rows, Series
from sverige_did.windows import sides


def read_aggregates(folder: Path, plan: AggregatePlan, crosswalk: Crosswalk, tables: TextTables | None = None) -> Panel:
    """The panel of all series of the plan, from the files in ``folder``; every unit has its go-live date or none.

    Who begins after the last period of all series is a control in all that is seen. Marked as synthetic where anything
    in the folder says that it is made up.

    Raises InputError with all problems: a column or row that is not there, text that no sign explains, a count that is
    not whole, an area that appears or disappears without a line in the crosswalk, a row that is the sum of all areas,
    an adopter without a date or in no table.

    ``tables`` are those of the folder where they were opened already.
    """
    tables = tables or TextTables(folder)
    problems: list[Problem] = []
    frames = []
    for series in plan.series:
        frame, found = _series_cells(tables, series, plan, crosswalk)
        frames.append(frame)
        problems += found
    treated, found = _adopters(tables, plan, crosswalk)
    problems += found
    if problems:
        raise InputError(*problems)
    cells = pd.concat(frames, ignore_index=True)
    begun = pd.to_datetime(cells["unit"].map(treated)).astype("datetime64[us]")
    return Panel.of(cells.assign(**sides(begun, cells["end"].max())._asdict()), synthetic=is_marked(folder))


def _series_cells(
    tables: TextTables, series: Series, plan: AggregatePlan, crosswalk: Crosswalk
) -> tuple[pd.DataFrame, list[Problem]]:
    """The panel's cells of one series, and what is wrong with them."""
    frame, problems = _rows_of(tables, series, plan)
    if problems:
        return pd.DataFrame(), problems
    if plan.decimal is None:
        tables.settles(series.file, series.value, frame[series.value])
    numbers, problems = _numbers(frame, series, plan)
    lacking = sorted(set(range(series.first, series.last + 1)) - set(numbers["year"]))
    if lacking:
        rows = [f"{column} = {' | '.join(values)}" for column, values in series.rows.items()]
        expected = "; ".join([*rows, f"{plan.period} = {', '.join(map(str, lacking))}"])
        return pd.DataFrame(), [*problems, Problem("agg_no_rows", file=series.file, expected=expected)]
    numbers, more = _in_units(numbers, tables, series, plan)
    numbers, unknown = _with_denominator(numbers, tables, frame, series, plan)
    problems += [*more, *unknown, *_sum_of_all(numbers, series)]
    if not problems and series.per and series.per.contains:
        problems += _more_than_all(numbers, series)
    if problems:
        return pd.DataFrame(), problems
    units, found = to_units(
        numbers, crosswalk, mean=series.kind == "mean", possible=series.possible, file=series.file
    )  # fmt: skip
    return _panel_cells(units, series, plan), found


def _rows_of(tables: TextTables, series: Series, plan: AggregatePlan) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of the series' years, with area, period and year; or what is missing from the table."""
    needed = [plan.area, plan.period, series.value, *series.rows]
    needed += [series.per.column, *series.per.rows] if series.per and series.per.file is None else []
    needed += [series.parts.column] if series.parts else []
    frame, problems = _dated(tables, series.file, needed, plan)
    return (frame, problems) if problems else (frame[frame["year"].between(series.first, series.last)], [])


def _dated(
    tables: TextTables, file: str, needed: list[str], plan: AggregatePlan
) -> tuple[pd.DataFrame, list[Problem]]:  # fmt: skip
    """A table without the rows that are no areas, with area (where it has any), period and year."""
    table, problems = tables.with_columns(file, needed)
    if problems:
        return table, problems
    frame = table.assign(period=table[plan.period].map(period_label))
    known = frame["period"].isin([label for label in frame["period"].unique() if _is_period(label)])
    problems = [
        Problem("reg_not_a_period", file=file, row=row, column=plan.period, found=text[:20])
        for row, text in zip(table.index[~known].tolist(), table[plan.period][~known], strict=True)
    ]
    frame = frame.assign(year=pd.to_numeric(frame["period"].str[:4].where(known)))
    if plan.area in frame:
        frame = frame.assign(area=frame[plan.area])[~frame[plan.area].isin(plan.not_areas)]
    return frame, problems


def _is_period(label: str) -> bool:
    try:
        period_days(label)
    except ValueError:
        return False
    return True


def _pick(frame: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    wanted = pd.Series(True, index=frame.index)
    for column, values in rows.items():
        wanted &= frame[column].isin(values)
    return frame[wanted]


def _numbers(frame: pd.DataFrame, series: Series, plan: AggregatePlan) -> tuple[pd.DataFrame, list[Problem]]:
    """Area, period and limits of the series' own rows, tightened by the total that they are parts of."""
    pool = _pick(frame, {column: values for column, values in series.rows.items() if not _is_part(series, column)})
    if series.parts is None:
        pool = _pick(pool, series.rows)
    text, problems = plain_number(
        pool[series.value], plan.decimal, series.file, series.value, whole=series.kind in WHOLE
    )  # fmt: skip
    known = limits(text, pool["year"], plan.signs, possible=series.possible)
    cells = pool[["area", "period", "year", *series.rows]].join(known.cells)
    mine = _pick(cells, series.rows)
    parts = [series.parts.column] if series.parts else []
    key = ["area", "period", *parts, *series.adds]
    problems += _unclear(pool, known.unexplained, key, series.value, series.file)
    least, most = series.possible
    outside = known.cells["value"].notna() & ~known.cells["value"].between(least, most)
    problems += [
        Problem("agg_out_of_range", file=series.file, row=row, column=series.value, found=f"{number:g}",
                expected=f"{least:g}–{most:g}" if np.isfinite(most) else f"≥ {least:g}")
        for row, number in zip(known.cells.index[outside].tolist(), known.cells["value"][outside], strict=True)
    ]  # fmt: skip
    if series.kind in WHOLE:
        broken = mine["value"].notna() & (mine["value"] != mine["value"].round())
        problems += [
            Problem("agg_fraction", file=series.file, row=row, column=series.value, found=f"{number:g}")
            for row, number in zip(mine.index[broken].tolist(), mine["value"][broken], strict=True)
        ]
    if problems:
        return mine.drop(columns=list(series.rows)), problems
    if series.parts:
        mine = _tightened(cells, series.parts).loc[mine.index]
    return _added(mine, series.rows, series.adds, series.file)


def _added(
    cells: pd.DataFrame, rows: Rows, adds: tuple[str, ...], file: str
) -> tuple[pd.DataFrame, list[Problem]]:  # fmt: skip
    """One row an area and period: the sum over the columns ``adds``, known as well as the worst known of its numbers.

    An area and period that lacks one of the numbers is a problem: a sum of some of them is another number.
    """
    if not adds:
        return cells.drop(columns=list(rows)), []
    parts = int(np.prod([len(rows[column]) for column in adds]))
    groups = cells.groupby(["area", "period", "year"], sort=False)
    fewer = groups.size()[lambda size: size < parts]
    problems = [
        Problem("agg_part_missing", file=file, found=f"{area}, {period}", expected=str(parts))
        for area, period, _ in fewer.index
    ]
    merged = groups[["value", "low", "high"]].sum(min_count=parts)
    merged["status"] = groups["status"].agg(lambda statuses: max(statuses, key=CERTAINTY.index))
    merged["exists"] = groups["exists"].all()
    return merged.reset_index().rename_axis("row"), problems


def _in_units(
    cells: pd.DataFrame, tables: TextTables, series: Series, plan: AggregatePlan
) -> tuple[pd.DataFrame, list[Problem]]:
    """The numbers in the outcome's own unit, and amounts of money in the prices of one year."""
    factor, problems = pd.Series(series.unit, index=cells.index), list[Problem]()
    if series.kind == "money" and plan.prices:
        levels, problems = _price_levels(tables, plan)
        if not problems:
            lacking = sorted({*cells["year"], plan.prices.base_year} - set(levels.index))
            problems = [
                Problem("agg_no_price", file=plan.prices.file, expected=str(int(year))) for year in lacking
            ]  # fmt: skip
        if problems:
            return cells, problems
        factor = factor * float(levels[plan.prices.base_year]) / cells["year"].map(levels)
    columns = ["value", "low", "high"]
    return cells.assign(**cells[columns].mul(factor, axis=0)), problems


def _price_levels(tables: TextTables, plan: AggregatePlan) -> tuple[pd.Series[float], list[Problem]]:
    """The price level of each year."""
    assert plan.prices is not None
    file, column = plan.prices.file, plan.prices.value
    frame, problems = _dated(tables, file, [plan.period, column], plan)
    if problems:
        return pd.Series(dtype=float), problems
    text, problems = plain_number(frame[column], plan.decimal, file, column, whole=False)
    known = limits(text, frame["year"], plan.signs, possible=(0, np.inf))
    problems += _unclear(frame, known.unexplained, ["period"], column, file)
    levels = known.cells["value"].set_axis(frame["year"])
    return levels[levels > 0], problems


def _sum_of_all(cells: pd.DataFrame, series: Series) -> list[Problem]:
    """The areas that are called a total, and those whose number is that of all others together in every period."""
    called = [
        Problem("agg_total_row", file=series.file, found=str(area)) for area in cells["area"].unique() if is_total(area)
    ]
    if called or series.kind == "mean" or cells.duplicated(["area", "period"]).any():
        return called
    table = cells.set_index(["area", "period"])["value"].unstack("period")  # noqa: PD010 - no cell stands twice
    others = table.sum(axis=0) - table
    known = table.notna().all(axis=1) & (table > 0).any(axis=1)
    total = known & ((table - others).abs() <= 1e-9 * table.abs()).all(axis=1)
    if len(table) <= 2:
        return []
    return [Problem("agg_total_row", file=series.file, found=str(area)) for area in table.index[total]]


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
    cells: pd.DataFrame, tables: TextTables, frame: pd.DataFrame, series: Series, plan: AggregatePlan
) -> tuple[pd.DataFrame, list[Problem]]:
    """The cells with what they are out of; one that is not published anywhere is missing, not zero."""
    names = ["denominator", "denominator_low", "denominator_high"]
    if series.per is None:
        return cells.assign(**dict.fromkeys(names, np.nan)), []
    other, problems = _denominators(tables, frame, series, series.per, plan)
    if problems:
        return cells, problems
    out_of = other[["area", "period"]].join(other[["value", "low", "high"]].set_axis(names, axis=1))
    joined = cells.reset_index().merge(out_of, how="left", on=["area", "period"])
    if series.per.contains:
        smaller = joined["denominator_high"] < joined["high"]
        joined["high"] = joined["high"].mask(smaller & (joined["status"] != "exact"), joined["denominator_high"])
    return joined.set_index("row"), problems


def _more_than_all(cells: pd.DataFrame, series: Series) -> list[Problem]:
    """The rows in which a part is more than what it is a part of."""
    more = cells[cells["low"] > cells["denominator_high"]]
    columns = (more[name].tolist() for name in ("area", "period", "low", "denominator_high"))
    return [
        Problem("agg_more_than_all", file=series.file, row=int(row), column=series.value,
                found=f"{area}, {period}: {low:g}", expected=f"<= {most:g}")
        for row, area, period, low, most in zip(more.index.tolist(), *columns, strict=True)
    ]  # fmt: skip


def _denominators(
    tables: TextTables, frame: pd.DataFrame, series: Series, per: Denominator, plan: AggregatePlan
) -> tuple[pd.DataFrame, list[Problem]]:
    """Area, period and limits of what a series is out of, from its own rows or from another file."""
    file, rows = per.file or series.file, per.rows or series.rows
    if per.file is not None:
        rows = per.rows
        frame, problems = _dated(tables, per.file, [plan.area, plan.period, per.column, *rows], plan)
        if problems:
            return frame, problems
    other = _pick(frame, rows)
    text, problems = plain_number(other[per.column], plan.decimal, file, per.column, whole=False)
    known = limits(text, other["year"], plan.signs, possible=(0, np.inf))
    problems += _unclear(other, known.unexplained, ["area", "period", *per.adds], per.column, file)
    found, fewer = _added(other[["area", "period", "year", *rows]].join(known.cells), rows, per.adds, file)
    return found, [*problems, *fewer]


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


def _adopters(
    tables: TextTables, plan: AggregatePlan, crosswalk: Crosswalk
) -> tuple[dict[str, pd.Timestamp], list[Problem]]:
    """First treated day by unit. An adopter without a date, or one that no table knows, is a problem unless the
    crosswalk leaves the area out: whoever adopted is no control."""
    adoption = plan.adoption
    frame, problems = tables.with_columns(adoption.file, [adoption.area, adoption.date])
    if problems:
        return {}, problems
    known = tables.values_of(plan.area, {series.file for series in plan.series})
    dates: dict[str, pd.Timestamp] = {}
    units = crosswalk.unit_of(frame[adoption.area])
    for row, area, unit in zip(frame.index.tolist(), frame[adoption.area], units, strict=True):
        if pd.isna(unit):
            continue
        text = adoption.instead.get(area, frame.loc[row, adoption.date])
        if area not in known:
            problems.append(Problem("agg_adopter_unknown", file=adoption.file, row=row, column=adoption.area,
                                    found=area[:40]))  # fmt: skip
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
