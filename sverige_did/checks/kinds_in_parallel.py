"""Can all kinds of placement have moved in parallel? Shares that add up must not become negative.

If the treated group's shares would have changed as the control group's did, the kinds of placement would have had the
shares that this implies. Where one of them is below nothing or above everything by more than chance, trends in
percentage points cannot be parallel for all kinds at once, and the shares ask for another scale (Roth and Sant'Anna
2023, Econometrica 91:737). A kind with next to no children lands below nothing half the time by chance alone.
"""

from __future__ import annotations

import numpy as np
import scipy

from sverige_did.errors import refuse
from sverige_did.inference.districts import Floats
from sverige_did.results.estimates import CheckResult


def implied_shares(before: Floats, after: Floats) -> Floats:
    """What parallel trends imply for the treated after (K,): ``before`` and ``after`` (2, K), rows treated, control."""
    return np.asarray(before[0] + after[1] - before[1])


ROUND_OFF = 1e-9


def kinds_in_parallel(
    before: Floats, after: Floats, error: Floats, df: float, outcome: str, *, alpha: float = 0.05
) -> CheckResult:
    """Shares (2, K) of K kinds, from 0 to 1, rows treated and control. No share leaves: only how many are impossible.

    ``error`` (K,) are the standard errors of the implied shares, with ``df`` degrees of freedom. ``impossible``: one is
    outside by more than chance, at ``alpha`` for all kinds and both ends together · ``unclear``: outside, by no more
    than chance. Raises RefusedError ``inference_not_finite`` where a share or an error is missing.
    """
    if not all(np.isfinite(one).all() for one in (before, after, error)):
        raise refuse("inference_not_finite", found="nan", name="shares")
    implied = implied_shares(before, after)
    beyond = np.maximum(-implied, implied - 1)
    chance = float(scipy.stats.t.isf(alpha / 2 / implied.size, df)) * error
    outside, certain = int((beyond > ROUND_OFF).sum()), int((beyond > chance + ROUND_OFF).sum())
    return CheckResult(
        check="kinds_in_parallel",
        outcome=outcome,
        key="impossible" if certain else "unclear" if outside else "possible",
        numbers={"kinds": float(implied.size), "outside": float(certain or outside)},
    )
