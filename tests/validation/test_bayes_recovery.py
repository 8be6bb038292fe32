"""The recorded recovery of effects by the district models: what it says, that the page tells it, and how to make it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bayes_recovery import COLUMNS, LEVELS, MUNICIPALITIES, OUTCOMES, RECORD, many, summary

PAGE = RECORD.parents[3] / "docs" / "calibration.md"


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    return pd.read_csv(RECORD, comment="#")


def test_two_hundred_fits_are_in_the_record(record: pd.DataFrame) -> None:
    assert tuple(record.columns) == COLUMNS
    fits = record.set_index(["outcome", "level"])["fits"]
    assert set(fits.index) == {(outcome, level) for outcome in (*OUTCOMES, "both") for level in LEVELS}
    assert (fits["both"] == len(OUTCOMES) * MUNICIPALITIES).all()
    assert len(OUTCOMES) * MUNICIPALITIES >= 200


def test_the_page_tells_how_often_each_interval_held_the_effect(record: pd.DataFrame) -> None:
    page = PAGE.read_text("utf-8").splitlines()
    for level, rows in record.groupby("level"):
        held = [f"{100 * rate:.1f} %" for rate in rows["coverage"]]
        assert any(
            line.startswith(f"| {100 * float(str(level)):.0f} %") and all(n in line for n in held) for line in page
        )


@pytest.mark.slow
def test_the_record_can_be_made_again_with_other_municipalities(record: pd.DataFrame) -> None:
    n = 10
    again, before = (table.set_index(["outcome", "level"]) for table in (summary(many(range(7, 7 + n))), record))
    for (outcome, level), rate in again["coverage"].items():
        expected = before.loc[(outcome, level), "coverage"]
        fits = again.loc[(outcome, level), "fits"]
        assert abs(rate - expected) <= 4 * np.sqrt(expected * (1 - expected) / fits)
        if outcome != "both":
            assert again.loc[(outcome, level), "mean_width"] == pytest.approx(
                before.loc[(outcome, level), "mean_width"], rel=0.3
            )
