"""Events or person-years by district against an exposure, as the Poisson twin of the share (method, section 5.1)."""

from __future__ import annotations

import pymc as pm

from sverige_did.bayes.structure import Cells, PanelPriors, build_structure, observe


def build_poisson(cells: Cells, priors: PanelPriors) -> pm.Model:
    """Unfitted model y_dt ~ Poisson(E_dt exp(eta_dt)); ``cells.size`` is E_dt in the unit of the level's prior."""
    with pm.Model(check_bounds=False) as model:
        predictor = build_structure(cells, priors)
        observe(cells, predictor, lambda eta, size: pm.Poisson.dist(mu=size * pm.math.exp(eta)))
    return model
