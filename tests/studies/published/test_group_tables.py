"""From the tables that fit the published figures to the four cells that estimators take."""

from __future__ import annotations

import pytest
from herning import enumerated, evidence, plan

from sverige_did.studies.published.group_tables import Treated, left_open, treated_counts
from sverige_did.studies.published.levels import whole_fractions


def tables(outcome: str) -> dict[str, list[tuple[object, object]]]:
    found = evidence().tables_of(outcome)
    return {reading: [(table.events, table.totals) for table in each] for reading, each in found.items()}


def test_the_person_year_reading_has_one_table():
    # 12/48 -> 6/45 is the only base that fits; 4 x 48 controls fall by 2 % and stay at a quarter.
    assert tables("institution_share")["H2"] == [(((12, 6), (48, 47)), ((48.0, 45.0), (192.0, 188.0)))]


def test_the_stock_reading_has_two_and_says_what_they_give_up():
    events = [table[0] for table in tables("institution_share")["H1"]]
    assert events == [((17, 8), (67, 66)), ((17, 7), (67, 66))]
    assert all(table.given_up for table in evidence().tables_of("institution_share")["H1"])


def test_every_table_is_possible():
    for table in evidence().tables:
        for events, totals in zip(table.events, table.totals, strict=True):
            for y, n in zip(events, totals, strict=True):
                assert y >= 0
                assert table.family == "poisson" or y <= n


def test_the_printed_count_is_kept_whole():
    assert tables("institution_children") == {"all": [(((12, 4), (48, 48)), ((1.0, 1.0), (4.0, 4.0)))]}


def test_a_reading_that_leaves_the_level_open_gives_no_table():
    assert "H2" not in tables("family_share")
    assert left_open([Treated((48, 45), (2, 5)), Treated((48, 45), (36, 37))])
    assert not left_open([Treated((48, 45), (12, 6))])


def test_home_based_placements_are_the_remainder_where_all_else_is_known():
    (found,) = [item for item in enumerated() if item.reading == "H2" and item.outcome == "family_share"]
    whole = plan().reconstruction.whole
    home = treated_counts(found, whole, ("home",))
    others = treated_counts(found, whole, ("institution", "network", "foster"))
    assert {rest.kind[0] + known.kind[0] for rest in home for known in others if rest.kind[0] + known.kind[0] == 48}


@pytest.mark.parametrize(
    ("percent", "largest", "expected"),
    [((2.15, 2.25), 100, {(1, 45), (1, 46), (2, 89), (2, 90), (2, 91), (2, 92), (2, 93)}), ((24.5, 25.5), 4, {(1, 4)})],
)
def test_whole_fractions_against_a_slow_count(percent, largest, expected):
    low, high = (limit / 100 for limit in percent)
    slow = {(y, n) for n in range(1, largest + 1) for y in range(n + 1) if low <= y / n <= high}
    assert set(whole_fractions(low, high, smallest=1, largest=largest)) == slow == expected
