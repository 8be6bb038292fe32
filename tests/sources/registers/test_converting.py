from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.errors import Problem
from sverige_did.sources.registers.converting import (
    Converted,
    as_text,
    decimal_sign,
    shown,
    text_problems,
    to_dates,
    to_names,
    to_numbers,
    to_periods,
    without_identifiers,
)
from sverige_did.sources.registers.register import Column
from sverige_did.sources.registers.schemas import PLACEMENTS

AMOUNT = Column("amount", "beløb", "money", "unknown")
COUNT = Column("count", "antal", "count", "unknown")
DATE = Column("date", "dato", "date", "unknown")
CODE = Column("measure", "foranstaltning", "code")
CHILD = Column("child", "barn", "identifier")


def cells(*values: object) -> pd.Series:
    return pd.Series(list(values), index=range(2, len(values) + 2), dtype=object)


def faults(converted: Converted) -> list[tuple[str, int | None]]:
    return [(problem.key, problem.row) for problem in converted.problems]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (["1.234,5", "7"], [1234.5, 7]),
        (["1,234.5", "7"], [1234.5, 7]),
        (["0,123", "1.234"], [0.123, 1234]),
        (["1.234.567"], [1234567]),
        (["−3,5", "+2,0"], [-3.5, 2]),
        (["1 234,5", "1\u00a0234,5"], [1234.5, 1234.5]),
        (["", "  ", "5"], [float("nan"), float("nan"), 5]),
    ],
)
def test_numbers_as_danes_and_others_write_them(written: list[str], number: list[float]) -> None:
    converted = to_numbers(cells(*written), AMOUNT, "a.csv")
    pd.testing.assert_series_equal(converted.cells, pd.Series(number, index=converted.cells.index), check_dtype=False)
    assert not converted.problems


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.integers(-(10**9), 10**9).map(lambda cents: cents / 100), min_size=1, max_size=8),
    locale=st.sampled_from(["da", "en", "de", "sv", "fr"]),
)
def test_numbers_as_another_package_writes_them_come_back(numbers: list[float], locale: str) -> None:
    """Babel's formats: 1.234,5 (da, de), 1,234.5 (en), 1 234,5 with a narrow or hard space (sv, fr)."""
    written = [format_decimal(number, format="#,##0.00", locale=locale) for number in numbers]
    converted = to_numbers(cells(*written), AMOUNT, "a.csv")
    assert not converted.problems
    assert converted.cells.tolist() == numbers


@settings(max_examples=40, deadline=None)
@given(
    days=st.lists(st.dates(date(1990, 1, 1), date(2030, 12, 31)), min_size=1, max_size=8),
    form=st.sampled_from(["%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y%m%d"]),
)
def test_dates_written_in_one_form_come_back(days: list[date], form: str) -> None:
    converted = to_dates(cells(*[day.strftime(form) for day in days]), DATE, "a.csv")
    assert not converted.problems
    assert [cell.date() for cell in converted.cells] == days


def test_the_decimal_sign_is_reported() -> None:
    (assumption,) = to_numbers(cells("1,5"), AMOUNT, "a.csv").assumptions
    assert assumption.say("da") == "I kolonnen »amount« er decimaltegnet »,«."


def test_one_point_before_three_digits_is_refused_unless_the_file_settles_it() -> None:
    assert faults(to_numbers(cells("1.234", "5"), AMOUNT, "a.csv")) == [("reg_ambiguous_number", 2)]
    assert to_numbers(cells("1.234"), AMOUNT, "a.csv", in_file=",").cells.tolist() == [1234]
    assert to_numbers(cells("1.234"), AMOUNT, "a.csv", in_file=".").cells.tolist() == [1.234]
    assert to_numbers(cells("1.234"), COUNT, "a.csv").cells.tolist() == [1234]
    assert to_numbers(cells("1,234"), COUNT, "a.csv").cells.tolist() == [1234]
    assert to_numbers(cells("12.000"), COUNT, "a.csv", in_file=".").cells.tolist() == [12]


def test_the_file_settles_the_sign_only_when_its_columns_agree() -> None:
    comma, dot, open_ = (cells(text).astype("str") for text in ("1,5", "1.5", "1.234"))
    assert decimal_sign([comma, open_]) == ","
    assert decimal_sign([dot, open_]) == "."
    assert decimal_sign([comma, dot]) is None
    assert decimal_sign([open_]) is None


