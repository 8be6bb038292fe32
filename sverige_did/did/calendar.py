"""Time since a start in steps of the calendar, where whole periods lack from a table.

The step is that from a period to the next, if at least half of all periods follow each other by one and the others by
whole ones. Where there is no such step (waves at odd times), time is counted in the periods that there are.
"""

from __future__ import annotations

import numpy as np

from sverige_did.did.arrays import FloatArray, IntArray

SLACK = 0.12
"""Months are up to 1.11 times as long as each other; what differs by more is no step."""

MOSTLY = 0.5
"""The share of all periods that follow each other by one step, where there is one."""


def step_of(periods: FloatArray) -> float | None:
    """The step of ascending ``periods`` (T,); None where they have none.

    >>> step_of(np.array([2001.0, 2002.0, 2004.0])), step_of(np.array([2000.0, 2002.0, 2003.0, 2005.0, 2007.0]))
    (1.0, None)
    """
    if periods.size < 2:
        return None
    apart = np.diff(periods)
    step = float(apart.min())
    whole = np.rint(apart / step)
    regular = (np.abs(apart / (whole * step) - 1) <= SLACK).all() and (whole == 1).mean() >= MOSTLY
    return step if regular else None


def steps(periods: FloatArray) -> IntArray:
    """(T,) how many steps each period lies after the first, or its place where there is no step.

    >>> steps(np.array([2001.0, 2002.0, 2004.0])).tolist()
    [0, 1, 3]
    """
    step = step_of(periods)
    if step is None:
        return np.arange(periods.size)
    return np.concatenate([[0], np.cumsum(np.rint(np.diff(periods) / step))]).astype(np.intp)


def times_since(periods: FloatArray, starts: FloatArray) -> IntArray:
    """(U, T) how many steps each period lies after each of the starts (U,), which may be periods that lack; below 0
    before. What stands there for a start that is nan, or after the last period, means nothing.

    >>> times_since(np.array([2001.0, 2002.0, 2004.0]), np.array([2002.0, 2003.0])).tolist()
    [[-1, 0, 2], [-2, -1, 1]]
    """
    at = np.minimum(np.searchsorted(periods, starts), periods.size - 1)
    placed, step = steps(periods), step_of(periods)
    early = np.nan_to_num(periods[at] - starts)
    lacking = np.zeros(at.size) if step is None else np.rint(np.maximum(early, 0.0) / step)
    return np.asarray(placed - (placed[at] - lacking.astype(np.intp))[:, None])
