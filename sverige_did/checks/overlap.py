"""The same children stand in both stocks: how does the doubt depend on how many of them stayed?

A stock counted before and after shares children, so the two shares of a group are correlated (rho) and their
difference is surer than two independent samples would be. Totals cannot tell rho; child-level spells can.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.curves import cells_with_odds, curve, grid, of_odds
from sverige_did.did.scales import critical, did, std_error
from sverige_did.results.estimates import CheckResult

RHO = (0.0, 0.3, 0.5, 0.7, 0.8)


def overlap(
    events: ArrayLike,
    totals: ArrayLike,
    outcome: str,
    *,
    reading: str = "all",
    rho: ArrayLike = RHO,
    level: float = 0.95,
) -> CheckResult:
    """The log-odds DiD of two stocks, its interval and p along the correlation ``rho`` of a group's two counts.

    ``rho_needed`` is the correlation above which the interval leaves out no difference (None if none below 1 does).
    """
    x = grid("rho", rho, 0, 1, open_high=True)
    y, n, assumptions = cells_with_odds(events, totals)
    theta, z = did(y / n, "logit"), critical(level)
    se = np.array([std_error(y, n, "logit", rho=value) for value in x])
    made = of_odds("overlap", outcome, reading, "rho", x, theta, se, z)
    interval, p_value = made.curves
    needed = _needed(theta, z, std_error(y, n, "logit"), std_error(y, n, "logit", rho=0.5))
    key = "never" if needed is None else "always" if needed == 0 else "needed"
    return made.model_copy(
        update={
            "key": key,
            "numbers": made.numbers | {"rho_needed": needed},
            "curves": (interval, curve("std_error", "rho", "std_error", x, se), p_value),
            "assumptions": assumptions,
        }
    )


def _needed(theta: float, z: float, se_none: float, se_half: float) -> float | None:
    """The variance falls linearly in rho: solve for where the interval just touches 0."""
    fall = 2 * (se_none**2 - se_half**2)
    rho = (se_none**2 - (theta / z) ** 2) / fall
    return None if rho >= 1 else max(0.0, rho)
