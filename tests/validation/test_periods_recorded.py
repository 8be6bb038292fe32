"""What docs/size.md says of the test with variances from the periods before, against the recorded study."""

import numpy as np
import pandas as pd
import pytest
from test_bands_recorded import DOCUMENT, HERE, load

from sverige_did.inference.districts import districts
from sverige_did.inference.period_variances import period_variance_test

STUDY = load("periods")
RECORDED = pd.read_csv(HERE / "recorded" / "periods.csv", comment="#")
ERROR = np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)
NORMAL = RECORDED[RECORDED["law"] == "normal"]


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    assert [tuple(row) for row in RECORDED[list(STUDY.Cell._fields)].to_numpy()] == list(STUDY.cells())
    assert STUDY.table() in DOCUMENT


def test_it_holds_its_size_for_normal_shocks_whatever_ratio_memory_and_periods() -> None:
    """Three and a half errors, because the largest of 144 cells is looked at; in all together, below five."""
    assert len(NORMAL) == 144
    assert NORMAL["size_periods"].max() <= 0.05 + 3.5 * ERROR
    assert NORMAL["size_periods"].mean() < 0.05


def test_skewed_shocks_cost_it_little() -> None:
    skewed = RECORDED[RECORDED["law"] == "exponential"]
    assert skewed["size_periods"].max() < 0.065
    assert skewed["size_periods"].mean() < 0.05


def test_with_few_treated_it_has_far_more_power_than_the_verdict() -> None:
    gained = (NORMAL["power_periods"] - NORMAL["power_verdict"]).groupby(NORMAL["treated"]).mean()
    assert gained[3] > 0.2
    assert gained[4] > 0.12
    assert gained[6] > 0.03


def test_effects_that_differ_around_none_are_rejected_too_often_as_is_said() -> None:
    """It tests that no district was affected."""
    differ = RECORDED[RECORDED["law"] == "effects differ"]
    assert (differ["size_periods"] > differ["size_verdict"]).all()
    assert differ["size_periods"].max() > 0.08


@pytest.mark.parametrize("number", [0, 60, 200])
def test_a_recorded_cell_can_be_made_again(number: int) -> None:
    """With a quarter of the data sets: within three and a half errors."""
    data_sets = STUDY.DATA_SETS // 4
    found = STUDY.rates(number, list(STUDY.cells())[number], data_sets)
    for rate, name in zip(found, STUDY.METHODS, strict=True):
        expected = RECORDED[name][number]
        assert abs(rate - expected) <= 3.5 * np.sqrt(max(expected * (1 - expected), 0.005) / data_sets)


def test_the_study_decides_as_the_single_test_does() -> None:
    """But for degrees of freedom that are rounded down: then only where p lies just below the level."""
    cell = STUDY.Cell("normal", 8, 4, 4, 2.0, 0.5)
    y, is_treated = STUDY.levels(cell, 60, np.random.default_rng(1)), np.arange(STUDY.GROUPS) < 4
    before = y[..., :8]
    change = y[..., 8:].mean(axis=-1) - before.mean(axis=-1) + 1.5 * is_treated
    found = STUDY.rejected(change, before, is_treated)
    single = np.array(
        [
            period_variance_test(districts(y, is_treated), levels).p_value
            for y, levels in zip(change, before, strict=True)
        ]
    )
    assert 10 < found.sum() < 50
    assert (single[found] <= 0.05 + 1e-6).all()
    assert (single[~found] > 0.046).all()
