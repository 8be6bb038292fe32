"""A group chosen when its level is high falls back by itself: how much of the finding can that be?

With reliability lambda = Var(lasting level)/Var(level seen), a group seen ``gap`` above is expected to fall by
(1 - lambda) gap, programme or not.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.checks.curves import EffectScale, Floats, curve, effect_axis, grid
from sverige_did.results.estimates import CheckResult

RELIABILITY = tuple(np.linspace(0, 1, 21))
Key = Literal["opposite", "explains", "falls_short"]


def regression_to_mean(
    effect: float,
    gap: float,
    outcome: str,
    *,
    reading: str = "all",
    reliability: ArrayLike = RELIABILITY,
    scale: EffectScale = "pp",
) -> CheckResult:
    """The effect less what regression to the mean gives by itself, -(1 - lambda) gap, along lambda.

    ``gap`` is the treated level before less the control level before for a difference-in-differences (the control
    group regresses the other way), less the whole population's level for a development of the treated alone.
    ``reliability_limit`` is the lambda at and below which nothing of the effect is left (None if there is none).
    """
    x = grid("reliability", reliability, 0, 1)
    alone = -(1 - x) * gap
    key, limit = _verdict(effect, gap)
    return CheckResult(
        check="regression_to_mean",
        outcome=outcome,
        reading=reading,
        key=key,
        numbers={"effect": effect, "gap": gap, "most_by_itself": -gap, "reliability_limit": limit},
        curves=(
            curve("left", "reliability", effect_axis(scale), x, effect - alone),
            curve("by_itself", "reliability", effect_axis(scale), x, alone),
        ),
        assumptions=("chosen_on_level",),
    )


def lasting_share(levels: Floats, treated: NDArray[np.bool_]) -> float:
    """The reliability of a district's mean level over the periods before, read off the districts themselves.

    ``levels`` (G, T). The correlation r, over districts within their groups, of the means of the first and the second
    half of the periods gives 2 r / (1 + r) for the mean of both (Spearman-Brown); nothing below 0. Swings that outlast
    half the periods count as lasting, so it is rather too high. NaN with fewer than two periods.
    """
    half = levels.shape[1] // 2
    if half < 1:
        return float("nan")
    sides = np.stack([np.nanmean(levels[:, :half], axis=1), np.nanmean(levels[:, -half:], axis=1)])
    for group in (treated, ~treated):
        sides[:, group] -= sides[:, group].mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(sides).sum(axis=1).prod())
    r = float(sides.prod(axis=0).sum() / spread) if spread > 0 else 1.0
    return max(0.0, 2 * r / (1 + r)) if r > -1 else 0.0


def regression_of_districts(
    effect: float, gap: float, reliability: float, outcome: str, *, scale: str, axis: EffectScale
) -> CheckResult:
    """:func:`regression_to_mean` where the districts' own periods before tell the ``reliability``."""
    made = regression_to_mean(effect, gap, outcome, scale=axis)
    key = "districts_opposite" if made.key == "opposite" else "districts"
    numbers: dict[str, float | None] = {
        "effect": effect,
        "effect_gap": gap,
        "effect_by_itself": -(1 - reliability) * gap,
        "reliability": reliability,
    }
    return made.model_copy(update={"key": key, "scale": scale, "numbers": numbers, "curves": made.curves[:1]})


def _verdict(effect: float, gap: float) -> tuple[Key, float | None]:
    """Whether the fall by itself has the effect's direction, and the reliability at which it is all of it."""
    if effect * gap >= 0:
        return "opposite", None
    limit = 1 + effect / gap
    return ("explains", limit) if limit >= 0 else ("falls_short", None)
