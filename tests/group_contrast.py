"""A model of two parameters that samples in a second: what compilation, sampling and files are tested with."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from sverige_did.bayes.models.district_effects import build_priors
from sverige_did.bayes.priors import NEUTRAL, SHOCK, HalfNormal, Normal


def build_group_contrast(
    theta_hat: float, variance: float, factor: float, effect: Normal = NEUTRAL, shock: HalfNormal = SHOCK
) -> pm.Model:
    """Unfitted model of the DiD as one number: theta_hat ~ N(tau, variance + factor s^2) (method, section 3.4).

    ``factor`` is that of the shocks; ``variance`` is the sampling variance on the same scale as ``theta_hat``.
    """
    with pm.Model(check_bounds=False) as model:
        given = pm.Data("contrast", np.array([theta_hat, variance, factor], dtype=float))
        built = build_priors({"tau": effect, "s": shock})
        sd = pt.sqrt(given[1] + given[2] * built["s"] ** 2)
        pm.Normal("theta_hat", mu=built["tau"], sigma=sd, observed=given[0])
    return model
