"""Poisson regression on units and periods with the units' effects profiled out: no dummy of a unit is ever written.

For every value of the other coefficients the best alpha_d is log(sum_t y_dt / sum_t e_dt exp(x_dt'b)), which is where
the conditional likelihood of Hausman, Hall & Griliches (1984, Econometrica 52:909) comes from; the estimates are those
of the regression with dummies. What is left is Newton's method in as many numbers as there are periods, each step
linear in the units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.did.arrays import BoolArray, FloatArray
from sverige_did.errors import refuse

MOST_STEPS = 100
SETTLED = 1e-10
"""Largest change of any coefficient in the last step."""

SHORTEST, FARTHEST = 1e-6, 2.0
"""A step that went too far is halved down to so much of it; none moves a logarithm by more."""


class Absorbed(NamedTuple):
    """``mean`` (G, T) of every cell, fitted or not, and ``effect``, the coefficient of the dose; zero without one."""

    mean: FloatArray
    effect: float


def poisson_two_way(y: FloatArray, exposure: FloatArray, fitted: BoolArray, dose: FloatArray | None = None) -> Absorbed:
    """The regression of counts ``y`` (G, T) over the cells that are ``fitted`` (G, T), each unit with an event there.

    E[y_dt] = exposure_dt exp(alpha_d + lambda_t + tau dose_dt); all tables are (G, T). What stands where nothing is
    fitted says nothing, but an exposure there is used for the mean. A period in which nothing is fitted has none.

    Raises RefusedError: ``did_not_identified`` and ``did_not_converged``.
    """
    used = np.where(fitted, y, 0.0)
    known = np.flatnonzero(fitted.any(axis=0))
    doses = np.zeros_like(used) if dose is None else dose
    free = np.concatenate([known[1:], [] if dose is None else [y.shape[1]]]).astype(np.intp)
    if np.linalg.matrix_rank(_curvature(fitted.astype(float), doses)[np.ix_(free, free)], hermitian=True) < free.size:
        raise refuse("did_not_identified", found="alpha, lambda")
    at_risk = np.where(fitted, exposure, 0.0)
    of_unit = used.sum(axis=1)

    def means(b: FloatArray, of: FloatArray) -> FloatArray:
        return np.asarray(of * np.exp(b[:-1] + b[-1] * doses))

    def height(b: FloatArray) -> float:
        return float((used * (b[:-1] + b[-1] * doses)).sum() - of_unit @ np.log(means(b, at_risk).sum(axis=1)))

    b = np.zeros(y.shape[1] + 1)
    b[known] = np.log(np.maximum(used.sum(axis=0)[known], 0.5) / at_risk.sum(axis=0)[known])
    b[known] -= b[known[0]]
    now = height(b)
    for _ in range(MOST_STEPS):
        if not np.isfinite(now):
            break
        mu = means(b, at_risk)
        mu *= (of_unit / mu.sum(axis=1))[:, None]
        slope = np.append((used - mu).sum(axis=0), ((used - mu) * doses).sum())
        step = np.zeros_like(b)
        step[free] = np.linalg.lstsq(_curvature(mu, doses)[np.ix_(free, free)], slope[free])[0]
        share = min(1.0, FARTHEST / max(float(np.abs(step).max()), SETTLED))
        then = height(b + share * step)
        while not then >= now - 1e-12 * abs(now) and share > SHORTEST:
            share /= 2
            then = height(b + share * step)
        b, now = b + share * step, then
        if share == 1.0 and np.abs(step).max() < SETTLED:
            level = of_unit / means(b, at_risk).sum(axis=1)
            return Absorbed(level[:, None] * means(b, exposure), float(b[-1]))
    raise refuse("did_not_converged")


def _curvature(mu: FloatArray, dose: FloatArray) -> FloatArray:
    """Minus the second derivatives (T + 1, T + 1) by the periods' effects and that of the dose, units profiled out."""
    unit = mu.sum(axis=1)
    scaled = mu / np.sqrt(unit)[:, None]
    dosed = mu * dose
    own = dosed.sum(axis=1)
    periods = np.diag(mu.sum(axis=0)) - scaled.T @ scaled
    across = dosed.sum(axis=0) - mu.T @ (own / unit)
    last = (dosed * dose).sum() - (own**2 / unit).sum()
    return np.block([[periods, across[:, None]], [across[None, :], np.array([[last]])]])
