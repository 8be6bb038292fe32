"""The promises of docs/size.md about districts that begin apart, and the study's closed forms against the package."""

import numpy as np
import pandas as pd
import pytest
from test_bands_recorded import DOCUMENT, HERE, load

from sverige_did.did.arrays import panel_from_rows
from sverige_did.inference.simulated.redrawn_paths import date_tests
from sverige_did.inference.staggered import skewness_p, staggered_permutation_test, welch_by_cohort
from sverige_did.studies.panel.staggered_did import mean_effect

STUDY = load("dates")
RECORDED = pd.read_csv(HERE / "recorded" / "dates.csv", comment="#")
BOUND = 0.05 + 2 * np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    designs = [[" + ".join(map(str, sizes)), kind, ratio] for sizes, kind, ratio in STUDY.cells()]
    assert RECORDED[["sizes", "shocks", "sd_ratio"]].to_numpy().tolist() == designs
    assert STUDY.table() in DOCUMENT


def test_one_cell_alone_exceeds_the_level_once_the_design_can_bar_it() -> None:
    over = RECORDED[RECORDED["stands"] > BOUND]
    assert over[["sizes", "shocks", "sd_ratio"]].to_numpy().tolist() == [["5 + 5 + 10", "one_skewed_shock", 3.0]]
    assert over["stands"].max() <= 0.0565  # as the page of sizes says
    assert (RECORDED.loc[RECORDED["sd_ratio"] == 1, "stands"] <= 0.0475).all()
    alone = RECORDED[RECORDED["shocks"] == "one_skewed_shock"]
    assert alone["verdict"].max() > 2 * BOUND - 0.01  # what the bar is for
    assert alone["both"].max() > 2 * BOUND  # what the test of skewness is for


def test_where_shocks_average_out_few_designs_are_barred() -> None:
    averaged = RECORDED[RECORDED["shocks"] != "one_skewed_shock"]
    assert (averaged["verdict"] <= BOUND).all()
    assert averaged["barred"].mean() < 0.1


@pytest.mark.parametrize("kind", STUDY.KINDS)
def test_the_closed_forms_are_the_tests_of_the_package(kind: str) -> None:
    sizes = (2, 3, 5)
    y = STUDY.outcomes(sizes, kind, 2.0, 3, np.random.default_rng(1))
    found = date_tests(y, STUDY.design_of(sizes, y[0]), draws=STUDY.DRAWS, rng=np.random.default_rng(2))._asdict()
    start = np.repeat([3.0, 5.0, np.inf], sizes)
    unit, time = np.repeat(np.arange(10), 8), np.tile(np.arange(8), 10)
    for at in range(3):
        panel = panel_from_rows(unit, time, y[at].ravel(), time >= start[unit])
        assert found["welch"][at] == pytest.approx(welch_by_cohort(panel, mean_effect).p_value)
        assert found["skewness"][at] == pytest.approx(skewness_p(panel, mean_effect))
        for name, how in (("studentised", "cohort"), ("permutation", "none")):
            p = staggered_permutation_test(panel, mean_effect, rng=np.random.default_rng(3), studentise=how).p_value
            assert found[name][at] == pytest.approx(p, abs=4 * np.sqrt(0.25 / STUDY.DRAWS))


def test_one_far_district_among_many_is_seen_and_a_handful_of_districts_shows_nothing() -> None:
    start = np.array([3.0, 3, 5, 5] + [np.inf] * 20)
    unit, time = np.repeat(np.arange(24), 8), np.tile(np.arange(8), 24)
    y = np.random.default_rng(4).normal(size=(24, 8))
    far = y.copy()
    far[10, 3:] += 40

    def p(table: np.ndarray, rows: np.ndarray) -> float:
        kept = rows[unit]
        panel = panel_from_rows(unit[kept], time[kept], table.ravel()[kept], (time >= start[unit])[kept])
        return skewness_p(panel, mean_effect)

    everybody = np.ones(24, dtype=bool)
    assert p(y, everybody) > 0.05
    assert p(far, everybody) < 0.001
    assert p(far, np.arange(24) < 7) == 1.0
