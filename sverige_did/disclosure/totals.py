"""Checks that are made of groups' totals in both windows: they leave where all of these totals are shown anyway."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sverige_did.checks.placebo_areas import CHECK
from sverige_did.disclosure.release import ReleasedLevel
from sverige_did.results.estimates import CheckResult

OF_TOTALS = frozenset({CHECK})


def shown_totals(windows: Iterable[ReleasedLevel]) -> frozenset[str]:
    """The outcomes of which both groups' totals are shown in both windows."""
    every = tuple(windows)
    return frozenset(one.outcome for one in every) - {one.outcome for one in every if one.status != "shown"}


def with_shown_totals(checks: Iterable[CheckResult], windows: Iterable[ReleasedLevel]) -> Iterator[CheckResult]:
    """The checks, those of totals that are not all shown as checks that could not run.

    No attack knows what they tell: the logarithm of three shown totals and a hidden one would give that one away.
    """
    shown = shown_totals(windows)
    for one in checks:
        if one.check in OF_TOTALS and one.status == "ran" and one.outcome not in shown:
            yield CheckResult(
                check=one.check, outcome=one.outcome, reading=one.reading, status="could_not_run", key="few_children"
            )
        else:
            yield one
