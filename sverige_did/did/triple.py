"""Triple difference with a placebo group inside each district (children the programme does not touch).

The change of the placebo group is taken from the change of the exposed group, district by district; what is left
is compared between treated and control districts. A shock to the whole district then cancels. One number a
district comes out, so all methods of ``inference/`` apply (Olden & Møen 2022, Econometrics Journal).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sverige_did.did.arrays import DistrictPanel, Dropped, Weighting
from sverige_did.did.collapse import Collapsed, Window, att_from_changes, collapse
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate


def triple_changes(
    exposed: DistrictPanel, placebo: DistrictPanel, window: Window, weighting: Weighting = "equal"
) -> Collapsed:
    """Change of the exposed less change of the placebo group, one number a district.

    Both panels hold the same districts with the same go-lives; weights and strata are those of the exposed
    group. Districts that lack a window in either group are left out and named.

    Raises RefusedError: ``did_placebo_differs``, and those of :func:`collapse.collapse`.
    """
    same = exposed.labels == placebo.labels and np.array_equal(
        exposed.treated_from, placebo.treated_from, equal_nan=True
    )
    if not same:
        raise refuse("did_placebo_differs")
    mine, theirs = collapse(exposed, window, weighting), collapse(placebo, window, weighting)
    both = np.intersect1d(mine.unit, theirs.unit)
    rows, others = np.searchsorted(mine.unit, both), np.searchsorted(theirs.unit, both)
    treated = mine.treated[rows]
    if treated.all() or not treated.any():
        raise refuse("did_groups_empty", found=f"{int(treated.sum())} / {int((~treated).sum())}")
    lost = tuple(Dropped(exposed.labels[d], None, "placebo_missing") for d in np.setdiff1d(mine.unit, both))
    return replace(
        mine,
        change=mine.change[rows] - theirs.change[others],
        treated=treated,
        weights=mine.weights[rows],
        unit=both,
        seen=np.minimum(mine.seen[rows], theirs.seen[others]),
        strata=None if mine.strata is None else mine.strata[rows],
        covariates=None if mine.covariates is None else mine.covariates[rows],
        dropped=mine.dropped + lost,
    )


def triple_difference(changes: Collapsed, *, scale: str, weighting: Weighting = "equal") -> Estimate:
    """The triple-difference ATT from :func:`triple_changes`, in the unit of the outcome."""
    return Estimate(
        estimate=att_from_changes(changes.change, changes.treated, changes.weights),
        scale=scale,
        estimand="att",
        estimator="triple_difference",
        inference="none",
        n_units=changes.change.size,
        n_treated=int(changes.treated.sum()),
        weights=weighting,
        assumptions=("parallel_gaps",),
    )
