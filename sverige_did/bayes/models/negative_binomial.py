"""Complaints and breakdowns: events that come in clusters, against an exposure (method, section 5.3)."""

from __future__ import annotations

import pymc as pm
import pytensor.tensor as pt

from sverige_did.bayes.compiled.log_rising_factorial import log_rising
from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.observation import Likelihood, Tensor, observe
from sverige_did.bayes.models.poisson import POISSON
from sverige_did.bayes.priors import HalfNormal

CLUSTERING = HalfNormal(0.5, "coefficient_of_variation", "priors.clustering")

NO_CLUSTERING = 1e-3
"""Added in quadrature to the coefficient of variation: next to nothing beside the noise of counts, and it keeps phi
finite, below a million, where the density is that of a Poisson to all the digits that matter."""


def _clustered(eta: Tensor, size: Tensor, phi: Tensor) -> Tensor:
    return pm.NegativeBinomial.dist(mu=size * pm.math.exp(eta), alpha=phi)


def _clustered_log(y: Tensor, eta: Tensor, size: Tensor, phi: Tensor) -> Tensor:
    return log_rising(phi, y) + y * (eta - pt.log(phi)) - (y + phi) * pt.log1p(size * pm.math.exp(eta) / phi)


NEGATIVE_BINOMIAL = Likelihood(_clustered, _clustered_log, POISSON.constant)


def build_negative_binomial(cells: Cells, priors: PanelPriors, clustering: HalfNormal = CLUSTERING) -> pm.Model:
    """Unfitted model y_dt ~ NegBin(mean E_dt exp(eta_dt), phi), Var = mean + mean^2 / phi.

    ``clustering`` is the prior of phi^(-1/2), the coefficient of variation of the rate within a cell: 0 is Poisson.
    """
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(cells, priors, {"clustering": clustering})
        phi = 1 / (predictor.parameters["clustering"] ** 2 + NO_CLUSTERING**2)
        observe(cells, predictor.eta, cells.size, NEGATIVE_BINOMIAL, (phi,))
    return model
