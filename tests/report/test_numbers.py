"""The same number in both languages, in the digits that its scale deserves."""

from __future__ import annotations

import math
from datetime import date

import pytest

from sverige_did.report import numbers


@pytest.mark.parametrize(
    ("value", "digits", "danish", "english"),
    [
        (1234.567, 1, "1.234,6", "1,234.6"),
        (-0.04, 1, "0,0", "0.0"),
        (-12.0, 0, "−12", "−12"),
        (math.inf, 2, "∞", "∞"),
        (-math.inf, 2, "−∞", "−∞"),
    ],
)
def test_decimal(value: float, digits: int, danish: str, english: str) -> None:
    assert numbers.decimal(value, "da", digits) == danish
    assert numbers.decimal(value, "en", digits) == english


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.38, "0,38"), (0.000123456, "0,000123"), (48.0, "48"), (1234.5, "1.234"), (0.0, "0"), (-0.7512, "−0,751")],
)
def test_three_significant_figures_and_no_idle_zeros(value: float, expected: str) -> None:
    assert numbers.significant(value, "da") == expected


def test_a_ratio_is_told_as_a_change() -> None:
    assert numbers.percent_change(0.52, "da") == "−48"
    assert numbers.percent_change(1.25, "en") == "+25"
    assert numbers.percent_change(1.001, "en") == "0"


def test_a_probability_close_to_certain_is_not_rounded_to_certain() -> None:
    assert numbers.percent(0.996, "da") == "99,6"
    assert numbers.percent(0.91, "da") == "91"
    assert numbers.percent(0.014, "en") == "1.4"


def test_a_small_p_value_is_not_told_as_zero() -> None:
    assert numbers.p_value(0.00001, "da") == "< 0,001"
    assert numbers.p_value(0.0432, "en") == "= 0.043"
    assert numbers.p_value(0.14, "da") == "= 0,14"


def test_amounts_carry_their_unit() -> None:
    assert numbers.amount("mio_dkk", -3.97, "da", "mio_dkk") == "−4,0 mio.\N{NO-BREAK SPACE}kr."
    assert numbers.amount("level", -12.5, "en", "weeks") == "−12.5 weeks"
    assert numbers.amount("ratio", 0.52, "da", "percent") == "−48\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("scale", "step", "expected"),
    [("mio_dkk", 1.0, "+4"), ("mio_dkk", 0.5, "+4.0"), ("mio_dkk", None, "+4.0"), ("rate_per_1000", 0.2, "+4.0"),
     ("pp", 2.0, "+4"), ("ratio", 0.5, "+300"), ("level", 1.0, "4")],
)  # fmt: skip
def test_a_number_is_told_no_finer_than_its_step(scale: str, step: float | None, expected: str) -> None:
    assert numbers.bare(scale, 4.0, "en", step) == expected


def test_a_ratio_in_a_table_is_told_no_finer_than_its_step() -> None:
    assert numbers.value_on("ratio", 0.5, "en", 0.1) == "0.5"
    assert numbers.value_on("ratio", 0.5, "en", 0.05) == "0.50"


def test_an_unknown_scale_is_a_fault() -> None:
    with pytest.raises(KeyError):
        numbers.amount("furlongs", 1.0, "da", "children")


def test_dates_are_spelt_out() -> None:
    assert numbers.day(date(2014, 12, 31), "da") == "31. december 2014"
    assert numbers.day(date(2014, 12, 31), "en") == "31 December 2014"
