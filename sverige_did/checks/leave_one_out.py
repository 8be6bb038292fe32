"""Does a single district carry the finding? Every district left out in turn.

What comes out without a district tells what that district did, and a single district's numbers must not leave. So no
district is named, and the range is given in tens of per cent of the whole finding, and only where the sign never turns:
of a finding near zero ten per cent would be next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from sverige_did.inference.cluster_robust import TTest
from sverige_did.results.estimates import CheckResult

COARSE = 10.0
"""Per cent to which the range is rounded."""

Key = Literal["steady", "turned", "lost", "gained"]


def leave_one_out(whole: TTest, without: Sequence[TTest], outcome: str, *, scale: str) -> CheckResult:
    """How far the estimate moves, whether its sign turns, and whether its interval starts or stops to exclude none."""
    found = np.array([one.estimate for one in without])
    turned = int((np.sign(found) != np.sign(whole.estimate)).sum())
    other = sum(excludes(one) != excludes(whole) for one in without)
    key = _key(whole, turned, other)
    has_range = key in {"steady", "lost"}
    shares = COARSE * np.round(100 * found / whole.estimate / COARSE)
    return CheckResult(
        check="leave_one_out",
        outcome=outcome,
        scale=scale,
        key=key,
        numbers={
            "effect": whole.estimate,
            "districts": float(len(without)),
            "percent_low": float(shares.min()) if has_range else None,
            "percent_high": float(shares.max()) if has_range else None,
            "turned": float(turned),
            "other": float(other),
        },
    )


def excludes(test: TTest) -> bool:
    """Whether the interval leaves out no difference."""
    return test.lower > 0 or test.upper < 0


def _key(whole: TTest, turned: int, other: int) -> Key:
    if turned:
        return "turned"
    if other:
        return "lost" if excludes(whole) else "gained"
    return "steady"
