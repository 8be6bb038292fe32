"""Periods that a district lacks, filled so that what happened everywhere cannot pass for an effect.

A district without the year that was bad for everybody looks good beside those that had it. So before windows are
compared, a missing cell gets what the untreated cells say of its period and the district's own cells of its window:

    untreated cells   g(E Y_dt) = alpha_d + lambda_t, fitted by the quasi-likelihood of the canonical link g
    missing cell      Y_dt := g^-1(a_dw + lambda_t), where a_dw keeps the sum of the cells that the district has in w

On the identity this is the imputation of Borusyak, Jaravel and Spiess (2024, REStud 91:3253), window by window. A
complete panel stays as it is, to the last bit. Districts that are constant, or move together on the scale of g, keep
exactly no effect whatever rows are missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sverige_did.did.arrays import BoolArray, DistrictPanel, Dropped, FloatArray, IntArray, only_districts
from sverige_did.did.scales import LINKS, Scale
from sverige_did.did.window import Window
from sverige_did.errors import option, refuse

MOST_STEPS = 100
SETTLED = 1e-12
"""Largest change of any coefficient in the last step, beside the largest coefficient or 1."""

LONGEST = 2.0
"""No step on a log or log-odds scale is longer: far from the solution Newton's method overshoots."""

TOP: dict[Scale, float] = {"identity": np.inf, "log": np.inf, "logit": 1.0, "probit": 1.0}
"""The largest level that a scale knows."""


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A panel whose districts have every period of both windows.

    ``panel``: the districts that have at least one period in each window · ``window``: the periods that some treated
    and some control district have · ``weight`` (T,): how much each of the panel's periods counts in its window, the
    share of the treated times the share of the controls that have it; 0 outside · ``unit`` (G,): codes of the districts
    in the panel that was filled · ``seen`` (G, 2): how many periods before and after were there · ``lone`` (2,): the
    part of its window, at the most, that periods make up which one treated, or one control, district alone has.
    """

    panel: DistrictPanel
    window: Window
    weight: FloatArray
    unit: IntArray
    seen: IntArray
    lone: FloatArray

    def levels(self) -> tuple[FloatArray, FloatArray]:
        """The level (G,) of every district before and after: its events by its exposure of the window, or its mean."""
        y = self.panel.wide(self.panel.y)
        n = np.ones_like(y) if self.panel.exposure is None else self.panel.wide(self.panel.exposure)
        before, after = (
            (y[:, side] @ self.weight[side]) / (n[:, side] @ self.weight[side])
            for side in self.window.sides(self.panel)
        )
        return before, after

    def complete(self) -> DistrictPanel:
        """The rows of the windows alone: as many for every district."""
        rows = self.weight[self.panel.time] > 0
        names = ("unit", "time", "y", "exposure")
        columns = {name: getattr(self.panel, name) for name in names}
        kept: dict[str, Any] = {name: None if value is None else value[rows] for name, value in columns.items()}
        return replace(self.panel, **kept)


def filled(panel: DistrictPanel, window: Window, scale: Scale = "identity", *, fewest: int = 1) -> Filled:
    """Fill the missing cells of the windows; cells outside of them stay as they are.

    ``scale``: that on which the districts are taken to move together. Exposure that is missing is the district's mean
    of the window. Districts with less than ``fewest`` periods before or none after are left out and named, and so are
    those whose periods of a window are all such that no district of the other arm has them.

    A period that most treated districts lack says little about them, and what the controls did in it says little about
    what they are held against: so it counts by how many of both have it, and not at all where one side has none.

    Raises RefusedError: ``did_window``, ``did_groups_empty`` (no treated or no control district is left),
    ``did_not_identified`` (two sets of districts or the two sides without a common period), ``separation`` (on a log or
    log-odds scale, a period in which nothing or everything happened), ``did_not_converged``.
    """
    option("scale", scale, Scale)
    pre, post = window.sides(panel)
    there = np.isfinite(panel.wide())
    seen = np.column_stack([there[:, side].sum(axis=1) for side in (pre, post)])
    enough = (seen >= (fewest, 1)).all(axis=1)
    usable, weight = _compared(there, panel.ever_treated, (pre, post), enough)
    there, treated = there[usable], panel.ever_treated[usable]
    common = Window(*(tuple(panel.periods[side & (weight > 0)].tolist()) for side in (pre, post)))
    if not (common.pre and common.post):
        raise refuse("did_not_identified", found=f"{common.pre} / {common.post}")
    kept = panel if usable.all() else only_districts(panel, usable)
    if not there[:, weight > 0].all():
        kept = _complete(kept, pre & (weight > 0), post & (weight > 0), scale)
    reason = "window_missing" if fewest == 1 else "too_few_pre_periods"
    lost = tuple(
        Dropped(panel.labels[d], None, "window_not_shared" if enough[d] else reason) for d in np.flatnonzero(~usable)
    )
    kept = replace(kept, dropped=panel.dropped + lost)
    lone = np.array([_lone(there[arm], weight, (pre, post)) for arm in (treated, ~treated)])
    return Filled(kept, common, weight, np.flatnonzero(usable), seen[usable], lone)


def _compared(
    there: BoolArray, treated: BoolArray, sides: tuple[BoolArray, BoolArray], usable: BoolArray
) -> tuple[BoolArray, FloatArray]:
    """Which of the ``usable`` districts (G,) have a period of both windows that both arms have, and how much each
    period (T,) counts; a district that is left out can take such a period from others."""
    while True:
        arms = [there[usable & arm] for arm in (treated, ~treated)]
        if not all(map(len, arms)):
            raise refuse("did_groups_empty", found=f"{len(arms[0])} / {len(arms[1])}")
        shares = arms[0].mean(axis=0) * arms[1].mean(axis=0)
        weight = np.where(sides[0] | sides[1], shares, 0.0)
        common = [there[:, side & (weight > 0)].any(axis=1) for side in sides]
        if not all(one.any() for one in common) or not (usable & ~(common[0] & common[1])).any():
            return usable, weight
        usable = usable & common[0] & common[1]


def _lone(there: BoolArray, weight: FloatArray, sides: tuple[BoolArray, BoolArray]) -> float:
    """The largest part of either window that periods make up which one district (G, T) of several alone has."""
    alone = (there.sum(axis=0) == 1) & (len(there) > 1)
    return max(float(weight[side & alone].sum() / weight[side].sum()) for side in sides)


def _complete(panel: DistrictPanel, pre: BoolArray, post: BoolArray, scale: Scale) -> DistrictPanel:
    """The panel with every cell of the periods ``pre`` and ``post`` (T,)."""
    level = panel.wide()
    size = np.where(np.isfinite(level), 1.0, np.nan) if panel.exposure is None else panel.wide(panel.exposure)
    untreated = np.isfinite(level) & (pre | (post & ~panel.ever_treated[:, None]))
    period = _period_effects(level, size, untreated, scale, panel.periods)
    for side in (pre, post):
        seen = np.isfinite(level) & side
        gap = ~seen & side
        level[gap] = _with_own_sum(level, size, seen, period, scale)[gap]
        mean = np.nansum(size[:, side], axis=1, keepdims=True) / seen.sum(axis=1, keepdims=True)
        size[gap] = np.broadcast_to(mean, size.shape)[gap]
    unit, time = np.nonzero(np.isfinite(level))
    was = panel.wide(panel.y)[unit, time]
    y = np.where(np.isnan(was), (level if panel.exposure is None else level * size)[unit, time], was)
    return replace(panel, unit=unit, time=time, y=y, exposure=None if panel.exposure is None else size[unit, time])


def _period_effects(
    level: FloatArray, size: FloatArray, untreated: BoolArray, scale: Scale, periods: FloatArray
) -> FloatArray:
    """lambda_t (T,), 0 outside the windows, by iteratively reweighted least squares; districts are partialled out."""
    informative = untreated & ~_saturated(level, size, untreated, scale)[:, None]
    used = untreated.any(axis=0)
    empty = used & _saturated(level.T, size.T, informative.T, scale)
    if empty.any():
        raise refuse("separation", found=", ".join(f"{period:g}" for period in periods[empty]))
    _refuse_apart(informative[:, used], periods[used])
    y, n = np.where(informative, level, 0.0), np.where(informative, size, 0.0)
    start = _means(y, n, axis=1)
    eta = np.repeat(
        LINKS[scale].g(np.where(informative.any(axis=1, keepdims=True), start, 0.5)), level.shape[1], axis=1
    )
    period = np.zeros(level.shape[1])
    for _ in range(MOST_STEPS):
        mean, slope = LINKS[scale].inverse(eta), 1 / LINKS[scale].slope(LINKS[scale].inverse(eta))
        new_unit, new = _two_way(eta + np.where(informative, y - mean, 0.0) / slope, n * slope)
        step = new - period
        if np.abs(step).max() <= SETTLED * max(1.0, float(np.abs(new).max())):
            return np.asarray(np.where(used, new, 0.0))
        target = new_unit[:, None] + new
        eta = target if scale == "identity" else eta + np.clip(target - eta, -LONGEST, LONGEST)
        period = new
    raise refuse("did_not_converged")


def _two_way(z: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted least squares of z (G, T) on districts and periods, as (G,) and (T,); periods without weight get 0."""
    total = weight.sum(axis=1, keepdims=True)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    mean = (share * z).sum(axis=1)
    normal = np.diag(weight.sum(axis=0)) - weight.T @ share
    period = np.linalg.lstsq(normal, (weight * (z - mean[:, None])).sum(axis=0), rcond=None)[0]
    return mean - share @ period, period


