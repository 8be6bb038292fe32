"""What docs/methods.md says of the limits of a net benefit, against the recorded study, and a cell made again."""

from pathlib import Path

import numpy as np
import pandas as pd
from test_bands_recorded import HERE, load

STUDY = load("net_benefit_coverage")
RECORDED = pd.read_csv(HERE / "recorded" / "net_benefit.csv", comment="#")
METHODS = (Path(__file__).parents[2] / "docs" / "methods.md").read_text("utf-8")
ERROR = np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    assert [tuple(row) for row in RECORDED[list(STUDY.Cell._fields)].to_numpy()] == list(STUDY.cells())
    assert STUDY.table() in METHODS


def test_the_limits_hold_the_net_benefit_and_certainty_is_rarely_false() -> None:
    assert (RECORDED["held"] > 0.95 - 3 * ERROR).all()
    assert (RECORDED["false_certainty"] <= 0.025).all()


def test_a_cell_comes_out_again() -> None:
    cells = list(STUDY.cells())
    held, _, width = STUDY.rates(1, cells[1], 40)
    assert held > 0.85
    assert 0.5 < width / float(RECORDED["width"][1]) < 2
