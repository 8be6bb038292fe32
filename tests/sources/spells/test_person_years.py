"""Person-years: published examples, invariances, and a count day by day beside them."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.errors import RefusedError
from sverige_did.sources.spells.person_years import Windows, age_labels, days_in_year, half_years, person_years, years
from sverige_did.sources.spells.spells import OPEN, make_spells

EPOCH = dt.date(1970, 1, 1)


def day(text):
    return (dt.date.fromisoformat(text) - EPOCH).days


FIRST, LAST = day("2011-11-01"), day("2013-03-01")  # two New Years and a 29 February between them
KEYS = ["district", "period", "rung", "age_group"]


def spells_of(rows, **options):
    child, rung, district, start, end, birth = np.array(rows, dtype=np.int64).T
    rules = {"end_inclusive": False, "censored_on": LAST}
    return make_spells(child, rung, district, start, end, **(rules | {"birth": birth} | options))


def one(start, end, **options):
    return spells_of([(1, 6, 1, day(start), day(end), day("2000-06-01"))], censored_on=day("2017-01-01"), **options)


def values(result, column="person_years"):
    table = result.table
    return {row.period: getattr(row, column) for row in table.itertuples() if getattr(row, column)}


def test_placed_for_six_months_of_2014_counts_one_half():
    """The definition that the municipality's report gives: six months of 2014 make 0.5 årsbarn."""
    result = person_years(one("2014-01-01", "2014-06-30", end_inclusive=True), years(2014, 2014))
    assert values(result)["2014"] == pytest.approx(0.5, abs=0.005)
    assert values(result, "days") == {"2014": 181}


def test_a_whole_year_is_one_in_common_and_leap_years_alike():
    result = person_years(one("2015-01-01", "2016-12-31", end_inclusive=True), years(2013, 2016))
    assert values(result) == {"2015": 1.0, "2016": 1.0}
    assert values(result, "days") == {"2015": 365, "2016": 366}


def test_a_fixed_length_of_the_year_divides_the_days():
    result = person_years(one("2015-01-01", "2016-12-31", end_inclusive=True), years(2015, 2016), year_length=365.25)
    assert values(result) == {"2015": 365 / 365.25, "2016": 366 / 365.25}


def test_a_window_across_new_year_weighs_each_day_by_its_own_year():
    windows = Windows(np.array([day("2015-07-01"), day("2016-07-01")]), ("2015/16",))
    result = person_years(one("2015-01-01", "2017-01-01"), windows)
    assert values(result)["2015/16"] == pytest.approx(184 / 365 + 182 / 366, rel=1e-15)


def test_an_open_spell_counts_until_it_is_censored():
    spells = make_spells([1], [6], [1], [day("2015-12-01")], [OPEN], end_inclusive=True, censored_on=day("2016-01-01"))
    assert values(person_years(spells, half_years(2015, 2015)), "days") == {"2015H2": 31}


def test_a_birthday_in_the_middle_of_a_window_divides_it():
    spells = one("2013-01-01", "2014-01-01")  # born 1 June 2000: thirteen on 1 June 2013
    table = person_years(spells, half_years(2013, 2013), age_cuts=(6, 13, 18)).table
    days = table[table["days"] > 0].set_index(["period", "age_group"])["days"].to_dict()
    assert days == {("2013H1", "6-12"): 151, ("2013H1", "13-17"): 30, ("2013H2", "13-17"): 184}
    assert age_labels((6, 13, 18)) == ("0-5", "6-12", "13-17", "18+")


def test_every_cell_is_there_and_empty_ones_are_zero():
    spells = one("2014-01-01", "2014-02-01")
    table = person_years(spells, half_years(2014, 2015), districts=[1, 2], rungs=[4, 5, 6]).table
    assert len(table) == 2 * 4 * 3
    assert table["days"].sum() == 31
    assert not table.isna().to_numpy().any()


row = st.tuples(
    st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(FIRST, LAST - 1), st.integers(0, 200)
)
windows_of_any_width = st.sets(st.integers(FIRST, LAST), min_size=2, max_size=6).map(sorted)


def rows_with_births(drawn):
    return [(c, r, d, start, start + length, FIRST - 365 * 5 - 40 * c) for c, r, d, start, length in drawn]