def test_both_signs_in_one_column_are_refused_by_row() -> None:
    converted = to_numbers(cells("1,5", "2,5", "3.75"), AMOUNT, "a.csv")
    assert faults(converted) == [("reg_mixed_decimals", 4)]
    assert converted.cells.isna().tolist() == [False, False, True]


def test_native_numbers_are_never_ambiguous_and_text_among_them_is_read() -> None:
    assert to_numbers(cells(1.234, 5), AMOUNT, "a.xlsx").cells.tolist() == [1.234, 5]
    assert to_numbers(cells(1.25, "2,5"), AMOUNT, "a.xlsx").cells.tolist() == [1.25, 2.5]


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [(text, text) for text in ("1,2,3", "1.2.3", "--1", "<5", "1e3", "5 6", "NULL", "12 kr.")]
    + [("tre", "…"), ("5 børn", "5 …"), ("ringede til mor", "…"), ("P7K2 3", "… 3")],
)
def test_what_is_no_number_is_named_without_its_words(text: str, shown_as: str) -> None:
    """A remark among numbers is about a child."""
    (problem,) = to_numbers(cells("1", text), AMOUNT, "a.csv").problems
    assert (problem.row, problem.found) == (3, shown_as)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2014-02-01", "yyyy-mm-dd"),
        ("2014-02-01 00:00:00", "yyyy-mm-dd"),
        ("20140201", "yyyymmdd"),
        ("01-02-2014", "dd-mm-yyyy"),
        ("01.02.2014", "dd.mm.yyyy"),
        ("1/2/2014", "dd/mm/yyyy"),
    ],
)
def test_dates_in_every_form_are_the_same_day(written: str, said: str) -> None:
    converted = to_dates(cells(written, None), DATE, "a.csv")
    assert converted.cells.tolist() == [pd.Timestamp(2014, 2, 1), pd.NaT]
    assert [one.value for one in converted.assumptions] == [said]
    assert not converted.problems


def test_mixed_formats_are_refused_and_the_rows_outside_the_commonest_named() -> None:
    converted = to_dates(cells("01-02-2014", "2014-02-03", "03-02-2014", "2014-02-04"), DATE, "a.csv")
    assert faults(converted) == [("reg_mixed_dates", 2), ("reg_mixed_dates", 4)]
    assert converted.problems[0].expected == "yyyy-mm-dd"


@pytest.mark.parametrize("text", ["31-02-2014", "13/13/2014", "2014-00-01", "01-02-14", "2014", "i går"])
def test_what_is_no_date_is_named(text: str) -> None:
    assert faults(to_dates(cells("01-02-2014", "02-02-2014", text), DATE, "a.csv"))[0][1] == 4


def test_dates_from_excel_are_days_and_text_among_them_is_refused() -> None:
    assert to_dates(cells(datetime(2014, 2, 1), date(2014, 2, 2)), DATE, "a.xlsx").cells.notna().all()
    assert faults(to_dates(cells(datetime(2014, 2, 1), datetime(2014, 2, 2), "03-02-2014"), DATE, "a.xlsx")) == [
        ("reg_mixed_dates", 4)
    ]


def test_a_date_with_a_time_of_day_is_not_silently_cut() -> None:
    assert faults(to_dates(cells(datetime(2014, 2, 1, 13, 30)), DATE, "a.xlsx")) == [("reg_not_a_date", 2)]


def test_values_in_either_language_get_one_name_and_others_stay_to_be_refused() -> None:
    column = PLACEMENTS.column("end_reason")
    read = to_names(cells("Sammenbrud", "breakdown", "Fyldt 18", "noget andet", ""), column).cells
    assert read.tolist()[:4] == ["breakdown", "breakdown", "aged_out", "noget andet"]
    assert read.isna().tolist()[4]


def test_periods_get_one_spelling() -> None:
    assert to_periods(cells("2. halvår 2013", "2013H2", 2013.0)).cells.tolist() == ["2013H2", "2013H2", "2013"]


def test_text_loses_spaces_and_spreadsheet_decimals_but_not_its_letters() -> None:
    assert as_text(cells(" Sønder\u00a0Felding ", 101.0, 1.5, None, True)).tolist()[:3] == [
        "Sønder Felding",
        "101",
        "1.5",
    ]


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+cmd|x", "-2+3", "@SUM(A1)"])
def test_formulas_are_flagged_and_plain_signed_numbers_are_not(text: str) -> None:
    column = Column("note", "note", "text")
    (problem,) = text_problems(as_text(cells(text)), column, "a.csv")
    assert (problem.key, problem.row, problem.severity) == ("reg_formula_cell", 2, "warning")
    assert text_problems(as_text(cells("-5", "+1,5", "-", "a=b", None)), column, "a.csv") == []


