"""Group-time effects where trends are parallel among units alike in covariates (Callaway & Sant'Anna 2021, section 2).

    reg   the controls' change is predicted by a regression on X        (Heckman, Ichimura & Todd 1997)
    ipw   controls are weighed by the odds of treatment at their X      (Abadie 2005, weights normalised)
    dr    both, and right if either is                                  (Sant'Anna & Zhao 2020, JoE 219:101)

X are fixed before go-live; pairs, districts and changes are those of ``staggered.compared_pairs``. Standard errors are
those of the influence functions, the estimated regression and odds included: they lean on many treated districts. A
cohort in a single cluster has none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from sverige_did.did.arrays import DistrictPanel, FloatArray, IntArray, Weighting
from sverige_did.did.rounding import cleared, columns_cleared, noise
from sverige_did.did.staggered import Base, Control, GroupTime, Pairing, compared_pairs, group_time_effects
from sverige_did.errors import option, refuse

Adjustment = Literal["reg", "ipw", "dr"]

MOST_LIKELY = 0.999
"""A treated district more likely than this to be treated has no control like it."""

TRIMMED = 0.995
"""A control more likely than this to be treated is not weighed, as in DRDID."""


class _Sample(NamedTuple):
    """The n districts of one pair: change, treated (0 or 1), X with a constant, and weights of mean one."""

    change: FloatArray
    d: FloatArray
    X: FloatArray
    w: FloatArray


class _Fitted(NamedTuple):
    """What is predicted for each district (n,), and the influence (n, p) of its estimated coefficients."""

    value: FloatArray
    influence: FloatArray


def adjusted_effects(
    panel: DistrictPanel,
    covariates: FloatArray,
    adjustment: Adjustment = "dr",
    control: Control = "never",
    base: Base = "varying",
    *,
    anticipation: float = 0.0,
    weighting: Weighting = "equal",
    cluster: IntArray | None = None,
) -> GroupTime:
    """All ATT(g, t) with ``covariates`` (U, p), as :func:`~sverige_did.did.staggered.group_time_effects` gives them.

    Raises RefusedError: those of that function, ``did_lengths``, ``did_not_finite``, ``inference_collinear`` where the
    controls of a pair do not tell the covariates apart, ``did_no_overlap`` where covariates tell the treated of a pair
    from all controls.
    """
    option("adjustment", adjustment, Adjustment)
    if covariates.ndim != 2 or len(covariates) != panel.n_units:
        raise refuse("did_lengths", found=str(covariates.shape), expected=f"({panel.n_units}, p)")
    if not np.isfinite(covariates).all():
        raise refuse("did_not_finite", column="covariates")
    plain = group_time_effects(panel, control, base, anticipation=anticipation, weighting=weighting, cluster=cluster)
    X = np.column_stack([np.ones(panel.n_units), covariates])
    weights = panel.unit_weights(weighting)
    codes = np.arange(panel.n_units) if cluster is None else np.unique(cluster, return_inverse=True)[1]
    estimate, influence = plain.estimate.copy(), np.zeros_like(plain.influence)
    pairs = compared_pairs(panel, control, base, anticipation)
    for m, pair in enumerate(pair for pair in pairs if pair.treated.any() and pair.control.any()):
        rows = pair.treated | pair.control
        w = weights[rows] / weights[rows].mean()
        sample = _Sample(pair.change[rows], pair.treated[rows].astype(np.float64), X[rows], w)
        if pair.empty:
            continue
        estimate[m], own = _RULES[adjustment](sample, pair)
        influence[: codes.max() + 1, m] = np.bincount(codes[rows], own / rows.sum(), codes.max() + 1)
        if np.unique(codes[pair.treated]).size < 2 or np.unique(codes[pair.control]).size < 2:
            influence[:, m] = np.nan
    least = noise(panel.level)
    estimate, influence = cleared(estimate, least), columns_cleared(influence, least)
    return replace(plain, estimate=estimate, influence=influence, std_error=np.sqrt(np.square(influence).sum(axis=0)))


def _regression(sample: _Sample, pair: Pairing) -> _Fitted:
    """The controls' change by weighted least squares on X."""
    weight = sample.w * (1 - sample.d)
    normal = sample.X.T @ (weight[:, None] * sample.X) / weight.size
    own = sample.X[sample.d == 0]
    if np.linalg.matrix_rank(own / np.abs(own).max(axis=0)) < own.shape[1]:
        raise refuse("inference_collinear", found=f"{pair.cohort:g}, {pair.period:g}")
    beta = np.linalg.solve(normal, sample.X.T @ (weight * sample.change) / weight.size)
    predicted = sample.X @ beta
    residual = weight * (sample.change - predicted)
    return _Fitted(predicted, np.linalg.solve(normal, (residual[:, None] * sample.X).T).T)


