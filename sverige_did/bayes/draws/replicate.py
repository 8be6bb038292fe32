"""The shared structure of district models run forwards in numpy: predictors of districts that were never seen.

An independent second writing of ``structure.build_structure``: the prior predictive check and the posterior predictive
checks draw from it, and a test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sverige_did.bayes.models.district_effects import ENOUGH_TREATED_CELLS

if TYPE_CHECKING:
    from sverige_did.bayes.models.district_effects import Cells
    from sverige_did.bayes.sampling.sample import Fit

Floats = NDArray[np.float64]
SCALARS = ("mu", "gamma", "tau", "sigma_alpha", "sigma_lambda", "sigma_s", "sigma_tau", "rho")

LEAST = 1e-12
"""The smallest parameter of a Dirichlet that is drawn from."""


@dataclass(frozen=True, slots=True)
class PanelDraws:
    """Draws of a district model's parameters: ``scalars`` (S,) each; ``walk`` (S, T) and ``effect`` (S, K), or None
    where they are to be drawn anew from their hyperparameters.
    """

    scalars: Mapping[str, Floats]
    walk: Floats | None
    effect: Floats | None


def evenly(fit: Fit, size: int) -> NDArray[np.int64]:
    """The numbers of ``size`` draws of a fit, evenly spread."""
    return np.linspace(0, len(fit.values("tau")) - 1, size).round().astype(np.int64)


def posterior_draws(fit: Fit, size: int) -> PanelDraws:
    """``size`` draws of a fit, evenly spread."""
    kept = evenly(fit, size)
    scalars = {name: fit.values(name)[kept] for name in SCALARS}
    return PanelDraws(scalars, fit.values("lambda")[kept], fit.values("tau_district")[kept])


def predictor(draws: PanelDraws, cells: Cells, rng: np.random.Generator) -> Floats:
    """eta (S, N) for new districts of the same sizes: their own levels and shocks are drawn anew."""
    one = {name: values[:, None] for name, values in draws.scalars.items()}
    n, n_districts, n_periods = len(draws.scalars["mu"]), len(cells.treated), cells.n_periods
    z = rng.standard_normal((n, n_districts))
    district = one["gamma"] * cells.treated + one["sigma_alpha"] * (z - z.mean(axis=1, keepdims=True))
    walk = draws.walk if draws.walk is not None else _walk(one["sigma_lambda"], n_periods, rng)
    shock = one["sigma_s"][:, :, None] * _shocks(draws.scalars["rho"], n_districts, n_periods, rng)
    effect = draws.effect if draws.effect is not None else _effects(one, cells, rng)
    place = np.cumsum(cells.treated) - 1  # of no account for a control district, whose dose is zero
    eta = one["mu"] + district[:, cells.district] + walk[:, cells.period] + shock[:, cells.district, cells.period]
    return np.asarray(eta + effect[:, np.maximum(place, 0)[cells.district]] * cells.dose)


def _walk(spread: Floats, n_periods: int, rng: np.random.Generator) -> Floats:
    steps = rng.standard_normal((len(spread), n_periods - 1))
    return np.asarray(spread * np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0))))


def _shocks(rho: Floats, n_districts: int, n_periods: int, rng: np.random.Generator) -> Floats:
    """Stationary AR(1) paths of unit variance (S, G, T), step by step."""
    out = rng.standard_normal((len(rho), n_districts, n_periods))
    fresh = np.sqrt(1 - rho**2)[:, None]
    for t in range(1, n_periods):
        out[:, :, t] = rho[:, None] * out[:, :, t - 1] + fresh * out[:, :, t]
    return out


def _effects(one: Mapping[str, Floats], cells: Cells, rng: np.random.Generator) -> Floats:
    z = rng.standard_normal((len(one["tau"]), int(cells.treated.sum())))
    varies = int((cells.dose > 0).sum()) >= ENOUGH_TREATED_CELLS
    return np.asarray(one["tau"] + (one["sigma_tau"] * z if varies else 0.0 * z))


def dirichlet_multinomial(alpha: Floats, size: NDArray[np.float64], rng: np.random.Generator) -> Floats:
    """Counts (S, N, K) among ``size`` (N,) whose shares are drawn around ``alpha`` (S, N, K); next to nothing of a kind
    counts as :data:`LEAST`, so that it is hardly ever drawn.
    """
    gamma = np.maximum(rng.gamma(np.maximum(alpha, LEAST)), 1e-300)
    return rng.multinomial(size.astype(int), gamma / gamma.sum(axis=2, keepdims=True)).astype(float)
