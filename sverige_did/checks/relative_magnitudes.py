"""How much more may the groups have drifted apart after the start than before it?

From one period to the next, the groups are let drift apart by at most M times the largest such step seen before the
start: the finding is bounded by that step. At M = 0 no step enters and the interval is the finding's own. The bound is
in the spirit of Rambachan and Roth's (2023, REStud 90:2555) relative magnitudes and is not their interval, which needs
the joint covariance of all steps: the largest step is taken as it was seen, its own uncertainty left out. Chance makes
the largest of several steps look larger than it is, which works the safe way. A single step has nothing of the kind
(its bound held 82 of 100 under a drift of several standard errors), so it enters with the far end of its own interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

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
    """tau +- [c se + M k |d|] along M, and the M at which it first includes no difference.

    ``effect`` is the mean after against the last period before, ``steps`` the treated less control changes from one
    period to the next before it, d the largest of them, of a single one the far end of its interval; ``steps_after``
    (k) is how many periods the mean after lies from the last one before. The M is infinite where all steps are zero.
    """
    half = (effect.upper - effect.lower) / 2
    largest = max(abs(one.estimate) for one in steps) if len(steps) > 1 else max(-steps[0].lower, steps[0].upper)
    left = max(0.0, abs(effect.estimate) - half)
    reached = steps_after * largest
    limit = left / reached if reached > 0 else float("inf") if left > 0 else 0.0
    x = grid("M", M, 0, np.inf)
    reach = half + x * reached
    middle = np.full_like(x, effect.estimate)
    return CheckResult(
        check="relative_magnitudes",
        outcome=outcome,
        scale=scale,
        key="none" if limit == 0 else "result" if len(steps) > 1 else "single",
        numbers={
            "effect_last": effect.estimate,
            "effect_low": effect.estimate - half,
            "effect_high": effect.estimate + half,
            "size_step": largest,
            "limit": limit,
        },
        curves=(curve("interval", "relative_M", effect_axis(axis, "axis"), x, middle, middle - reach, middle + reach),),
    )
