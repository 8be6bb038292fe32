"""The recorded recovery of effects that were put in: what it says, and that it can be made again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from recovery import COLUMNS, FIRST_SEED, MUNICIPALITIES, RECORD, many, summary

NOMINAL, SLACK = 0.95, 3
"""The promise, and how many Monte Carlo standard errors may lie below it."""


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    return pd.read_csv(RECORD, comment="#")


def test_all_municipalities_are_in_the_record(record: pd.DataFrame) -> None:
    assert tuple(record.columns) == COLUMNS
    assert len(record) == 2 * 2 * 3
    assert (record["municipalities"] == MUNICIPALITIES).all()


def test_intervals_hold_the_true_effect_as_often_as_they_promise(record: pd.DataFrame) -> None:
    below = NOMINAL - SLACK * np.sqrt(NOMINAL * (1 - NOMINAL) / MUNICIPALITIES)
    assert (record["coverage"] >= below).all()


def test_the_calibrated_interval_is_the_widest_of_the_three(record: pd.DataFrame) -> None:
    width = record.pivot_table(index=["outcome", "weights"], columns="method", values="mean_width")
    assert (width["behrens_fisher"] >= width["cr2_bell_mccaffrey"]).all()


def test_one_municipality_gives_the_same_intervals_again() -> None:
    first, second = (many(range(FIRST_SEED, FIRST_SEED + 1)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert (first["lower"] < first["estimate"]).all()
    assert (first["estimate"] < first["upper"]).all()
    assert summary(first)["municipalities"].tolist() == [1] * 12


@pytest.mark.slow
def test_the_record_can_be_made_again_with_other_municipalities(record: pd.DataFrame) -> None:
    n = 25
    again = summary(many(range(7, 7 + n)))
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / n)
    assert (np.abs(again["coverage"] - record["coverage"]) <= 4 * error).all()
    assert again["mean_width"].tolist() == pytest.approx(record["mean_width"].tolist(), rel=0.25)
