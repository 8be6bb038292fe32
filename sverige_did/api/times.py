"""When: a column of periods as numbers with their labels, and the first treated period of every unit.

A start is a period or a day. What to make of a period that it falls inside of nobody but the caller can say.
"""

from __future__ import annotations

import re
from dataclasses import replace
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.api.given import Given, listed, one_a_unit
from sverige_did.did import columns
from sverige_did.did.calendar import step_of
from sverige_did.did.staggered import NEAR
from sverige_did.errors import InputError, Problem, RefusedError, option
from sverige_did.periods import period_label

type Floats = NDArray[np.float64]
type Codes = NDArray[np.intp]

Partial = Literal["left_out", "after", "before"]
"""What a period counts as during which a unit starts: it is left out for that unit, or treated, or not yet."""

SAME = 1e-6
"""Two numbers of periods that lie closer, in years or whatever the column counts, are the same period."""


class Times(NamedTuple):
    """Codes (N,) into the ascending ``periods`` (T,), as numbers and as ``labels``; ``lacking`` are the names of starts
    in periods that lack from the table, by number."""

    codes: Codes
    periods: Floats
    labels: tuple[str, ...]
    lacking: tuple[tuple[float, str], ...] = ()

    def label(self, number: float) -> str:
        """The name of a period by its number."""
        return dict(self.lacking).get(number) or self.labels[int(np.abs(self.periods - number).argmin())]


def times_of(given: Given) -> Times:
    """The periods of a table: integers, ``2013``, ``2013H1``, ``2013Q1``, ``2013-01``, pandas' periods or dates."""
    codes, periods = _read(given)
    first = np.full(periods.size, codes.size)
    np.minimum.at(first, codes, np.arange(codes.size))
    labels = tuple(_label(given.frame[given.time].iloc[i]) for i in first)
    return Times(codes, periods, labels)


def _read(given: Given) -> tuple[Codes, Floats]:
    """The codes (N,) of the rows into the numbers of their periods; InputError with the rows where one is none."""
    column = _plain(given.column(given.time))
    try:
        return columns.periods(column, given.time)
    except RefusedError as refusal:
        problem = refusal.problems[0]
        odd = np.array([not _is_period(one) for one in column])
        found = given.rows(odd) if odd.any() else problem.found
        raise InputError(replace(problem, column=given.time, found=found)) from None


def _is_period(value: object) -> bool:
    try:
        columns.periods(_one(value))
    except RefusedError:
        return False
    return True


def period_of(value: object, times: Times) -> float:
    """The number of one period that the caller names, as in a window."""
    known = _is_period(value)
    number = float(columns.periods(_one(value), "period")[1][0]) if known else np.nan
    if not known or np.abs(times.periods - number).min() > SAME:
        raise InputError(Problem("frame_window", found=str(value), expected=listed(times.labels, shown=30)))
    return float(times.periods[np.abs(times.periods - number).argmin()])


class Starts(NamedTuple):
    """The first treated period (U,), nan for never, and which rows (N,) are of a period in which their unit starts.

    ``lacking``: the names of the starts that are no period of the table, by number.
    """

    first: Floats
    during: NDArray[np.bool_]
    lacking: tuple[tuple[float, str], ...] = ()


