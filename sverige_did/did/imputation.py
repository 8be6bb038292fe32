"""Imputation under staggered go-lives (Borusyak, Jaravel & Spiess 2024, REStud).

    1. fit alpha_d + lambda_t on untreated cells        2. tau_dt = Y_dt - alpha_d - lambda_t on treated cells
    3. average tau_dt with chosen weights

Every such average is linear in the outcomes, tau = sum v_dt Y_dt, and the v_dt give their conservative standard
error, clustered by district: residuals of treated cells are taken around cohort-by-period means. A district that is
alone in its cohort and period has none: it borrows the variance of v_d Y from what the districts of other cohorts
deviate from the mean of theirs. Limits are Student's, with Satterthwaite's degrees of freedom over cohorts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from sverige_did.did.arrays import BoolArray, DistrictPanel, FloatArray, IntArray, Weighting
from sverige_did.did.calendar import times_since
from sverige_did.did.linked_periods import period_effects, period_loads
from sverige_did.did.normal import normal_estimate
from sverige_did.did.rounding import cleared, noise
from sverige_did.did.staggered import FEWEST_LENT
from sverige_did.errors import option
from sverige_did.results.estimates import Estimate

Average = Literal["overall", "event_time"]


@dataclass(frozen=True, slots=True, eq=False)
class Imputed:
    """Averages of imputed effects at ``at`` (H,) event times in steps of periods (one nan for overall).

    ``estimate`` and ``std_error`` (H,) in the unit of the outcome.
    ``std_error`` is nan where a lone district finds too few others to borrow from; ``df`` (H,) are its degrees of
    freedom. ``effects`` (U, T) are the cell effects, nan where untreated or unseen. ``weighting`` is that of the
    districts.
    """

    at: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray
    effects: FloatArray
    weighting: Weighting


class _Fit(NamedTuple):
    """The untreated outcome of every cell as alpha (U,) plus lambda (T,)."""

    alpha: FloatArray
    lam: FloatArray


def imputation(panel: DistrictPanel, average: Average = "overall", weighting: Weighting = "equal") -> Imputed:
    """Effects averaged over all treated cells, or by time since go-live.

    The fit on untreated cells is ordinary least squares or weighted by the frozen baseline weights; the same
    weights average the cell effects.

    Raises RefusedError ``did_not_identified`` when the untreated cells do not link all districts and periods.
    """
    option("average", average, Average)
    table, under = panel.wide(), np.zeros((panel.n_units, panel.periods.size), dtype=bool)
    under[panel.unit, panel.time] = panel.treated
    fit_weight = panel.unit_weights(weighting)[:, None] * (np.isfinite(table) & ~under)
    fit = _two_way_fit(np.where(fit_weight > 0, table, 0.0), fit_weight)
    residual = np.where(np.isfinite(table), table - fit.alpha[:, None] - fit.lam, 0.0)
    residual = cleared(residual, noise(table))
    start = np.searchsorted(panel.periods, panel.treated_from)
    event_time = times_since(panel.periods, panel.treated_from)
    at = np.unique(event_time[under]) if average == "event_time" else np.array([np.nan])
    masks = [under & (event_time == e) for e in at] if average == "event_time" else [under]
    weights = [panel.unit_weights(weighting)[:, None] * mask for mask in masks]
    weights = [weight / weight.sum() for weight in weights]
    errors = [_standard_error(table, residual, under, start, weight, fit_weight) for weight in weights]
    return Imputed(
        at=at.astype(np.float64),
        estimate=np.array([(weight * residual).sum() for weight in weights]),
        std_error=np.array([error for error, _ in errors]),
        df=np.array([df for _, df in errors]),
        effects=np.where(under, residual, np.nan),
        weighting=weighting,
    )


def imputed_estimate(imputed: Imputed, which: int = 0, *, scale: str, level: float = 0.95) -> Estimate:
    """One of the averages with Student's interval, or without one when its variance cannot be estimated."""
    return normal_estimate(
        float(imputed.estimate[which]),
        float(imputed.std_error[which]),
        scale=scale,
        estimand="att",
        estimator="imputation",
        inference="conservative_clustered",
        level=level,
        weighting=imputed.weighting,
        df=float(imputed.df[which]),
    )


def _two_way_fit(y: FloatArray, weight: FloatArray) -> _Fit:
    """alpha (U,) and lambda (T,) minimising sum weight (y - alpha - lambda)^2, the districts profiled out.

    The free constant is settled by the first period, and cancels in alpha + lambda.
    """
    total = weight.sum(axis=1)
    lam = period_effects(y, weight)
    return _Fit((weight * (y - lam)).sum(axis=1) / np.where(total > 0, total, 1.0), lam)


def _linear_weights(weight: FloatArray, fit_weight: FloatArray) -> FloatArray:
    """(U, T) the v_dt with tau = sum v Y: ``weight`` on treated cells, minus their projection on untreated ones."""
    total = fit_weight.sum(axis=1)
    per_unit = weight.sum(axis=1) / np.where(total > 0, total, 1.0)
    # X0 (X0'WX0)^-1 X1'w: solve for period loads first, then for the districts, as in the fit itself.
    period = period_loads(weight, fit_weight)
    unit = per_unit - (fit_weight @ period) / np.where(total > 0, total, 1.0)
    return weight - fit_weight * (unit[:, None] + period)


def _standard_error(
    table: FloatArray,
    residual: FloatArray,
    under: BoolArray,
    start: IntArray,
    weight: FloatArray,
    fit_weight: FloatArray,
) -> tuple[float, float]:
    """The standard error and its degrees of freedom."""
    v = _linear_weights(weight, fit_weight)
    around, alone = residual.copy(), np.zeros(start.size, dtype=bool)
    for g in np.unique(start[under.any(axis=1)]):
        group = under & (start == g)[:, None] & (weight > 0)
        count, square = group.sum(axis=0), (np.square(v) * group).sum(axis=0)
        alone |= (group & (count == 1)).any(axis=1)
        centre = (np.square(v) * group * residual).sum(axis=0) / np.where(square > 0, square, 1.0)
        around -= np.where(group, centre, 0.0)
    around = cleared(around, noise(table))
    squares = np.square((v * around).sum(axis=1))
    codes = np.unique(start, return_inverse=True)[1]
    df = np.maximum(1.0, np.bincount(codes) - 1.0)
    for d in np.flatnonzero(alone):
        squares[d], lent = _borrowed(table, v[d], start, under.any(axis=1) & (start != start[d]))
        codes[d], df = df.size, np.append(df, max(1.0, lent))
    total = np.bincount(codes, squares, df.size)
    whole = float(total.sum())
    return float(np.sqrt(whole)), float(whole**2 / (total**2 / df).sum()) if whole > 0 else 1.0


def _borrowed(table: FloatArray, v: FloatArray, start: IntArray, lenders: BoolArray) -> tuple[float, float]:
    """The variance of sum v_t Y_t of one district, from ``lenders`` around the mean of their cohorts, and its df.

    The v_t add up to 0, so that levels of districts cancel. nan where they leave fewer than ``FEWEST_LENT``.
    """
    seen = lenders & np.isfinite(table[:, v != 0]).all(axis=1)
    values, codes = np.nan_to_num(table[seen]) @ v, np.unique(start[seen], return_inverse=True)[1]
    count = np.bincount(codes)
    df = float(count.sum() - count.size)
    if df < FEWEST_LENT:
        return float("nan"), df
    around = values - (np.bincount(codes, values) / count)[codes]
    return float(np.square(cleared(around, noise(table))).sum() / df), df
