"""Synthetic difference-in-differences (Arkhangelsky et al. 2021, American Economic Review 111:4088).

    tau = (treated - sum omega_d Y_d) after  -  sum_t lambda_t (the same)_t before

omega weighs the controls so that they moved as the treated did before, lambda the periods before so that they predict
the controls' level after. With uniform weights tau is the collapsed estimate (``collapse.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from sverige_did.did.arrays import BoolArray, FloatArray
from sverige_did.errors import refuse

FEWEST_PRE_PERIODS = 5
FEWEST_CONTROLS = 2
MANY = 100
"""Controls from which on their weights are found by way of the periods."""

MOST_STEPS, SHORTEST, CLEAR = 100, 1e-9, 1e-4
"""Below that ridge, beside the largest difference, the steps lose digits, and the other way is taken."""

TINY_RIDGE = 1e-6
"""Ridge, in noise sds, that only makes weights unique: the paper's choice wherever none is wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class Synthetic:
    """``estimate`` in the unit of the outcome, ``omega`` (N0,) over controls, ``lam`` (T0,) over periods before."""

    estimate: float
    omega: FloatArray
    lam: FloatArray


def synthetic_did(
    table: FloatArray, treated: BoolArray, post: BoolArray, weights: FloatArray | None = None
) -> Synthetic:
    """The estimate with its weights, for levels (U, T) of districts that begin together, or never.

    ``treated`` (U,), ``post`` (T,); ``weights`` (U,) average the treated districts, by default equally.

    Raises RefusedError: ``did_unbalanced``, ``did_groups_empty`` (fewer than two controls, or nobody treated),
    ``did_too_few_pre_periods`` (weights need at least five).
    """
    if not np.isfinite(table).all():
        raise refuse("did_unbalanced", found=str(int((~np.isfinite(table)).sum())))
    if not treated.any() or (~treated).sum() < FEWEST_CONTROLS:
        raise refuse("did_groups_empty", found=str(int((~treated).sum())), expected=f">= {FEWEST_CONTROLS}")
    if (~post).sum() < FEWEST_PRE_PERIODS or not post.any():
        raise refuse("did_too_few_pre_periods", found=str(int((~post).sum())), expected=f">= {FEWEST_PRE_PERIODS}")
    controls = table[~treated]
    mine = np.average(table[treated], axis=0, weights=None if weights is None else weights[treated])
    before = controls[:, ~post]
    sigma = float(np.diff(before, axis=1).std(ddof=1))
    ridge = float((treated.sum() * post.sum()) ** 0.25) * sigma
    omega = simplex_weights(before.T, mine[~post], ridge, intercept=True)
    lam = simplex_weights(before, controls[:, post].mean(axis=1), TINY_RIDGE * sigma, intercept=True)
    return Synthetic(weighted_did(controls, mine, post, omega, lam), omega, lam)


def weighted_did(controls: FloatArray, mine: FloatArray, post: BoolArray, omega: FloatArray, lam: FloatArray) -> float:
    """The double difference of ``mine`` (T,) and ``controls`` (N0, T) under weights of controls and periods before."""
    gap = mine - omega @ controls
    return float(gap[post].mean() - lam @ gap[~post])


def simplex_weights(A: FloatArray, b: FloatArray, ridge: float, *, intercept: bool) -> FloatArray:
    """w >= 0 with sum one, minimising ||A w - b||^2 / n + ridge^2 ||w||^2 over n rows, optionally with intercept.

    Exact, without iterations to tune: on the simplex A w - b = (A - b 1') w, and the point of least norm in a
    convex hull is a non-negative least squares problem: min ||M u||^2 + (1'u - 1)^2 has u proportional to w,
    because for fixed w the best length gives ||M w||^2 / (1 + ||M w||^2), which increases in ||M w||.
    """
    if intercept:
        A, b = A - A.mean(axis=0), b - b.mean()
    columns, length = A.shape[1], float(np.sqrt(A.shape[0]) * ridge)
    rows = A - b[:, None]
    size = max(float(np.abs(rows).max()), length) or 1.0
    rows, length = np.vstack([rows / size, np.ones(columns)]), length / size
    u = _many_weights(rows, length**2) if columns >= MANY and length > CLEAR else None
    if u is None:
        below = np.vstack([rows[:-1], length * np.eye(columns), rows[-1:]])
        u = nnls(below, np.append(np.zeros(len(below) - 1), 1.0))[0]
    weights: FloatArray = u / u.sum()
    return weights


def _many_weights(rows: FloatArray, ridge: float) -> FloatArray | None:
    """u >= 0 (n,) that minimises ||rows u - e||^2 + ridge ||u||^2, for e = (0, ..., 0, 1); None if it is not found.

    As a problem in the m rows instead of the n weights, which are max(0, rows' z) / ridge: convex and quadratic
    piece by piece, so that Newton's steps end at the minimum itself, each
    linear in n.
    """
    e = np.eye(len(rows))[-1]

    def value(z: FloatArray) -> float:
        return float(z @ z / 2 + (np.maximum(rows.T @ z, 0.0) ** 2).sum() / (2 * ridge) - e @ z)

    z = e
    for _ in range(MOST_STEPS):
        used = rows[:, rows.T @ z > 0]
        curved = np.eye(len(e)) + used @ used.T / ridge
        try:
            ends = np.linalg.solve(curved, e)
        except np.linalg.LinAlgError:
            return None
        if np.array_equal(rows.T @ ends > 0, rows.T @ z > 0):
            return np.asarray(np.maximum(rows.T @ ends, 0.0) / ridge)
        along, now, step = ends - z, value(z), 1.0
        steep = float((curved @ z - e) @ along)
        while value(z + step * along) > now + 1e-4 * step * steep and step > SHORTEST:
            step /= 2
        z = z + step * along
    return None
