"""What docs/size.md says of one or two treated districts, against the recorded studies and the package."""

import numpy as np
import pandas as pd
import pytest
from test_bands_recorded import DOCUMENT, HERE, load

from sverige_did.inference.districts import districts
from sverige_did.inference.relative_spread import relative_spread

STUDY, CHOSEN = load("few_treated"), load("few_chosen")
RECORDED = pd.read_csv(HERE / "recorded" / "few_treated.csv", comment="#")
PANELS = pd.read_csv(HERE / "recorded" / "few_chosen.csv", comment="#")


def bound(data_sets: int) -> float:
    return 0.05 + 2 * np.sqrt(0.05 * 0.95 / data_sets)


def test_every_cell_of_the_studies_is_recorded_and_told() -> None:
    assert [tuple(row) for row in RECORDED[list(STUDY.Cell._fields)].to_numpy()] == list(STUDY.cells())
    assert STUDY.table() in DOCUMENT
    assert len(PANELS) == 4 * sum(map(len, CHOSEN.WINDOWS.values()))
    assert CHOSEN.table() in DOCUMENT


def test_within_the_bound_no_cell_exceeds_the_level() -> None:
    assert RECORDED[["at_both", "below_both"]].max().max() <= bound(STUDY.DATA_SETS)


def test_each_method_is_needed() -> None:
    unlike_normal = RECORDED[RECORDED["law"] != "normal"]
    assert unlike_normal["at_t"].max() > 0.07
    assert (RECORDED[(RECORDED["treated"] == 1) & (RECORDED["controls"] < 19)]["at_both"] == 0).all()


def test_beyond_the_bound_it_does_not_hold_as_is_said() -> None:
    assert RECORDED["above_both"].max() > 0.25


def test_by_lot_it_holds_on_real_panels_and_as_the_highest_it_does_not_even_beside_the_level() -> None:
    by_lot = PANELS[PANELS["choice"] == "random"]
    assert by_lot["alone_1"].mean() <= 0.05
    assert by_lot["alone_1"].max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / CHOSEN.ROUNDS)
    assert PANELS[PANELS["choice"] == "level"]["beside_level_1"].max() > 0.25  # so no verdict is given then


@pytest.mark.parametrize("law", STUDY.LAWS)
@pytest.mark.parametrize("treated", [1, 2])
def test_the_study_decides_as_the_package_does(law: str, treated: int) -> None:
    for stated in (1.0, 2.0):
        cell = STUDY.Cell(law, treated, 20, stated)
        x = STUDY.changes(cell, 3.0, 40, np.random.default_rng(5))
        found = STUDY.rejected(x.copy(), treated, stated)["both"]
        arm = np.arange(x.shape[1]) < treated
        largest = [
            relative_spread(districts(row, arm, smallest_arm=1), rng=np.random.default_rng(0)).largest for row in x
        ]
        assert found.tolist() == [one is not None and one >= stated for one in largest]
        assert 0 < found.sum() < 40


@pytest.mark.slow
@pytest.mark.parametrize("number", [6, 24, 70])
def test_a_recorded_cell_can_be_made_again(number: int) -> None:
    data_sets = STUDY.DATA_SETS // 10
    found = STUDY.rates(number, list(STUDY.cells())[number], data_sets)
    for name, rate in found.items():
        expected = RECORDED[name][number]
        assert abs(rate - expected) <= 3.5 * np.sqrt(max(expected * (1 - expected), 0.005) / data_sets)
