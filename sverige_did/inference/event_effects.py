"""The effects by period with their joint covariance, from districts and from districts that begin at different dates.

Both sets of intervals that let groups drift (relative_magnitudes.py, smoothness.py) start here. The covariance is that
of the verdict: by arm, which is CR2's for two plain means. It is estimated from few treated districts, so two things go
with it: the factor by which limits from normal theory are stretched until they are those of the page's own interval,
and a working covariance in which all districts are pooled and shocks are as alike over time as they look, smooth
enough to choose weights by.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import special

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, Weighting
from sverige_did.did.staggered import GroupTime, group_time_effects
from sverige_did.errors import refuse
from sverige_did.inference.arm_variances import arm_design
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest, t_test
from sverige_did.inference.districts import Bools, Districts, Floats, Ints, comparable
from sverige_did.inference.relative_magnitudes import EventEffects, event_effects

FEWEST_YEARS = 3
"""Whole years before without which the steps of a drift are those of single periods."""


def periods_of_a_step(years_apart: float, before: int) -> int:
    """How many periods, ``years_apart``, make one step of a drift: those of a year, where whole years before are
    enough.

    Half-years carry season and twice the noise, and a drift is a matter of years.

    >>> periods_of_a_step(0.5, 8), periods_of_a_step(0.5, 5), periods_of_a_step(1.0, 5)
    (2, 1, 1)
    """
    whole = max(round(1 / years_apart), 1)
    return whole if before >= FEWEST_YEARS * whole else 1


def steps_before(before: Ints, length: int) -> list[Ints]:
    """The periods before (B,) in blocks of ``length``, counted from the last; what is left over is dropped.

    >>> [one.tolist() for one in steps_before(np.arange(5), 2)]
    [[1, 2], [3, 4]]
    """
    return [before[at : at + length] for at in range(before.size % length, before.size, length)]


class Estimated(NamedTuple):
    """Effects by period, the weights ``load`` (Q,) of those after the start, and what few treated districts ask for.

    ``test``: l'beta without any drift, as the page tests it · ``working``: the covariance (P + Q, P + Q) that weights
    are chosen by · ``stretch``: the critical value of ``test`` over the normal one.
    """

    effects: EventEffects
    load: Floats
    test: TTest
    working: Floats

    @property
    def stretch(self) -> float:
        """How many times as far as normal limits those of the test lie."""
        normal = float(special.ndtri(1 - self.test.alpha / 2))
        return (self.test.upper - self.test.lower) / 2 / self.test.std_error / normal

    @property
    def stretched(self) -> EventEffects:
        """The effects with a covariance that gives the test's limits by normal theory."""
        return self.effects.scaled(self.stretch)

    def pooled(self) -> Floats:
        """The working covariance at the scale of the stretched one."""
        at = np.concatenate([np.zeros(self.effects.before.size), self.load])
        return np.asarray(self.working * (at @ self.stretched.covariance @ at) / (at @ self.working @ at))


def of_districts_by_period(
    levels: Floats, times: Floats, pre: Bools, post: Bools, sample: Districts, *, block: int = 1, alpha: float = 0.05
) -> Estimated:
    """Effects of districts with one common start, from their ``levels`` (G, T) at ``times`` (T,) without a hole.

    ``pre`` and ``post`` (T,) mark the windows. With ``block`` above 1 so many periods make one, counted from the last
    one before and from the first one after; what is left over before is dropped, after it is a shorter block.

    Raises RefusedError ``did_one_pre_period`` with fewer than two blocks before, ``inference_not_finite`` with a hole,
    and those of :func:`~sverige_did.inference.arm_variances.arm_design`.
    """
    before, after = np.flatnonzero(pre), np.flatnonzero(post)
    length = block if before.size >= 2 * block else 1
    early = steps_before(before, length)
    late = [after[at : at + length] for at in range(0, after.size, length)]
    if len(early) < 2:
        raise refuse("did_one_pre_period", found=str(len(early)), expected=">= 2")
    used = levels[:, np.concatenate([*early, *late])]
    if not np.isfinite(used).all():
        raise refuse("inference_not_finite", found=str(int((~np.isfinite(used)).sum())), name="levels")
    table = np.column_stack([levels[:, one].mean(axis=1) for one in (*early, *late)])
    at = np.array([times[one].mean() for one in (*early, *late)])
    step = float(np.diff(times).min()) * length
    rows, since = _against(at, len(early) - 1, step)
    load = np.array([one.size for one in late]) / after.size
    mine = comparable(sample.treated, sample.strata)
    change, compared = rows @ table[mine].T, sample.compared()
    design = arm_design(compared)
    covariance = np.array([design.variance(change, np.tile(one, (len(change), 1))) for one in change])
    effects = event_effects(
        since[: len(early) - 1], since[len(early) - 1 :], change @ design.shares, (covariance + covariance.T) / 2
    )
    test = calibrated_test(replace(compared, change=load @ change[len(early) - 1 :]), alpha)
    groups = np.where(compared.treated, compared.strata, -1 - compared.strata)
    return Estimated(effects, load, test, rows @ smooth_covariance(table[mine], groups) @ rows.T)


