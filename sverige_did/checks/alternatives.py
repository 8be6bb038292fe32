"""The same finding by a choice that could have been made instead: weights, window, residence."""

from __future__ import annotations

import numpy as np

from sverige_did.checks.leave_one_out import excludes
from sverige_did.inference.cluster_robust import TTest
from sverige_did.results.estimates import CheckResult


def alternative(
    check: str, planned: TTest, other: TTest, outcome: str, *, scale: str, key: str = "result"
) -> CheckResult:
    """``other`` beside ``planned``, both on ``scale``; the key ends in ``_turns`` where they say different things.

    They do when their signs differ, or when one interval leaves out no difference and the other does not. Tests of a
    ratio are of its logarithm.
    """
    differ = excludes(planned) != excludes(other) or planned.estimate * other.estimate < 0
    return CheckResult(
        check=check,
        outcome=outcome,
        scale=scale,
        key=f"{key}_turns" if differ else key,
        numbers={
            name: float(np.exp(value)) if scale == "ratio" else value
            for name, value in (
                ("effect", planned.estimate),
                ("effect_other", other.estimate),
                ("effect_low", other.lower),
                ("effect_high", other.upper),
            )
        },
    )
