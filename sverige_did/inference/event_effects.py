"""The effects by period with their joint covariance, from districts and from districts that begin at different dates.

Both sets of intervals that let groups drift (relative_magnitudes.py, smoothness.py) start here. The covariance is that
of the verdict: by arm, which is CR2's for two plain means. It is estimated from few treated districts, so two things go
with it: the factor by which limits from normal theory are stretched until they are those of the page's own interval, and
a working covariance in which all districts are pooled and shocks are as alike over time as they look, smooth enough to
choose weights by.
"""

from __future__ import annotations

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
from sverige_did.inference.districts import Bools, Districts, Floats, Ints
from sverige_did.inference.relative_magnitudes import EventEffects, event_effects


class Estimated(NamedTuple):
    """Effects by period, the weights ``l`` (Q,) of those after the start, and what few treated districts ask for.

    ``test``: l'beta without any drift, as the page tests it · ``working``: the covariance (P + Q, P + Q) that weights
    are chosen by · ``stretch``: the critical value of ``test`` over the normal one.
    """

    effects: EventEffects
    l: Floats
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
        at = np.concatenate([np.zeros(self.effects.before.size), self.l])
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
    starts = range(before.size % length, before.size, length)
    early = [before[at : at + length] for at in starts]
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
    l = np.array([one.size for one in late]) / after.size
    change = rows @ table.T
    design = arm_design(sample.compared())
    estimate, covariance = _joint(change, design, sample)
    effects = event_effects(since[: len(early) - 1], since[len(early) - 1 :], estimate, covariance)
    own = l @ change[len(early) - 1 :]
    test = calibrated_test(Districts(own, sample.treated, sample.weights, sample.strata, sample.covariates), alpha)
    groups = np.where(sample.treated, sample.strata, -1 - sample.strata)
    return Estimated(effects, l, test, rows @ smooth_covariance(table, groups) @ rows.T)


def _joint(change: Floats, design: object, sample: Districts) -> tuple[Floats, Floats]:
    """The effects (S,) of changes (S, G) and their covariance by arm."""
    raise NotImplementedError


def _against(at: Floats, reference: int, step: float) -> tuple[Floats, Floats]:
    """Rows (S, T) that take the reference from every other period, and the periods' times since it in steps."""
    rows = np.delete(np.eye(at.size), reference, axis=0)
    rows[:, reference] = -1
    return rows, np.delete((at - at[reference]) / step, reference)


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
