"""How much would districts have to swing by themselves for the finding to be gone, beside how much they do?"""

from __future__ import annotations

import numpy as np

from sverige_did.checks.leave_one_out import excludes
from sverige_did.inference.arm_variances import ArmVariances, arm_variances
from sverige_did.inference.behrens_fisher import behrens_fisher_test
from sverige_did.inference.cluster_robust import TTest, effect_shares, of_districts
from sverige_did.inference.districts import EFFECT, Districts
from sverige_did.results.estimates import CheckResult


def tipping_shock_of_districts(test: TTest, sample: Districts, outcome: str, *, scale: str) -> CheckResult:
    """The sd of a district's change at which the calibrated interval just reaches no difference, were all alike.

    s* = |tau| / (c sqrt(sum w_T^2 + sum w_C^2)), where the w are what the changes of an arm add to the effect and c is
    the critical value of a variance that splits as all districts alike would split it; ``test`` is the calibrated test
    as it was seen. Seen is the sd of the control districts' changes.
    """
    compared = sample.compared()
    squares = np.square(effect_shares(of_districts(compared), EFFECT))
    treated, control = (float(squares[arm].sum()) for arm in (compared.treated, ~compared.treated))
    at_one = behrens_fisher_test(ArmVariances(treated, control, *arm_variances(compared).df), 0.0, test.alpha)
    needed = abs(test.estimate) / at_one.upper
    seen = float(sample.change[~sample.treated].std(ddof=1))
    return CheckResult(
        check="tipping_shock",
        outcome=outcome,
        scale=scale,
        key="districts" if excludes(test) else "districts_none",
        numbers={"size_needed": needed, "size_seen": seen, "times": needed / seen if seen > 0 else None},
    )


def tipping_shock_of_dates(test: TTest, seen: float, std_error: float, outcome: str, *, scale: str) -> CheckResult:
    """The same where districts begin at different dates: of a district's level in a period, were all alike.

    ``seen``: the sd of districts that never begin, ``std_error`` what the estimate's would be if all varied like that;
    the critical value is that of ``test``.
    """
    critical = (test.upper - test.lower) / 2 / test.std_error
    times = abs(test.estimate) / critical / std_error
    return CheckResult(
        check="tipping_shock",
        outcome=outcome,
        scale=scale,
        key="dates" if excludes(test) else "dates_none",
        numbers={"size_needed": times * seen, "size_seen": seen, "times": times},
    )
