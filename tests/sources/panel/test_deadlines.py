"""When a follow-up was due, counted by hand and by a rule that walks along the days."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.sources.panel.deadlines import DAYS_IN_MONTH, deadlines, given_deadlines
from sverige_did.sources.spells.spells import OPEN, Spells

FIRST, THEN = round(3 * DAYS_IN_MONTH), round(6 * DAYS_IN_MONTH)


def found(stop: int, done: list[int], then_months: float | None = 6.0) -> list[tuple[int, bool]]:
    """The deadlines of one child's one measure from day 0."""
    one = np.zeros(1, dtype=np.int64)
    spell = Spells(one, one, one, one, np.array([stop]), stop)
    zeros = np.zeros(len(done), dtype=np.int64)
    days = np.array(done, dtype=np.int64)
    made = deadlines(spell, one, zeros, zeros, days, first_months=3, then_months=then_months)
    return list(zip(made.day.tolist(), made.met.tolist(), strict=True))


@pytest.mark.parametrize(
    ("stop", "done", "expected"),
    [
        (FIRST, [], []),  # the measure ends on the day before the deadline has passed
        (FIRST + 1, [], [(FIRST, False)]),
        (FIRST + 1, [FIRST], [(FIRST, True)]),
        (200, [50], [(50, True)]),
        (300, [50], [(50, True), (50 + THEN, False)]),
        (300, [FIRST + 1], [(FIRST, False), (FIRST + 1 + THEN, False)]),  # late: it starts the next interval only
        (FIRST + 2 * THEN + 1, [], [(FIRST, False), (FIRST + THEN, False), (FIRST + 2 * THEN, False)]),
        (300, [50, 60], [(50, True), (60, True), (60 + THEN, False)]),
    ],
)
def test_deadlines_counted_by_hand(stop: int, done: list[int], expected: list[tuple[int, bool]]) -> None:
    assert found(stop, done) == expected


def test_barnets_lov_sets_one_deadline_only() -> None:
    assert found(1000, [], None) == [(FIRST, False)]


def walked(stop: int, done: set[int]) -> list[tuple[int, bool]]:
    """The same, day by day."""
    settled, due, overdue = [], FIRST, False
    for day in range(stop):
        if day in done:
            if not overdue:
                settled.append((day, True))
            due, overdue = day + THEN, False
        elif day == due:
            settled.append((day, False))
            due, overdue = day + THEN, True
    return settled


def test_the_rule_agrees_with_a_walk_along_the_days() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        stop = int(rng.integers(1, 1500))
        done = sorted(set(rng.integers(0, 1500, rng.integers(0, 8)).tolist()))
        assert found(stop, done) == walked(stop, set(done)), (stop, done)


def test_follow_ups_of_another_measure_or_child_do_not_count() -> None:
    spell = Spells(*(np.array([7]), *(np.zeros(1, dtype=np.int64),) * 3), np.array([FIRST + 1]), FIRST + 1)
    done = np.array([10, 10])
    made = deadlines(spell, np.array([2]), np.array([7, 8]), np.array([1, 2]), done, first_months=3, then_months=None)
    assert made.met.tolist() == [False]


def test_dates_of_the_register_are_taken_as_they_are() -> None:
    made = given_deadlines(np.array([1, 2, 3]), np.array([100, 100, 100]), np.array([100, 101, OPEN]))
    assert made.met.tolist() == [True, False, False]
    assert made.day.tolist() == [100, 100, 100]
