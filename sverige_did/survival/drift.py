"""Whether waits were already changing before anything began: the placebo that a study without a control group has.

The pseudo-value of each case before is regressed on the day it began, with a level for every municipality. What that
trend would have come to by the time of the cases during, had it gone on, is what the difference has to be held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.errors import refuse
from sverige_did.survival.restricted_mean import Difference, pseudo_values
from sverige_did.survival.waits import Waits

if TYPE_CHECKING:
    from numpy.typing import NDArray

MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Drift:
    """``slope``: change in days without the event for a month later begun; ``ahead``: what it comes to over the gap.

    Both as differences from 0 with a jackknife error.
    """

    slope: Difference
    ahead: Difference


def drift(
    waits: Waits,
    begun: NDArray[np.float64],
    stratum: NDArray[np.int64],
    horizon: float,
    gap_days: float,
    cluster: NDArray[np.int64] | None = None,
) -> Drift:
    """The trend among cases before; ``begun`` (N,) are days, ``gap_days`` how much later the cases during began.

    Raises RefusedError ``drift_too_few`` with fewer than ten cases, or where no municipality has two that began on
    different days.
    """
    values, labels = np.empty(len(waits)), np.arange(len(waits)) if cluster is None else cluster
    for one in np.unique(stratum):
        values[stratum == one] = pseudo_values(waits[stratum == one], horizon)
    months = begun / MONTH
    x = months - _means(months, stratum)
    if len(waits) < 10 or not np.any(x != 0):
        raise refuse("drift_too_few", found=f"{len(waits)}", expected=">= 10")
    groups = np.unique(labels)
    whole = _slope(values, months, stratum)
    left = np.array([_slope(*(each[labels != one] for each in (values, months, stratum))) for one in groups])
    error = float(np.sqrt((len(groups) - 1) / len(groups) * np.sum((left - whole) ** 2)))
    ahead, df = gap_days / MONTH, len(groups) - 1.0
    return Drift(
        Difference(0.0, whole, error, df, len(groups)),
        Difference(0.0, whole * ahead, error * ahead, df, len(groups)),
    )


def _means(values: NDArray[np.float64], stratum: NDArray[np.int64]) -> NDArray[np.float64]:
    groups, place = np.unique(stratum, return_inverse=True)
    sums = np.bincount(place, weights=values, minlength=len(groups))
    return np.asarray((sums / np.bincount(place, minlength=len(groups)))[place])


def _slope(values: NDArray[np.float64], months: NDArray[np.float64], stratum: NDArray[np.int64]) -> float:
    """Least squares with a level for every stratum."""
    x = months - _means(months, stratum)
    return float(x @ values / (x @ x)) if np.any(x != 0) else 0.0
