"""The control group that was never printed: the finding along every size and level that the plan allows it."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.did.exact import zelen
from sverige_did.errors import refuse
from sverige_did.results.estimates import CheckResult


def control_group(
    events: ArrayLike,
    totals: ArrayLike,
    outcome: str,
    *,
    reading: str = "all",
    sizes: ArrayLike,
    levels: ArrayLike,
    level: float = 0.95,
) -> CheckResult:
    """Zelen's test for control groups of other sizes (times the treated) and levels (shares before).

    The control group keeps its relative change of totals and its change in share. Counts are put on whole children.
    """
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    grid = list(product(np.atleast_1d(sizes), np.atleast_1d(levels)))
    if not grid:
        raise refuse("out_of_range", name="sizes, levels", found="0", expected=">= 1")
    growth, drift = n[1, 1] / n[1, 0], y[1, 1] / n[1, 1] - y[1, 0] / n[1, 0]
    made = []
    for size, share in grid:
        placed = np.rint(size * n[0, 0] * np.array([1.0, growth]))
        counts = np.rint(placed * np.clip([share, share + drift], 0, 1))
        made.append(zelen(np.array([y[0], counts]), np.array([n[0], placed]), level=level))
    p = [estimate.p_value for estimate in made if estimate.p_value is not None]
    excludes = [e.lower is not None and e.upper is not None and (e.lower > 0 or e.upper < 0) for e in made]
    key = "always" if all(excludes) else "sometimes" if any(excludes) else "never"
    return CheckResult(
        check="control_group",
        outcome=outcome,
        reading=reading,
        key=key,
        numbers={
            "tried": float(len(grid)),
            "p_low": min(p),
            "p_high": max(p),
            "estimate_low": min(estimate.estimate for estimate in made),
            "estimate_high": max(estimate.estimate for estimate in made),
        },
        assumptions=("no_district_shocks",),
    )
