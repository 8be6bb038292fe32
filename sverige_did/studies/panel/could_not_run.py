"""A check that could not run: which it was, and what is said of the reason."""

from __future__ import annotations

from collections.abc import Callable

from sverige_did.errors import RefusedError
from sverige_did.results.estimates import CheckResult

BY_DISTRICT = ("pretrends", "relative_magnitudes", "placebo_dates", "leave_one_out", "synthetic_did")
"""The checks that are named where an outcome has no districts with one common start."""

WHY_NOT = {
    "did_one_pre_period": "short", "did_too_few_pre_periods": "short", "placebo_groups_few": "few_areas",
    "multiverse_few": "few_choices", "kinds_missing": "kinds_missing",
    "areas_few_children": "few_children",
}  # fmt: skip
"""What is said of a refusal; of any other, that the data do not allow the check."""


def cannot(check: str, outcome: str, key: str) -> CheckResult:
    """The check, with the key of the sentence that says why it could not run."""
    return CheckResult(check=check, outcome=outcome, status="could_not_run", key=key)


def made(check: str, outcome: str, run: Callable[[], CheckResult | None]) -> CheckResult | None:
    """The check; or that it could not run, where the data refuse it; None where it has nothing to ask."""
    try:
        return run()
    except RefusedError as refusal:
        return cannot(check, outcome, WHY_NOT.get(refusal.problems[0].key, "refused"))
