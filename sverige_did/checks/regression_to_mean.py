"""A group chosen when its level is high falls back by itself: how much of the finding can that be?

With reliability lambda = Var(lasting level)/Var(level seen), a group seen ``gap`` above is expected to fall by
(1 - lambda) gap, programme or not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sverige_did.checks.curves import EffectScale, Floats, curve, effect_axis
from sverige_did.results.estimates import CheckResult

RELIABILITY = np.linspace(0, 1, 21)


def lasting_share(levels: Floats, treated: NDArray[np.bool_]) -> float:
    """The reliability of a district's mean level over the periods before, read off the districts themselves.

    ``levels`` (G, T). The correlation r, over districts within their groups, of the means of the first and the second
    half of the periods gives 2 r / (1 + r) for the mean of both (Spearman-Brown); nothing below 0. Swings that outlast
    half the periods count as lasting, so it is rather too high. NaN with fewer than two periods, or
    where fewer than two districts are seen in both halves; the others say nothing of it.
    """
    half = levels.shape[1] // 2
    there = np.isfinite(levels)
    both = there[:, :half].any(axis=1) & there[:, -half:].any(axis=1) if half else np.zeros(len(levels), dtype=bool)
    if both.sum() < 2:
        return float("nan")
    levels, treated = levels[both], treated[both]
    sides = np.stack([np.nanmean(levels[:, :half], axis=1), np.nanmean(levels[:, -half:], axis=1)])
    for group in filter(np.any, (treated, ~treated)):
        sides[:, group] -= sides[:, group].mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(sides).sum(axis=1).prod())
    r = float(sides.prod(axis=0).sum() / spread) if spread > 0 else 1.0
    return max(0.0, 2 * r / (1 + r)) if r > -1 else 0.0


def regression_of_districts(
    effect: float, gap: float, reliability: float, outcome: str, *, scale: str, axis: EffectScale
) -> CheckResult:
    """The effect less what regression to the mean gives by itself, -(1 - lambda) gap, along lambda.

    ``gap`` is the treated level before less the control level before: the control group regresses the other way.
    ``reliability`` is the lambda that the districts' own periods before tell. Where the gap would not give the effect's
    direction at all, the key says so.
    """
    left = effect + (1 - RELIABILITY) * gap
    return CheckResult(
        check="regression_to_mean",
        outcome=outcome,
        scale=scale,
        key="districts_opposite" if effect * gap >= 0 else "districts",
        numbers={
            "effect": effect,
            "effect_gap": gap,
            "effect_by_itself": -(1 - reliability) * gap,
            "reliability": reliability,
        },
        curves=(curve("left", "reliability", effect_axis(axis, "axis"), RELIABILITY, left),),
        assumptions=("chosen_on_level",),
    )
