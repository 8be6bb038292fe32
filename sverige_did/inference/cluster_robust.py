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
from scipy import special

from sverige_did.errors import refuse
from sverige_did.inference.districts import Districts, Floats, Ints, finite, strata_codes

EIGEN_TOLERANCE = 1e-10
"""Eigenvalues below this are zero in a generalised inverse: directions that the cluster's own dummies absorb."""

CANCELLED = 1e-6
"""A sum this small beside its terms has lost the digits that a number of degrees of freedom needs."""


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
    def groups(self) -> int:
        """The number of clusters."""
        return int(self.cluster.max()) + 1

    @property
    def rows(self) -> list[Ints]:
        """The rows of every cluster."""
        return np.split(np.argsort(self.cluster, kind="stable"), np.cumsum(np.bincount(self.cluster))[:-1])

    @property
    def singles(self) -> bool:
        """Whether every row is a cluster of its own, in order, as districts are: matrices of clusters are numbers."""
        return bool(np.array_equal(self.cluster, np.arange(self.y.size)))


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
    response, design = finite(y, "y", n), finite(design, "x", n, matrix=True)
    w = np.ones(n) if weights is None else finite(weights, "weights", n)
    if np.any(w <= 0):
        raise refuse("inference_weights", found=f"{w.min():g}", expected="> 0")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise refuse("inference_collinear", found=str(design.shape[1]))
    bread = np.linalg.inv(design.T @ (design * w[:, None]))
    beta = bread @ (design.T @ (w * response))
    return LeastSquares(design, response, w, _codes(cluster, n), bread, beta, response - design @ beta)


def _codes(cluster: ArrayLike, n: int) -> Ints:
    """Clusters as codes; what are the codes of rows already is not sorted anew, thousands of times in a simulation."""
    if isinstance(cluster, np.ndarray) and cluster.dtype == np.int64 and np.array_equal(cluster, np.arange(n)):
        return cluster
    return strata_codes(cluster, n)


def of_districts(sample: Districts) -> LeastSquares:
    """The regression of the change of a district on treatment (column 1), strata and covariates, every district a
    cluster; of the districts that are compared, with the weights that balance strata."""
    compared = sample.compared()
    if not compared.change.size:
        raise refuse("too_few_treated", found="0", expected=">= 1")
    return least_squares(compared.change, compared.design, np.arange(compared.change.size), compared.balanced)


def effect_shares(fit: LeastSquares, column: int) -> Floats:
    """What each row of y adds to a coefficient (N,)."""
    return np.asarray(fit.weights * (fit.x @ fit.bread[column]))


def symmetric_power(matrix: Floats, power: float) -> Floats:
    """``matrix`` to a negative ``power`` by its eigenvalues; those below the tolerance count as zero."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    kept = values > EIGEN_TOLERANCE
    powered = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return np.asarray((vectors * powered) @ vectors.T)


def _sandwich(fit: LeastSquares, scores: Floats) -> Floats:
    half = fit.bread @ scores.T
    return np.asarray(half @ half.T)


def _scores(fit: LeastSquares, adjusted: Floats) -> Floats:
    """X_g' W_g times the adjusted residuals (N,), a row a cluster: (G, p)."""
    scores = np.zeros((fit.groups, fit.x.shape[1]))
    np.add.at(scores, fit.cluster, fit.x * (fit.weights * adjusted)[:, None])
    return scores


def cr0(fit: LeastSquares) -> Floats:
    """The plain sandwich (p, p)."""
    return _sandwich(fit, _scores(fit, fit.residuals))


def cr1(fit: LeastSquares, nested: int = 0) -> Floats:
    """CR0 times G / (G - 1) (N - 1) / (N - p + a), ``nested`` a: as fixest, pyfixest and reghdfe print it.

    They do not count fixed effects that are nested in clusters, such as one dummy a district with its clusters the
    districts. Where dummies for U nested units stand among the p columns of X, a is U - 1: the constant counts. Stata's
    ``regress`` and statsmodels count them all, which is a = 0.
    """
    n, p = fit.x.shape
    return np.asarray(cr0(fit) * (fit.groups / (fit.groups - 1) * (n - 1) / (n - p + nested)))


def cr2(fit: LeastSquares) -> Floats:
    """Unbiased under the working model: residuals are multiplied by the matrices of :func:`cr2_adjustments`."""
    if fit.singles:
        return _sandwich(fit, _scores(fit, _single_adjustments(fit) * fit.residuals))
    adjusted = np.empty_like(fit.residuals)
    for g, a in zip(fit.rows, cr2_adjustments(fit), strict=True):
        adjusted[g] = a @ fit.residuals[g]
    return _sandwich(fit, _scores(fit, adjusted))


def cr3(fit: LeastSquares) -> Floats:
    """The jackknife: (G - 1) / G times the squared changes when a cluster is left out, around the full estimate."""
    jackknifed = fit.residuals * _inverse(1 - leverage(fit)) if fit.singles else _left_out(fit)
    return np.asarray(_sandwich(fit, _scores(fit, jackknifed)) * ((fit.groups - 1) / fit.groups))


def _left_out(fit: LeastSquares) -> Floats:
    """(I - H_gg)^-1 times the residuals (N,): those of each cluster from the fit without it."""
    found = np.empty_like(fit.residuals)
    for g in fit.rows:
        root = np.sqrt(fit.weights[g])
        x = fit.x[g] * root[:, None]
        inverse = symmetric_power(np.eye(g.size) - x @ fit.bread @ x.T, -1.0)
        found[g] = inverse @ (root * fit.residuals[g]) / root
    return found


