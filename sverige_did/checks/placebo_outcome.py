"""An outcome that the programme could not have moved: did it move all the same?

Courts decide who is placed in secure institutions. If that moves with the programme's districts, something else moved
both. That it does not stand out is a pass only if it could have: where its interval reaches as far, in per cent, as
the finding does, the comparison could not have told.
"""

from __future__ import annotations

import numpy as np

from sverige_did.checks.leave_one_out import excludes
from sverige_did.inference.cluster_robust import TTest
from sverige_did.results.estimates import CheckResult


def placebo_outcome(
    placebo: TTest, p: float, level: float, effect_percent: float, outcome: str, *, about: str
) -> CheckResult:
    """``placebo``: the test of the outcome ``about``, which could not be moved, with ``p`` of the whole rule; ``level``
    is the treated group's level of it after. ``effect_percent``: the finding in per cent of what was expected.

    ``moved``: the whole rule says that it moved · ``still``: it did not, and a movement as large as the finding, in
    per cent and in either direction, lies outside its interval · ``cannot_tell``: it lies inside.
    """
    expected = level - placebo.estimate
    percent = [
        100 * value / expected if expected > 0 else np.nan
        for value in (placebo.estimate, placebo.lower, placebo.upper)
    ]  # fmt: skip
    moved = excludes(placebo) and p <= placebo.alpha
    reach = max(-percent[1], percent[2])
    told = np.isfinite(effect_percent) and abs(effect_percent) > reach
    return CheckResult(
        check="placebo_outcome",
        outcome=outcome,
        about=about,
        key="moved" if moved else "still" if told else "cannot_tell",
        numbers={
            "percent_placebo": _or_none(percent[0]),
            "percent_low": _or_none(percent[1]),
            "percent_high": _or_none(percent[2]),
            "percent_effect": _or_none(effect_percent),
            "p": max(p, placebo.p_value),
        },
    )


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
