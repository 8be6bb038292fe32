"""Person-years (årsbørn) from spells: a child who is placed for half a year counts one half.

Days are counted without listing them. In a window of w days that begins on day b, a spell that starts on day x of
the window adds its remaining days, b + w - x, and w in every later window; a stop takes the same away. So two sums
per cell and window and one cumulative sum give every count exactly, in O(spells + cells).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numba
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse
from sverige_did.sources.spells.overlaps import OverlapRule, Overlaps, resolve_overlaps
from sverige_did.sources.spells.spells import OPEN, IntArray, Spells, birthday


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Periods that follow each other: window t covers ``bounds[t] <= day < bounds[t + 1]``.

    ``bounds`` (T + 1,) are strictly increasing days; ``labels`` name the T windows.
    """

    bounds: IntArray
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.bounds) != len(self.labels) + 1 or not self.labels or (np.diff(self.bounds) <= 0).any():
            raise refuse("windows_not_increasing", found=f"{len(self.labels)} / {len(self.bounds)}")


@dataclass(frozen=True, slots=True, eq=False)
class PersonYears:
    """``table`` has one row per district, period, rung and age group, with ``person_years`` and ``days``.

    A cell without a spell is there with 0. ``overlaps`` is what the overlap rule met.
    """

    table: pd.DataFrame
    overlaps: Overlaps


def half_years(first_year: int, last_year: int) -> Windows:
    """The half-years 1 January and 1 July of all years from the first to the last, named ``2014H1``."""
    labels = tuple(f"{year}H{half}" for year in range(first_year, last_year + 1) for half in (1, 2))
    return Windows(_month_starts(first_year, last_year, 6), labels)


def years(first_year: int, last_year: int) -> Windows:
    """The calendar years from the first to the last, named ``2014``."""
    return Windows(_month_starts(first_year, last_year, 12), tuple(str(y) for y in range(first_year, last_year + 1)))


def person_years(
    spells: Spells,
    windows: Windows,
    *,
    overlap: OverlapRule = "highest_rung",
    age_cuts: tuple[int, ...] = (),
    year_length: Literal["calendar"] | float = "calendar",
    districts: ArrayLike | None = None,
    rungs: ArrayLike | None = None,
) -> PersonYears:
    """Person-years and days per district, period, rung and age group.

    ``age_cuts`` (6, 13, 18) makes the groups 0-5, 6-12, 13-17 and 18+; a child changes group on its birthday, in
    the middle of a window too. ``year_length`` divides each day by the length of its calendar year, or by a fixed
    number of days such as 365.25. ``districts`` and ``rungs`` list the cells to show (default: all that occur).
    Refuses windows that reach past the day of censoring, a length that is not positive, ages without birthdays, and
    codes outside the lists.
    """
    if int(windows.bounds[-1]) > spells.censored_on:
        raise refuse("windows_past_censoring", days=int(windows.bounds[-1]) - spells.censored_on)
    if year_length != "calendar" and not year_length > 0:
        raise refuse("year_length_not_positive", found=str(year_length))
    resolved, overlaps = resolve_overlaps(spells, overlap)
    district_names, rung_names = _axis(spells.district, districts), _axis(spells.rung, rungs)
    grid = _split_at_new_year(windows.bounds)
    days = person_days(resolved, grid, districts=district_names, rungs=rung_names, age_cuts=age_cuts)
    lengths = days_in_year(grid[:-1]) if year_length == "calendar" else float(year_length)
    first = np.searchsorted(grid, windows.bounds[:-1])
    in_window = np.add.reduceat(days, first, axis=-1)
    shares = np.add.reduceat(days / lengths, first, axis=-1)
    names = (district_names, rung_names, age_labels(age_cuts), windows.labels)
    return PersonYears(_long(in_window, shares, names), overlaps)


def person_days(
    spells: Spells, bounds: IntArray, *, districts: IntArray, rungs: IntArray, age_cuts: tuple[int, ...] = ()
) -> IntArray:
    """Days covered, shape (districts, rungs, age groups, windows); overlapping spells count each.

    ``bounds`` (T + 1,) are the increasing first days of the windows, and the day after the last.
    """
    D, R, A, T = len(districts), len(rungs), len(age_cuts) + 1, len(bounds) - 1
    cell = _codes(spells.district, districts, "district") * R + _codes(spells.rung, rungs, "rung")
    low, high = int(bounds[0]), int(bounds[-1])
    window = np.repeat(np.arange(T), np.diff(bounds))
    remaining, later = np.zeros((2, A, D * R, T), dtype=np.int64)
    for group, (since, until) in enumerate(pairwise(_group_limits(spells, age_cuts))):
        start = np.maximum(spells.start, since) if group else spells.start
        stop = np.minimum(spells.stop, until) if group < len(age_cuts) else spells.stop
        _tally(start, stop, cell, window, bounds, low, high, remaining[group], later[group])
    before = np.cumsum(later, axis=-1) - later
    days = remaining + before * np.diff(bounds)
    return np.moveaxis(days.reshape(A, D, R, T), 0, 2)


