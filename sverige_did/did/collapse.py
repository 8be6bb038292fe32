"""One number a district: its change from before to after (Bertrand, Duflo & Mullainathan 2004, QJE).

    change_d = level of d after - level of d before
    ATT      = weighted mean of change over the treated - the same over the controls

The level of a window is a district's events by its exposure there, so that a share is a share of the district's
children; without exposure it is the mean of the periods. Districts count the same, or by weights frozen before
go-live: no denominator measured after it weighs one district against another. Periods in neither window are the donut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sverige_did.did.arrays import BoolArray, DistrictPanel, Dropped, FloatArray, IntArray, Weighting
from sverige_did.did.missing_periods import Filled, filled
from sverige_did.did.window import Window
from sverige_did.results.estimates import Estimate

TREND_PERIODS = 3
"""The fewest periods before go-live from which a district's own straight line can be told from its noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Collapsed:
    """One change a district, the input of every method in ``inference/``.

    ``change``, ``treated``, ``weights`` (G,), which ``weighting`` names; ``unit`` (G,) codes into the panel's labels;
    ``seen`` (G, 2) counts the periods that were there before and after (the others were filled, see
    missing_periods.py), ``lone`` (2,) is the part of a window that one treated, or one control, district alone tells;
    ``strata`` (G,) follow the panel. ``dropped`` names the districts that lack a window.
    """

    change: FloatArray
    treated: BoolArray
    weights: FloatArray
    weighting: Weighting
    unit: IntArray
    seen: IntArray
    lone: FloatArray
    strata: IntArray | None
    dropped: tuple[Dropped, ...]


def att_from_changes(change: FloatArray, treated: BoolArray, weights: FloatArray) -> float:
    """Weighted mean change of the treated less that of the controls; all arrays (G,), any unit."""
    return float(np.average(change[treated], weights=weights[treated])) - float(
        np.average(change[~treated], weights=weights[~treated])
    )


def collapse(panel: DistrictPanel, window: Window, weighting: Weighting = "equal") -> Collapsed:
    """One change a district between the windows, in the unit of the outcome.

    Missing periods are filled on the identity scale (missing_periods.py), so that what happened everywhere cancels.

    Raises RefusedError: those of :func:`~sverige_did.did.missing_periods.filled`.
    """
    whole = filled(panel, window)
    before, after = whole.levels()
    return collapsed(whole, after - before, weighting)


def collapse_detrended(panel: DistrictPanel, window: Window, weighting: Weighting = "equal") -> Collapsed:
    """One change a district, less the district's own line before go-live (Lee & Wooldridge 2025).

    An OLS line through the district's levels before, carried forward; the change is the mean residual after go-live
    (before it, residuals average zero). What all districts share in a period is taken away first, so that a district
    without it can be held against those that have it. Districts with less than three periods before are left out.

    Raises RefusedError: as :func:`collapse`.
    """
    whole = filled(panel, window, fewest=TREND_PERIODS)
    pre, post = window.sides(panel)
    level = panel.wide()[whole.unit]
    level = level - _beside_own_lines(level, panel.periods, pre, post & ~whole.panel.ever_treated[:, None])
    change = np.nanmean((level - _own_lines(level, panel.periods, pre))[:, post], axis=1)
    return collapsed(whole, change, weighting)


def _beside_own_lines(level: FloatArray, periods: FloatArray, pre: BoolArray, post: BoolArray) -> FloatArray:
    """What the periods (T,) have in common where every district has a line of its own, from the untreated cells.

    ``pre`` (T,) and ``post`` (G, T) mark them. A line that all share is anybody's: only what is beside it is told.
    """
    untreated = np.isfinite(level) & (pre | post)
    normal, score = np.zeros((periods.size, periods.size)), np.zeros(periods.size)
    for values, seen in zip(level, untreated, strict=True):
        at = np.flatnonzero(seen)
        line = np.column_stack([np.ones(at.size), periods[at] - periods[at].mean()])
        beside = np.eye(at.size) - line @ np.linalg.pinv(line)
        normal[np.ix_(at, at)] += beside
        score[at] += beside @ values[at]
    return np.asarray(np.linalg.lstsq(normal, score)[0])


def _own_lines(level: FloatArray, periods: FloatArray, pre: BoolArray) -> FloatArray:
    """(G, T) each district's straight line through its own periods before, carried through all periods."""
    seen = np.isfinite(level) & pre
    count = seen.sum(axis=1, keepdims=True)
    time = periods - (seen * periods).sum(axis=1, keepdims=True) / count
    y = np.where(seen, level, 0.0)
    slope = (time * y).sum(axis=1, keepdims=True) / (np.square(time) * seen).sum(axis=1, keepdims=True)
    return np.asarray(y.sum(axis=1, keepdims=True) / count + slope * time)


def collapsed(whole: Filled, change: FloatArray, weighting: Weighting) -> Collapsed:
    """One ``change`` (G,) of the districts of a filled panel, with what goes with it."""
    return Collapsed(
        change=change,
        treated=whole.panel.ever_treated,
        weights=whole.panel.unit_weights(weighting),
        weighting=weighting,
        unit=whole.unit,
        seen=whole.seen,
        lone=whole.lone,
        strata=whole.panel.strata,
        dropped=whole.panel.dropped,
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
