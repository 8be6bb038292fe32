"""Shares by district: so many children of those placed are in an institution (method, section 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
from scipy.special import gammaln, logit

from sverige_did.bayes.compiled.binomial_loglik import binomial_log
from sverige_did.bayes.compiled.log_rising_factorial import log_rising
from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.observation import Likelihood, Tensor, observe
from sverige_did.bayes.priors import Normal
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARES = PanelPriors(level=Normal(float(logit(0.22)), 0.5, "log_odds", "priors.panel_level"))


def ways(count: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """log of the number of ways to choose ``count`` among ``size``, in the shape of the two together."""
    return np.asarray(gammaln(size + 1) - gammaln(count + 1) - gammaln(size - count + 1))


BINOMIAL = Likelihood(
    distribution=lambda eta, size: pm.Binomial.dist(n=size, logit_p=eta),
    log_density=lambda y, eta, size: binomial_log(eta, y, size),
    constant=ways,
)


def _beta_binomial(eta: Tensor, size: Tensor, kappa: Tensor) -> Tensor:
    return pm.BetaBinomial.dist(n=size, alpha=kappa * pm.math.sigmoid(eta), beta=kappa * pm.math.sigmoid(-eta))


def _beta_binomial_log(y: Tensor, eta: Tensor, size: Tensor, kappa: Tensor) -> Tensor:
    a, b = kappa * pm.math.sigmoid(eta), kappa * pm.math.sigmoid(-eta)
    return log_rising(a, y) + log_rising(b, size - y) - log_rising(kappa, size)


BETA_BINOMIAL = Likelihood(_beta_binomial, _beta_binomial_log, ways)


def build_binomial(cells: Cells, priors: PanelPriors = SHARES) -> pm.Model:
    """Unfitted model y_dt ~ Binomial(n_dt, logit^-1 eta_dt). Raises RefusedError when a count exceeds its trials."""
    _refuse_trials(cells)
    with pm.Model(check_bounds=False) as model:
        observe(cells, build_structure(cells, priors).eta, cells.size, BINOMIAL, again=cells.again)
    return model


def _refuse_trials(cells: Cells) -> None:
    if (cells.low > cells.size).any() or (cells.size != np.round(cells.size)).any():
        raise refuse("totals_count_above_trials")
