"""Cluster-robust variances CR0 to CR3, and t tests with the degrees of freedom that few clusters leave.

CR2 with Bell and McCaffrey's degrees of freedom as in Pustejovsky and Tipton (2018, JBES 36:672), under the working
model that all rows vary alike and independently. CR1, what most software prints, rejects far too often with few treated
clusters: it is kept to be shown beside the others.

Notation: N rows, p regressors, G clusters; X (N, p), W the weights, H = X (X'WX)^-1 X'W.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from sverige_did.errors import refuse
from sverige_did.inference.districts import Districts, Floats, Ints, finite, strata_codes

EIGEN_TOLERANCE = 1e-10
"""Eigenvalues below this are zero in a generalised inverse: directions that the cluster's own dummies absorb."""


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """A weighted least-squares fit: what every variance below starts from.

    ``x`` (N, p), ``y`` (N,), ``weights`` (N,), ``cluster`` (N,) codes 0..G-1, ``bread`` = (X'WX)^-1 (p, p).
    """

    x: Floats
    y: Floats
    weights: Floats
    cluster: Ints
    bread: Floats
    coefficients: Floats
    residuals: Floats

    @property
    def rows(self) -> list[Ints]:
        """The rows of every cluster."""
        return [np.flatnonzero(self.cluster == g) for g in range(int(self.cluster.max()) + 1)]


@dataclass(frozen=True, slots=True)
class TTest:
    """An estimate with its standard error, a two-sided p-value of no effect and an interval at 1 - ``alpha``."""

    estimate: float
    std_error: float
    df: float
    p_value: float
    lower: float
    upper: float
    alpha: float


def least_squares(y: ArrayLike, x: ArrayLike, cluster: ArrayLike, weights: ArrayLike | None = None) -> LeastSquares:
    """Fit y (N,) on x (N, p) with optional weights (N,); ``cluster`` (N,) may be labels of any type.

    Raises RefusedError: ``inference_lengths``, ``inference_not_finite``, ``inference_weights``, or
    ``inference_collinear`` when X has no full column rank.
    """
    design = np.asarray(x, dtype=float)
    n = design.shape[0]
    response, design = finite(y, "y", n), finite(design, "x", n)
    w = np.ones(n) if weights is None else finite(weights, "weights", n)
    if np.any(w <= 0):
        raise refuse("inference_weights", found=f"{w.min():g}", expected="> 0")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise refuse("inference_collinear", found=str(design.shape[1]))
    bread = np.linalg.inv(design.T @ (design * w[:, None]))
    beta = bread @ (design.T @ (w * response))
    return LeastSquares(design, response, w, strata_codes(cluster, n), bread, beta, response - design @ beta)


def of_districts(sample: Districts) -> LeastSquares:
    """The regression of the change of a district on treatment (column 1) and covariates: every district a cluster."""
    return least_squares(sample.change, sample.design, np.arange(sample.change.size), sample.weights)


def symmetric_power(matrix: Floats, power: float) -> Floats:
    """``matrix`` to a negative ``power`` by its eigenvalues; those below the tolerance count as zero."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    kept = values > EIGEN_TOLERANCE
    powered = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return np.asarray((vectors * powered) @ vectors.T)


def _sandwich(fit: LeastSquares, scores: Floats) -> Floats:
    half = fit.bread @ scores.T
    return np.asarray(half @ half.T)


def _scores(fit: LeastSquares, adjusted: list[Floats]) -> Floats:
    """X_g' W_g times the adjusted residuals, a row a cluster: (G, p)."""
    return np.stack([(fit.x[g] * fit.weights[g, None]).T @ e for g, e in zip(fit.rows, adjusted, strict=True)])


def cr0(fit: LeastSquares) -> Floats:
    """The plain sandwich (p, p)."""
    return _sandwich(fit, _scores(fit, [fit.residuals[g] for g in fit.rows]))


def cr1(fit: LeastSquares) -> Floats:
    """CR0 times G / (G - 1) (N - 1) / (N - p): what most software prints."""
    n, p = fit.x.shape
    groups = len(fit.rows)
    return np.asarray(cr0(fit) * (groups / (groups - 1) * (n - 1) / (n - p)))


