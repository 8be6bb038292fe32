"""From draws to effects: g-computation over the treated cells, and what a new district should expect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.models.district_effects import Cells, DistrictRows
    from sverige_did.bayes.sampling.sample import Fit


LEAST = 1e-6
"""The smallest parameter of a beta or a gamma that is drawn from."""


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


Realised = Callable[
    ["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]", np.random.Generator],
    "NDArray[np.float64]",
]
"""From eta and effect (S, N), count and size (N,) to how many of a cell's children the programme moved there (S, N)."""


def realised_effect(
    fit: Fit,
    cells: Cells,
    realised: Realised,
    rng: np.random.Generator,
    district_weights: NDArray[np.float64] | None = None,
    same: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The ATT of the children who were there, (S,) per unit of size: what was counted less what would have been.

    Where counts are sums of the same children, ``same`` (N,) is how many times as much as new children they vary.

    :func:`effect_on_treated` compares chances. Where a district has a handful of children, what became of them differs
    from their chances, and so does what the programme did to them.
    """
    treated = np.flatnonzero(cells.dose > 0)
    place = np.searchsorted(np.flatnonzero(cells.treated), cells.district[treated])
    effect = fit.values("tau_district")[:, place] * cells.dose[treated]
    times = np.ones(len(treated)) if same is None else same[treated]
    count, size = (values[treated] / times for values in ((cells.low + cells.high) / 2, cells.size))
    moved = realised(fit.values("eta")[:, treated], effect, count, size, rng)
    return np.asarray(moved @ (weights_of(cells, district_weights)[treated] / size))


def moved_among_trials(
    eta: NDArray[np.float64],
    effect: NDArray[np.float64],
    count: NDArray[np.float64],
    size: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Binomial cells: who is there under the programme would be without it, or the other way round, never both.

    Where it lowers the chance from p to q, each of those who are not there would be with probability (p - q) / (1 - q);
    where it raises it from p to q, each of those who are would not be with probability (q - p) / q.
    """
    under, without = expit(eta), expit(eta - effect)
    came = _some_of(count, np.maximum(under - without, 0.0) / under, rng)
    return came - _some_of(size - count, np.maximum(without - under, 0.0) / (1 - under), rng)


def moved_in_exposure(
    eta: NDArray[np.float64],
    effect: NDArray[np.float64],
    count: NDArray[np.float64],
    size: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Poisson cells: where the programme raises the rate, some of those counted are its doing; where it lowers it,
    those who are missing are a Poisson number of their own.
    """
    under, without = np.exp(eta), np.exp(eta - effect)
    came = _some_of(count, np.maximum(under - without, 0.0) / under, rng)
    missing = size * np.maximum(without - under, 0.0)
    return came - np.where(missing > 0, rng.gamma(np.maximum(missing, LEAST)), 0.0)


def _some_of(count: NDArray[np.float64], chance: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """How many of ``count`` (N,) a chance (S, N) takes, in parts of a child, as time is counted.

    A beta share of them, with the mean and the variance of a binomial's; of one child or less all or nothing.
    """
    alike = np.maximum(count - 1, LEAST)
    first, other = (np.maximum(alike * part, LEAST**2) for part in (chance, 1 - chance))
    return np.asarray(np.where(chance > 0, count * rng.beta(first, other), 0.0))


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