def _with_own_sum(level: FloatArray, size: FloatArray, seen: BoolArray, period: FloatArray, scale: Scale) -> FloatArray:
    """g^-1(a_d + lambda_t) (G, T), where a_d keeps the sum over the cells ``seen`` of each district."""
    link, y, n = LINKS[scale], np.where(seen, level, 0.0), np.where(seen, size, 0.0)
    mean = _means(y, n, axis=1)
    flat = _saturated(level, size, seen, scale)[:, None]
    own = link.g(np.where(flat, 0.5, mean)) - (np.where(seen, n, 0.0) * period).sum(axis=1, keepdims=True) / n.sum(
        axis=1, keepdims=True
    )
    for _ in range(MOST_STEPS):
        at = link.inverse(own + period)
        step = (n * (y - at)).sum(axis=1, keepdims=True) / (n / link.slope(at)).sum(axis=1, keepdims=True)
        step = np.where(flat, 0.0, step if scale == "identity" else np.clip(step, -LONGEST, LONGEST))
        own = own + step
        if np.abs(step).max() <= SETTLED * max(1.0, float(np.abs(own).max())):
            return np.asarray(np.where(flat, mean, link.inverse(own + period)))
    raise refuse("did_not_converged")


def _means(y: FloatArray, n: FloatArray, axis: int) -> FloatArray:
    total = n.sum(axis=axis, keepdims=True)
    return np.divide((n * y).sum(axis=axis, keepdims=True), total, out=np.zeros_like(total), where=total > 0)


def _saturated(level: FloatArray, size: FloatArray, seen: BoolArray, scale: Scale) -> BoolArray:
    """(G,) whether all cells ``seen`` of a row are 0 or the largest level: neither has a logarithm or log-odds."""
    if scale == "identity":
        return np.zeros(len(level), dtype=bool)
    mean = _means(np.where(seen, level, 0.0), np.where(seen, size, 0.0), axis=1)[:, 0]
    return np.asarray((mean <= 0) | (mean >= TOP[scale]))


def _refuse_apart(untreated: BoolArray, periods: FloatArray) -> None:
    """Refuse where districts and periods fall into parts without a common untreated cell."""
    unit, time = np.nonzero(untreated)
    n_units, n_periods = untreated.shape
    graph = coo_array((np.ones(unit.size), (unit, n_units + time)), shape=(n_units + n_periods,) * 2)
    part = connected_components(graph, directed=False)[1][n_units:]
    if np.ptp(part):
        raise refuse("did_not_identified", found=", ".join(f"{period:g}" for period in periods[part != part[0]]))
