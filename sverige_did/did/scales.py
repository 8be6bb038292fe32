"""One difference-in-differences of two group totals, on every scale on which trends may be parallel.

Two groups and two periods are four cells, always as ``(2, 2)`` arrays: rows treated, control; columns before,
after. Standard errors hold sampling noise only: no shock that is common to the children of a district.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, ndtri

from sverige_did.errors import option, refuse
from sverige_did.results.estimates import Estimate

Scale = Literal["identity", "log", "logit", "probit"]
Family = Literal["binomial", "poisson"]
Cells = NDArray[np.float64]

CONTRAST: Cells = np.array([[-1.0, 1.0], [1.0, -1.0]])
"""Treated after minus before, less control after minus before."""


@dataclass(frozen=True, slots=True)
class Link:
    """g, its inverse and its slope g'."""

    g: Callable[[Cells], Cells]
    inverse: Callable[[Cells], Cells]
    slope: Callable[[Cells], Cells]


LINKS: dict[Scale, Link] = {
    "identity": Link(lambda mu: mu, lambda eta: eta, np.ones_like),
    "log": Link(np.log, np.exp, lambda mu: 1 / mu),
    "logit": Link(logit, expit, lambda mu: 1 / (mu * (1 - mu))),
    "probit": Link(ndtri, ndtr, lambda mu: np.sqrt(2 * np.pi) * np.exp(ndtri(mu) ** 2 / 2)),
}

VARIANCE: dict[Family, Callable[[Cells, Cells], Cells]] = {
    "binomial": lambda mu, n: mu * (1 - mu) / n,
    "poisson": lambda mu, n: mu / n,
}

IDENTITY_UNIT: dict[Family, tuple[str, float]] = {"binomial": ("pp", 100.0), "poisson": ("rate_per_1000", 1000.0)}
LINK_UNIT: dict[Scale, str] = {"log": "ratio", "logit": "log_odds", "probit": "probit"}


def require(name: str, value: float, low: float, high: float, *, open_high: bool = False) -> float:
    """The value, if ``low <= value <= high`` (``< high`` when ``open_high``); refused with ``out_of_range`` if not."""
    inside = low <= value < high if open_high else low <= value <= high
    if not inside:
        raise refuse("out_of_range", name=name, found=f"{value:g}", expected=told(name, low, high, open_high=open_high))
    return value


def told(name: str, low: float, high: float, *, open_high: bool) -> str:
    """A range as both languages read it; an end that is refused itself stands outside it.

    >>> told("rho", 0, 1, open_high=True), told("p", 0, 1, open_high=False), told("phi", 0, np.inf, open_high=True)
    ('0 <= rho < 1', '0 <= p <= 1', '0 <= phi')
    """
    least = f"{low:g} <= {name}" if np.isfinite(low) else name
    return f"{least} {'<' if open_high else '<='} {high:g}" if np.isfinite(high) else least


def critical(level: float) -> float:
    """The two-sided normal critical value z of a confidence level."""
    if not 0 < level < 1:
        raise refuse("out_of_range", name="level", found=f"{level:g}", expected="0 < level < 1")
    return -float(ndtri((1 - level) / 2))


def checked_cells(events: ArrayLike, totals: ArrayLike, family: Family = "binomial") -> tuple[Cells, Cells]:
    """Events and totals as two ``(2, 2)`` float arrays: shares for ``binomial``, events over exposure for ``poisson``.

    Raises ``cells_shape``, ``cells_not_finite``, ``cells_empty`` (a total of 0 or less), ``cells_negative`` or
    ``cells_above_total``.
    """
    option("family", family, Family)
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    if y.shape != (2, 2) or n.shape != (2, 2):
        raise refuse("cells_shape", found=f"{y.shape}, {n.shape}", expected="(2, 2)")
    if not (np.isfinite(y).all() and np.isfinite(n).all()):
        raise refuse("cells_not_finite")
    if (n <= 0).any():
        raise refuse("cells_empty", found=f"{n.min():g}", expected="> 0")
    if (y < 0).any():
        raise refuse("cells_negative", found=f"{y.min():g}", expected=">= 0")
    if family == "binomial" and (y > n).any():
        raise refuse("cells_above_total", found=f"{(y - n).max():g}", expected="<= 0")
    return y, n


def _linked(means: ArrayLike, scale: Scale) -> Cells:
    """g(mean) of the four cells; not finite where a mean lies outside the scale."""
    option("scale", scale, Scale)
    mu = np.asarray(means, dtype=float)
    if mu.shape != (2, 2):
        raise refuse("cells_shape", found=f"{mu.shape}", expected="(2, 2)")
    with np.errstate(divide="ignore", invalid="ignore"):
        return LINKS[scale].g(mu)


