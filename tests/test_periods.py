from __future__ import annotations

from datetime import date, timedelta

import pytest

from sverige_did.periods import period_days, period_label


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("2. halvår 2013", "2013H2"),
        ("1 halvår 2014", "2014H1"),
        ("2013 H2", "2013H2"),
        ("2013-2", "2013-2"),
        ("2013HÅ2", "2013H2"),
        ("2013K4", "2013Q4"),
        ("2013M07", "2013-07"),
        ("2013-11", "2013-11"),
        ("2011/04", "2011-04"),
        ("2011/12", "2011/12"),  # December, or the school year
        ("2009/10", "2009/10"),
        ("2012/13", "2012/13"),
        ("2013", "2013"),
        ("engang", "engang"),
    ],
)
def test_periods_have_one_spelling(written: str, label: str) -> None:
    assert period_label(written) == label


def test_a_year_may_end_in_march_as_the_english_returns_do() -> None:
    assert period_days("2018", year_ends=(3, 31)) == (date(2017, 4, 1), date(2018, 3, 31))
    assert period_days("2016") == (date(2016, 1, 1), date(2016, 12, 31))


@pytest.mark.parametrize(
    "parts", [("H1", "H2"), ("Q1", "Q2", "Q3", "Q4"), tuple(f"-{month:02}" for month in range(1, 13))]
)
@pytest.mark.parametrize("year", [2015, 2016])
def test_the_parts_of_a_year_cover_each_of_its_days_once(year: int, parts: tuple[str, ...]) -> None:
    days = []
    for part in parts:
        period = period_days(f"{year}{part}")
        days += [period.start + timedelta(days=day) for day in range((period.end - period.start).days + 1)]
    whole = period_days(str(year))
    assert days == [whole.start + timedelta(days=day) for day in range((whole.end - whole.start).days + 1)]


def test_other_text_is_no_period() -> None:
    with pytest.raises(ValueError, match="engang"):
        period_days("engang")
