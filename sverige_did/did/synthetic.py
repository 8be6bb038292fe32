"""Synthetic difference-in-differences and its relatives (Arkhangelsky et al. 2021, American Economic Review).

One function of one table; the estimators differ only in the weights:

    tau = (mean of treated - sum omega_d Y_d)_post - sum_t lambda_t (the same)_t over the pre periods

    did                 omega and lambda uniform
    synthetic_control   omega fitted without intercept, lambda zero
    synthetic_did       omega fitted with intercept and ridge, lambda fitted with intercept
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import nnls

from sverige_did.did.arrays import BoolArray, DistrictPanel, FloatArray
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

Method = Literal["did", "synthetic_control", "synthetic_did"]
FEWEST_PRE_PERIODS = 5
TINY_RIDGE = 1e-6
"""Ridge, in noise sds, that only makes weights unique: the papers' choice wherever none is wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class Synthetic:
    """``estimate`` in the unit of the outcome, ``omega`` (N0,) over controls, ``lam`` (T0,) over pre periods.

    ``controls`` (N0,) are labels, ``pre`` (T0,) periods; ``n_treated`` districts are averaged with equal weight.
    """

    method: Method
    estimate: float
    omega: FloatArray
    lam: FloatArray
    controls: tuple[str, ...]
    pre: FloatArray
    n_treated: int


def synthetic(panel: DistrictPanel, method: Method = "synthetic_did") -> Synthetic:
    """The estimate with its weights, for one go-live and complete data.

    Raises RefusedError: ``did_staggered``, ``did_unbalanced``, ``did_groups_empty`` (fewer than two controls),
    ``did_too_few_pre_periods`` (fitted weights need at least five).
    """
    table, post = panel.wide(), panel.periods >= panel.go_live()
    if not np.isfinite(table).all():
        raise refuse("did_unbalanced", found=str(int(np.isnan(table).sum())))
    if (~panel.ever_treated).sum() < 2:
        raise refuse("did_groups_empty", found=str(int((~panel.ever_treated).sum())), expected=">= 2")
    if method != "did" and (~post).sum() < FEWEST_PRE_PERIODS:
        raise refuse("did_too_few_pre_periods", found=str(int((~post).sum())), expected=f">= {FEWEST_PRE_PERIODS}")
    omega, lam = METHODS[method](table, panel.ever_treated, post)
    return Synthetic(
        method=method,
        estimate=weighted_did(table, panel.ever_treated, post, omega, lam),
        omega=omega,
        lam=lam,
        controls=tuple(label for label, treated in zip(panel.labels, panel.ever_treated, strict=True) if not treated),
        pre=panel.periods[~post],
        n_treated=int(panel.ever_treated.sum()),
    )


def synthetic_estimate(found: Synthetic, *, scale: str) -> Estimate:
    """The point estimate as a result; its uncertainty (placebo over districts) is another layer's."""
    return Estimate(
        estimate=found.estimate,
        scale=scale,
        estimand="att",
        estimator=found.method,
        inference="none",
        n_units=found.omega.size + found.n_treated,
        n_treated=found.n_treated,
        assumptions=("parallel_trends" if found.method == "did" else "weighted_parallel_trends",),
    )


def weighted_did(table: FloatArray, treated: BoolArray, post: BoolArray, omega: FloatArray, lam: FloatArray) -> float:
    """The double difference of ``table`` (U, T) under unit weights ``omega`` and pre-period weights ``lam``."""
    gap = table[treated].mean(axis=0) - omega @ table[~treated]
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


Weights = tuple[FloatArray, FloatArray]


def _noise(table: FloatArray, treated: BoolArray, post: BoolArray) -> float:
    """sigma: sd of the first differences of the controls before go-live."""
    return float(np.diff(table[~treated][:, ~post], axis=1).std(ddof=1))


def _did(table: FloatArray, treated: BoolArray, post: BoolArray) -> Weights:
    n_control, n_pre = table[~treated].shape[0], int((~post).sum())
    return np.full(n_control, 1 / n_control), np.full(n_pre, 1 / n_pre)


def _synthetic_control(table: FloatArray, treated: BoolArray, post: BoolArray) -> Weights:
    ridge = TINY_RIDGE * _noise(table, treated, post)
    pre = table[:, ~post]
    return simplex_weights(pre[~treated].T, pre[treated].mean(axis=0), ridge, intercept=False), np.zeros(pre.shape[1])


def _synthetic_did(table: FloatArray, treated: BoolArray, post: BoolArray) -> Weights:
    sigma, pre = _noise(table, treated, post), table[:, ~post]
    ridge = (treated.sum() * post.sum()) ** 0.25 * sigma
    omega = simplex_weights(pre[~treated].T, pre[treated].mean(axis=0), float(ridge), intercept=True)
    lam = simplex_weights(pre[~treated], table[~treated][:, post].mean(axis=1), TINY_RIDGE * sigma, intercept=True)
    return omega, lam


METHODS: dict[Method, Callable[[FloatArray, BoolArray, BoolArray], Weights]] = {
    "did": _did,
    "synthetic_control": _synthetic_control,
    "synthetic_did": _synthetic_did,
}
