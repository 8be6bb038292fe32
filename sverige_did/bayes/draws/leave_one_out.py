"""Each district predicted by the others: the effect without it, and whether a programme effect helps to predict it.

The likelihood of a whole district, its own level and shocks integrated out draw by draw, weighs the draws as if that
district had not been seen (integrated importance sampling: Vehtari et al. 2016, JMLR 17:103; Merkle, Furr and
Rabe-Hesketh 2019, Psychometrika 84:802). With those integrated out the weights are usually even enough; where Pareto's
k-hat says that they are not, the model is sampled without the district.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from sverige_did.bayes.draws.replicate import PanelDraws, predictor

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sverige_did.bayes.models.district_effects import Cells

    Floats = NDArray[np.float64]

PATHS = 200
"""Levels and shocks drawn for each district and draw of the rest: the noise of a log-likelihood is then about 0.1."""
INTEGRATED = 400
"""Draws whose districts are integrated out."""


def district_likelihood(
    draws: PanelDraws,
    cells: Cells,
    log_likelihood: Callable[[Floats], Floats],
    rng: np.random.Generator,
    paths: int = PATHS,
) -> Floats:
    """Log-likelihood (S, G) of each district's cells given the common parameters: level and shocks integrated out.

    ``log_likelihood`` gives the terms (S, N) of the cells for predictors (S, N).
    """
    n, g = len(draws.scalars["mu"]), len(cells.treated)
    out = np.full((n, g), -np.inf)
    owner = np.zeros((len(cells.district), g))
    owner[np.arange(len(cells.district)), cells.district] = 1.0
    for _ in range(paths):
        terms = log_likelihood(predictor(draws, cells, rng)) @ owner
        out = np.logaddexp(out, terms)
    return np.asarray(out - np.log(paths))


def log_density_left_out(log: Floats) -> Floats:
    """(G,) log predictive density of each district given the others: the harmonic mean over draws."""
    return np.asarray(np.log(log.shape[0]) - logsumexp(-log, axis=0))


def without(cells: Cells, district: int) -> Cells:
    """The same panel as if a district had next to no exposure and nothing had happened in it: it then says nothing.

    The shape stays, so that a compiled model can be used again. For events and rates only: trials are whole.
    """
    mine = cells.district == district
    nothing = np.where(mine, 0.0, cells.low), np.where(mine, 0.0, cells.high)
    return replace(cells, low=nothing[0], high=nothing[1], size=np.where(mine, 1e-9, cells.size))