def cr2(fit: LeastSquares) -> Floats:
    """Unbiased under the working model: residuals are multiplied by the matrices of :func:`cr2_adjustments`."""
    adjusted = [a @ fit.residuals[g] for g, a in zip(fit.rows, cr2_adjustments(fit), strict=True)]
    return _sandwich(fit, _scores(fit, adjusted))


def cr3(fit: LeastSquares) -> Floats:
    """The jackknife: (G - 1) / G times the squared changes when a cluster is left out, around the full estimate."""
    changes = []
    for g in fit.rows:
        root = np.sqrt(fit.weights[g])
        x = fit.x[g] * root[:, None]
        inverse = symmetric_power(np.eye(g.size) - x @ fit.bread @ x.T, -1.0)
        changes.append(x.T @ inverse @ (root * fit.residuals[g]))
    groups = len(changes)
    return np.asarray(_sandwich(fit, np.stack(changes)) * ((groups - 1) / groups))


def cr2_adjustments(fit: LeastSquares) -> list[Floats]:
    """A_g, the generalised inverse square root of the rows g of (I - H)(I - H)', a matrix a cluster."""
    wide = fit.bread @ (fit.x.T @ (fit.x * fit.weights[:, None] ** 2)) @ fit.bread
    matrices = []
    for g in fit.rows:
        x, w = fit.x[g], fit.weights[g]
        hat = x @ fit.bread @ (x * w[:, None]).T
        matrices.append(symmetric_power(np.eye(g.size) - hat - hat.T + x @ wide @ x.T, -0.5))
    return matrices


def cr2_vectors(fit: LeastSquares, column: int) -> Floats:
    """P (N, G) such that the CR2 variance of a coefficient is the sum over clusters of (p_g' y)^2."""
    contrast = fit.bread[column]
    vectors = np.zeros((fit.x.shape[0], len(fit.rows)))
    for i, (g, a) in enumerate(zip(fit.rows, cr2_adjustments(fit), strict=True)):
        own = a @ (fit.weights[g] * (fit.x[g] @ contrast))
        vectors[:, i] = -(fit.x * fit.weights[:, None]) @ (fit.bread @ (fit.x[g].T @ own))
        vectors[g, i] += own
    return vectors


def satterthwaite(vectors: Floats) -> float:
    """Degrees of freedom of the sum of (p_g' y)^2 under the working model, for the columns p_g of ``vectors``."""
    gram = vectors.T @ vectors
    return float(np.trace(gram) ** 2 / (gram**2).sum())


def t_test(estimate: float, std_error: float, df: float, alpha: float) -> TTest:
    """Student's t for an estimate; refused (``no_variation_within``) when the standard error is rounding error."""
    if not std_error > 1e-12 * abs(estimate):
        raise refuse("no_variation_within")
    half = float(stats.t.isf(alpha / 2, df)) * std_error
    p = float(2 * stats.t.sf(abs(estimate) / std_error, df))
    return TTest(estimate, std_error, df, p, estimate - half, estimate + half, alpha)


def cr1_test(fit: LeastSquares, column: int, alpha: float = 0.05) -> TTest:
    """CR1 with t(G - 1): shown to be distrusted."""
    se = float(np.sqrt(cr1(fit)[column, column]))
    return t_test(float(fit.coefficients[column]), se, len(fit.rows) - 1, alpha)


def cr2_test(fit: LeastSquares, column: int, alpha: float = 0.05) -> TTest:
    """CR2 with Bell and McCaffrey's degrees of freedom."""
    vectors = cr2_vectors(fit, column)
    se = float(np.sqrt(((vectors.T @ fit.y) ** 2).sum()))
    return t_test(float(fit.coefficients[column]), se, satterthwaite(vectors), alpha)


def cr3_test(fit: LeastSquares, column: int, alpha: float = 0.05) -> TTest:
    """The jackknife with t(G - 1)."""
    se = float(np.sqrt(cr3(fit)[column, column]))
    return t_test(float(fit.coefficients[column]), se, len(fit.rows) - 1, alpha)
