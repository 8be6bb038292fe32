"""How many children a sum over periods is worth, when those who stay are counted again in every period.

Where children leave at the rate ``a`` a period, what a district has in one period and in the k-th after it is
correlated by exp(-a k) if children are counted on a day, and by the mean of that over both periods if their time is.
A sum of T periods then varies by

    d = (r_0 T + 2 sum_{k<T} (T - k) r_k) / T

times as much as one of T periods of new children (Kish's design effect). Part of that is of children who are in the
district's other sum as well: it makes its level, and is no noise of the change from one sum to the other.

How fast children leave is read off the panel itself: half the mean squared difference of periods k apart, over what
chance alone would make of new children, is r_0 - r_k. It comes to its end at once where nobody stays, and climbs slowly
where most do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAVING = np.geomspace(0.05, 8.0, 60)
"""The rates a period that are tried: from stays of twenty periods in the mean to an eighth of one."""

NONE = 1e-3
"""Stands for no difference at all between two periods, which has no logarithm."""


def likeness(leaving: Floats, lags: Floats, time_counted: bool) -> Floats:
    """r_k of rates (A,) and lags (K,): (A, K). At lag 0 it is 1, or less where time is counted and children come and go
    within a period.
    """
    a = np.asarray(leaving)[:, None]
    if not time_counted:
        return np.asarray(np.exp(-a * lags))
    within = 2 * (a - 1 + np.exp(-a)) / a**2
    return np.asarray(np.where(lags == 0, within, np.exp(-a * lags) * (2 * np.cosh(a) - 2) / a**2))


def rate_of_leaving(windows: tuple[Floats, ...], chance: Floats, time_counted: bool) -> float | None:
    """The rate of :data:`LEAVING` nearest to how counts differ between periods of the same window, in logarithms.

    ``windows`` are tables (D, T) of counts less what a district has in the mean of the window, NaN where unknown;
    ``chance`` (D,) is the variance of such a count if all children were new. Districts count by chance / (1 + chance):
    small ones tell little, and what large ones tell is as much about their own swings. None where no two periods of a
    window can be compared.
    """
    weight = np.where(chance > 0, chance / (1 + chance), 0.0)[:, None]
    lags, found, pairs = [], [], []
    for lag in range(1, max(table.shape[1] for table in windows)):
        squares = [(table[:, lag:] - table[:, :-lag]) ** 2 / 2 for table in windows if table.shape[1] > lag]
        known = [np.where(np.isfinite(one), weight, 0.0) for one in squares]
        total = sum(float(one.sum()) for one in known)
        if total > 0:
            over = np.divide(1.0, chance, out=np.zeros_like(chance), where=chance > 0)[:, None]
            seen = sum(float((w * np.nan_to_num(one) * over).sum()) for w, one in zip(known, squares, strict=True))
            lags.append(float(lag))
            found.append(seen / total)
            pairs.append(total)
    if not lags:
        return None
    r = likeness(LEAVING, np.array([0.0, *lags]), time_counted)
    distance = np.log(np.maximum(found, NONE) / (r[:, :1] - r[:, 1:])) ** 2 @ np.array(pairs)
    return float(LEAVING[np.argmin(distance)])


def design_effect(leaving: float, periods: NDArray[np.int64], time_counted: bool, shared: float = 0.0) -> Floats:
    """d of sums over so many periods (N,), less what is :func:`shared` with another sum.

    What is left is not below 1, so that a sum of children who stay is never worth more than it counts; or not below d
    itself, which is less than 1 where time is counted and many children come and go within a period.
    """
    lengths, place = np.unique(periods, return_inverse=True)
    r = likeness(np.array([leaving]), np.arange(float(lengths.max())), time_counted)[0]
    d = np.array([(r[0] * n + 2 * ((n - np.arange(1, n)) * r[1:n]).sum()) / n for n in lengths])
    return np.asarray(np.maximum(d - lengths * shared, np.minimum(d, 1.0))[place])


def shared(leaving: float, one: NDArray[np.int64], other: NDArray[np.int64], time_counted: bool) -> float:
    """The mean correlation of two sets of periods: what their means have in common, over what chance makes of one
    period.
    """
    lags = np.abs(np.subtract.outer(one, other)).ravel().astype(float)
    return float(likeness(np.array([leaving]), lags, time_counted).mean())
