"""A data-generating model of placements with effects that are known, for studies of how well estimators find them.

For district d and half-year t: placed children ~ Poisson(N_d r exp(a_d + l_t)); of them in institutions
~ Binomial(n_dt, p_dt) with logit p_dt = mu + gap D_d + alpha_d + lambda_t + eps_dt + tau_d E_dt, alpha_d normal,
lambda_t a random walk, eps_dt AR(1) with stationary sd. The two worlds of a treated district are coupled: no more
children differ between them than the effect requires.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sverige_did.sources.spells.spells import IntArray
from sverige_did.synthetic.careers import STEPS, FloatArray, Step


@dataclass(frozen=True, slots=True)
class Model:
    """Parameters: rates per 1,000 residents of 0-17 years, standard deviations and effects on log odds or logs.

    ``effect`` is the mean of the district effects on the log odds of being in an institution among the placed,
    ``effect_sd`` their sd; ``effect_placed`` is the effect on the log of the number placed. ``gap`` is how much higher
    the treated districts' log odds are without the programme.
    """

    placed_per_1000: float = 12.0
    institution_share: float = 0.22
    effect: float = -0.8
    effect_sd: float = 0.2
    effect_placed: float = -0.05
    gap: float = 0.2
    district_sd: float = 0.4
    shock_sd: float = 0.3
    shock_autocorrelation: float = 0.5
    period_sd: float = 0.1
    placed_sd: float = 0.2
    ramp_months: float = 6.0
    others_per_1000: tuple[float, float, float] = (12.0, 20.0, 4.0)
    outside: tuple[float, float, float] = (0.08, 0.12, 0.80)
    residential: float = 0.65


def exposure(days: IntArray, go_live: int, ramp_months: float) -> FloatArray:
    """How much of the programme is at work on each day: 0 before it, 1 after the ramp, on a straight line between."""
    months = (days - go_live + 1) / 30.4375
    return np.clip(months / max(ramp_months, 1e-9), 0.0, 1.0)


def draw_stocks(
    model: Model, residents: IntArray, treated: int, days: IntArray, go_live: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Children on each step on each day, without and with the programme: two arrays (D, T, STEPS).

    ``residents`` (D, T) on the ``days`` (T,); the first ``treated`` districts have the programme from ``go_live``.
    """
    D, T = residents.shape
    E = (np.arange(D) < treated)[:, None] * exposure(days, go_live, model.ramp_months)
    eta = _log_odds(model, D, T, treated, rng)
    tau = model.effect + model.effect_sd * rng.standard_normal((D, 1))
    level = np.exp(model.placed_sd * rng.standard_normal((D, 1)))
    n0, n1 = _coupled_poisson(residents * model.placed_per_1000 / 1000 * level, np.exp(model.effect_placed * E), rng)
    p0, p1 = (1 / (1 + np.exp(-value)) for value in (eta, eta + tau * E))
    inside0, inside1 = _coupled_binomial((n0, n1), (p0, p1), rng)
    worlds = np.zeros((2, D, T, STEPS), dtype=np.int64)
    others = np.array(model.others_per_1000) / 1000
    worlds[..., :3] = rng.poisson(residents[..., None] * others)
    for world, n, inside in zip(worlds, (n0, n1), (inside0, inside1), strict=True):
        world[..., Step.INSTITUTION] = np.rint(model.residential * inside)
        world[..., Step.RESIDENTIAL_HOME] = inside - world[..., Step.INSTITUTION]
        world[..., Step.HOME] = np.floor(model.outside[0] * (n - inside) + 0.5)
        world[..., Step.NETWORK] = np.floor(model.outside[1] * (n - inside) + 0.5)
        world[..., Step.FOSTER] = n - world[..., Step.HOME : Step.FOSTER].sum(axis=-1) - inside
    return worlds[0], worlds[1]


def _log_odds(model: Model, D: int, T: int, treated: int, rng: np.random.Generator) -> FloatArray:
    """The log odds of being in an institution without the programme, (D, T)."""
    mu = np.log(model.institution_share / (1 - model.institution_share))
    alpha = model.gap * (np.arange(D) < treated) + model.district_sd * rng.standard_normal(D)
    period = np.cumsum(model.period_sd * rng.standard_normal(T))
    rho = model.shock_autocorrelation
    shock = np.empty((D, T))
    shock[:, 0] = rng.standard_normal(D)
    for t in range(1, T):
        shock[:, t] = rho * shock[:, t - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(D)
    eta: FloatArray = mu + alpha[:, None] + period - period[0] + model.shock_sd * shock
    return eta


def _coupled_poisson(mean: FloatArray, ratio: FloatArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Poisson counts of mean ``mean`` and ``mean * ratio`` that share as many children as they can."""
    shared = rng.poisson(mean * np.minimum(ratio, 1))
    only0, only1 = rng.poisson(mean * np.maximum(1 - ratio, 0)), rng.poisson(mean * np.maximum(ratio - 1, 0))
    return shared + only0, shared + only1


def _coupled_binomial(
    n: tuple[IntArray, IntArray], p: tuple[FloatArray, FloatArray], rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Binomial counts of n[w] children with probability p[w]; children of both worlds share one uniform draw."""
    both = np.minimum(*n)
    low, high = np.minimum(*p), np.maximum(*p)
    surely = rng.binomial(both, low)
    maybe = rng.binomial(both - surely, (high - low) / (1 - low))
    first, second = (surely + maybe * (one > other) for one, other in ((p[0], p[1]), (p[1], p[0])))
    return first + rng.binomial(n[0] - both, p[0]), second + rng.binomial(n[1] - both, p[1])
