from __future__ import annotations

import logging
import traceback

import pandas as pd
import pytest

from sverige_did.errors import InputError
from sverige_did.sources.files.cpr import holds_cpr, refuse_cpr

# Made of the first of January and four zeros: dates that exist, persons who do not.
MADE_UP = "010100-0000"


@pytest.mark.parametrize(
    "text",
    [MADE_UP, "0101000000", "010100 0000", "barnet 010100-0000 flyttet", "x:0101000000;", "610100-0000", "290200-0000"],
)
def test_a_plausible_number_is_found_anywhere(text: str) -> None:
    assert holds_cpr(text)


@pytest.mark.parametrize(
    "text",
    ["", "320100-0000", "011300-0000", "300200-0000", "12010100000", "010100-00001", "2014-01-01", "52820", "a1b2"],
)
def test_what_is_no_date_or_has_other_digits_around_it_is_not(text: str) -> None:
    assert not holds_cpr(text)


def test_a_leading_zero_lost_by_a_spreadsheet_is_found_except_in_amounts() -> None:
    frame = pd.DataFrame({"nr": ["101000000"], "kr": ["101000000"]}, index=[2])
    with pytest.raises(InputError) as caught:
        refuse_cpr(frame, "a.csv", amounts=["kr"])
    assert caught.value.problems[0].column == "nr"
    refuse_cpr(frame[["kr"]], "a.csv", amounts=["kr"])
    with pytest.raises(InputError):
        refuse_cpr(pd.DataFrame({"nr": [101000000.0, None]}), "a.parquet")


def test_file_column_and_row_are_told_but_never_the_number(caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "note": ["", f"se {MADE_UP}", MADE_UP]}, index=[2, 3, 4])
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError) as caught:
        refuse_cpr(frame, "børn.csv")
    (problem,) = caught.value.problems
    assert (problem.file, problem.column, problem.row) == ("børn.csv", "note", 3)
    assert "2 in this column" in problem.say("en")
    told = caplog.text + repr(caught.value) + caught.value.say("da") + caught.value.say("en")
    told += "".join(traceback.format_exception(caught.value))
    assert MADE_UP not in told
    assert "0000" not in told


def test_a_header_that_is_a_number_is_not_repeated_either() -> None:
    with pytest.raises(InputError) as caught:
        refuse_cpr(pd.DataFrame(columns=pd.Index(["barn", MADE_UP])), "uden overskrift.csv")
    assert caught.value.problems[0].column == "#2"
    assert MADE_UP not in str(caught.value)
