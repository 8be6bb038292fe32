"""Person-years (årsbørn) from spells: a child who is placed for half a year counts one half.

Days are counted without listing them. In a window of w days that begins on day b, a spell that starts on day x of
the window adds its remaining days, b + w - x, and w in every later window; a stop takes the same away. So two sums
per cell and window and one cumulative sum give every count exactly, in O(spells + cells).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse
from sverige_did.sources.spells.spells import IntArray, Spells


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


AT_ONCE = 1 << 20
"""Spells that are counted together: what they need besides themselves is then some tens of megabytes."""


def half_years(first_year: int, last_year: int) -> Windows:
    """The half-years 1 January and 1 July of all years from the first to the last, named ``2014H1``."""
    labels = tuple(f"{year}H{half}" for year in range(first_year, last_year + 1) for half in (1, 2))
    return Windows(_month_starts(first_year, last_year, 6), labels)


def years(first_year: int, last_year: int) -> Windows:
    """The calendar years from the first to the last, named ``2014``."""
    return Windows(_month_starts(first_year, last_year, 12), tuple(str(y) for y in range(first_year, last_year + 1)))


def person_years(spells: Spells, windows: Windows, *, districts: ArrayLike, rungs: ArrayLike) -> NDArray[np.float64]:
    """Person-years, shape (districts, rungs, windows): each day counts by the length of its calendar year.

    Refuses windows that reach past the day of censoring, and as :func:`person_days`.
    """
    if int(windows.bounds[-1]) > spells.censored_on:
        raise refuse("windows_past_censoring", days=int(windows.bounds[-1]) - spells.censored_on)
    grid = _split_at_new_year(windows.bounds)
    days = person_days(spells, grid, districts=districts, rungs=rungs)
    shares: NDArray[np.float64] = days / days_in_year(grid[:-1])
    return np.add.reduceat(shares, np.searchsorted(grid, windows.bounds[:-1]), axis=-1)


def person_days(spells: Spells, bounds: IntArray, *, districts: ArrayLike, rungs: ArrayLike) -> IntArray:
    """Days covered, shape (districts, rungs, windows); overlapping spells count each, a cell without a spell is 0.

    ``bounds`` (T + 1,) are the increasing first days of the windows, and the day after the last. Refuses districts
    and rungs that are not listed.
    """
    D, R, T = np.size(districts), np.size(rungs), len(bounds) - 1
    cell = _codes(spells.district, districts, "district") * R + _codes(spells.rung, rungs, "rung")
    window = np.repeat(np.arange(T), np.diff(bounds))
    remaining, later = np.zeros((2, D * R, T), dtype=np.int64)
    _tally(spells.start, spells.stop, cell, window, bounds, remaining, later)
    before = np.cumsum(later, axis=-1) - later
    days: IntArray = remaining + before * np.diff(bounds)
    return days.reshape(D, R, T)


def days_in_year(day: IntArray) -> IntArray:
    """The length, 365 or 366 days, of the calendar year of each day."""
    year = _year(day)
    length: IntArray = _new_year(year + 1) - _new_year(year)
    return length


def _tally(
    start: IntArray,
    stop: IntArray,
    cell: IntArray,
    window: IntArray,
    bounds: IntArray,
    remaining: IntArray,
    later: IntArray,
) -> None:
    """Add each spell to ``remaining`` (days in the window where it starts, less those after its stop) and to
    ``later`` (1 for a start, -1 for a stop), both (cells, windows). ``window[k]`` is that of the k-th day from 0."""
    low, high = bounds[0], bounds[-1]
    for first in range(0, len(start), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        a, b = np.maximum(start[rows], low), stop[rows]
        seen = a < np.minimum(b, high)
        a, b, where = a[seen], b[seen], cell[rows][seen]
        at = window[a - low]
        _add(remaining, where, at, bounds[at + 1] - a)
        _add(later, where, at, None)
        ended = b < high
        b, where = b[ended], where[ended]
        at = window[b - low]
        _add(remaining, where, at, b - bounds[at + 1])
        _add(later, where, at, np.full(len(b), -1))


def _add(table: IntArray, row: IntArray, column: IntArray, values: IntArray | None) -> None:
    """Add the values, or one each, at their places. Sums of days are whole numbers below 2^53, and so exact."""
    sums = np.bincount(row * table.shape[1] + column, values, table.size)
    table += sums.astype(np.int64, copy=False).reshape(table.shape)


def _codes(values: IntArray, axis: ArrayLike, column: str) -> IntArray:
    """The place of each value on the axis; refuses one that is not there."""
    place: IntArray = pd.Index(np.asarray(axis)).get_indexer(pd.Index(values)).astype(np.int64, copy=False)
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
