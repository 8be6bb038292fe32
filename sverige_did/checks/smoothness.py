"""How sharply may the groups' drift bend before the finding is gone?

Rambachan and Roth's (2023) smoothness: without a bend the groups go on apart in the straight line that the periods
before show, and the interval says what is left beyond it. The bend is told in per cent of that estimate, from one
period to the next. Weights are chosen by a covariance that few treated districts can carry, and limits are stretched
to those of the page (inference/event_effects.py); by normal theory with weights that follow the noise of few treated
districts the authors' own interval held 27 to 54 of 100 where it should hold 95 (docs/size.md), so it is not shown.
"""

from __future__ import annotations

import numpy as np

from sverige_did.checks.curves import EffectScale, curve, effect_axis
from sverige_did.inference.event_effects import Estimated
from sverige_did.inference.smoothness import frontier, smooth_breakdown, smooth_interval
from sverige_did.results.estimates import CheckResult, Curve

STEPS = 9


def smoothness(found: Estimated, outcome: str, *, scale: str, axis: EffectScale, drawn: bool = True) -> CheckResult:
    """The interval along the bend, and the bend at which it first includes no difference.

    The curve goes to the bend whose drift alone could be the whole finding. ``bend_normal``: with the normal
    distribution's limits and the same weights, as for many districts.
    """
    name, pooled, alpha = effect_axis(axis, "axis"), found.pooled(), found.test.alpha
    front = frontier(found.effects.before, found.effects.after, found.load, pooled)
    straight = smooth_interval(found.stretched, front, 0.0, alpha=alpha, judged_by=pooled)
    whole = abs(straight.estimate)
    limits = [100 * smooth_breakdown(one, front, alpha=alpha, judged_by=pooled) / whole if whole else 0.0
              for one in (found.stretched, found.effects)]  # fmt: skip
    curves: tuple[Curve, ...] = ()
    if drawn and whole:
        x = np.linspace(0, 1, STEPS) * 100 / float(front.bias.min())
        made = [smooth_interval(found.stretched, front, one * whole / 100, alpha=alpha, judged_by=pooled) for one in x]
        middle, low, high = (np.array([getattr(one, side) for one in made]) for side in ("estimate", "lower", "upper"))
        curves = (curve("interval", "bend", name, x, middle, low, high),)
    return CheckResult(
        check="smoothness",
        outcome=outcome,
        scale=scale,
        key="result" if limits[0] > 0 else "none",
        numbers={
            "effect_line": straight.estimate,
            "effect_low": straight.lower,
            "effect_high": straight.upper,
            "bend": limits[0],
            "bend_normal": limits[1],
        },
        curves=curves,
    )
