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
    rows = np.vstack([A - b[:, None], np.sqrt(A.shape[0]) * ridge * np.eye(A.shape[1])])
    size = np.abs(rows).max()
    u = nnls(np.vstack([rows / (size or 1.0), np.ones(A.shape[1])]), np.append(np.zeros(rows.shape[0]), 1.0))[0]
    weights: FloatArray = u / u.sum()
    return weights
