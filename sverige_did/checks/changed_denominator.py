"""A ratio moves with what it is divided by: what did the programme do to each?

Fewer placed children raise the share of them who are in institutions, with nobody moved there. With every district's
denominator held where it was before, only the numerator can move the finding.
"""

from __future__ import annotations

import numpy as np

from sverige_did.checks.alternatives import alternative
from sverige_did.checks.leave_one_out import excludes
from sverige_did.inference.cluster_robust import TTest
from sverige_did.results.estimates import CheckResult


def changed_denominator(
    planned: TTest, numerator: TTest, denominator: TTest, outcome: str, *, scale: str
) -> CheckResult:
    """``numerator``: the test of the change with denominators held fixed, in the outcome's unit · ``denominator``: that
    of the change in their logarithm.

    The key ends in ``_turns`` where the numerator alone says something else than the whole, and says ``moved`` where
    the interval of the denominators lies on one side of no difference.
    """
    key = "moved" if excludes(denominator) else "steady"
    found = alternative("changed_denominator", planned, numerator, outcome, scale=scale, key=key)
    percent = {
        name: float(100 * np.expm1(value))
        for name, value in (
            ("percent_denominator", denominator.estimate),
            ("percent_low", denominator.lower),
            ("percent_high", denominator.upper),
        )
    }
    return found.model_copy(update={"numbers": found.numbers | percent})