def of_dates_by_event_time(panel: DistrictPanel, weighting: Weighting = "equal", *, alpha: float = 0.05) -> Estimated:
    """Effects by periods since each district's own start, against districts that never begin, every date in all of
    those before.

    Callaway and Sant'Anna's dynamic average against the last period before; ``load`` makes of it their simple average.
    The covariance is that of their influence functions, with Student's t by starting date.

    Raises RefusedError ``did_one_pre_period`` where no two periods before are there for every date,
    ``did_reference_apart`` where the last one before is not as far from every date, ``staggered_single`` where a
    date's variance cannot be told, and those of :func:`~sverige_did.did.staggered.group_time_effects`.
    """
    found = group_time_effects(panel, "never", "universal", weighting=weighting)
    dynamic, kept = aggregate(found, "dynamic"), _of_every_date(found)
    after = dynamic.at >= 0
    if not kept.size:
        raise refuse("did_one_pre_period", found="1", expected=">= 2")
    at = np.concatenate([np.searchsorted(dynamic.at, kept), np.flatnonzero(after)])
    influence = dynamic.influence[:, at]
    if not np.isfinite(influence).all():
        raise refuse("staggered_single", found="1")
    share = np.array([found.share[np.searchsorted(found.cohorts, found.cohort[found.event_time == e])].sum()
                      for e in dynamic.at[after]])  # fmt: skip
    load = share / share.sum()
    since = dynamic.at[at] - _reference(found)
    effects = event_effects(since[: kept.size], since[kept.size :], dynamic.estimate[at], influence.T @ influence)
    own = influence[:, kept.size :] @ load
    variance = np.bincount(found.group, np.square(own), found.group_df.size)
    df = float(variance.sum() ** 2 / (variance**2 / found.group_df).sum()) if variance.any() else 1.0
    estimate = float(load @ effects.estimate[kept.size :])
    test = t_test(estimate, float(np.sqrt(variance.sum())), df, alpha)
    return Estimated(effects, load, test, _working(panel, since))


def _reference(found: GroupTime) -> float:
    """When the last period before is; refused (``did_reference_apart``) where periods lack before some dates alone."""
    at = np.unique(found.event_time[found.empty])
    if at.size != 1:
        raise refuse("did_reference_apart", found=", ".join(f"{e:+d}" for e in at))
    return float(at[0])


def _of_every_date(found: GroupTime) -> Floats:
    """The event times before the last period before, -2, -3, ..., that every date has."""
    early = found.event_time[(found.event_time < 0) & ~found.empty]
    dates = np.unique(found.cohort).size
    return np.array([e for e in np.unique(early) if np.unique(found.cohort[found.at(e)]).size == dates], dtype=float)


def _working(panel: DistrictPanel, since: Floats) -> Floats:
    """The smooth covariance of effects at ``since`` (S,) periods after the last one before."""
    whole = panel.wide()
    whole = whole[np.isfinite(whole).all(axis=1)]
    dates = np.where(panel.ever_treated, panel.treated_from, np.inf)[np.isfinite(panel.wide()).all(axis=1)]
    if len(whole) <= np.unique(dates).size:
        return np.eye(since.size) + 1.0
    by_lag = smooth_covariance(whole, np.unique(dates, return_inverse=True)[1])[0]
    lag = np.abs(np.subtract.outer(np.append(since, 0.0), np.append(since, 0.0))).round().astype(int)
    joint = np.append(by_lag, np.zeros(max(lag.max() + 1 - by_lag.size, 0)))[lag]
    rows = np.column_stack([np.eye(since.size), -np.ones(since.size)])
    return np.asarray(rows @ joint @ rows.T)


def _against(at: Floats, reference: int, step: float) -> tuple[Floats, Floats]:
    """Rows (S, T) that take the reference from every other period, and the periods' times since it in steps."""
    rows = np.delete(np.eye(at.size), reference, axis=0)
    rows[:, reference] = -1
    return rows, np.delete((at - at[reference]) / step, reference).round(6)


def smooth_covariance(table: Floats, groups: Ints) -> Floats:
    """(T, T) of one district's shocks: alike in all districts and periods, and a sum over pairs as far apart in time.

    From deviations of ``table`` (G, T) around the means of districts and of their ``groups`` (G,). Autocovariances that
    are sums over all pairs, divided by T, never make a covariance with a negative eigenvalue.
    """
    changes = table - table.mean(axis=1, keepdims=True)
    around = changes.copy()
    for group in np.unique(groups):
        mine = groups == group
        around[mine] -= changes[mine].mean(axis=0)
    T = table.shape[1]
    by_lag = np.array([(around[:, k:] * around[:, : T - k]).sum() for k in range(T)]) / T
    apart = np.abs(np.subtract.outer(np.arange(T), np.arange(T)))
    return np.asarray(by_lag[apart] / max(len(table) - np.unique(groups).size, 1))