def leverage(fit: LeastSquares) -> Floats:
    """The diagonal of H (N,)."""
    return np.asarray(fit.weights * np.einsum("ij,jk,ik->i", fit.x, fit.bread, fit.x))


def _inverse(values: Floats) -> Floats:
    """1 / ``values``, and zero for those that are rounding error."""
    kept = values > EIGEN_TOLERANCE
    return np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)


def _room(fit: LeastSquares) -> Floats:
    """The diagonal of (I - H)(I - H)' (N,): what a residual keeps of the variance."""
    return np.asarray(1 - 2 * leverage(fit) + np.einsum("ij,jk,ik->i", fit.x, _wide(fit), fit.x))


def _wide(fit: LeastSquares) -> Floats:
    """(p, p): HH' is X times it times X'."""
    return np.asarray(fit.bread @ (fit.x.T @ (fit.x * fit.weights[:, None] ** 2)) @ fit.bread)


def _single_adjustments(fit: LeastSquares) -> Floats:
    """:func:`cr2_adjustments` of clusters of one row, (N,)."""
    return np.sqrt(_inverse(_room(fit)))


def cr2_adjustments(fit: LeastSquares) -> list[Floats]:
    """A_g, the generalised inverse square root of the rows g of (I - H)(I - H)', a matrix a cluster."""
    wide = _wide(fit)
    matrices = []
    for g in fit.rows:
        x, w = fit.x[g], fit.weights[g]
        hat = x @ fit.bread @ (x * w[:, None]).T
        matrices.append(symmetric_power(np.eye(g.size) - hat - hat.T + x @ wide @ x.T, -0.5))
    return matrices


def cr2_vectors(fit: LeastSquares, column: int) -> Floats:
    """P (N, G) such that the CR2 variance of a coefficient is the sum over clusters of (p_g' y)^2."""
    contrast = fit.bread[column]
    vectors = np.zeros((fit.x.shape[0], fit.groups))
    for i, (g, a) in enumerate(zip(fit.rows, cr2_adjustments(fit), strict=True)):
        own = a @ (fit.weights[g] * (fit.x[g] @ contrast))
        vectors[:, i] = -(fit.x * fit.weights[:, None]) @ (fit.bread @ (fit.x[g].T @ own))
        vectors[g, i] += own
    return vectors


def cr2_of_singles(fit: LeastSquares, column: int) -> tuple[Floats, float]:
    """What the squared residuals of clusters of one row count in the CR2 variance of a coefficient (N,), and Bell and
    McCaffrey's degrees of freedom, without a matrix of clusters.

    The columns of :func:`cr2_vectors` are those of (I - H)' times q_g = share_g a_g. With (I - H)(I - H)' = I - R,
    R = U V' and U, V of 2p columns, the trace of the squared Gram matrix is
    sum q_g^4 (1 - 2 R_gg) + sum q_g^2 q_h^2 R_gh^2. Where one row holds nearly all the weight of its arm, the two sums
    cancel down to rounding error, and the columns are made.
    """
    squares = np.square(effect_shares(fit, column) * _single_adjustments(fit))
    u = np.column_stack([fit.x @ fit.bread, fit.weights[:, None] * (fit.x @ fit.bread) - fit.x @ _wide(fit)])
    v = np.column_stack([fit.weights[:, None] * fit.x, fit.x])
    room = 1 - np.einsum("ij,ij->i", u, v)
    off = ((u.T * squares) @ u * ((v.T * squares) @ v)).sum()
    own = squares**2 @ (2 * room - 1)
    if own + off <= CANCELLED * (abs(own) + off):
        return squares, satterthwaite(cr2_vectors(fit, column))
    return squares, float((squares @ room) ** 2 / (own + off))


def satterthwaite(vectors: Floats) -> float:
    """Degrees of freedom of the sum of (p_g' y)^2 under the working model, for the columns p_g of ``vectors``."""
    gram = vectors.T @ vectors
    return float(np.trace(gram) ** 2 / (gram**2).sum())


def t_test(estimate: float, std_error: float, df: float, alpha: float) -> TTest:
    """Student's t for an estimate; refused (``no_variation_within``) when the standard error is rounding error."""
    if not std_error > 1e-12 * abs(estimate):
        raise refuse("no_variation_within")
    half = abs(float(special.stdtrit(df, alpha / 2))) * std_error
    p = float(2 * special.stdtr(df, -abs(estimate) / std_error))
    return TTest(estimate, std_error, df, p, estimate - half, estimate + half, alpha)


def cr1_test(fit: LeastSquares, column: int, alpha: float = 0.05, nested: int = 0) -> TTest:
    """CR1 with t(G - 1): shown to be distrusted. ``nested`` as in :func:`cr1`."""
    se = float(np.sqrt(cr1(fit, nested)[column, column]))
    return t_test(float(fit.coefficients[column]), se, fit.groups - 1, alpha)


def cr2_test(fit: LeastSquares, column: int, alpha: float = 0.05) -> TTest:
    """CR2 with Bell and McCaffrey's degrees of freedom."""
    if fit.singles:
        squares, df = cr2_of_singles(fit, column)
        variance = float(squares @ np.square(fit.residuals))
    else:
        vectors = cr2_vectors(fit, column)
        variance, df = float(np.square(vectors.T @ fit.y).sum()), satterthwaite(vectors)
    return t_test(float(fit.coefficients[column]), float(np.sqrt(variance)), df, alpha)


def cr3_test(fit: LeastSquares, column: int, alpha: float = 0.05) -> TTest:
    """The jackknife with t(G - 1)."""
    se = float(np.sqrt(cr3(fit)[column, column]))
    return t_test(float(fit.coefficients[column]), se, fit.groups - 1, alpha)
