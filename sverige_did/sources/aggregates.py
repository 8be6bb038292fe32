"""Published tables by area and period, with their signs for hidden numbers, to a panel.

What each number means is declared in a plan (YAML): which rows and column make an outcome, over which years one
definition holds, what the signs say. A stock, events within a year and person-years stay different kinds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import yaml
from pydantic import Field, ValidationError, model_validator

from sverige_did.errors import InputError, Problem
from sverige_did.panel import Panel
from sverige_did.sources.converting import as_text
from sverige_did.sources.cpr import refuse_cpr
from sverige_did.sources.crosswalk import Crosswalk, to_units
from sverige_did.sources.go_live import go_live
from sverige_did.sources.periods import period_days, period_label
from sverige_did.sources.reading import read_raw
from sverige_did.sources.suppression import Sign, bound_by_total, limits
from sverige_did.study import Bilingual, Name, Plan, read_text

Kind = Literal["stock", "person_years", "events", "cases", "mean"]
_WHOLE: frozenset[Kind] = frozenset({"stock", "events", "cases"})


class Denominator(Plan):
    """What a number is out of: other rows of the same table, or another column of the same rows.

    ``contains``: the numerator is a part of it, so it cannot be larger.
    """

    column: str
    rows: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    contains: bool = False


class Parts(Plan):
    """The values of ``column`` other than ``total`` add up to ``total``, within ``slack``, in each area and year."""

    column: str
    total: str
    slack: float = Field(default=0, ge=0)


class Series(Plan):
    """One outcome in one definition, from year ``first`` to ``last``."""

    outcome: Name
    file: str
    kind: Kind
    rows: dict[str, tuple[str, ...]]
    value: str
    per: Denominator | None = None
    parts: Parts | None = None
    first: int
    last: int
    least: float = 0
    most: float = float("inf")


class Break(Plan):
    """Between these years the definition of a file's numbers (or of some of its rows) changed."""

    file: str
    rows: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    after: int
    before: int
    reason: Bilingual


class Adoption(Plan):
    """Where the start of the programme stands, and which of the possible days counts when a date is not exact."""

    file: str
    area: str
    date: str
    use: Literal["earliest", "latest"]


class AggregatePlan(Plan):
    """How the tables of one source become a panel. ``year_ends``: month and day on which a reporting year ends."""

    area: str
    period: str
    year_ends: tuple[int, int] = (12, 31)
    signs: tuple[Sign, ...]
    series: tuple[Series, ...] = Field(min_length=1)
    breaks: tuple[Break, ...] = ()
    adoption: Adoption

    @model_validator(mode="after")
    def _no_series_across_a_break(self) -> Self:
        keys = [one.outcome for one in self.series]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"one outcome is one definition, but several series are called {', '.join(twice)}")
        for one in self.series:
            for split in self.breaks:
                if one.file == split.file and _touch(one.rows, split.rows) and one.first < split.before <= one.last:
                    raise ValueError(f"{one.outcome} runs over the break of {split.file} after {split.after}")
        return self


def _touch(rows: dict[str, tuple[str, ...]], split: dict[str, tuple[str, ...]]) -> bool:
    """Whether a break that concerns the rows ``split`` (all, when empty) concerns some of ``rows``."""
    return all(set(values) & set(rows.get(column, values)) for column, values in split.items())


