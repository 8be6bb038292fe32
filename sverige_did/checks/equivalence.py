"""How far apart may the groups have been before the start, at most? (Dette and Schumann 2024, JBES)

The smallest bound U for which "no period before lay further than U from the last one" is accepted at the level of the
page: the largest over the periods of abs(beta) + t se with a one-sided t. Small data give a large bound, where a test
for a difference would have found none.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from sverige_did.inference.event_effects import Estimated
from sverige_did.results.estimates import CheckResult


def equivalence(found: Estimated, outcome: str, *, scale: str, years: bool = False) -> CheckResult:
    """The bound, beside the finding against the last period before; ``years``: periods are years of shorter ones."""
    P = found.effects.before.size
    error = np.sqrt(np.diag(found.stretched.covariance)[:P])
    bound = float((np.abs(found.effects.estimate[:P]) + special.ndtri(1 - found.test.alpha) * error).max())
    key = "within" if bound < abs(found.test.estimate) else "beyond"
    return CheckResult(
        check="equivalence",
        outcome=outcome,
        scale=scale,
        key=f"{key}_years" if years else key,
        numbers={
            "size_bound": bound,
            "effect": found.test.estimate,
            "tried": float(P),
            "level": 100 * (1 - found.test.alpha),
        },
    )