def day_by_day(rows, windows, overlap):
    """{(district, period, rung, age group): (days, person-years)}, by walking through the calendar."""
    counted = {}
    for number in range(int(windows.bounds[0]), int(windows.bounds[-1])):
        date = EPOCH + dt.timedelta(number)
        period = windows.labels[int(np.searchsorted(windows.bounds, number, side="right")) - 1]
        length = (dt.date(date.year + 1, 1, 1) - dt.date(date.year, 1, 1)).days
        for child in {r[0] for r in rows}:
            active = [r for r in rows if r[0] == child and r[3] <= number < r[4]]
            if overlap == "highest_rung" and active:
                active = [min(active, key=lambda r: (-r[1], r[3], -r[4], r[2]))]
            for _, rung, district, _, _, birth in active:
                born = EPOCH + dt.timedelta(birth)
                age = date.year - born.year - ((date.month, date.day) < (born.month, born.day))
                key = (district, period, rung, "0-5" if age < 6 else "6+")
                days, share = counted.get(key, (0, 0.0))
                counted[key] = (days + 1, share + 1 / length)
    return counted


@pytest.mark.parametrize("overlap", ["highest_rung", "count_both"])
@settings(deadline=None, max_examples=40)
@given(drawn=st.lists(row, min_size=1, max_size=10), bounds=windows_of_any_width)
def test_the_sums_agree_with_a_count_day_by_day(overlap, drawn, bounds):
    rows = rows_with_births(drawn)
    windows = Windows(np.array(bounds), tuple(map(str, bounds[:-1])))
    cut = [(*r[:4], min(r[4], LAST), r[5]) for r in rows]
    table = person_years(spells_of(rows), windows, overlap=overlap, age_cuts=(6,)).table
    table = table[table["days"] > 0]
    found = {tuple(r[:4]): tuple(r[4:]) for r in table[[*KEYS, "days", "person_years"]].itertuples(index=False)}
    expected = day_by_day(cut, windows, overlap)
    assert found.keys() == expected.keys()
    for key, (days, share) in expected.items():
        assert found[key][0] == days
        assert found[key][1] == pytest.approx(share, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(drawn=st.lists(row, min_size=1, max_size=20), bounds=windows_of_any_width, seed=st.integers(0, 99))
def test_order_and_names_do_not_matter_and_windows_add_up(drawn, bounds, seed):
    rows = rows_with_births(drawn)
    windows = Windows(np.array(bounds), tuple(map(str, bounds[:-1])))
    whole = Windows(np.array([bounds[0], bounds[-1]]), ("all",))
    table = person_years(spells_of(rows), windows).table
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    renamed = [(1000 - 7 * r[0], *r[1:]) for r in shuffled]
    pd.testing.assert_frame_equal(table, person_years(spells_of(renamed), windows).table)
    total = person_years(spells_of(rows), whole).table
    by_cell = table.groupby(["district", "rung"])[["days", "person_years"]].sum()
    pd.testing.assert_frame_equal(by_cell, total.set_index(["district", "rung"])[["days", "person_years"]])


def test_days_in_year():
    dates = np.array([day("1900-03-01"), day("2000-12-31"), day("2016-01-01"), day("2015-12-31")])
    assert days_in_year(dates).tolist() == [365, 366, 366, 365]


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Windows(np.array([1, 1]), ("a",)), "windows_not_increasing"),
        (lambda: Windows(np.array([1, 2]), ("a", "b")), "windows_not_increasing"),
        (lambda: person_years(one("2014-01-01", "2014-02-01"), years(2016, 2017)), "windows_past_censoring"),
        (
            lambda: person_years(one("2014-01-01", "2014-02-01"), years(2014, 2014), year_length=0.0),
            "year_length_not_positive",
        ),
        (
            lambda: person_years(one("2014-01-01", "2014-02-01", birth=None), years(2014, 2014), age_cuts=(6,)),
            "ages_need_birth",
        ),
        (
            lambda: person_years(one("2014-01-01", "2014-02-01"), years(2014, 2014), age_cuts=(13, 6)),
            "age_cuts_not_increasing",
        ),
        (lambda: person_years(one("2014-01-01", "2014-02-01"), years(2014, 2014), rungs=[4, 5]), "code_not_listed"),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))
