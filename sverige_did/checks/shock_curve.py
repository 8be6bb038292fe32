"""How the probability of a benefit falls as districts are allowed to swing by themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.bayes.models.closed_form import NormalPrior, Sampling, prob_negative
from sverige_did.checks.curves import curve, ends, grid
from sverige_did.results.estimates import CheckResult


def shock_curve(
    data: Sampling,
    prior: NormalPrior,
    outcome: str,
    *,
    reading: str = "all",
    s: ArrayLike,
    lower_is_better: bool = True,
) -> CheckResult:
    """P(benefit | s) in closed form along the district shock sd ``s``, on the log scale of ``data``."""
    x = grid("s", s, 0, np.inf)
    negative = prob_negative(data, prior, x)
    benefit = negative if lower_is_better else 1 - negative
    return CheckResult(
        check="shock_curve",
        outcome=outcome,
        reading=reading,
        numbers=ends(shock=x, percent=100 * benefit),
        curves=(curve("prob_benefit", "shock_sd", "prob_benefit", x, benefit),),
        assumptions=("shocks_alike",),
    )
