"""Shares and rates: parallel trends on the index scale of a pooled quasi-likelihood (Wooldridge 2023, EctJ 26:C31).

    fractional logit   E[y_dt]        = Lambda(alpha_g(d) + lambda_t + tau D_dt)
    Poisson            E[events_dt]   = exposure_dt exp(alpha_d + lambda_t + tau D_dt)

The logit takes group rather than district dummies: with few periods, district dummies bias it (incidental
parameters). The Poisson model is harmless either way. The ATT on the scale of the outcome is by imputation: fit on
untreated cells, predict the treated ones, compare. Maximum likelihood does not exist when a cell of treated or
control, before or after, holds no event or nothing else; this is looked for before fitting and refused.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from sverige_did.did.absorbed import MOST_STEPS, SETTLED, poisson_two_way
from sverige_did.did.arrays import BoolArray, DistrictPanel, Dropped, FloatArray, Weighting, present
from sverige_did.did.missing_periods import filled
from sverige_did.did.window import around
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate

PARALLEL = {"log_odds": "parallel_trends_log_odds", "log_ratio": "parallel_trends_log"}


@dataclass(frozen=True, slots=True)
class GlmEffects:
    """One model, read on three scales.

    ``index`` is tau (log odds ratio or log rate ratio), ``level`` the ATT in percentage points or events per
    ``per`` of exposure, ``ratio`` the mean observed outcome of the treated over its imputed counterfactual.
    ``dropped`` names the control districts without an event, which carry no information on the trend.
    """

    index: Estimate
    level: Estimate
    ratio: Estimate
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """A quasi-likelihood ready to fit: a family with its canonical link; response and fitting weights (N,)."""

    family: families.Family
    response: FloatArray
    fit_weights: FloatArray


def fractional_logit(panel: DistrictPanel, weighting: Weighting = "equal") -> GlmEffects:
    """Effects on a share, ``level`` in percentage points.

    Districts are weighted equally or by the frozen baseline weights, in the fit and in the averages; a
    denominator measured after go-live never weighs. Group dummies cannot tell a missing row from a change of the group,
    so missing rows are filled on the scale of the odds first (missing_periods.py).

    Raises RefusedError: ``did_staggered``, ``did_not_a_share``, ``separation``, ``did_not_identified``,
    ``did_not_converged``, and those of :func:`~sverige_did.did.missing_periods.filled`.
    """
    share = panel.level
    if share.min() < 0 or share.max() > 1:
        raise refuse("did_not_a_share", found=f"{share.min():g} – {share.max():g}")
    panel = filled(panel, around(panel), "logit").complete()
    share = panel.level
    rows = np.ones(share.size, dtype=bool)
    _refuse_separation(panel, rows, share, upper=1.0)
    model = _Model(families.Binomial(), share, panel.unit_weights(weighting)[panel.unit])
    index, mean0 = _fit_both(panel, model)
    return _effects(panel, rows, 100 * share, 100 * mean0, index, weighting, ("fractional_logit", "log_odds", "pp"))


def poisson(panel: DistrictPanel, weighting: Weighting = "equal", *, per: float = 1000.0) -> GlmEffects:
    """Effects on a rate, ``level`` in events per ``per`` of exposure.

    ``weighting`` enters the averages over districts only: within the fit, exposure is part of the mean.

    Raises RefusedError: ``did_staggered``, ``did_no_exposure``, ``separation`` (also when a treated district has
    no event before go-live), ``did_not_identified``, ``did_not_converged``.
    """
    if panel.exposure is None or panel.y.min() < 0:
        raise refuse("did_no_exposure")
    panel.go_live()
    silent = np.bincount(panel.unit, panel.y * ~panel.treated, panel.n_units) == 0
    leave_out = silent & ~panel.ever_treated
    if (silent & panel.ever_treated).any():
        raise refuse("separation", found=str(int((silent & panel.ever_treated).sum())))
    rows = ~leave_out[panel.unit]
    _refuse_separation(panel, rows, panel.y, upper=np.inf)
    index, mean0 = _fit_units(panel, panel.exposure, rows)
    rate0 = per * mean0 / panel.exposure
    named = tuple(Dropped(panel.labels[d], None, "no_events") for d in np.flatnonzero(leave_out))
    scales = ("poisson", "log_ratio", f"rate_per_{per:g}")
    return _effects(panel, rows, per * panel.level, rate0, index, weighting, scales, named)


def _refuse_separation(panel: DistrictPanel, rows: BoolArray, y: FloatArray, upper: float) -> None:
    """No group x (before, after) and no period of the untreated may be all zero, nor all ``upper``."""
    after = panel.periods[panel.time] >= panel.go_live()
    cell = 2 * panel.ever_treated[panel.unit] + after
    untreated_time = np.where(panel.treated, -1, panel.time)
    for part in (cell, untreated_time):
        for code in present(part[rows & (part >= 0)]):
            values = y[rows & (part == code)]
            if values.max() == 0 or values.min() == upper:
                raise refuse("separation", found=f"{values.max():g}")


def _fit_both(panel: DistrictPanel, model: _Model) -> tuple[float, FloatArray]:
    """tau of the pooled fit with dummies of groups and periods, and the mean (N,) that every cell would have untreated,
    from the untreated cells alone.

    Rows of one group and period are alike to the model: it is fitted to their means, which gives the same numbers.
    """
    group, shape = panel.ever_treated[panel.unit].astype(np.intp), (2, panel.periods.size, 2)
    # As one number each, for to sort rows of numbers took most of a fit.
    codes = np.ravel_multi_index((group, panel.time, panel.treated.astype(np.intp)), shape)
    found, of = np.unique(codes, return_inverse=True)
    cells = np.column_stack(np.unravel_index(found, shape))
    weights = np.bincount(of, model.fit_weights)
    means = np.bincount(of, model.fit_weights * model.response) / np.where(weights > 0, weights, 1.0)
    one_each = _Model(model.family, means, weights)
    treated = cells[:, 2].astype(np.bool_)
    X = np.column_stack([cells[:, :1] == present(group), cells[:, 1:2] == present(panel.time)[1:]]).astype(float)
    pooled = _fit(one_each, np.column_stack([treated.astype(float), X]), np.ones(len(cells), dtype=np.bool_))
    untreated = _fit(one_each, X, ~treated)
    return float(pooled[0]), np.asarray(model.family.fitted(X @ untreated))[of]


def _fit_units(panel: DistrictPanel, exposure: FloatArray, rows: BoolArray) -> tuple[float, FloatArray]:
    """The same of counts, with dummies of districts and periods; NaN for districts that are in no ``rows`` (N,)."""
    kept = np.flatnonzero(np.bincount(panel.unit[rows], minlength=panel.n_units))
    place = np.full(panel.n_units, -1)
    place[kept] = np.arange(kept.size)
    unit, time = place[panel.unit[rows]], panel.time[rows]

    def table(values: FloatArray) -> FloatArray:
        wide = np.zeros((kept.size, panel.periods.size))
        wide[unit, time] = values[rows]
        return wide

    there, dose = table(np.ones(rows.size)) > 0, table(panel.treated.astype(float))
    pooled = poisson_two_way(table(panel.y), table(exposure), there, dose)
    untreated = poisson_two_way(table(panel.y), table(exposure), there & (dose == 0))
    mean0 = np.full(rows.size, np.nan)
    mean0[rows] = untreated.mean[unit, time]
    return pooled.effect, mean0


def _fit(model: _Model, X: FloatArray, rows: BoolArray) -> FloatArray:
    """Coefficients by iteratively reweighted least squares: for a canonical link, Newton's method."""
    if np.linalg.matrix_rank(X[rows]) < X.shape[1]:
        raise refuse("did_not_identified", found="alpha, lambda")
    glm = GLM(model.response[rows], X[rows], family=model.family, var_weights=model.fit_weights[rows])
    # As many parameters as cells fit exactly, and leave nothing for a residual variance, which nobody asks for here.
    # That is no separation: separation has been looked for.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        found = glm.fit(maxiter=MOST_STEPS, tol=SETTLED, tol_criterion="params")
    if not found.converged:
        raise refuse("did_not_converged")
    return np.asarray(found.params)


def _effects(
    panel: DistrictPanel,
    rows: BoolArray,
    observed: FloatArray,
    imputed: FloatArray,
    index: float,
    weighting: Weighting,
    names: tuple[str, str, str],
    dropped: tuple[Dropped, ...] = (),
) -> GlmEffects:
    """Average observed less imputed over treated cells: a district's weight is spread evenly over its periods."""
    cells = panel.treated & rows
    unit = panel.unit[cells]
    weight = (panel.unit_weights(weighting) / np.maximum(np.bincount(unit, minlength=panel.n_units), 1))[unit]
    y1, y0 = (float(np.average(values[cells], weights=weight)) for values in (observed, imputed))
    estimator, index_scale, level_scale = names
    n_units, n_treated = present(panel.unit[rows]).size, present(unit).size

    def read(value: float, scale: str) -> Estimate:
        return Estimate(
            estimate=value,
            scale=scale,
            estimand="att",
            estimator=estimator,
            inference="none",
            n_units=n_units,
            n_treated=n_treated,
            weights=weighting,
            assumptions=(PARALLEL[index_scale],),
        )

    return GlmEffects(read(index, index_scale), read(y1 - y0, level_scale), read(y1 / y0, "ratio"), dropped)
