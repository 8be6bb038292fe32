from __future__ import annotations

from datetime import date

import pytest

from sverige_did.sources.aggregates.go_live import go_live


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2021-06-28", date(2021, 6, 28), date(2021, 6, 28)),
        ("01-08-2017", date(2017, 8, 1), date(2017, 8, 1)),
        ("1.8.2017", date(2017, 8, 1), date(2017, 8, 1)),
        ("01/08/2017 (oplyst)", date(2017, 8, 1), date(2017, 8, 1)),
        ("2015-04", date(2015, 4, 1), date(2015, 4, 30)),
        ("2020-H2", date(2020, 7, 1), date(2020, 12, 31)),
        ("2015", date(2015, 1, 1), date(2015, 12, 31)),
        ("2017-2018", date(2017, 1, 1), date(2018, 12, 31)),
        ("2022-05/06", date(2022, 5, 1), date(2022, 6, 30)),
        ("2020 spring (inferred)", date(2020, 3, 1), date(2020, 5, 31)),
        ("sommeren 2013", date(2013, 6, 1), date(2013, 8, 31)),
        ("2020-02 (planned)", date(2020, 2, 1), date(2020, 2, 29)),
    ],
)
def test_a_vague_date_is_all_the_days_it_may_mean(text: str, earliest: date, latest: date) -> None:
    assert go_live(text) == (earliest, latest)


@pytest.mark.parametrize(
    "text",
    ["", "unknown (2020-10 to 2022-04)", "summer", "winter 2013", "2013-13", "(2013)", "31-02-2017", "01-08.2017"],
)
def test_no_date_is_made_up(text: str) -> None:
    assert go_live(text) is None
