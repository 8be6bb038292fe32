"""How much must districts swing by themselves before the finding is gone?

Two group totals cannot show how districts differ, so no interval of theirs holds it. Instead of a guess: the sd of a
district's own shock at which the interval just reaches no difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.bayes.models.closed_form import Sampling
from sverige_did.checks.curves import EffectScale, curve, effect_axis, grid, wald_lines
from sverige_did.did.scales import critical
from sverige_did.results.estimates import CheckResult

S = tuple(np.linspace(0, 2, 41))


def tipping_shock(
    data: Sampling,
    outcome: str,
    *,
    reading: str = "all",
    s: ArrayLike = S,
    scale: EffectScale = "log_odds",
    level: float = 0.95,
) -> CheckResult:
    """s* = sqrt([(|theta|/z)^2 - V]_+ / (c (1 - r))), the curve of p over s, and the interval over s.

    ``data`` holds the estimate on ``scale``, its sampling variance, the constant c from the districts' weights
    (:func:`~sverige_did.bayes.models.closed_form.shock_constant`) and the serial correlation r. ``factor`` is exp(s*):
    by how much one sd multiplies the odds (or the rate).
    """
    axis = effect_axis(scale)
    x, z = grid("s", s, 0, np.inf), critical(level)
    se = np.sqrt(data.total_variance(x))
    lower, upper, p = wald_lines(data.theta, se, z)
    slack = max(0.0, (data.theta / z) ** 2 - data.variance)
    tipping = float(np.sqrt(slack / (data.c * (1 - data.r))))
    return CheckResult(
        check="tipping_shock",
        outcome=outcome,
        reading=reading,
        key="result" if tipping > 0 else "none",
        numbers={
            "estimate": data.theta,
            "constant": data.c,
            "serial_correlation": data.r,
            "tipping_shock": tipping,
            "factor": float(np.exp(tipping)) if scale.startswith("log") else None,
            "p_without": float(wald_lines(data.theta, np.sqrt([data.variance]), z)[2][0]),
        },
        curves=(
            curve("interval", "shock_sd", axis, x, np.full_like(x, data.theta), lower, upper),
            curve("p_value", "shock_sd", "p_value", x, p),
        ),
        assumptions=("shocks_alike",),
    )
