"""Parallel on which scale? The effect that each scale implies, and how far they lie apart.

Groups that start at different levels cannot be parallel in percentage points, ratios and odds at once unless the
control group stood still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.checks.curves import curve
from sverige_did.did.scales import IDENTITY_UNIT, LINKS, Cells, Family, checked_cells, discrepancy
from sverige_did.results.estimates import CheckResult

CHANGE = tuple(np.linspace(-0.05, 0.05, 21))


def scale_discrepancy(
    events: ArrayLike,
    totals: ArrayLike,
    outcome: str,
    *,
    reading: str = "all",
    family: Family = "binomial",
    change: ArrayLike = CHANGE,
) -> CheckResult:
    """Implied effects in points (or per 1,000) by scale, their spread, and the spread had the control moved otherwise.

    ``change`` is added to the control group's mean after, in its own unit; values that leave the open range of means
    are left out of the curve. Flags are 1 for yes. Without odds for the three cells that make the counterfactual the
    check could not run.
    """
    y, n = checked_cells(events, totals, family)
    unit, factor = IDENTITY_UNIT[family]
    if not _has_every_scale(y / n, family):
        return CheckResult(
            check="scale_discrepancy", outcome=outcome, reading=reading, status="could_not_run", key="empty_cell"
        )
    found = discrepancy(y, n, family=family)
    moved = y[1, 1] / n[1, 1] + np.sort(np.asarray(change, dtype=float))
    x = moved[(moved > 0) & ((moved < 1) | (family == "poisson"))]
    spread = np.array([discrepancy(_with_control_after(y, n, value), n, family=family).spread for value in x])
    effects = {f"effect_{scale}": found.effects.get(scale) for scale in LINKS}
    flagged = found.exceeds_half_effect or found.exceeds_std_error
    return CheckResult(
        check="scale_discrepancy",
        outcome=outcome,
        reading=reading,
        key=("disagree" if flagged else "agree") + ("" if family == "binomial" else "_rate"),
        numbers={name: None if effect is None else factor * effect for name, effect in effects.items()}
        | {
            "spread": factor * found.spread,
            "exceeds_half_effect": float(found.exceeds_half_effect),
            "exceeds_std_error": float(found.exceeds_std_error),
        },
        curves=(curve("spread", f"control_after_{unit}", f"spread_{unit}", factor * x, factor * spread),),
        assumptions=("no_district_shocks",),
    )


def _has_every_scale(mu: Cells, family: Family) -> bool:
    used = np.array([mu[0, 0], mu[1, 0], mu[1, 1]])
    return bool((used > 0).all() and (family == "poisson" or (used < 1).all()))


def _with_control_after(y: Cells, n: Cells, mean: float) -> Cells:
    moved = y.copy()
    moved[1, 1] = mean * n[1, 1]
    return moved
