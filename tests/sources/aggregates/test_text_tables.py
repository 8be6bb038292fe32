"""Numbers of published tables: the sign before decimals that the plan names, or that the column settles."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pytest

from sverige_did.sources.aggregates.text_tables import plain_number


@pytest.mark.parametrize(
    ("written", "decimal", "read"),
    [
        (["1072,20", "50", ".."], None, ["1072.20", "50", ".."]),
        (["1072.20", "50", ".."], None, ["1072.20", "50", ".."]),
        (["1,5"], ",", ["1.5"]),
        (["1,5"], ".", ["1,5"]),  # the plan says a point: a comma is then no number, and is told by row
        (["12", "x"], None, ["12", "x"]),
        (["1.000", "12.345,5"], ",", ["1000", "12345.5"]),
        (["1.000", "12.345.678"], None, ["1000", "12345678"]),
    ],
)
def test_the_sign_before_decimals(written: list[str], decimal: Literal[".", ","] | None, read: list[str]) -> None:
    text, problems = plain_number(pd.Series(written), decimal, "t.csv", "antal", whole=False)
    assert text.tolist() == read
    assert problems == []


@pytest.mark.parametrize(("number", "decimal"), [("1.000", None), ("1.000", "."), ("1,000", ",")])
def test_a_count_with_a_sign_before_three_digits_is_told_and_not_guessed(
    number: str, decimal: Literal[".", ","] | None
) -> None:
    _, problems = plain_number(pd.Series([number, "7"], index=[2, 3]), decimal, "t.csv", "antal", whole=True)
    assert [(one.key, one.row) for one in problems] == [("agg_thousands", 2)]
