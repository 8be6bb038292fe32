"""Person-years: published examples, invariances, and a count day by day beside them."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.errors import RefusedError
from sverige_did.sources.spells.overlaps import resolve_overlaps
from sverige_did.sources.spells.person_years import Windows, days_in_year, half_years, person_days, person_years, years
from sverige_did.sources.spells.spells import OPEN, make_spells

EPOCH = dt.date(1970, 1, 1)


def day(text):
    return (dt.date.fromisoformat(text) - EPOCH).days


FIRST, LAST = day("2011-11-01"), day("2013-03-01")  # two New Years and a 29 February between them
CODES = {"districts": [1, 2, 3], "rungs": [1, 2, 3]}


def spells_of(rows, **options):
    child, rung, district, start, end = np.array(rows, dtype=np.int64).T
    rules = {"end_inclusive": False, "censored_on": LAST}
    return make_spells(child, rung, district, start, end, **(rules | options))


def one(start, end, **options):
    return spells_of([(1, 6, 1, day(start), day(end))], censored_on=day("2017-01-01"), **options)


def by_period(spells, windows):
    """{period: person-years} of spells in district 1 on rung 6."""
    (((*counted,),),) = person_years(spells, windows, districts=[1], rungs=[6]).tolist()
    return {label: number for label, number in zip(windows.labels, counted, strict=True) if number}


def days(spells, windows):
    (((*counted,),),) = person_days(spells, windows.bounds, districts=[1], rungs=[6]).tolist()
    return {label: number for label, number in zip(windows.labels, counted, strict=True) if number}


def test_placed_for_six_months_of_2014_counts_one_half():
    """The definition that the municipality's report gives: six months of 2014 make 0.5 årsbarn."""
    spells = one("2014-01-01", "2014-06-30", end_inclusive=True)
    assert by_period(spells, years(2014, 2014))["2014"] == pytest.approx(0.5, abs=0.005)
    assert days(spells, years(2014, 2014)) == {"2014": 181}


def test_a_whole_year_is_one_in_common_and_leap_years_alike():
    spells = one("2015-01-01", "2016-12-31", end_inclusive=True)
    assert by_period(spells, years(2013, 2016)) == {"2015": 1.0, "2016": 1.0}
    assert days(spells, years(2013, 2016)) == {"2015": 365, "2016": 366}


def test_a_window_across_new_year_weighs_each_day_by_its_own_year():
    windows = Windows(np.array([day("2015-07-01"), day("2016-07-01")]), ("2015/16",))
    found = by_period(one("2015-01-01", "2017-01-01"), windows)
    assert found["2015/16"] == pytest.approx(184 / 365 + 182 / 366, rel=1e-15)


def test_an_open_spell_counts_until_it_is_censored():
    spells = make_spells([1], [6], [1], [day("2015-12-01")], [OPEN], end_inclusive=True, censored_on=day("2016-01-01"))
    assert days(spells, half_years(2015, 2015)) == {"2015H2": 31}


def test_every_cell_is_there_and_empty_ones_are_zero():
    spells, windows = one("2014-01-01", "2014-02-01"), half_years(2014, 2015)
    counted = person_days(spells, windows.bounds, districts=[1, 2], rungs=[4, 5, 6])
    assert counted.shape == (2, 3, 4)
    assert counted[0, 2].tolist() == [31, 0, 0, 0]
    assert counted.sum() == 31


row = st.tuples(
    st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(FIRST, LAST - 1), st.integers(0, 200)
)
windows_of_any_width = st.sets(st.integers(FIRST, LAST), min_size=2, max_size=6).map(sorted)


def with_ends(drawn):
    return [(c, r, d, start, start + length) for c, r, d, start, length in drawn]


def day_by_day(rows, windows, overlap):
    """Days and person-years (districts, rungs, windows), by walking through the calendar."""
    counted, shares = np.zeros((2, 3, 3, len(windows.labels)))
    for number in range(int(windows.bounds[0]), int(windows.bounds[-1])):
        date = EPOCH + dt.timedelta(number)
        period = int(np.searchsorted(windows.bounds, number, side="right")) - 1
        length = (dt.date(date.year + 1, 1, 1) - dt.date(date.year, 1, 1)).days
        for child in {r[0] for r in rows}:
            active = [r for r in rows if r[0] == child and r[3] <= number < r[4]]
            if overlap == "highest_rung" and active:
                active = [min(active, key=lambda r: (-r[1], r[3], -r[4], r[2]))]
            for _, rung, district, _, _ in active:
                counted[district - 1, rung - 1, period] += 1
                shares[district - 1, rung - 1, period] += 1 / length
    return counted, shares


@pytest.mark.parametrize("overlap", ["highest_rung", "count_both"])
@settings(deadline=None, max_examples=40)
@given(drawn=st.lists(row, min_size=1, max_size=10), bounds=windows_of_any_width)
def test_the_sums_agree_with_a_count_day_by_day(overlap, drawn, bounds):
    rows = with_ends(drawn)
    windows = Windows(np.array(bounds), tuple(map(str, bounds[:-1])))
    expected, shares = day_by_day([(*r[:4], min(r[4], LAST)) for r in rows], windows, overlap)
    spells = resolve_overlaps(spells_of(rows), overlap)
    assert (person_days(spells, windows.bounds, **CODES) == expected).all()
    assert person_years(spells, windows, **CODES) == pytest.approx(shares, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(drawn=st.lists(row, min_size=1, max_size=20), bounds=windows_of_any_width, seed=st.integers(0, 99))
def test_order_and_names_do_not_matter_and_windows_add_up(drawn, bounds, seed):
    rows = with_ends(drawn)
    windows = Windows(np.array(bounds), tuple(map(str, bounds[:-1])))
    whole = Windows(np.array([bounds[0], bounds[-1]]), ("all",))

    def counted(rows, windows):
        return person_years(resolve_overlaps(spells_of(rows), "highest_rung"), windows, **CODES)

    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    renamed = [(1000 - 7 * r[0], *r[1:]) for r in shuffled]
    assert (counted(rows, windows) == counted(renamed, windows)).all()
    assert counted(rows, windows).sum(axis=-1) == pytest.approx(counted(rows, whole)[..., 0], rel=1e-12)


def test_days_in_year():
    dates = np.array([day("1900-03-01"), day("2000-12-31"), day("2016-01-01"), day("2015-12-31")])
    assert days_in_year(dates).tolist() == [365, 366, 366, 365]


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Windows(np.array([1, 1]), ("a",)), "windows_not_increasing"),
        (lambda: Windows(np.array([1, 2]), ("a", "b")), "windows_not_increasing"),
        (lambda: by_period(one("2014-01-01", "2014-02-01"), years(2016, 2017)), "windows_past_censoring"),
        (
            lambda: person_years(one("2014-01-01", "2014-02-01"), years(2014, 2014), districts=[1], rungs=[4, 5]),
            "code_not_listed",
        ),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))
