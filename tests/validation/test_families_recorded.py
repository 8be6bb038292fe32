"""The promise of docs/size.md about many outcomes against the recorded study, and a cell made again."""

import numpy as np
import pandas as pd
from test_bands_recorded import DOCUMENT, HERE, load

STUDY = load("families")
RECORDED = pd.read_csv(HERE / "recorded" / "families.csv", comment="#")
BOUND = 0.05 + 2 * np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    assert [tuple(row) for row in RECORDED[["treated", "sd_ratio", "correlation"]].to_numpy()] == list(STUDY.cells())
    assert STUDY.table() in DOCUMENT


def test_the_adjusted_p_keeps_the_error_of_the_family_whatever_the_spread() -> None:
    assert (RECORDED["holm_verdict"] <= BOUND).all()


def test_the_largest_permutation_statistic_keeps_it_only_where_districts_vary_alike() -> None:
    alike = RECORDED["sd_ratio"] == 1
    assert (RECORDED["max_t"][alike] <= BOUND).all()
    assert (RECORDED["max_t"][~alike] > 0.09).all()


def test_recorded_errors_can_be_made_again() -> None:
    """Four treated at three times the spread: within three and a half errors of a tenth of the data sets."""
    found = STUDY.rates(10, 4, 3.0, 0.0, 400)
    for rate, name in zip(found, ("max_t", "holm_verdict"), strict=True):
        expected = RECORDED[name][10]
        assert abs(rate - expected) <= 3.5 * np.sqrt(expected * (1 - expected) / 400)