def test_a_cell_that_swallowed_rows_is_an_error_and_is_not_shown() -> None:
    (problem,) = text_problems(as_text(cells("a", "b;1\nc;2\nd")), Column("note", "note", "text"), "a.csv")
    assert (problem.key, problem.row, problem.found, problem.severity) == ("reg_line_break", 3, None, "error")


def test_a_message_shows_no_identifier_and_never_much() -> None:
    assert shown("B17", CHILD) is None
    assert shown("0101000000", AMOUNT) is None
    assert shown("1" * 1000, DATE) == "1" * 40 + "…"
    assert shown("x" * 1000) == "x" * 40 + "…"
    assert [shown(text, DATE) for text in ("31/13-2014", "5. maj 2014", "3.feb.14", "2013H3", "Anna 2014")] == [
        "31/13-2014", "5. maj 2014", "3.feb.14", "2013H3", "… 2014",
    ]  # fmt: skip
    assert [shown(text, CODE) for text in ("SEL 66.1.66", "Plejefamilie", "SEL 66 hos Anna", "§ 66 a")] == [
        "SEL 66.1.66", "Plejefamilie", "SEL 66 …", "§ 66 a",
    ]  # fmt: skip
    assert shown("Sønder Felding og Kibæk") == "Sønder Felding og Kibæk"
    assert shown("Anna bor nu hos sin mor") == "…"


def test_what_is_an_identifier_elsewhere_is_shown_in_no_column() -> None:
    held = pd.DataFrame({"child": ["SYN-1", "4711", "17"]})
    (listed,) = without_identifiers([Problem("reg_team", column="SYN-1", expected="North, SYN-1, South")], [held])
    assert (listed.column, listed.expected) == ("…", "North, …, South")
    problems = [Problem("reg_not_a_number", found=found) for found in ("SYN-1", "x, SYN-1", "4711", "17", "12")]
    assert [one.found for one in without_identifiers(problems, [held])] == [
        "…", "x, …", "…", "17", "12",
    ]  # fmt: skip
    assert (shown(-76308361.0, AMOUNT), shown(2.5)) == ("-76308361", "2.5"), "as it was written, not as it is stored"


def test_days_with_a_time_zone_are_the_local_days() -> None:
    days = pd.Series(pd.to_datetime(["2014-01-02", None, "2014-07-01"]), index=[2, 3, 4])
    local = days.dt.tz_localize("Europe/Copenhagen")
    for zoned in (local, local.dt.tz_convert("UTC"), days.dt.tz_localize("UTC")):
        converted = to_dates(zoned, DATE, "a.parquet")
        assert converted.cells.equals(days.astype("datetime64[us]"))
        assert [one.key for one in converted.assumptions] == ["time_zone"]


def test_a_time_that_is_midnight_nowhere_is_refused_by_row() -> None:
    zoned = pd.Series(pd.to_datetime(["2014-01-02 00:00", "2014-01-02 14:30"]), index=[2, 3]).dt.tz_localize("UTC")
    assert faults(to_dates(zoned, DATE, "a.parquet")) == [("reg_time_zone", 3)]


@pytest.mark.parametrize("written", ["5,00000E+12", "5E12", "1.2e+9"])
def test_an_identifier_that_a_spreadsheet_rounded_is_called_so_and_not_shown(written: str) -> None:
    (problem,) = text_problems(cells(written), CHILD, "a.csv")
    assert (problem.key, problem.severity, problem.found) == ("reg_rounded_id", "error", None)
    assert text_problems(cells(written), AMOUNT, "a.csv") == []


@pytest.mark.parametrize("text", ["١٢", "²", "１２"])
def test_digits_of_other_scripts_are_no_numbers_and_no_dates(text: str) -> None:
    numbers = to_numbers(pd.Series([text, "3"], index=[2, 3], dtype="str"), AMOUNT, "a.csv")
    assert [(one.key, one.row) for one in numbers.problems] == [("reg_not_a_number", 2)]
    assert numbers.cells.tolist()[1] == 3.0
