"""What single districts and single dates add to an estimate of districts that begin at different dates.

An estimator that treats the districts of a date alike is a sum over districts whose weights depend on the date alone
(staggered.py), so without a district it is the same sum with the weights that its date then has: they are asked for once
a date, and not once a district.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sverige_did.did.arrays import DistrictPanel
from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Bools, Floats
from sverige_did.inference.staggered import Estimator, Whole, cohort_weights, cohorts, welch_of


class Spread(NamedTuple):
    """The sd of a district's level in a period, as if shocks were independent over time: of districts that never begin
    as it is seen, and the standard error of the estimate were all districts to vary like that."""

    seen: float
    std_error: float


def without(panel: DistrictPanel, gone: Bools) -> DistrictPanel:
    """The panel without some of its districts (U,)."""
    kept = ~gone
    rows, place = kept[panel.unit], np.cumsum(kept) - 1
    return replace(
        panel,
        unit=place[panel.unit[rows]],
        time=panel.time[rows],
        y=panel.y[rows],
        labels=tuple(label for label, stays in zip(panel.labels, kept, strict=True) if stays),
        treated_from=panel.treated_from[kept],
        weights=panel.weights[kept],
        exposure=None if panel.exposure is None else panel.exposure[rows],
        strata=None if panel.strata is None else panel.strata[kept],
    )


def without_each(panel: DistrictPanel, estimator: Estimator, whole: Whole, *, alpha: float = 0.05) -> list[TTest]:
    """Welch's test by date without every district in turn; where only two begin together, without both of them."""
    cohort = cohorts(panel)
    found = []
    for g, size in enumerate(np.bincount(cohort)):
        members = np.flatnonzero(cohort == g)
        if size == 2:
            if cohort.max() > 1 and g < cohort.max():
                found += 2 * [_without(panel, estimator, whole, cohort == g, alpha)]
            continue
        first = np.arange(cohort.size) == members[0]
        weights = cohort_weights(without(panel, first), estimator)[cohort]
        z = (weights * whole.table).sum(axis=1)
        found += [welch_of(np.delete(z, one), np.delete(cohort, one), alpha) for one in members]
    return found


def without_each_date(panel: DistrictPanel, estimator: Estimator, whole: Whole, *, alpha: float = 0.05) -> list[TTest]:
    """Welch's test by date without all districts of every date in turn; none where there is a single date."""
    cohort = cohorts(panel)
    if cohort.max() == 1:
        return []
    return [_without(panel, estimator, whole, cohort == g, alpha) for g in range(cohort.max())]


def _without(panel: DistrictPanel, estimator: Estimator, whole: Whole, gone: Bools, alpha: float) -> TTest:
    rest = without(panel, gone)
    weights, cohort = cohort_weights(rest, estimator), cohorts(rest)
    return welch_of((weights[cohort] * whole.table[~gone]).sum(axis=1), cohort, alpha)


def of_each_treated(panel: DistrictPanel, estimator: Estimator, whole: Whole) -> Floats:
    """(K,) the effect in each treated district by itself: it alone of the treated, against all that never begin."""
    return np.array(list(_each_treated(panel, estimator, whole)))


def _each_treated(panel: DistrictPanel, estimator: Estimator, whole: Whole) -> Iterator[float]:
    cohort = cohorts(panel)
    last = cohort.max()
    for g in range(last):
        members = np.flatnonzero(cohort == g)
        kept = (cohort == last) | (np.arange(cohort.size) == members[0])
        weights = cohort_weights(without(panel, ~kept), estimator)
        against = float((weights[1] * whole.table[cohort == last]).sum())
        yield from (float(weights[0] @ whole.table[one]) + against for one in members)


def spread(panel: DistrictPanel, estimator: Estimator, whole: Whole) -> Spread:
    """How much districts that never begin vary in a period, and the standard error if all did so.

    Raises RefusedError ``no_variation_within`` where they do not vary.
    """
    cohort, weights = cohorts(panel), cohort_weights(panel, estimator)
    size = np.sqrt(np.square(weights).sum(axis=1))
    mine = cohort == cohort.max()
    seen = float(((weights[-1] * whole.table[mine]).sum(axis=1) / size[-1]).std(ddof=1))
    if not seen > 0:
        raise refuse("no_variation_within")
    return Spread(seen, seen * float(np.sqrt((size[cohort] ** 2).sum())))
