"""Hidden numbers as intervals: what a published sign says the true number can be, and what the totals add to it.

A hidden number is never zero and never left out. Limits follow from the sign alone, and from published totals: the
parts of a total must add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.study.aggregates import Meaning, Sign

FloatArray = NDArray[np.float64]
_STATUS: dict[Meaning, str] = {
    "suppressed": "hidden",
    "rounds_to_zero": "interval",
    "not_available": "missing",
    "not_applicable": "missing",
}


class Limits(NamedTuple):
    """Columns ``value``, ``low``, ``high``, ``status`` and ``exists``; and the rows whose text no sign explains."""

    cells: pd.DataFrame
    unexplained: pd.Index[Any]


def limits(
    text: pd.Series[str], years: pd.Series[int], signs: Iterable[Sign], *, possible: tuple[float, float]
) -> Limits:
    """What each published number can be.

    ``possible``: the limits of what is counted (0 and infinity for a count, 0 and 40 for a mean score); signs for
    counts never widen them. ``exists`` is False where there is no such number.
    """
    value = pd.to_numeric(text, errors="coerce").astype("float64")
    cells = pd.DataFrame({"value": value, "low": value, "high": value, "status": "exact", "exists": True})
    explained = value.notna()
    for sign in signs:
        mine = ~explained & (text == sign.sign) & years.map(sign.holds)
        explained |= mine
        low, high = _between(sign, possible)
        cells.loc[mine, ["low", "high"]] = low, high
        cells.loc[mine, "status"] = _STATUS[sign.meaning]
        cells.loc[mine, "exists"] = sign.meaning != "not_applicable"
    return Limits(cells, text.index[~explained])


def _between(sign: Sign, possible: tuple[float, float]) -> tuple[float, float]:
    if sign.meaning == "not_applicable":
        return np.nan, np.nan
    least, most = possible
    if sign.meaning == "not_available":
        return least, most
    if sign.meaning == "rounds_to_zero":
        return max(least, 0.0), 0.5
    low = least if sign.low is None else max(least, sign.low)
    high = most if sign.high is None or sign.secondary else min(most, sign.high)
    return low, high


def bound_by_total(
    low: FloatArray,
    high: FloatArray,
    group: NDArray[np.intp],
    total_low: FloatArray,
    total_high: FloatArray,
    *,
    slack: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Tighten the limits of parts by the total of their group.

    ``low``, ``high``, ``group``: one for each part; ``group`` indexes ``total_low`` and ``total_high``. Each part lies
    between the least total minus the most that the others can be and the greatest total minus the least. ``slack``:
    by how much published parts may miss their total. One pass is exact for one sum. Limits that a total contradicts
    (an empty interval) are left as they were.
    """
    size = len(total_low)
    others_low = np.bincount(group, low, size)[group] - low
    unbounded = np.isinf(high)
    finite = np.where(unbounded, 0.0, high)
    others_high = np.bincount(group, finite, size)[group] - finite
    open_others = np.bincount(group, unbounded, size)[group] - unbounded
    most = np.minimum(high, total_high[group] + slack - others_low)
    least = np.maximum(low, np.where(open_others > 0, -np.inf, total_low[group] - slack - others_high))
    possible = least <= most
    return np.where(possible, least, low), np.where(possible, most, high)
