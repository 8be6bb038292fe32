"""What docs/size.md says of districts that share something, against the recorded study, and cells made again."""

import numpy as np
import pandas as pd
import pytest
from test_bands_recorded import DOCUMENT, HERE, load

STUDY = load("shared")
RECORDED = pd.read_csv(HERE / "recorded" / "shared.csv", comment="#")
ERROR = np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    assert [tuple(row) for row in RECORDED[list(STUDY.Cell._fields)].to_numpy()] == list(STUDY.cells())
    assert STUDY.table() in DOCUMENT


def test_the_size_of_the_verdict_grows_with_what_an_arm_shares() -> None:
    for (_, _, _), rows in RECORDED[RECORDED["who"].isin(STUDY.ARMS)].groupby(["who", "treated", "sd_ratio"]):
        assert (np.diff(rows.sort_values("correlation")["verdict"]) > -2 * ERROR).all()
    most = RECORDED[RECORDED["correlation"] == 0.4].groupby("who")["verdict"].max()
    assert (most > 0.15).all()


def test_with_what_is_shared_known_the_calibrated_test_holds_its_size() -> None:
    """The variance of checks/shared_shock.py; three errors, because the largest of 54 cells is looked at."""
    known = RECORDED[RECORDED["who"] != "ring"]
    assert len(known) == 54
    assert known["known"].max() <= 0.05 + 3 * ERROR


@pytest.mark.parametrize("number", [4, 9, 38])
def test_a_recorded_cell_can_be_made_again(number: int) -> None:
    """With a fifth of the data sets: within three and a half errors."""
    data_sets = STUDY.DATA_SETS // 5
    found = STUDY.rates(number, list(STUDY.cells())[number], data_sets)
    for rate, name in zip(found, ("verdict", "known"), strict=True):
        expected = RECORDED[name][number]
        assert abs(rate - expected) <= 3.5 * np.sqrt(max(expected * (1 - expected), 0.005) / data_sets)
