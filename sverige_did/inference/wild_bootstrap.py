"""Restricted wild cluster bootstrap-t, with an interval that agrees with its p-value.

The residuals under the hypothesis are multiplied by one random weight a cluster (Cameron, Gelbach and Miller 2008).
Residuals are linear in the hypothesised effect and the draws are the same for every hypothesis, so the confidence set
is exact for the draws (see inversion.py). With few treated clusters of similar size its true size lies around .06 to
.09 at a nominal .05, and with one or two it can reject almost nothing or almost everything: it is shown as a
sensitivity.

Tie rule: a draw with the statistic of the observed data is a hit. The observed data themselves are among the draws, so
p = (1 + hits) / (1 + draws).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np

from sverige_did.errors import option, refuse
from sverige_did.inference.cluster_robust import LeastSquares, least_squares
from sverige_did.inference.districts import Floats
from sverige_did.inference.inversion import Family, Region

DRAWS = 9_999
MOST_ENUMERATED = 14
"""Up to this many clusters every vector of Rademacher signs is used."""

_CELLS = 1_000_000
"""Weights that are drawn at a time."""

FEW_CLUSTERS = 12
"""Up to this many clusters two-point weights give too few distinct draws: Webb's six points are the default."""

Weights = Literal["rademacher", "webb"]

_WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))


@dataclass(frozen=True, slots=True, eq=False)
class WildBootstrap:
    """``p_value`` of no effect, and the set of effects not rejected.

    ``enumerated``: every vector of signs was used.
    """

    estimate: float
    observed: float
    p_value: float
    region: Region
    weights: Weights
    enumerated: bool


def wild_bootstrap(
    fit: LeastSquares,
    column: int,
    *,
    rng: np.random.Generator,
    weights: Weights | None = None,
    draws: int = DRAWS,
    alpha: float = 0.05,
) -> WildBootstrap:
    """Test that the coefficient in ``column`` is zero, studentised by CR1.

    ``weights`` default to Rademacher's signs above 12 clusters, else to Webb's (2023) six points.

    Raises RefusedError ``no_variation_within`` when the residuals of every cluster cancel.
    """
    groups = fit.groups
    kind = _kind(weights, groups)
    enumerated = kind == "rademacher" and groups <= MOST_ENUMERATED
    if enumerated:
        blocks: Iterable[Floats] = (_all_signs(groups),)
    else:
        sizes = (min(_rows(groups), draws - done) for done in range(0, draws, _rows(groups)))
        blocks = chain((np.ones((1, groups)),), (drawn_weights(groups, size, rng, kind) for size in sizes))
    family = _family(fit, column, blocks)
    return WildBootstrap(
        estimate=family.estimate,
        observed=family.observed / float(np.sqrt(_cr1_factor(fit))),
        p_value=family.p_value(0.0),
        region=family.region(alpha),
        weights=kind,
        enumerated=enumerated,
    )


def _cr1_factor(fit: LeastSquares) -> float:
    n, p = fit.x.shape
    groups = fit.groups
    return float(groups / (groups - 1) * (n - 1) / (n - p))


def _all_signs(groups: int) -> Floats:
    """Half of the 2^G sign vectors, the first sign fixed: turning all signs leaves |t| as it is. Row 0 is observed."""
    masks = np.arange(2 ** (groups - 1))[:, None] >> np.arange(groups - 1) & 1
    return np.column_stack([np.ones(len(masks)), 1.0 - 2.0 * masks])


def _kind(weights: Weights | None, groups: int) -> Weights:
    """The weights asked for, or those that suit so many clusters."""
    if weights is None:
        return "rademacher" if groups > FEW_CLUSTERS else "webb"
    option("weights", weights, Weights)
    return weights


def _rows(groups: int) -> int:
    """How many draws are made at a time."""
    return max(1, _CELLS // groups)


def drawn_weights(groups: int, draws: int, rng: np.random.Generator, weights: Weights | None = None) -> Floats:
    """Random weights (draws, G) with mean 0 and variance 1."""
    signs = 1.0 - 2.0 * rng.integers(0, 2, size=(draws, groups))
    if _kind(weights, groups) == "webb":
        signs = signs * _WEBB[rng.integers(0, 3, size=(draws, groups))]
    return np.asarray(signs, dtype=np.float64)


def _family(fit: LeastSquares, column: int, blocks: Iterable[Floats]) -> Family:
    """The bootstrap statistic of every draw as a function of the hypothesised effect.

    ``d`` is the regressor with the others partialled out, e the full residuals; under the hypothesis the residuals are
    e + u d. S0 and S1 (G,) are their scores, C0 and C1 (p, G) what their clusters add to X'W(residuals).
    """
    rest = np.delete(fit.x, column, axis=1)
    own = least_squares(fit.x[:, column], rest, fit.cluster, fit.weights).residuals
    wd = fit.weights * own
    scale = float((wd * own).sum())
    estimate = float(fit.coefficients[column])
    v = float((_by_cluster(fit, wd * fit.residuals) ** 2).sum()) / scale**2
    if v <= (1e-12 * np.abs(fit.y).max()) ** 2:
        raise refuse("no_variation_within")
    unit = 2 * float(np.sqrt(v))
    projection = _by_cluster(fit, fit.x * wd[:, None]) @ fit.bread
    parts = [
        (_by_cluster(fit, wd * residual) / scale, _by_cluster(fit, fit.x * (fit.weights * residual)[:, None]) / scale)
        for residual in (fit.residuals / unit, own)
    ]
    numbers = np.concatenate([_numbers(signs, parts, projection) for signs in blocks], axis=1)
    a, b, q0, q1, q2 = numbers
    return Family(a, b, q0, q1, q2, v / unit**2, estimate, unit)


def _numbers(signs: Floats, parts: list[tuple[Floats, Floats]], projection: Floats) -> Floats:
    """a, b, q0, q1, q2 (5, n) of a block of draws."""
    (a, m0), (b, m1) = ((signs @ score, signs * score - (signs @ spread) @ projection.T) for score, spread in parts)
    return np.stack([a, b, (m0**2).sum(1), 2 * (m0 * m1).sum(1), (m1**2).sum(1)])


def _by_cluster(fit: LeastSquares, values: Floats) -> Floats:
    """Sums of ``values`` (N, ...) over the rows of every cluster (G, ...)."""
    sums = np.zeros((fit.groups, *values.shape[1:]))
    np.add.at(sums, fit.cluster, values)
    return sums
