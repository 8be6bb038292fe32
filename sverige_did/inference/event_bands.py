"""The effect period by period with limits that hold for all periods at once, from few treated districts."""

from __future__ import annotations

import numpy as np

from sverige_did.did.arrays import DistrictPanel, Weighting
from sverige_did.did.event_study import event_study, sup_t_bands
from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import cr2, least_squares
from sverige_did.results.estimates import Curve

FEWEST_BEFORE = 2
"""Periods before go-live without which there is nothing to see: one of them is the reference."""


def event_curve(panel: DistrictPanel, weighting: Weighting, *, rng: np.random.Generator, level: float) -> Curve:
    """Effects of the districts' periods against the last one before go-live, with sup-t bands from CR2.

    Bands are normal with a CR2 covariance: with few treated districts they are a picture, not a test.

    Raises RefusedError: ``did_one_pre_period`` with fewer than two periods before go-live, and those of
    :func:`~sverige_did.did.event_study.event_study` and its bands.
    """
    before = int((panel.periods < panel.go_live()).sum())
    if before < FEWEST_BEFORE:
        raise refuse("did_one_pre_period", found=str(before), expected=f">= {FEWEST_BEFORE}")
    found = event_study(panel, weighting)
    fit = least_squares(found.y, found.X, found.cluster, found.weights)
    size = found.period.size
    bands = sup_t_bands(found.estimate, cr2(fit)[:size, :size], rng=rng, level=level)
    at = int(np.searchsorted(found.period, found.reference))
    base = {"x": (found.period, found.reference), "y": (found.estimate, 0.0)}
    base |= {"lower": (bands.lower, 0.0), "upper": (bands.upper, 0.0)}
    columns = {name: tuple(np.insert(values, at, extra).tolist()) for name, (values, extra) in base.items()}
    return Curve(name="event", x_name="methods_table.axis.period", y_name="methods_table.axis.effect", **columns)
