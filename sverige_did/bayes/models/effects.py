"""From draws to effects: g-computation over the treated cells, and what a new district should expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sverige_did.bayes.models.district_effects import Cells, DistrictRows
    from sverige_did.bayes.sampling.sample import Fit


class Effect(NamedTuple):
    """The effect on the treated, draw by draw, on every scale; each array has shape (draws,).

    ``difference`` is in percentage points for shares, in events per unit of exposure for rates; ``log_contrast`` is
    the effect on the scale of the link, log-odds or log-rate.
    """

    difference: NDArray[np.float64]
    ratio: NDArray[np.float64]
    log_contrast: NDArray[np.float64]


def percent(eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share in percent that a log-odds means."""
    return 100 * expit(eta)


def average_effect(
    eta: NDArray[np.float64],
    effect: NDArray[np.float64],
    weights: NDArray[np.float64],
    outcome: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Effect:
    """Finite-population ATT: the treated cells as they are against the same cells without their effect.

    ``eta`` and ``effect`` (draws, N) are on the scale of the link, ``weights`` (N,) sum to one over the treated cells
    and are zero elsewhere; ``outcome`` is the inverse link, :func:`percent` or ``numpy.exp``.
    """
    with_it = outcome(eta) @ weights
    without = outcome(eta - effect) @ weights
    return Effect(with_it - without, with_it / without, effect @ weights)


def weights_of(cells: DistrictRows, district_weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Weights (N,) of the treated cells: each district by its weight (G,), its cells by their dose.

    District weights are frozen before go-live (children); None weighs districts equally. Weights that change after
    go-live would be outcomes themselves.
    """
    given = np.ones(len(cells.treated)) if district_weights is None else np.asarray(district_weights, dtype=float)
    doses = np.bincount(cells.district, weights=cells.dose, minlength=len(cells.treated))
    share = np.divide(given, doses, out=np.zeros_like(doses), where=doses > 0)
    weights = share[cells.district] * cells.dose
    return np.asarray(weights / weights.sum())


def effect_on_treated(
    fit: Fit,
    cells: Cells,
    outcome: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    district_weights: NDArray[np.float64] | None = None,
) -> Effect:
    """The ATT of a district model in the treated districts and periods that were observed."""
    treated = np.flatnonzero(cells.dose > 0)
    place = np.searchsorted(np.flatnonzero(cells.treated), cells.district[treated])
    effect = fit.values("tau_district")[:, place] * cells.dose[treated]
    return average_effect(fit.values("eta")[:, treated], effect, weights_of(cells, district_weights)[treated], outcome)


def effect_in_new_district(
    fit: Fit,
    cells: Cells,
    outcome: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    rng: np.random.Generator,
) -> Effect:
    """What another district like the treated ones should expect in one period under the programme.

    Adds what the ATT leaves out: how far effects differ between districts, the new district's own level, and its shock.
    """
    eta, own = new_district(fit, cells, rng)
    return average_effect(eta[:, None], own[:, None], np.ones(1), outcome)


def new_district(fit: Fit, cells: Cells, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A new treated district under the programme: predictor and effect on the scale of the link, (S,)."""
    tau, n = fit.values("tau"), fit.values("tau").size
    own = tau + fit.values("sigma_tau") * rng.standard_normal(n)
    level = fit.values("mu") + fit.values("gamma") + fit.values("sigma_alpha") * rng.standard_normal(n)
    after = np.unique(cells.period[cells.dose > 0])
    level = level + fit.values("lambda")[:, after].mean(axis=1) + fit.values("sigma_s") * rng.standard_normal(n)
    return level + own, own
