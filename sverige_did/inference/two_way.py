"""Two-way fixed effects with CR1: what most software prints for such a panel, so that a reader finds his number again.

    Y_dt = alpha_d + lambda_t + tau D_dt + e_dt,    weighted by district, clustered by district

District effects lie within the clusters: they are taken out as means and cost no degrees of freedom, as in fixest,
pyfixest and reghdfe. On complete data tau is the collapsed estimate (did/collapse.py); where cells are missing it is
not, for period effects then do not cancel in means.
With staggered go-lives tau mixes in forbidden comparisons (Goodman-Bacon 2021, JoE 225:254), so it is refused.
"""

from __future__ import annotations

import numpy as np

from sverige_did.did.arrays import DistrictPanel, FloatArray, IntArray, Weighting
from sverige_did.did.rounding import noise
from sverige_did.did.window import Window
from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import LeastSquares, cr1_test, least_squares
from sverige_did.results.estimates import Estimate


def two_way_fit(
    panel: DistrictPanel, window: Window, weighting: Weighting = "equal", cluster: IntArray | None = None
) -> LeastSquares:
    """The regression on the N rows within ``window``: treatment in column 0, then periods and a constant.

    ``cluster`` (U,) are codes of what districts lie in, by default the districts themselves.

    Raises RefusedError: ``did_staggered``; ``did_not_identified`` where the fixed effects absorb treatment.
    """
    panel.go_live()
    rows = np.isin(panel.periods[panel.time], (*window.pre, *window.post))
    unit, time, weights = panel.unit[rows], panel.time[rows], panel.unit_weights(weighting)[panel.unit[rows]]
    regressors = np.column_stack([panel.treated[rows], time[:, None] == np.unique(time)[1:]]).astype(float)
    within = _less_means(np.column_stack([panel.level[rows], regressors]), unit)
    x = np.column_stack([within[:, 1:], np.ones(unit.size)])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise refuse("did_not_identified", found="att")
    return least_squares(within[:, 0], x, unit if cluster is None else cluster[unit], weights)


def two_way_fixed_effects(
    panel: DistrictPanel,
    window: Window,
    *,
    scale: str,
    weighting: Weighting = "equal",
    cluster: IntArray | None = None,
    alpha: float = 0.05,
) -> Estimate:
    """tau in the unit of the outcome with its CR1 interval at 1 - ``alpha``; it rejects too often with few treated.

    Raises RefusedError: those of :func:`two_way_fit`, and ``no_variation_within``.
    """
    fit = two_way_fit(panel, window, weighting, cluster)
    test = cr1_test(fit, 0, alpha)
    if test.std_error <= noise(panel.level):
        raise refuse("no_variation_within")
    units = np.unique(panel.unit[np.isin(panel.periods[panel.time], (*window.pre, *window.post))])
    return Estimate(
        estimate=test.estimate,
        scale=scale,
        estimand="att",
        estimator="twfe",
        inference="cr1",
        std_error=test.std_error,
        lower=test.lower,
        upper=test.upper,
        level=1 - alpha,
        p_value=test.p_value,
        n_units=units.size,
        n_treated=int(panel.ever_treated[units].sum()),
        weights=weighting,
        assumptions=("parallel_trends", "districts_independent"),
        notes=("shown_in_grey",),
    )


def _less_means(columns: FloatArray, unit: IntArray) -> FloatArray:
    """Columns (N, k) less their mean in each district; weights do not vary within one, so they fall out."""
    codes = np.unique(unit, return_inverse=True)[1]
    sums = np.zeros((codes.max() + 1, columns.shape[1]))
    np.add.at(sums, codes, columns)
    return np.asarray(columns - (sums / np.bincount(codes)[:, None])[codes])
