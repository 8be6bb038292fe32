"""What if the programme also moved the control group?

If the control group moved by kappa times the effect, the difference holds (1 - kappa) of it. Positive kappa: the new
practice spread. Negative: the best staff were drawn away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.curves import EffectScale, curve, effect_axis, ends, grid
from sverige_did.results.estimates import CheckResult

KAPPA = tuple(np.linspace(-0.25, 0.5, 16))


def spillover(
    did: float,
    outcome: str,
    *,
    reading: str = "all",
    limits: tuple[float, float] | None = None,
    kappa: ArrayLike = KAPPA,
    scale: EffectScale = "log_odds",
) -> CheckResult:
    """ATT = DiD/(1 - kappa) along kappa, with the limits of the difference when given. The sign never turns."""
    x = grid("kappa", kappa, -np.inf, 1, open_high=True)
    att = did / (1 - x)
    sides = () if limits is None else tuple(limit / (1 - x) for limit in limits)
    return CheckResult(
        check="spillover",
        outcome=outcome,
        reading=reading,
        scale=scale,
        numbers={"did": did} | ends(kappa=x, att=att),
        curves=(curve("att", "kappa", effect_axis(scale), x, att, *sides),),
        assumptions=("spillover_proportional",),
    )
