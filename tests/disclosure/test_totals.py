"""A check of groups' totals leaves where all four of them are shown, and nowhere else."""

from __future__ import annotations

import itertools

import pytest

from sverige_did.checks.placebo_areas import CHECK
from sverige_did.disclosure.release import ReleasedLevel
from sverige_did.disclosure.totals import shown_totals, with_shown_totals
from sverige_did.results.estimates import CheckResult

PLACES = tuple(itertools.product(("treated", "control"), ("before", "after")))


def windows(*hidden: int) -> list[ReleasedLevel]:
    return [
        ReleasedLevel(
            outcome="placed", group=group, period=period,
            status="hidden" if at in hidden else "shown", level=None if at in hidden else 5.0,
        )
        for at, (group, period) in enumerate(PLACES)
    ]  # fmt: skip


def ran(check: str = CHECK, outcome: str = "placed") -> CheckResult:
    return CheckResult(check=check, outcome=outcome, status="ran", key="inside", numbers={"effect": -0.75, "p": 0.04})


@pytest.mark.parametrize("hidden", range(4))
def test_one_hidden_total_withholds_it_with_all_of_its_numbers(hidden: int) -> None:
    (found,) = with_shown_totals([ran()], windows(hidden))
    assert (found.status, found.key, found.numbers, found.curves) == ("could_not_run", "few_children", {}, ())


def test_it_leaves_as_it_is_where_all_four_are_shown_and_other_checks_always() -> None:
    assert list(with_shown_totals([ran()], windows())) == [ran()]
    assert list(with_shown_totals([ran("other_window")], windows(0))) == [ran("other_window")]


def test_an_outcome_without_totals_is_none_whose_totals_are_shown() -> None:
    assert shown_totals(windows()) == {"placed"}
    (found,) = with_shown_totals([ran(outcome="moved")], windows())
    assert found.status == "could_not_run"