def read_aggregate_plan(path: Path) -> AggregatePlan:
    """Read and check a plan. Raises InputError that names the field."""
    try:
        return AggregatePlan.model_validate(yaml.safe_load(read_text(path)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(Problem("not_yaml", file=path.name, row=mark.line + 1 if mark else None)) from error
    except ValidationError as error:
        where = [(".".join(str(part) for part in detail["loc"]), detail["msg"]) for detail in error.errors()]
        problems = [Problem("plan_value", file=path.name, column=column, expected=said) for column, said in where]
        raise InputError(*problems) from error


def read_aggregates(folder: Path, plan: AggregatePlan, crosswalk: Crosswalk) -> Panel:
    """The panel of all series of the plan, from the files in ``folder``; every unit has its go-live date or none.

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
    cells["treated_from"] = pd.to_datetime(cells["unit"].map(treated)).astype("datetime64[us]")
    cells["group"] = np.where(cells["treated_from"].notna(), "treated", "control")
    return Panel.of(cells, synthetic=False)


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
    numbers = _with_denominator(numbers, frame, series, plan)
    possible = (series.least, series.most)
    units, found = to_units(numbers, crosswalk, mean=series.kind == "mean", possible=possible, file=series.file)
    return _panel_cells(units, series, plan), problems + found


def _rows_of(table: pd.DataFrame, series: Series, plan: AggregatePlan) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of the series' years, with area, period and year; or what is missing from the table."""
    needed = [plan.area, plan.period, series.value, *series.rows]
    needed += [series.per.column, *series.per.rows] if series.per else []
    needed += [series.parts.column] if series.parts else []
    problems = [Problem("missing_column", file=series.file, column=name) for name in needed if name not in table]
    if problems:
        return table, problems
    frame = table.assign(area=table[plan.area], period=table[plan.period].map(period_label))
    years = pd.to_numeric(frame["period"].str[:4], errors="coerce")
    problems = [
        Problem(
            "reg_not_a_period", file=series.file, row=row, column=plan.period, found=table[plan.period].loc[row][:20]
        )
        for row in years.index[years.isna()].tolist()
    ]
    return frame.assign(year=years)[years.between(series.first, series.last)], problems


def _pick(frame: pd.DataFrame, rows: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    wanted = pd.Series(True, index=frame.index)
    for column, values in rows.items():
        wanted &= frame[column].isin(values)
    return frame[wanted]


def _numbers(frame: pd.DataFrame, series: Series, plan: AggregatePlan) -> tuple[pd.DataFrame, list[Problem]]:
    """Area, period and limits of the series' own rows, tightened by the total that they are parts of."""
    pool = _pick(frame, {column: values for column, values in series.rows.items() if not _is_part(series, column)})
    known = limits(pool[series.value], pool["year"], plan.signs, possible=(series.least, series.most))
    cells = pool[["area", "period", "year", *series.rows]].join(known.cells)
    mine = _pick(cells, series.rows).index
    problems = [
        Problem(
            "agg_unexplained", file=series.file, row=row, column=series.value, found=str(pool[series.value][row])[:20]
        )
        for row in known.unexplained.intersection(mine).tolist()
    ]
    if series.kind in _WHOLE:
        parts = cells.loc[mine, "value"]
        problems += [
            Problem("agg_fraction", file=series.file, row=row, column=series.value, found=f"{parts[row]:g}")
            for row in parts.index[parts != parts.round()].intersection(parts.dropna().index).tolist()
        ]
    if series.parts:
        cells = _tightened(cells, series.parts)
    doubled = cells.loc[mine].duplicated(["area", "period"])
    problems += [Problem("agg_twice", file=series.file, row=row) for row in doubled.index[doubled].tolist()]
    return cells.loc[mine].drop(columns=list(series.rows)), problems


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


def _with_denominator(cells: pd.DataFrame, frame: pd.DataFrame, series: Series, plan: AggregatePlan) -> pd.DataFrame:
    names = ["denominator", "denominator_low", "denominator_high"]
    if series.per is None:
        return cells.assign(**dict.fromkeys(names, np.nan))
    other = _pick(frame, series.per.rows or series.rows)
    known = limits(other[series.per.column], other["year"], plan.signs, possible=(0, np.inf)).cells
    known = other[["area", "period"]].join(known[["value", "low", "high"]]).set_axis(["area", "period", *names], axis=1)
    joined = cells.reset_index().merge(known, how="left", on=["area", "period"]).set_index("row")
    if series.per.contains:
        smaller = joined["denominator_high"] < joined["high"]
        joined["high"] = joined["high"].mask(smaller & (joined["status"] != "exact"), joined["denominator_high"])
    return joined


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
    for row, unit, text in zip(frame.index.tolist(), units, frame[adoption.date], strict=True):
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
