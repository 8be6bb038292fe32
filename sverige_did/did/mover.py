"""An interval in percentage points that stays honest near 0 and 1: MOVER with Wilson limits.

Source: Zou & Donner (2008), Statistics in Medicine 27:1693 (method of variance estimates recovery), with Wilson's
score limits for each share; four shares by the general linear form. Sampling noise only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from sverige_did.did.scales import CONTRAST, checked_cells, critical
from sverige_did.results.estimates import Estimate


def mover(events: ArrayLike, totals: ArrayLike, *, level: float = 0.95) -> Estimate:
    """The difference-in-differences of shares in percentage points, its limits recovered from Wilson's.

    With e_k the distance from c_k p_k to its own lower (upper) limit, the limit lies sqrt(sum e_k^2) away.
    """
    y, n = checked_cells(events, totals)
    critical(level)  # refuses a level that is none
    low, high = proportion_confint(y, n, alpha=1 - level, method="wilson")
    shares = y / n
    theta = float((CONTRAST * shares).sum())
    down = np.where(CONTRAST > 0, shares - low, high - shares)
    up = np.where(CONTRAST > 0, high - shares, shares - low)
    lower, upper = theta - np.sqrt((down**2).sum()), theta + np.sqrt((up**2).sum())
    return Estimate(
        estimate=100 * theta,
        scale="pp",
        estimand="att",
        estimator="did_identity",
        inference="mover_sampling",
        lower=float(100 * lower),
        upper=float(100 * upper),
        level=level,
        assumptions=("no_district_shocks",),
    )
