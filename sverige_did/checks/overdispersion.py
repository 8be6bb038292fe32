"""Person-years are not independent trials: how does the doubt depend on how much they vary?

phi multiplies the binomial variance. Below 1, because the same child fills most of a year; above 1, because siblings
and caseworkers move together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.curves import cells_with_odds, grid, of_odds
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
    """The log-odds DiD, its interval and p along ``phi``; above ``phi_limit`` the interval holds no difference.

    ``none``: it does so at every factor that is tried."""
    x = grid("phi", phi, 0.01, np.inf)
    y, n, assumptions = cells_with_odds(events, totals)
    theta, z = did(y / n, "logit"), critical(level)
    se = std_error(y, n, "logit")
    made = of_odds("overdispersion", outcome, reading, "phi", x, theta, np.sqrt(x) * se, z)
    limit = float((theta / (z * se)) ** 2)
    # Below every factor that is tried there is no factor that makes a difference.
    key = "none" if limit < x[0] else made.key
    numbers = made.numbers | {"phi_limit": limit}
    return made.model_copy(update={"key": key, "numbers": numbers, "assumptions": assumptions})
