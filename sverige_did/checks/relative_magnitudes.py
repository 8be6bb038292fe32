"""How much more may the groups have drifted apart after the start than before it?

Rambachan and Roth's (2023, REStud 90:2555) relative magnitudes: from one period to the next, the groups drift apart by
at most M times the largest such step before the start. Their interval needs a covariance that few treated districts
cannot give. This one is plainer and wider: Bonferroni over the estimate and the largest step, each with Bell and
McCaffrey's degrees of freedom, so that it covers at least as often as it says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from sverige_did.checks.curves import EffectScale, curve, effect_axis, grid
from sverige_did.inference.cluster_robust import TTest
from sverige_did.results.estimates import CheckResult

M_GRID = tuple(np.linspace(0, 2, 21))


def relative_magnitudes(
    effect: TTest,
    steps: Sequence[TTest],
    steps_after: float,
    outcome: str,
    *,
    scale: str,
    axis: EffectScale,
    M: ArrayLike = M_GRID,
) -> CheckResult:
    """tau +- [c se + M k (|d| + c' se_d)] along M, and the M at which it first includes no difference.

    ``effect`` is the mean after against the last period before, ``steps`` the treated less control changes from one
    period to the next before it, ``steps_after`` (k) how many periods the mean after lies from the last one before.
    c has the level 1 - alpha/2, c' the same shared by all steps.
    """
    alpha = effect.alpha
    half = float(stats.t.isf(alpha / 4, effect.df)) * effect.std_error
    share = alpha / (4 * len(steps))
    largest = max(abs(one.estimate) + float(stats.t.isf(share, one.df)) * one.std_error for one in steps)
    limit = max(0.0, abs(effect.estimate) - half) / (steps_after * largest)
    x = grid("M", M, 0, np.inf)
    reach = half + x * steps_after * largest
    middle = np.full_like(x, effect.estimate)
    return CheckResult(
        check="relative_magnitudes",
        outcome=outcome,
        scale=scale,
        key="result" if limit > 0 else "none",
        numbers={
            "effect_last": effect.estimate,
            "effect_low": effect.estimate - half,
            "effect_high": effect.estimate + half,
            "size_step": largest,
            "limit": limit,
        },
        curves=(curve("interval", "relative_M", effect_axis(axis, "axis"), x, middle, middle - reach, middle + reach),),
    )
