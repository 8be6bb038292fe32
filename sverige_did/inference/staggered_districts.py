"""What single districts and single dates add to an estimate of districts that begin at different dates.

The estimate is the mean of the effects over all treated districts and their treated periods, against districts that
never begin. It is a sum over districts whose weights depend on the date alone (staggered.py), and how many districts
begin at a date only scales them, so the weights with other districts follow from those with all of them: nothing is
estimated anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.did.arrays import DistrictPanel
from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Bools, Floats, Ints
from sverige_did.inference.staggered import Estimator, Whole, cohort_weights, cohorts, welch_of


class Summed(NamedTuple):
    """A mean over treated districts and periods as a sum over districts.

    ``table`` (U, T) of levels, ``cohort`` (U,) in order of go-live, the never treated last, ``weights`` (K, T) of one
    district by cohort.
    """

    table: Floats
    cohort: Ints
    weights: Floats

    def of(self, kept: Bools) -> Floats:
        """What each of the districts ``kept`` (U,) adds (U',) to the same mean of them alone."""
        number = np.bincount(self.cohort[kept], minlength=len(self.weights)).astype(float)
        treated = self.weights[:-1] / (number[:-1] @ np.maximum(self.weights[:-1], 0.0).sum(axis=1))
        weights = np.concatenate([treated, -(number[:-1] @ treated)[None, :] / number[-1]])
        return np.asarray((weights[self.cohort[kept]] * self.table[kept]).sum(axis=1))

    def test(self, kept: Bools, alpha: float) -> TTest:
        """Welch's test by date of the districts ``kept`` (U,)."""
        return welch_of(self.of(kept), np.unique(self.cohort[kept], return_inverse=True)[1].astype(np.int64), alpha)


class Spread(NamedTuple):
    """The sd of a district's level in a period, as if shocks were independent over time: of districts that never begin
    as it is seen, and the standard error of the estimate were all districts to vary like that."""

    seen: float
    std_error: float


def summed(panel: DistrictPanel, estimator: Estimator, whole: Whole) -> Summed:
    """The sum that an ``estimator`` is which averages equally over treated districts and periods.

    Raises RefusedError ``staggered_single`` where a district is alone with its date, ``staggered_incomplete`` where one
    lacks a period, ``staggered_weights`` where the sum is not the estimate.
    """
    cohort = cohorts(panel)
    if np.bincount(cohort).min() < 2:
        raise refuse("staggered_single", found="1")
    if not np.isfinite(whole.table).all():
        raise refuse("staggered_incomplete", found=str(int((~np.isfinite(whole.table)).any(axis=1).sum())))
    found = Summed(whole.table, cohort, cohort_weights(panel, estimator))
    estimate, expected = float(found.of(np.ones(cohort.size, dtype=bool)).sum()), estimator(panel)
    if not np.isclose(estimate, expected, rtol=1e-8, atol=1e-8 * np.ptp(whole.table)):
        raise refuse("staggered_weights", found=f"{estimate:g}", expected=f"{expected:g}")
    return found


def without_each(found: Summed, alpha: float = 0.05) -> list[TTest]:
    """The test without every district in turn; without both where only two begin together, if others begin too."""
    sizes, every = np.bincount(found.cohort), np.arange(found.cohort.size)
    tests = []
    for one in every:
        mine = found.cohort[one]
        gone = found.cohort == mine if sizes[mine] == 2 else every == one
        if sizes[mine] > 2 or (mine < found.cohort.max() and found.cohort.max() > 1):
            tests.append(found.test(~gone, alpha))
    return tests


def without_each_date(found: Summed, alpha: float = 0.05) -> list[TTest]:
    """The test without all districts of every date in turn; none where there is a single date."""
    dates = range(found.cohort.max()) if found.cohort.max() > 1 else range(0)
    return [found.test(found.cohort != date, alpha) for date in dates]


def of_each_treated(found: Summed) -> Floats:
    """(K,) the effect in each treated district by itself: it alone of the treated, against all that never begin."""
    never, every = found.cohort == found.cohort.max(), np.arange(found.cohort.size)
    return np.array([found.of(never | (every == one)).sum() for one in every[~never]])


def spread(found: Summed) -> Spread:
    """How much districts that never begin vary in a period, and the standard error if all did so.

    Raises RefusedError ``no_variation_within`` where they do not vary.
    """
    size, never = np.sqrt(np.square(found.weights).sum(axis=1)), found.cohort == found.cohort.max()
    seen = float(((found.weights[-1] * found.table[never]).sum(axis=1) / size[-1]).std(ddof=1))
    if not seen > 0:
        raise refuse("no_variation_within")
    return Spread(seen, seen * float(np.sqrt(np.square(size[found.cohort]).sum())))
