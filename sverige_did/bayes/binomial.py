"""Shares by district: so many children of those placed are in an institution (method, section 5.1)."""

from __future__ import annotations

import numpy as np
import pymc as pm
from scipy.special import logit

from sverige_did.bayes.priors import Normal
from sverige_did.bayes.structure import Cells, PanelPriors, Tensor, build_structure, observe
from sverige_did.errors import refuse

SHARES = PanelPriors(level=Normal(float(logit(0.22)), 0.5, "log_odds", "priors.panel_level"))
CONCENTRATION = Normal(float(np.log(60.0)), 1.0, "log_count", "priors.concentration")


def build_binomial(cells: Cells, priors: PanelPriors = SHARES) -> pm.Model:
    """Unfitted model y_dt ~ Binomial(n_dt, logit^-1 eta_dt). Raises RefusedError when a count exceeds its trials."""
    _refuse_trials(cells)
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(cells, priors)
        observe(cells, predictor, lambda eta, size: pm.Binomial.dist(n=size, logit_p=eta))
    return model


def build_beta_binomial(cells: Cells, priors: PanelPriors = SHARES, concentration: Normal = CONCENTRATION) -> pm.Model:
    """Unfitted model y_dt ~ BetaBinomial(n_dt, kappa p_dt, kappa (1 - p_dt)), for children who resemble each other.

    ``concentration`` is the prior of log kappa: large for independent children. Raises as :func:`build_binomial`.
    """
    _refuse_trials(cells)
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(cells, priors, {"log_kappa": concentration})
        kappa = pm.math.exp(predictor.parameters["log_kappa"])

        def likelihood(eta: Tensor, size: Tensor) -> Tensor:
            share = pm.math.sigmoid(eta)
            return pm.BetaBinomial.dist(n=size, alpha=kappa * share, beta=kappa * (1 - share))

        observe(cells, predictor, likelihood)
    return model


def _refuse_trials(cells: Cells) -> None:
    if (cells.low > cells.size).any() or (cells.size != np.round(cells.size)).any():
        raise refuse("totals_count_above_trials")
