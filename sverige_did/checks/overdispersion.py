"""Person-years are not independent trials: how does the doubt depend on how much they vary?

phi multiplies the binomial variance. Below 1, because the same child fills most of a year; above 1, because siblings
and caseworkers move together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.curves import cells_with_odds, curve, effect_axis, grid, wald_lines
from sverige_did.did.scales import critical, did, std_error
from sverige_did.results.estimates import CheckResult

PHI = (0.5, 1.0, 2.0)


def overdispersion(
    events: ArrayLike,
    totals: ArrayLike,
    outcome: str,
    *,
    reading: str = "all",
    phi: ArrayLike = PHI,
    level: float = 0.95,
) -> CheckResult:
    """The log-odds DiD, its interval and p along ``phi``; above ``phi_limit`` the interval holds no difference."""
    x = grid("phi", phi, 0.01, np.inf)
    y, n, assumptions = cells_with_odds(events, totals)
    theta, z = did(y / n, "logit"), critical(level)
    se = np.sqrt(x) * std_error(y, n, "logit")
    lower, upper, p = wald_lines(theta, se, z)
    return CheckResult(
        check="overdispersion",
        outcome=outcome,
        reading=reading,
        numbers={
            "estimate": theta,
            "phi_low": float(x[0]),
            "phi_high": float(x[-1]),
            "p_low": float(p[0]),
            "p_high": float(p[-1]),
            "phi_limit": float((theta / (z * std_error(y, n, "logit"))) ** 2),
        },
        curves=(
            curve("interval", "phi", effect_axis("log_odds"), x, np.full_like(x, theta), lower, upper),
            curve("p_value", "phi", "p_value", x, p),
        ),
        assumptions=assumptions,
    )
