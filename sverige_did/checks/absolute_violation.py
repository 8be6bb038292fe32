"""With no period before to test parallel trends: how far apart may the groups have been heading?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.curves import EffectScale, curve, effect_axis, grid
from sverige_did.did.scales import critical, require
from sverige_did.inference.cluster_robust import TTest
from sverige_did.results.estimates import CheckResult


def absolute_violation(
    estimate: float,
    std_error: float,
    outcome: str,
    *,
    reading: str = "all",
    M: ArrayLike | None = None,
    scale: EffectScale = "log_odds",
    level: float = 0.95,
) -> CheckResult:
    """CI(M) = [tau - M - c se, tau + M + c se] when parallel trends are violated by at most M, along M.

    M* = |tau| - c se is where the interval first includes no difference (0 if it does without any violation). ``M``
    defaults to 41 values from 0 to the estimate's size, where even a certain estimate is gone.
    """
    require("std_error", std_error, 0, np.inf, open_high=True)
    c = critical(level)
    x = grid("M", np.linspace(0, abs(estimate), 41) if M is None else M, 0, np.inf)
    limit = max(0.0, abs(estimate) - c * std_error)
    return CheckResult(
        check="absolute_violation",
        outcome=outcome,
        reading=reading,
        key="result" if limit > 0 else "none",
        numbers={
            "estimate": estimate,
            "limit": limit,
            "share_of_estimate": limit / abs(estimate) if estimate else None,
        },
        curves=(
            curve(
                "interval",
                f"violation_{scale}",
                effect_axis(scale),
                x,
                np.full_like(x, estimate),
                estimate - x - c * std_error,
                estimate + x + c * std_error,
            ),
        ),
        assumptions=("no_district_shocks",),
    )


SHARES = tuple(np.linspace(0, 1, 11))


def absolute_violation_of_districts(test: TTest, outcome: str, *, scale: str, axis: EffectScale) -> CheckResult:
    """The same of districts with at most one period before: the page's own limits, along M in per cent of the finding.

    ``size_limit`` is M*, ``share`` of the finding in per cent.
    """
    name, half = effect_axis(axis, "axis"), (test.upper - test.lower) / 2
    x, whole = np.array(SHARES), abs(test.estimate)
    limit = max(0.0, whole - half)
    middle = np.full_like(x, test.estimate)
    return CheckResult(
        check="absolute_violation",
        outcome=outcome,
        scale=scale,
        key="districts" if limit > 0 else "none",
        numbers={"effect": test.estimate, "size_limit": limit, "share": 100 * limit / whole if whole else 0.0},
        curves=(
            curve(
                "interval",
                "violation_share",
                name,
                100 * x,
                middle,
                middle - x * whole - half,
                middle + x * whole + half,
            ),
        ),
    )
