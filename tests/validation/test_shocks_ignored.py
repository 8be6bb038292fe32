"""What the recorded failure of a model without shocks says, and that it can be made again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shocks_ignored import COLUMNS, RECORD, ROUNDS, SHOCKS, intervals, summary

NOMINAL, SLACK = 0.05, 3
"""The promised rate of false alarms, and how many Monte Carlo standard errors away from it is noise."""


@pytest.fixture(scope="module")
def rejected() -> pd.Series:
    record = pd.read_csv(RECORD, comment="#")
    assert tuple(record.columns) == COLUMNS
    assert (record["rounds"] == ROUNDS).all()
    return record.set_index(["shock", "model"])["rejected"]


def test_with_shocks_ignored_true_nulls_are_rejected_far_too_often(rejected: pd.Series) -> None:
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / ROUNDS)
    assert rejected[SHOCKS[1], "shocks_ignored"] > 2 * NOMINAL + SLACK * error


def test_the_model_as_it_is_holds(rejected: pd.Series) -> None:
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / ROUNDS)
    for shock in SHOCKS:
        assert rejected[shock, "as_it_is"] <= NOMINAL + SLACK * error


def test_without_shocks_there_is_nothing_to_ignore(rejected: pd.Series) -> None:
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / ROUNDS)
    assert rejected[SHOCKS[0], "shocks_ignored"] <= NOMINAL + SLACK * error


def test_the_page_tells_what_was_counted(rejected: pd.Series) -> None:
    page = (RECORD.parents[3] / "docs" / "calibration.md").read_text("utf-8")
    for shock in SHOCKS:
        row = [f"{100 * rejected[shock, model]:.1f} %" for model in ("as_it_is", "shocks_ignored")]
        assert any(all(number in line for number in row) for line in page.splitlines()), row


@pytest.mark.slow
def test_the_failure_can_be_seen_again() -> None:
    n = 40
    rates = {row[1]: float(str(row[3])) for row in summary(SHOCKS[1], intervals(SHOCKS[1], n, seed=7))}
    assert rates["shocks_ignored"] > NOMINAL + SLACK * np.sqrt(NOMINAL * (1 - NOMINAL) / n)
    assert rates["as_it_is"] < rates["shocks_ignored"]