def age_labels(age_cuts: tuple[int, ...]) -> tuple[str, ...]:
    """The names of the age groups between the cuts: ("all",) without cuts, else ("0-5", ..., "18+")."""
    if not age_cuts:
        return ("all",)
    return (*(f"{a}-{b - 1}" for a, b in pairwise((0, *age_cuts))), f"{age_cuts[-1]}+")


def days_in_year(day: IntArray) -> IntArray:
    """The length, 365 or 366 days, of the calendar year of each day."""
    year = _year(day)
    length: IntArray = _new_year(year + 1) - _new_year(year)
    return length


@numba.njit(nogil=True)
def _tally(
    start: IntArray,
    stop: IntArray,
    cell: IntArray,
    window: IntArray,
    bounds: IntArray,
    low: int,
    high: int,
    remaining: IntArray,
    later: IntArray,
) -> None:
    """Add each spell to ``remaining`` (days in the window where it starts, less those after its stop) and to
    ``later`` (1 for a start, -1 for a stop), both (cells, windows). ``window[x - low]`` is the window of day x."""
    for i in range(len(start)):
        a, b = max(start[i], low), stop[i]
        if a >= min(b, high):
            continue
        at = window[a - low]
        remaining[cell[i], at] += bounds[at + 1] - a
        later[cell[i], at] += 1
        if b < high:
            at = window[b - low]
            remaining[cell[i], at] -= bounds[at + 1] - b
            later[cell[i], at] -= 1


def _group_limits(spells: Spells, age_cuts: tuple[int, ...]) -> Sequence[IntArray | int]:
    """The day on which each child enters each age group; the outermost limits are out of reach."""
    if not age_cuts:
        return (-OPEN, OPEN)
    if spells.birth is None:
        raise refuse("ages_need_birth")
    if any(a >= b for a, b in pairwise((0, *age_cuts))):
        raise refuse("age_cuts_not_increasing", found=str(age_cuts))
    return (-OPEN, *(birthday(spells.birth, age) for age in age_cuts), OPEN)


def _axis(values: IntArray, listed: ArrayLike | None) -> IntArray:
    """The codes that make one axis of the table, in the order of the list or sorted."""
    return np.sort(pd.unique(values)) if listed is None else np.asarray(listed, dtype=np.int64)


def _codes(values: IntArray, axis: IntArray, column: str) -> IntArray:
    """The place of each value on the axis; refuses one that is not there."""
    place = pd.Index(axis).get_indexer(pd.Index(values)).astype(np.int64, copy=False)
    absent = place < 0
    if absent.any():
        raise refuse("code_not_listed", found=str(np.unique(values[absent])[:5]), column=column)
    return place


def _split_at_new_year(bounds: IntArray) -> IntArray:
    """The bounds and every 1 January between them, so that each piece lies in one calendar year."""
    first, last = _year(bounds[[0, -1]])
    new_years = _new_year(np.arange(first, last + 1))
    inside = (new_years > bounds[0]) & (new_years < bounds[-1])
    return np.union1d(bounds, new_years[inside])


def _year(day: IntArray) -> IntArray:
    """The calendar year of each day, counted from 1970."""
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)


def _new_year(year: IntArray) -> IntArray:
    """1 January of each year counted from 1970."""
    return year.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)


def _month_starts(first_year: int, last_year: int, step: int) -> IntArray:
    months = np.arange((first_year - 1970) * 12, (last_year + 1 - 1970) * 12 + 1, step)
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _long(
    days: IntArray, shares: NDArray[np.float64], names: tuple[IntArray, IntArray, tuple[str, ...], tuple[str, ...]]
) -> pd.DataFrame:
    """The long table, sorted by district, period, rung and age group, from arrays (D, R, A, T)."""
    district, rung, age, period = names
    index = pd.MultiIndex.from_product([district, period, rung, age], names=["district", "period", "rung", "age_group"])
    order = (0, 3, 1, 2)
    values = {"person_years": shares.transpose(order).ravel(), "days": days.transpose(order).ravel()}
    return pd.DataFrame(values, index=index).reset_index()
