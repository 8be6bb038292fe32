"""Overlapping spells of one child, beside a count day by day."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.sources.spells import overlaps
from sverige_did.sources.spells.overlaps import resolve_overlaps
from sverige_did.sources.spells.spells import make_spells

RULES = ("highest_rung", "first", "newest", "count_both")
LAST = 40

spell = st.tuples(
    st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(0, LAST), st.integers(0, 12)
)  # child, rung, district, start, length
tables = st.lists(spell, min_size=1, max_size=14)


def spells_of(rows):
    child, rung, district, start, length = np.array(rows, dtype=np.int64).T
    return make_spells(child, rung, district, start, start + length, end_inclusive=False, censored_on=LAST + 20)


def winner(active, rule):
    """The spell that counts on one day, among (child, rung, district, start, length)."""
    tie = {
        "highest_rung": lambda s: (-s[1], s[3], -s[4], s[2]),
        "first": lambda s: (s[3], -s[1], -s[4], s[2]),
        "newest": lambda s: (-s[3], -s[1], -s[4], s[2]),
    }[rule]
    return min(active, key=tie)


def day_by_day(rows, rule):
    """{(child, day, rung, district): times counted}, one day after another."""
    counted = {}
    for child in {row[0] for row in rows}:
        for day in range(LAST + 20):
            active = [s for s in rows if s[0] == child and s[3] <= day < s[3] + s[4]]
            if not active:
                continue
            for s in active if rule == "count_both" else [winner(active, rule)]:
                cell = (child, day, s[1], s[2])
                counted[cell] = counted.get(cell, 0) + 1
    return counted


def days_of(spells):
    counted = {}
    columns = (spells.child, spells.rung, spells.district, spells.start, spells.stop)
    for child, rung, district, start, stop in zip(*(c.tolist() for c in columns), strict=True):
        for day in range(start, stop):
            cell = (child, day, rung, district)
            counted[cell] = counted.get(cell, 0) + 1
    return counted


@pytest.mark.parametrize("rule", RULES)
@settings(deadline=None)
@given(rows=tables)
def test_each_day_goes_to_the_spell_that_the_rule_names(rule, rows):
    assert days_of(resolve_overlaps(spells_of(rows), rule)) == day_by_day(rows, rule)


@settings(deadline=None)
@given(rows=tables, seed=st.integers(0, 100))
def test_the_order_of_the_rows_does_not_matter(rows, seed):
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    for rule in RULES:
        a, b = resolve_overlaps(spells_of(rows), rule), resolve_overlaps(spells_of(shuffled), rule)
        assert days_of(a) == days_of(b)


def test_a_placement_in_the_middle_of_support_at_home():
    spells = spells_of([(1, 1, 1, 0, 30), (1, 3, 1, 10, 5)])
    resolved = resolve_overlaps(spells, "highest_rung")
    order = np.argsort(resolved.start)
    pieces = np.stack([resolved.rung, resolved.start, resolved.stop])[:, order]
    assert pieces.T.tolist() == [[1, 0, 10], [3, 10, 15], [1, 15, 30]]


def test_spells_that_only_touch_do_not_overlap():
    spells = spells_of([(1, 1, 1, 0, 10), (1, 3, 2, 10, 5)])
    assert resolve_overlaps(spells, "highest_rung") is spells


def test_compiled_and_interpreted_days_are_the_same() -> None:
    """Which of the two is used depends on the number of spells; the answer must not."""
    rng = np.random.default_rng(3)
    first = np.array([0, 4, 6, 60])
    start = rng.integers(0, 50, 60)
    stop = start + rng.integers(1, 30, 60)
    for mine, theirs in zip(overlaps._paint(first, start, stop), overlaps._compiled()(first, start, stop), strict=True):
        np.testing.assert_array_equal(mine, theirs)
