"""What two group totals say when districts are also shaken by shocks of their own: a posterior without sampling.

theta_hat ~ N(tau, V + c s^2 (1 - r)) and tau ~ N(m, sd^2). The estimate and its sampling variance V are given, s is
the sd of a district's shock in one period, r its correlation between the periods, and c what the weights make of it.
The data say next to nothing about s, so the answer is a curve over s, or an average over a stated prior for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from sverige_did.errors import refuse

Floats = NDArray[np.float64]

NODES = 200
"""Gauss-Legendre nodes over s, which the posterior is smooth in."""


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """tau ~ N(mean, sd^2), in the unit of the estimate (log-odds or log ratio)."""

    mean: float = 0.0
    sd: float = 0.75

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd)


@dataclass(frozen=True, slots=True)
class Sampling:
    """The estimate, its sampling variance V, and how shocks enter: ``c`` and their serial correlation ``r``."""

    theta: float
    variance: float
    c: float
    r: float = 0.0

    def __post_init__(self) -> None:
        _require_positive("variance", self.variance)
        _require_positive("c", self.c)
        if not 0 <= self.r < 1:
            raise refuse("out_of_range", name="r", found=f"{self.r:g}", expected="0 <= r < 1")

    def total_variance(self, s: ArrayLike) -> Floats:
        """V + c s^2 (1 - r), in the shape of ``s``."""
        given = np.asarray(s, dtype=float)
        if not (given >= 0).all():
            raise refuse("out_of_range", name="s", found=f"{given.min():g}", expected=">= 0")
        return np.asarray(self.variance + self.c * given**2 * (1 - self.r))


@dataclass(frozen=True, slots=True)
class Posterior:
    """Of tau: moments, equal-tailed interval and P(tau < 0); ``shock_sd`` is the mean of s (nan when s is given)."""

    mean: float
    sd: float
    lower: float
    upper: float
    level: float
    prob_negative: float
    shock_sd: float


def shock_constant(treated_weights: ArrayLike, control_weights: ArrayLike) -> float:
    """c = 2 (sum omega_d^2 + sum nu_d^2) with each group's weights summing to 1: .625 for 4 and 16 equal districts.

    Raises ``weights_invalid`` when a weight is negative or not finite, or a group's weights are all 0.
    """
    total = 0.0
    for weights in (treated_weights, control_weights):
        w = np.asarray(weights, dtype=float)
        if w.ndim != 1 or not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
            raise refuse("weights_invalid", expected=">= 0")
        total += float(((w / w.sum()) ** 2).sum())
    return 2 * total


def _conditional(data: Sampling, prior: NormalPrior, s: ArrayLike) -> tuple[Floats, Floats]:
    """Posterior mean and sd of tau for each s."""
    v = data.total_variance(s)
    precision = 1 / v + 1 / prior.sd**2
    return (data.theta / v + prior.mean / prior.sd**2) / precision, 1 / np.sqrt(precision)


def prob_negative(data: Sampling, prior: NormalPrior, s: ArrayLike) -> Floats:
    """P(tau < 0 | s) for each s: the curve to show beside any probability of an effect."""
    mean, sd = _conditional(data, prior, s)
    return np.asarray(ndtr(-mean / sd))


def posterior(data: Sampling, prior: NormalPrior, shock_scale: float, level: float = 0.95) -> Posterior:
    """The posterior of tau averaged over s ~ HalfNormal(``shock_scale``), updated by how surprising the estimate is."""
    _require_positive("shock_scale", shock_scale)
    s, weight = _shock_posterior(data, prior, shock_scale)
    means, sds = _conditional(data, prior, s)
    return _summary(means, sds, weight, level, shock_sd=float(weight @ s))


@cache
def _gauss_legendre() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(NODES)


def _shock_posterior(data: Sampling, prior: NormalPrior, scale: float) -> tuple[Floats, Floats]:
    """Quadrature nodes over s and their posterior weights, summing to 1."""
    nodes, gauss = _gauss_legendre()
    end = 8 * scale
    while True:
        s = end * (nodes + 1) / 2
        spread = np.sqrt(data.total_variance(s) + prior.sd**2)
        log_density = _log_normal(data.theta - prior.mean, spread) + _log_normal(s, scale)
        density = np.exp(log_density - log_density.max())
        # A wildly surprising estimate moves s far out; go on until nothing is left at the end of the range.
        if density[-1] < 1e-12:
            weight = gauss * density
            return s, weight / weight.sum()
        end *= 2


def _log_normal(distance: ArrayLike, sd: ArrayLike) -> Floats:
    """The log density of N(0, sd^2) that far from its middle."""
    sd = np.asarray(sd, dtype=float)
    return np.asarray(-((distance / sd) ** 2) / 2 - np.log(np.sqrt(2 * np.pi)) - np.log(sd))


def _summary(means: Floats, sds: Floats, weight: Floats, level: float, shock_sd: float) -> Posterior:
    """Moments and quantiles of the normal mixture sum_i weight_i N(means_i, sds_i^2)."""
    if not 0 < level < 1:
        raise refuse("out_of_range", name="level", found=f"{level:g}", expected="0 < level < 1")
    mean = float(weight @ means)
    sd = float(np.sqrt(weight @ (sds**2 + (means - mean) ** 2)))

    def quantile(p: float) -> float:
        ends = means + sds * ndtri(p)
        low, high = float(ends.min()), float(ends.max())
        if high - low < 1e-12:
            return low
        return float(brentq(lambda t: float(weight @ ndtr((t - means) / sds)) - p, low, high, xtol=1e-12))

    return Posterior(
        mean=mean,
        sd=sd,
        lower=quantile((1 - level) / 2),
        upper=quantile((1 + level) / 2),
        level=level,
        prob_negative=float(weight @ ndtr(-means / sds)),
        shock_sd=shock_sd,
    )


def _require_positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise refuse("out_of_range", name=name, found=f"{value:g}", expected="> 0")
