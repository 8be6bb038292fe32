"""The same choice of districts where nothing was done: how often would it have come out as supported?"""

from __future__ import annotations

from sverige_did.errors import option
from sverige_did.inference.level_choice import Choice, Elsewhere
from sverige_did.results.estimates import CheckResult


def placebo_choice(found: Elsewhere, by: Choice, treated: int, outcome: str, *, scale: str) -> CheckResult:
    """``treated`` untreated districts chosen as the treated were, at every earlier date."""
    option("by", by, Choice)
    return CheckResult(
        check="placebo_choice",
        outcome=outcome,
        scale=scale,
        key="rise" if by == "rise" else "level",
        numbers={"tried": float(found.tried), "called": float(found.supported), "districts": float(treated)},
    )
