"""Events or person-years by district against an exposure, as the Poisson twin of the share (method, section 5.1)."""

from __future__ import annotations

import numpy as np
import pymc as pm
from scipy.special import gammaln, xlogy

from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.observation import Likelihood, observe

POISSON = Likelihood(
    distribution=lambda eta, size: pm.Poisson.dist(mu=size * pm.math.exp(eta)),
    log_density=lambda y, eta, size: y * eta - size * pm.math.exp(eta),
    constant=lambda y, size: np.asarray(xlogy(y, size) - gammaln(y + 1)),
)


def build_poisson(cells: Cells, priors: PanelPriors) -> pm.Model:
    """Unfitted model y_dt ~ Poisson(E_dt exp(eta_dt)); ``cells.size`` is E_dt in the unit of the level's prior."""
    with pm.Model(check_bounds=False) as model:
        observe(cells, build_structure(cells, priors).eta, cells.size, POISSON, again=cells.again)
    return model
