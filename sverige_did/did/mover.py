"""An interval in percentage points that stays honest near 0 and 1: MOVER with Wilson limits.

Source: Zou & Donner (2008), Statistics in Medicine 27:1693 (method of variance estimates recovery), with Wilson's
score limits for each share; four shares by the general linear form. Sampling noise only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from sverige_did.did.scales import CONTRAST, Cells, checked_cells, critical, require
from sverige_did.results.estimates import Estimate


def mover(events: ArrayLike, totals: ArrayLike, *, rho: float = 0.0, level: float = 0.95) -> Estimate:
    """The difference-in-differences of shares in percentage points, its limits recovered from Wilson's.

    With e_k the distance from c_k p_k to its own lower (upper) limit, the limit lies sqrt(sum e_k^2) away, less
    2 rho e_0 e_1 within each group when the same children are counted before and after.
    """
    y, n = checked_cells(events, totals)
    require("rho", rho, 0, 1, open_high=True)
    critical(level)  # refuses a level that is none
    low, high = proportion_confint(y, n, alpha=1 - level, method="wilson")
    shares = y / n
    theta = float((CONTRAST * shares).sum())
    down = np.where(CONTRAST > 0, shares - low, high - shares)
    up = np.where(CONTRAST > 0, high - shares, shares - low)
    lower, upper = (theta - _length(down, rho), theta + _length(up, rho))
    return Estimate(
        estimate=100 * theta,
        scale="pp",
        estimand="att",
        estimator="did_identity",
        inference="mover_sampling",
        lower=100 * lower,
        upper=100 * upper,
        level=level,
        assumptions=("no_district_shocks",),
    )


def _length(e: Cells, rho: float) -> float:
    return float(np.sqrt((e**2).sum() - 2 * rho * e.prod(axis=1).sum()))
