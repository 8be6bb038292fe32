"""Stocks, entries, exits and moves: one story told by hand, and the books that must balance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.errors import RefusedError
from sverige_did.sources.spells.overlaps import resolve_overlaps
from sverige_did.sources.spells.person_years import Windows
from sverige_did.sources.spells.spells import make_spells
from sverige_did.sources.spells.stocks_and_flows import AGED_OUT, NO_REASON, discrepancies, flows, ledger, stock

LAST = 60
WINDOWS = Windows(np.array([10, 25, 40, 55]), ("a", "b", "c"))


def spells_of(rows, **options):
    child, rung, district, start, stop = np.array(rows, dtype=np.int64).T
    return make_spells(child, rung, district, start, stop, end_inclusive=False, censored_on=LAST, **options)


def listed(table):
    return list(table.itertuples(index=False, name=None))


STORY = [
    (1, 6, 1, 0, 30),  # in an institution before the first window, ...
    (1, 5, 1, 30, 60),  # ... then in a foster family, still there at the end
    (2, 4, 1, 12, 20),  # in and out within one window
    (3, 5, 1, 15, 28),  # moves to another district, then away on a day that opens a window
    (3, 5, 2, 28, 40),
    (4, 5, 2, 10, 25),  # the same stay in two spells
    (4, 5, 2, 25, 50),
]


def test_a_story_counted_by_hand():
    result = flows(spells_of(STORY), WINDOWS)
    assert listed(result.entries) == [(1, "a", 4, 1), (1, "a", 5, 1), (2, "a", 5, 1)]
    assert listed(result.exits) == [(1, "a", 4, NO_REASON, 1), (2, "c", 5, NO_REASON, 2)]
    assert listed(result.moves) == [("b", 1, 5, 2, 5, 1), ("b", 1, 6, 1, 5, 1)]
    books = ledger(result)
    assert discrepancies(books).empty
    foster = books.query("district == 2 and rung == 5").drop(columns=["district", "rung"])
    assert listed(foster) == [("a", 0, 1, 0, 0, 0, 1), ("b", 1, 0, 0, 1, 0, 2), ("c", 2, 0, 2, 0, 0, 0)]


def test_stock_counts_the_last_day_and_not_the_day_after():
    spells = spells_of([(1, 6, 1, 3, 7)])
    found = {day: int(stock(spells, day)["children"].sum()) for day in (2, 3, 6, 7)}
    assert found == {2: 0, 3: 1, 6: 1, 7: 0}


def test_turning_eighteen_is_its_own_reason_and_a_decision_before_is_not():
    eighteenth = int((np.datetime64("2015-03-10") - np.datetime64("1970-01-01")).astype(int))
    born = [int((np.datetime64("1997-03-10") - np.datetime64("1970-01-01")).astype(int))] * 3
    zero = [0, 0, 0]
    stops = [eighteenth - 1, eighteenth, eighteenth + 200]
    spells = make_spells(
        [1, 2, 3],
        zero,
        zero,
        [eighteenth - 900] * 3,
        stops,
        end_inclusive=False,
        censored_on=eighteenth + 400,
        birth=born,
        reason=[5, 5, 5],
    )
    windows = Windows(np.array([eighteenth - 400, eighteenth + 400]), ("all",))
    exits = flows(spells, windows).exits
    assert listed(exits[["reason", "children"]]) == [(AGED_OUT, 2), (5, 1)]
    assert listed(flows(spells, windows, birthday_slack=1).exits[["reason", "children"]]) == [(AGED_OUT, 3)]


def test_a_spell_cut_by_censoring_is_no_exit():
    windows = Windows(np.array([0, LAST]), ("all",))
    assert flows(spells_of([(1, 6, 1, 5, LAST + 9)]), windows).exits.empty


def test_an_entry_left_out_shows_as_a_discrepancy_in_its_cell():
    books = ledger(flows(spells_of(STORY), WINDOWS))
    books.loc[(books["district"] == 1) & (books["period"] == "a") & (books["rung"] == 4), "entries"] -= 1
    assert listed(discrepancies(books)[["district", "period", "rung", "discrepancy"]]) == [(1, "a", 4, -1)]


row = st.tuples(
    st.integers(1, 4), st.integers(3, 5), st.integers(1, 2), st.integers(0, LAST - 1), st.integers(0, 30)
).map(lambda r: (*r[:4], min(r[3] + r[4], LAST)))
bounds = st.sets(st.integers(1, LAST), min_size=2, max_size=6).map(sorted)


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(row, min_size=1, max_size=12), days=bounds)
def test_the_books_balance_and_agree_with_a_diary(rows, days):
    windows = Windows(np.array(days), tuple(map(str, days[:-1])))
    spells = resolve_overlaps(spells_of(rows), "highest_rung").spells
    result = flows(spells, windows)
    assert discrepancies(ledger(result)).empty
    came, left, moved = diary(spells, windows)
    assert int(result.entries["children"].sum()) == came
    assert int(result.exits["children"].sum()) == left
    assert int(result.moves["children"].sum()) == moved


def diary(spells, windows):
    """Entries, exits and moves by following each child from day to day."""
    came = left = moved = 0
    for child in np.unique(spells.child):
        mine = spells.child == child
        columns = (spells.start[mine], spells.stop[mine], spells.district[mine], spells.rung[mine])
        where = {
            day: (district, rung)
            for start, stop, district, rung in zip(*(c.tolist() for c in columns), strict=True)
            for day in range(start, stop)
        }
        for day in range(int(windows.bounds[0]), int(windows.bounds[-1])):
            before, now = where.get(day - 1), where.get(day)
            came += before is None and now is not None
            left += before is not None and now is None
            moved += before is not None and now is not None and before != now
    return came, left, moved


def test_the_order_of_rows_does_not_matter():
    forward, backward = flows(spells_of(STORY), WINDOWS), flows(spells_of(STORY[::-1]), WINDOWS)
    for name in ("stocks", "entries", "exits", "moves"):
        pd.testing.assert_frame_equal(getattr(forward, name), getattr(backward, name))


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: flows(spells_of([(1, 6, 1, 0, 9), (1, 5, 1, 8, 20)]), WINDOWS), "spells_overlap"),
        (lambda: flows(spells_of(STORY), Windows(np.array([10, LAST + 1]), ("a",))), "windows_past_censoring"),
        (lambda: stock(spells_of(STORY), LAST), "windows_past_censoring"),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))
