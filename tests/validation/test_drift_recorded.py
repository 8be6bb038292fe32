"""What docs/size.md says of intervals that let groups drift, against the recorded study, and a cell made again."""

import numpy as np
import pandas as pd
import pytest
from test_bands_recorded import DOCUMENT, HERE, load

STUDY = load("drift")
RECORDED = pd.read_csv(HERE / "recorded" / "drift.csv", comment="#")


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    assert [tuple(row) for row in RECORDED[list(STUDY.Cell._fields)].to_numpy()] == list(STUDY.cells())
    assert STUDY.table() in DOCUMENT


def test_intervals_hold_what_they_promise_and_weights_that_follow_the_noise_do_not() -> None:
    """At three Monte-Carlo errors below 95; the authors' own weights hold less than 55 with four treated."""
    least = 0.95 - 3 * np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)
    assert RECORDED["line_ours"].min() >= least
    assert RECORDED["relative_ours"].min() >= least
    assert RECORDED["line_authors"].max() < 0.9
    assert RECORDED.loc[RECORDED["treated"] == 4, "line_authors"].max() < 0.55


def test_an_effect_of_twelve_errors_stands_steps_of_years_better_than_of_half_years() -> None:
    assert (RECORDED["breakdown_years"] > 1.4 * RECORDED["breakdown_half_years"]).all()


@pytest.mark.parametrize("number", [1, 6])
def test_a_recorded_cell_can_be_made_again(number: int) -> None:
    """With a quarter of the data sets: within three and a half errors."""
    data_sets = STUDY.DATA_SETS // 4
    found = STUDY.rates(number, list(STUDY.cells())[number], data_sets, 4)[:5]
    for rate, name in zip(found, STUDY.MEASURES, strict=False):
        expected = RECORDED[name][number]
        assert abs(rate - expected) <= 3.5 * np.sqrt(max(expected * (1 - expected), 0.01) / data_sets)
