"""How much would districts have to swing by themselves for the finding to be gone, beside how much they do?"""

from __future__ import annotations

import numpy as np

from sverige_did.checks.leave_one_out import excludes
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Districts
from sverige_did.results.estimates import CheckResult


def tipping_shock_of_districts(test: TTest, sample: Districts, outcome: str, *, scale: str) -> CheckResult:
    """The sd of a district's change at which the interval just reaches no difference, were all districts alike.

    s* = |tau| / (c sqrt(sum w_T^2 + sum w_C^2)), where the weights of an arm sum to one and c is half the interval's
    length in standard errors. Seen is the sd of the control districts' changes.
    """
    shares = [sample.weights[arm] / sample.weights[arm].sum() for arm in (sample.treated, ~sample.treated)]
    critical = (test.upper - test.lower) / 2 / test.std_error
    needed = abs(test.estimate) / (critical * float(np.sqrt(sum(np.square(share).sum() for share in shares))))
    seen = float(sample.change[~sample.treated].std(ddof=1))
    return CheckResult(
        check="tipping_shock",
        outcome=outcome,
        scale=scale,
        key="districts" if excludes(test) else "districts_none",
        numbers={"size_needed": needed, "size_seen": seen, "times": needed / seen if seen > 0 else None},
    )
