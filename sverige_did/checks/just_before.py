"""Did districts change before they began? The finding with the last time before the start left out.

Where caseworkers act on a programme that is announced, the last periods before it hold some of it already: what is
measured from them is too small, or turned. Children who wait for it make them worse, and the finding too large.
"""

from __future__ import annotations

from sverige_did.checks.alternatives import alternative
from sverige_did.errors import refuse
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Ints
from sverige_did.results.estimates import CheckResult

YEAR = 1.0


def without_last(before: Ints, step: float) -> tuple[Ints, Ints]:
    """The periods ``before`` (n,) without those of the last year, and those; ``step`` is the years of a period.

    Where the last year is all there is, its last period alone is left out. Raises RefusedError ``did_one_pre_period``
    with a single period.
    """
    if before.size < 2:
        raise refuse("did_one_pre_period", found=str(before.size), expected=">= 2")
    wanted = max(1, round(YEAR / step))
    out = wanted if wanted < before.size else 1
    return before[:-out], before[-out:]


def just_before(planned: TTest, without: TTest, periods: int, outcome: str, *, scale: str) -> CheckResult:
    """``without`` the last ``periods`` periods before the start, beside the ``planned`` test, in the outcome's unit."""
    found = alternative("just_before", planned, without, outcome, scale=scale)
    return found.model_copy(update={"numbers": found.numbers | {"periods": float(periods)}})
