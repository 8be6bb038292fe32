"""A group chosen when its level is high falls back by itself: how much of the finding can that be?

With reliability lambda = Var(lasting level)/Var(level seen), a group seen ``gap`` above is expected to fall by
(1 - lambda) gap, programme or not.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.lines import EffectScale, curve, effect_axis, grid
from sverige_did.results import CheckResult

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


def _verdict(effect: float, gap: float) -> tuple[Key, float | None]:
    """Whether the fall by itself has the effect's direction, and the reliability at which it is all of it."""
    if effect * gap >= 0:
        return "opposite", None
    limit = 1 + effect / gap
    return ("explains", limit) if limit >= 0 else ("falls_short", None)
