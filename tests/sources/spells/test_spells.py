"""Spells: what a register's columns become, and which tables are refused."""

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.spells.spells import OPEN, birthday, day_number, make_spells, order_by_child


def day(text):
    return int(np.datetime64(text, "D").astype(np.int64))


def table(**changes):
    columns = {"child": [7, 7], "rung": [4, 6], "district": [1, 1], "start": [10, 30], "end": [20, 40]}
    rules = {"end_inclusive": True, "censored_on": 100}
    return make_spells(**(columns | rules | changes))


def test_the_last_day_counts_only_when_the_end_is_inclusive():
    assert (table().stop - table().start).tolist() == [11, 11]
    exclusive = table(end_inclusive=False)
    assert (exclusive.stop - exclusive.start).tolist() == [10, 10]


def test_an_open_spell_runs_until_the_first_day_that_was_not_observed():
    assert table(end=[20, OPEN]).stop.tolist() == [21, 100]
    assert table(end=[20, 99]).stop.tolist() == [21, 100], "a last day of 99 and an open end are the same spell"
    late = table(start=[10, 120], end=[20, OPEN])
    assert late.start[1] == late.stop[1] == 100, "a spell after censoring covers no day"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"end": [20, 29]}, "spell_reversed"),
        ({"rung": [4]}, "spells_unequal"),
        ({"rung": [4.0, 6.0]}, "spells_not_whole"),
        ({name: np.empty(0, dtype=int) for name in ("child", "rung", "district", "start", "end")}, "spells_empty"),
    ],
)
def test_refusals(changes, key):
    with pytest.raises(RefusedError) as caught:
        table(**changes)
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))


def test_a_refusal_names_the_row_and_not_the_child():
    with pytest.raises(RefusedError) as caught:
        table(child=[123456, 987654], end=[20, 29])
    assert caught.value.problems[0].values == {"count": 1, "row": 2}
    assert "987654" not in caught.value.say("da") + caught.value.say("en")


def test_a_piece_keeps_the_row_that_it_came_from():
    spells = table()
    pieces = spells.cut(np.array([1, 0, 1]), np.array([30, 10, 35]), np.array([35, 21, 41]))
    assert spells.row.tolist() == [0, 1]
    assert pieces.row.tolist() == [1, 0, 1]


def test_day_numbers_and_missing_dates():
    days = day_number(np.array(["1970-01-02", "NaT", "2016-02-29"], dtype="datetime64[D]"))
    assert days.tolist() == [1, OPEN, day("2016-02-29")]


@pytest.mark.parametrize(
    ("born", "age", "turns"),
    [("2000-05-17", 18, "2018-05-17"), ("2000-02-29", 18, "2018-03-01"), ("2000-02-29", 4, "2004-02-29")],
)
def test_birthdays(born, age, turns):
    assert birthday(np.array([day(born)]), age).tolist() == [day(turns)]


@pytest.mark.parametrize("far", [0, 2**62])
def test_order_by_child_is_by_child_then_start_whatever_the_codes(far):
    rng = np.random.default_rng(3)
    child = rng.integers(0, 5, 40) + far * rng.integers(-1, 2, 40)
    start = rng.integers(0, 50, 40)
    spells = make_spells(child, child * 0, child * 0, start, start, end_inclusive=True, censored_on=90)
    order = order_by_child(spells)
    pairs = list(zip(child[order], start[order], strict=True))
    assert pairs == sorted(pairs)