def _odds(sample: _Sample, pair: Pairing) -> _Fitted:
    """The odds (n,) of treatment at X, by logit; 0 for controls that are trimmed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # an overflow in the logit is a separation, told below
        try:
            fit = GLM(sample.d, sample.X, families.Binomial(), freq_weights=sample.w).fit(tol=1e-12)
        except PerfectSeparationWarning:
            raise refuse("did_no_overlap", found=f"{pair.cohort:g}, {pair.period:g}") from None
    p = np.asarray(fit.predict(sample.X))
    if not np.isfinite(p).all() or p[sample.d == 1].max() > MOST_LIKELY:
        raise refuse("did_no_overlap", found=f"{pair.cohort:g}, {pair.period:g}")
    information = sample.X.T @ ((sample.w * p * (1 - p))[:, None] * sample.X) / p.size
    score = (sample.w * (sample.d - p))[:, None] * sample.X
    kept = (sample.d == 1) | (p < TRIMMED)
    odds = np.where(kept, p / np.maximum(1 - p, 1e-6), 0.0)
    return _Fitted(odds, np.linalg.solve(information, score.T).T)


def _by_regression(sample: _Sample, pair: Pairing) -> tuple[float, FloatArray]:
    fitted, own = _regression(sample, pair), sample.w * sample.d
    expected, of_treated = _mean(own, fitted.value)
    of_treated = of_treated + fitted.influence @ (own @ sample.X / own.sum())
    seen, of_seen = _mean(own, sample.change)
    return seen - expected, of_seen - of_treated


def _by_odds(sample: _Sample, pair: Pairing) -> tuple[float, FloatArray]:
    odds = _odds(sample, pair)
    seen, of_seen = _mean(sample.w * sample.d, sample.change)
    weight = sample.w * odds.value * (1 - sample.d)
    expected, of_controls = _mean(weight, sample.change)
    slope = (weight * (sample.change - expected)) @ sample.X / weight.sum()
    return seen - expected, of_seen - of_controls - odds.influence @ slope


def _by_both(sample: _Sample, pair: Pairing) -> tuple[float, FloatArray]:
    fitted, odds = _regression(sample, pair), _odds(sample, pair)
    around, own = sample.change - fitted.value, sample.w * sample.d
    weight = sample.w * odds.value * (1 - sample.d)
    seen, of_seen = _mean(own, around)
    expected, of_controls = _mean(weight, around)
    slope = (weight * (around - expected)) @ sample.X / weight.sum()
    # The regression enters both sides; where the odds are right the two parts cancel.
    through = fitted.influence @ (weight @ sample.X / weight.sum() - own @ sample.X / own.sum())
    return seen - expected, of_seen - of_controls - odds.influence @ slope + through


def _mean(weight: FloatArray, values: FloatArray) -> tuple[float, FloatArray]:
    """A weighted mean with its influence (n,)."""
    mean = float(weight @ values / weight.sum())
    return mean, weight * (values - mean) / weight.mean()


_RULES: dict[Adjustment, Callable[[_Sample, Pairing], tuple[float, FloatArray]]] = {
    "reg": _by_regression,
    "ipw": _by_odds,
    "dr": _by_both,
}