def did(means: ArrayLike, scale: Scale) -> float:
    """The difference-in-differences of g(mean): a difference, a log ratio of ratios or a log ratio of odds ratios.

    ``means`` is ``(2, 2)``. Raises ``cell_outside_scale`` when g is not finite (a share of 0 or 1 has no odds).
    """
    g = _linked(means, scale)
    if not np.isfinite(g).all():
        raise refuse("cell_outside_scale", scale=scale)
    return float((CONTRAST * g).sum())


def counterfactual(means: ArrayLike, scale: Scale) -> float:
    """The treated group's mean after, had its g(mean) moved as the control group's (index parallel trends).

    Solves g(mu_T1(0)) - g(mu_T0) = g(mu_C1) - g(mu_C0). Only ``logit`` and ``probit`` keep it between 0 and 1.
    The treated mean after is not used and may be 0. Source: Wooldridge (2023), Econometrics Journal 26.
    """
    g = _linked(means, scale)
    eta = g[0, 0] + g[1, 1] - g[1, 0]
    if not np.isfinite(eta):
        raise refuse("cell_outside_scale", scale=scale)
    return float(LINKS[scale].inverse(np.asarray(eta)))


def implied_effect(means: ArrayLike, scale: Scale) -> float:
    """What the programme did to the treated mean, in the mean's own unit, if trends are parallel on ``scale``."""
    return float(np.asarray(means, dtype=float)[0, 1]) - counterfactual(means, scale)


def std_error(
    events: ArrayLike,
    totals: ArrayLike,
    scale: Scale,
    *,
    family: Family = "binomial",
    rho: float = 0.0,
    phi: float = 1.0,
) -> float:
    """Delta-method standard error of :func:`did`.

    ``rho`` is the correlation between a group's two totals (the same children counted twice), ``phi`` multiplies
    the sampling variance (person-years are not independent trials). Sampling only: no district shocks.
    """
    y, n = checked_cells(events, totals, family)
    require("rho", rho, 0, 1, open_high=True)
    require("phi", phi, 0, np.inf, open_high=True)
    mu = y / n
    did(mu, scale)  # refuses a cell that g sends to infinity
    a = CONTRAST * LINKS[scale].slope(mu) * np.sqrt(VARIANCE[family](mu, n))
    # phi * sum over groups of Var(a0 mu0 + a1 mu1), with Corr(mu0, mu1) = rho within a group.
    return float(np.sqrt(phi * ((a**2).sum() + 2 * rho * a.prod(axis=1).sum())))


def wald(
    events: ArrayLike,
    totals: ArrayLike,
    scale: Scale,
    *,
    family: Family = "binomial",
    rho: float = 0.0,
    phi: float = 1.0,
    level: float = 0.95,
) -> Estimate:
    """Difference-in-differences with a delta-method interval.

    ``identity`` is reported in percentage points (or per 1,000 of exposure), ``log`` as a ratio of ratios whose
    interval is exp of the one for its logarithm (so it carries no standard error), the others as they are.
    """
    y, n = checked_cells(events, totals, family)
    theta, se = did(y / n, scale), std_error(y, n, scale, family=family, rho=rho, phi=phi)
    if se == 0:
        raise refuse("no_sampling_variance")
    is_ratio = scale == "log"
    unit, factor = IDENTITY_UNIT[family] if scale == "identity" else (LINK_UNIT[scale], 1.0)
    half = critical(level) * se
    points = np.array([theta, theta - half, theta + half])
    shown = np.exp(points) if is_ratio else points * factor
    return Estimate(
        estimate=float(shown[0]),
        scale=unit,
        estimand="att",
        estimator=f"did_{scale}",
        inference="wald_sampling",
        std_error=None if is_ratio else se * factor,
        lower=float(shown[1]),
        upper=float(shown[2]),
        level=level,
        p_value=float(2 * ndtr(-abs(theta) / se)),
        assumptions=("no_district_shocks",),
    )


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """How much the answer depends on the scale on which trends are taken to be parallel.

    ``effects`` are the implied effects in the mean's own unit, ``spread`` their max - min.
    """

    effects: dict[Scale, float]
    spread: float
    exceeds_half_effect: bool
    exceeds_std_error: bool


SCALES_OF: dict[Family, tuple[Scale, ...]] = {
    "binomial": ("identity", "log", "logit", "probit"),
    "poisson": ("identity", "log"),
}


def discrepancy(events: ArrayLike, totals: ArrayLike, *, family: Family = "binomial") -> Discrepancy:
    """The effect implied by each scale, and whether the scales disagree by more than half of it or its standard error.

    The effect and the standard error compared with are those of the identity scale.
    """
    y, n = checked_cells(events, totals, family)
    mu = y / n
    effects: dict[Scale, float] = {scale: implied_effect(mu, scale) for scale in SCALES_OF[family]}
    spread = max(effects.values()) - min(effects.values())
    return Discrepancy(
        effects=effects,
        spread=spread,
        exceeds_half_effect=spread > abs(effects["identity"]) / 2,
        exceeds_std_error=spread > std_error(y, n, "identity", family=family),
    )
