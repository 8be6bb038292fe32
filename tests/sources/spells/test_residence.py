"""The district of a spell: by the baseline day, or day by day."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.errors import RefusedError
from sverige_did.sources.spells.residence import assign_at_baseline, assign_on_the_day, make_residences
from sverige_did.sources.spells.spells import OPEN, UNKNOWN_DISTRICT, make_spells

LAST = 40
placements = st.lists(st.tuples(st.integers(1, 4), st.integers(0, LAST), st.integers(0, 15)), min_size=1, max_size=8)
homes = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, LAST), st.integers(1, 15)), min_size=1, max_size=10
)


def spells_of(rows):
    child, start, length = np.array(rows, dtype=np.int64).T
    zero = np.zeros_like(child)
    return make_spells(child, zero, zero, start, start + length, end_inclusive=False, censored_on=LAST + 20)


def residences_of(rows):
    child, district, start, length = np.array(rows, dtype=np.int64).T
    return make_residences(child, district, start, start + length, end_inclusive=False, censored_on=LAST + 20)


def home_on(rows, child, day):
    """Where the child lived that day by the newest registration; ties to the longer, then the lower code."""
    there = [r for r in rows if r[0] == child and r[2] <= day < r[2] + r[3]]
    return min(there, key=lambda r: (-r[2], -r[3], r[1]))[1] if there else UNKNOWN_DISTRICT


@settings(deadline=None)
@given(rows=placements, lived=homes)
def test_each_day_of_a_spell_is_spent_where_the_child_lives_that_day(rows, lived):
    pieces = assign_on_the_day(spells_of(rows), residences_of(lived))
    found, expected = {}, {}
    columns = (pieces.child, pieces.district, pieces.start, pieces.stop)
    for child, district, start, stop in zip(*(c.tolist() for c in columns), strict=True):
        for day in range(start, stop):
            found[child, day, district] = found.get((child, day, district), 0) + 1
    for child, start, length in rows:
        for day in range(start, start + length):
            key = (child, day, home_on(lived, child, day))
            expected[key] = expected.get(key, 0) + 1
    assert found == expected


@settings(deadline=None)
@given(rows=placements, lived=homes, baseline=st.integers(0, LAST))
def test_at_baseline_a_child_has_one_district_from_the_nearest_residence(rows, lived, baseline):
    assigned = assign_at_baseline(spells_of(rows), residences_of(lived), baseline)
    assert assigned.child.tolist() == [row[0] for row in rows]
    for child, district in zip(assigned.child.tolist(), assigned.district.tolist(), strict=True):
        days = [d for d in range(LAST + 20) if home_on(lived, child, d) != UNKNOWN_DISTRICT]
        later = [d for d in days if d >= baseline]
        nearest = later[0] if later else days[-1] if days else None
        assert district == (UNKNOWN_DISTRICT if nearest is None else home_on(lived, child, nearest))


def test_a_move_in_the_middle_of_a_placement():
    lived = make_residences([1, 1], [5, 9], [0, 12], [11, OPEN], end_inclusive=True, censored_on=50)
    spells = spells_of([(1, 10, 10)])
    assert assign_at_baseline(spells, lived, 5).district.tolist() == [5]
    moved = assign_on_the_day(spells, lived)
    assert np.stack([moved.district, moved.start, moved.stop]).T.tolist() == [[5, 10, 12], [9, 12, 20]]


def test_of_two_addresses_on_one_day_the_newer_one_is_used():
    lived = make_residences([1, 1], [5, 9], [0, 12], [15, 30], end_inclusive=False, censored_on=50)
    assert lived.stop.tolist() == [12, 30]


def test_residences_without_a_day_are_refused():
    with pytest.raises(RefusedError):
        make_residences([1], [5], [12], [12], end_inclusive=False, censored_on=50)