def starts_of(given: Given, name: str, unit: Codes, n_units: int, times: Times, partial: Partial | None) -> Starts:
    """The starts in a column: a period or a day; blank, 0 or infinite for never, as it is written elsewhere.

    A start after the last period is one that the table does not see. One in a whole period that lacks from the table,
    whose periods have a step, is that period: nothing of it is to be left out.
    """
    values = one_a_unit(given, name, unit, n_units)
    begun = _numbers(given, values, name, times)
    lacking = _in_lacking(begun, times.periods, partial)
    at = np.searchsorted(times.periods, begun - SAME)
    inside = np.isfinite(begun) & (at > 0)
    nearest = np.abs(times.periods[np.minimum(at, times.periods.size - 1)] - begun)
    between = inside & (at < times.periods.size) & (nearest > SAME) & np.isnan(lacking)
    # A day in the last period is in it as much as in any other: it is as long as the shortest.
    length = float(np.diff(times.periods).min()) if times.periods.size > 1 else 0.0
    last = inside & (at == times.periods.size) & (begun < times.periods[-1] + length - SAME)
    between |= last & ~np.equal(np.mod(begun, 1), 0)
    if between.any() and partial is None:
        of_rows = between[unit]
        raise InputError(Problem("frame_start_inside", column=name, found=_named(given, name, of_rows)))
    if partial is not None:
        option("partial", partial, Partial)
    in_course = np.where(between, at - 1, -1)
    first = np.append(times.periods, np.nan)[np.where(np.isfinite(begun), at, times.periods.size)]
    if partial == "after":
        first = np.where(between, times.periods[np.maximum(in_course, 0)], first)
    during = (times.codes == in_course[unit]) if partial == "left_out" else np.zeros(unit.size, dtype=bool)
    first = np.where(np.isnan(lacking), first, lacking)
    unknown = np.flatnonzero(np.isfinite(first) & ~np.isin(first, times.periods))
    return Starts(first, during, tuple({float(first[u]): _label(values.iloc[u]) for u in unknown[::-1]}.items()))


def _in_lacking(begun: Floats, periods: Floats, partial: Partial | None) -> Floats:
    """(U,) the first whole period of the calendar from a start in one that lacks from the table, or that one itself if
    it counts as treated; nan for every other start."""
    found, step = np.full(begun.size, np.nan), step_of(periods)
    if step is None:
        return found
    at = np.searchsorted(periods, begun + SAME) - 1  # nan lies after all of them
    known = np.isfinite(begun) & (at >= 0) & (at < periods.size - 1)
    for u in np.flatnonzero(known):
        since, apart = (begun[u] - periods[at[u]]) / step, round((periods[at[u] + 1] - periods[at[u]]) / step)
        whole = int(since + NEAR)
        if 1 <= whole < apart:
            exact = abs(since - whole) <= NEAR
            whole += 0 if exact or partial == "after" else 1
            found[u] = periods[at[u] + 1] if whole == apart else periods[at[u]] + whole * step
    return found


def _named(given: Given, name: str, rows: NDArray[np.bool_]) -> str:
    pairs = given.frame.loc[rows, [given.unit, name]].drop_duplicates(given.unit)
    return listed(f"{unit} ({_label(start)})" for unit, start in pairs.itertuples(index=False))


def _numbers(given: Given, values: pd.Series[Any], name: str, times: Times) -> Floats:
    """Starts as numbers (U,), nan for never."""
    gone = values.isna().to_numpy(dtype=bool, copy=True)
    gone |= np.array([isinstance(one, str) and one.strip().casefold() in columns.EMPTY for one in values], dtype=bool)
    if values.dtype.kind in "iuf" or all(isinstance(one, Real) for one in values[~gone]):
        plain = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        never = gone | np.isinf(plain) | ((plain == 0) & (times.periods.min() > 0))
        return np.asarray(np.where(never, np.nan, plain))
    found = np.full(len(values), np.nan)
    if not gone.all():
        try:
            codes, numbers = columns.periods(_plain(values[~gone]), name)
        except RefusedError:
            raise InputError(Problem("frame_start_unread", column=name, found=_unread(given, name))) from None
        found[~gone] = numbers[codes]
    return found


def _unread(given: Given, name: str) -> str:
    """The units whose start is no period, or where each is one, one of every way in which they are written."""
    told: dict[str, str] = {}
    odd: dict[str, str] = {}
    pairs = given.frame.loc[~given.missing(name), [given.unit, name]].drop_duplicates(given.unit)
    for unit, start in pairs.itertuples(index=False):
        shown = f"{unit} ({_label(start)})"
        if _is_period(start):
            told.setdefault(_form(start), shown)
        else:
            odd[str(unit)] = shown
    return listed((odd or told).values())


def _form(value: object) -> str:
    """How a period is written: its signs with every digit alike."""
    return re.sub(r"\d", "9", str(value))


def _one(value: object) -> pd.Series[Any]:
    return pd.Series([value], dtype=object).infer_objects()


def _plain(values: pd.Series[Any]) -> pd.Series[Any]:
    """Categories as what they are categories of."""
    return values.astype(object).infer_objects() if isinstance(values.dtype, pd.CategoricalDtype) else values


def _label(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return period_label(str(value))
