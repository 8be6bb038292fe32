"""The recorded coverage with changes of placement unreported: what it says, and that it can be made again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from recovery import OUTCOMES
from unreported_changes import COLUMNS, FIRST_SEED, MISSING, MUNICIPALITIES, RECORD, many, summary

NOMINAL, SLACK = 0.95, 3
"""The promise, and how many Monte Carlo standard errors may lie below it."""


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    return pd.read_csv(RECORD, comment="#")


def test_every_outcome_and_way_of_missing_is_in_the_record(record: pd.DataFrame) -> None:
    assert tuple(record.columns) == COLUMNS
    assert set(zip(record["outcome"], record["missing"], strict=True)) == {(o, m) for o in OUTCOMES for m in MISSING}
    assert (record["municipalities"] == MUNICIPALITIES).all()


def test_intervals_hold_the_truth_as_often_as_they_promise_and_are_wider_where_changes_lack(
    record: pd.DataFrame,
) -> None:
    below = NOMINAL - SLACK * np.sqrt(NOMINAL * (1 - NOMINAL) / MUNICIPALITIES)
    assert (record["coverage"] >= below).all()
    width = record.pivot_table(index="outcome", columns="missing", values="mean_width")
    assert (width["alike, 50 %"] > 1.05 * width["none"]).all()


def test_what_is_missing_in_one_group_only_pulls_as_the_page_says(record: pd.DataFrame) -> None:
    """Far less than the effect, here: what little there is lies on either side of what is missing in both."""
    error = record.pivot_table(index="outcome", columns="missing", values="mean_error")
    assert (error["treated only, 50 %"] > error["none"]).all()
    assert (error["untreated only, 50 %"] < error["none"]).all()


@pytest.mark.slow
def test_the_record_can_be_made_again(record: pd.DataFrame) -> None:
    n = 10
    again = summary(many(range(FIRST_SEED, FIRST_SEED + n)))
    assert again["mean_width"].tolist() == pytest.approx(record["mean_width"].tolist(), rel=0.3)
    assert (np.abs(again["coverage"] - record["coverage"]) <= 4 * np.sqrt(NOMINAL * (1 - NOMINAL) / n)).all()
