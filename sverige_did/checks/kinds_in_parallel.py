"""Can all kinds of placement have moved in parallel? Shares that add up must not become negative.

If the treated group's shares would have changed as the control group's did, the kinds of placement would have had the
shares that this implies. Where one of them is below nothing or above everything, trends in percentage points cannot be
parallel for all kinds at once, and the shares ask for another scale (Roth and Sant'Anna 2023, Econometrica 91:737).
"""

from __future__ import annotations

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.districts import Floats
from sverige_did.results.estimates import CheckResult


def implied_shares(before: Floats, after: Floats) -> Floats:
    """What parallel trends imply for the treated after (K,): ``before`` and ``after`` (2, K), rows treated, control."""
    return np.asarray(before[0] + after[1] - before[1])


def kinds_in_parallel(before: Floats, after: Floats, outcome: str) -> CheckResult:
    """Shares (2, K) of K kinds, from 0 to 1, rows treated and control. No share leaves: only how many are impossible.

    Raises RefusedError ``inference_not_finite`` where a share is missing.
    """
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise refuse("inference_not_finite", found="nan", name="shares")
    implied = implied_shares(before, after)
    outside = int(((implied < 0) | (implied > 1)).sum())
    return CheckResult(
        check="kinds_in_parallel",
        outcome=outcome,
        key="impossible" if outside else "possible",
        numbers={"kinds": float(implied.size), "outside": float(outside)},
    )
