"""One number a district: its change from before to after (Bertrand, Duflo & Mullainathan 2004, QJE).

    change_d = mean over post periods of Y_dt - mean over pre periods of Y_dt
    ATT      = weighted mean of change over the treated - the same over the controls

Within a window each period counts the same, so no denominator measured after go-live becomes a weight. Periods
in neither window are the donut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sverige_did.did.arrays import BoolArray, DistrictPanel, Dropped, FloatArray, IntArray, Weighting
from sverige_did.errors import refuse
from sverige_did.results.estimates import Estimate

TREND_PERIODS = 3
"""The fewest periods before go-live from which a district's own straight line can be told from its noise."""


@dataclass(frozen=True, slots=True)
class Window:
    """The periods that count as before and as after; what lies in neither is left out (the donut)."""

    pre: tuple[float, ...]
    post: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Collapsed:
    """One change a district, the input of every method in ``inference/``.

    ``change``, ``treated``, ``weights`` (G,), which ``weighting`` names; ``unit`` (G,) codes into the panel's labels;
    ``seen`` (G, 2) counts the periods behind the means before and after (fewer than the windows hold where rows are
    missing, so that period effects need not cancel); ``strata`` (G,) follow the panel. ``dropped`` names the districts
    that lack a window.
    """

    change: FloatArray
    treated: BoolArray
    weights: FloatArray
    weighting: Weighting
    unit: IntArray
    seen: IntArray
    strata: IntArray | None
    dropped: tuple[Dropped, ...]


def att_from_changes(change: FloatArray, treated: BoolArray, weights: FloatArray) -> float:
    """Weighted mean change of the treated less that of the controls; all arrays (G,), any unit."""
    return float(np.average(change[treated], weights=weights[treated])) - float(
        np.average(change[~treated], weights=weights[~treated])
    )


def collapse(
    panel: DistrictPanel, window: Window, weighting: Weighting = "equal", *, detrend: bool = False
) -> Collapsed:
    """One change a district between the windows, optionally less the district's own line before go-live.

    Detrended (Lee & Wooldridge 2025): an OLS line through the district's pre periods, carried forward; the change
    is the mean residual after go-live (before it, residuals average zero). Districts without a period in both
    windows, or with fewer than three pre periods when detrended, are left out and named.

    Raises RefusedError: ``did_window`` (a window is empty, unknown or on the wrong side of a go-live),
    ``did_groups_empty`` (no treated or no control district is left).
    """
    pre, post = (np.isin(panel.periods, side) for side in (window.pre, window.post))
    _check_window(panel, window, pre, post)
    table = panel.wide()
    seen = np.column_stack([np.isfinite(table[:, side]).sum(axis=1) for side in (pre, post)])
    usable = (seen >= (TREND_PERIODS if detrend else 1, 1)).all(axis=1)
    unit = np.flatnonzero(usable)
    treated = panel.ever_treated[unit]
    if treated.all() or not treated.any():
        raise refuse("did_groups_empty", found=f"{int(treated.sum())} / {int((~treated).sum())}")
    rows = table[unit]
    before = _pre_line(rows, panel.periods, pre) if detrend else np.nanmean(rows[:, pre], axis=1, keepdims=True)
    reason = "too_few_pre_periods" if detrend else "window_missing"
    return Collapsed(
        change=np.nanmean((rows - before)[:, post], axis=1),
        treated=treated,
        weights=panel.unit_weights(weighting)[unit],
        weighting=weighting,
        unit=unit,
        seen=seen[unit],
        strata=None if panel.strata is None else panel.strata[unit],
        dropped=panel.dropped + tuple(Dropped(panel.labels[d], None, reason) for d in np.flatnonzero(~usable)),
    )


def collapsed_did(collapsed: Collapsed, *, scale: str) -> Estimate:
    """The ATT of a collapsed panel, in the unit of the outcome (``scale``). Uncertainty is another layer's."""
    return Estimate(
        estimate=att_from_changes(collapsed.change, collapsed.treated, collapsed.weights),
        scale=scale,
        estimand="att",
        estimator="collapse",
        inference="none",
        n_units=collapsed.change.size,
        n_treated=int(collapsed.treated.sum()),
        weights=collapsed.weighting,
        assumptions=("parallel_trends",),
    )


def _pre_line(rows: FloatArray, periods: FloatArray, pre: BoolArray) -> FloatArray:
    """(G, T) each district's straight line through its own pre periods, carried through all periods."""
    observed = np.isfinite(rows) & pre
    count = observed.sum(axis=1)
    time = periods - (observed * periods).sum(axis=1, keepdims=True) / count[:, None]
    y = np.where(observed, rows, 0.0)
    slope = (time * y).sum(axis=1) / (np.square(time) * observed).sum(axis=1)
    return np.asarray((y.sum(axis=1) / count)[:, None] + slope[:, None] * time)


def _check_window(panel: DistrictPanel, window: Window, pre: BoolArray, post: BoolArray) -> None:
    starts = panel.treated_from[panel.ever_treated]
    known = int(pre.sum()) == len(window.pre) and int(post.sum()) == len(window.post)
    if not (known and pre.any() and post.any()):
        raise refuse("did_window", found=f"{window.pre} / {window.post}")
    if panel.periods[pre].max() >= starts.min() or panel.periods[post].min() < starts.max():
        raise refuse(
            "did_window", found=f"{window.pre} / {window.post}", expected=f"{starts.min():g} / {starts.max():g}"
        )
