"""The promises of docs/size.md against the recorded study, and the study against a few cells made again."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).parent
CELL = ["cell", "family", "sizes", "treated", "sd_ratio", "memory"]


def load(name: str) -> object:
    """A script beside this file, as a module."""
    spec = importlib.util.spec_from_file_location(f"validation_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STUDY, RULES, WEIGHTED, OWN = load("size"), load("rules"), load("weighted_size"), load("own_size")
DOCUMENT = (HERE.parents[1] / "docs" / "size.md").read_text("utf-8")
RECORDED = pd.read_csv(HERE / "recorded" / "size.csv", comment="#")
SIZE = RECORDED[RECORDED["shift"] == 0].pivot_table(index=CELL, columns="method", values="rate")
POWER = RECORDED[RECORDED["shift"] > 0].pivot_table(index=CELL, columns="method", values="rate")
BOUND = 0.05 + 2 * np.sqrt(0.05 * 0.95 / STUDY.SIMULATIONS[0.0])


def cells(frame: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """The rows with these values of the index."""
    kept = np.ones(len(frame), dtype=bool)
    for name, value in wanted.items():
        kept &= frame.index.get_level_values(name) == value
    return frame[kept]


def test_every_cell_of_the_study_is_recorded() -> None:
    designs = list(STUDY.cells())
    assert SIZE.index.get_level_values("cell").tolist() == list(range(len(designs)))
    for (_, family, sizes, treated, ratio, memory), (name, label, design) in zip(SIZE.index, designs, strict=True):
        assert (family, sizes, treated) == (name, label, design.treated)
        assert (ratio, memory) == (design.sd_ratio, design.autocorrelation)


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_the_tables_of_the_documentation_are_the_recorded_ones(shift: float) -> None:
    assert STUDY.table(shift) in DOCUMENT


@pytest.mark.slow
def test_the_table_of_rules_in_the_documentation_is_what_is_computed() -> None:
    assert RULES.table() in DOCUMENT


@pytest.mark.parametrize("treated", [3, 4, 6])
def test_only_calibrated_and_fiducial_rules_hold_their_size_everywhere(treated: int) -> None:
    sizes = {
        name: max(RULES.chances(rule, treated, h)[0] for h in (1.0, 2.0, 5.0)) for name, rule in RULES.RULES.items()
    }
    holds = {name for name, size in sizes.items() if size <= 0.0501}
    assert holds == {"t(K-1)", "fiducial", "the same, calibrated"}


def test_the_verdict_never_rejects_more_than_five_per_cent() -> None:
    verdict = SIZE["verdict"].dropna()
    assert set(verdict.index.get_level_values("treated")) == set(range(3, 11))
    runs = RECORDED[(RECORDED["shift"] == 0) & (RECORDED["method"] == "verdict")].set_index(CELL)["data_sets"]
    assert (verdict <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)).all()


def test_two_legs_without_the_third_reject_too_often() -> None:
    """CR2-BM holds the level where districts vary alike and not where treated vary twice as much."""
    assert cells(SIZE, sd_ratio=1.0, family="normal", sizes="equal")["cr2_bell_mccaffrey"].max() <= BOUND + 0.002
    assert cells(SIZE, sd_ratio=2.0, treated=4, family="normal")["cr2_bell_mccaffrey"].min() > BOUND


@pytest.mark.parametrize(
    ("treated", "ratio", "method", "size"),
    [
        (1, 1.0, "cr1", 0.648),
        (1, 1.0, "wild_restricted", 0.0),
        (2, 1.0, "cr1", 0.257),
        (3, 1.0, "cr1", 0.142),
        (4, 1.0, "cr1", 0.110),
        (4, 1.0, "cr2_bell_mccaffrey", 0.043),
        (4, 1.0, "permutation_studentised", 0.052),
        (4, 1.7, "permutation", 0.153),
        (4, 1.7, "wild_restricted", 0.087),
        (4, 0.6, "permutation", 0.010),
        (6, 1.0, "donald_lang", 0.044),
        (10, 1.0, "cr1", 0.048),
    ],
)
def test_known_sizes_come_back(treated: int, ratio: float, method: str, size: float) -> None:
    """An earlier, smaller study of the same designs; its errors and ours leave about two percentage points."""
    found = cells(SIZE, treated=treated, sd_ratio=ratio, family="normal", sizes="equal")[method].item()
    assert abs(found - size) < 0.02


def test_the_verdict_has_the_power_of_the_best_method_that_always_holds_its_size() -> None:
    """Within a tenth, among methods that hold 5 % in all cells with as many treated districts."""
    for treated in range(3, 11):
        size, power = cells(SIZE, treated=treated), cells(POWER, treated=treated)
        holds = [m for m in size.columns if m != "verdict" and size[m].notna().all() and size[m].max() <= BOUND]
        for method in holds:
            assert (power["verdict"] >= 0.9 * power[method]).all(), (treated, method)


@pytest.mark.slow
@pytest.mark.parametrize("cell", [13, 15, 55])
def test_recorded_rates_can_be_made_again(cell: int) -> None:
    """The same cell with its own seed and fewer data sets: within three standard errors of the smaller run."""
    _, _, design = list(STUDY.cells())[cell]
    found = STUDY.rejections(cell, design, 0.0, 2_000)
    for method, rate in ((method, found.rates[method]) for method in STUDY.SHOWN if method in found.rates):
        recorded = SIZE.loc[SIZE.index.get_level_values("cell") == cell, method].item()
        assert abs(rate - recorded) <= 3.5 * max(found.standard_error(method), 0.002)


BY_CELL = ["weights", "strata", "variance", "family", "treated", "sd_ratio"]
WITH_WEIGHTS = pd.read_csv(HERE / "recorded" / "weighted_size.csv", comment="#")
WEIGHTED_SIZE, WEIGHTED_POWER = (
    WITH_WEIGHTS[WITH_WEIGHTS["shift"] == shift].pivot_table(index=BY_CELL, columns="method", values="rate")
    for shift in (0.0, 3.0)
)


def test_every_cell_with_weights_and_strata_is_recorded_and_shown() -> None:
    assert set(WEIGHTED_SIZE.index) == set(WEIGHTED.cells())
    assert WEIGHTED.table() in DOCUMENT


def test_with_weights_and_strata_the_verdict_never_rejects_more_than_five_per_cent() -> None:
    """Three Monte Carlo errors, because the largest of 184 cells is looked at; in all together, well below."""
    assert len(WEIGHTED_SIZE) == 184
    assert WEIGHTED_SIZE["verdict"].max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4_000)
    assert WEIGHTED_SIZE["verdict"].mean() < 0.04


@pytest.mark.parametrize("treated", [3, 4, 6])
def test_weights_cost_no_power_where_districts_vary_alike(treated: int) -> None:
    """Within three points of equal weights, and two to four times what a leg of CR2 left."""
    power = cells(WEIGHTED_POWER, variance="flat", family="normal", treated=treated, strata="none", sd_ratio=1.0)
    equal = cells(power, weights="equal")["verdict"].item()
    for weights in WEIGHTED.WEIGHTS[1:]:
        found = cells(power, weights=weights)
        assert found["verdict"].item() > equal - 0.03
        if weights != "log-normal sd .5":
            assert found["verdict"].item() > 1.2 * found["cr2_bell_mccaffrey"].item()


def test_moves_of_changes_are_exact_where_districts_vary_alike() -> None:
    alike = cells(WEIGHTED_SIZE, variance="flat", sd_ratio=1.0, strata="none")["permutation_studentised"]
    assert len(alike) == 24
    assert (abs(alike - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / 4_000)).all()


@pytest.mark.slow
def test_a_cell_with_weights_can_be_made_again() -> None:
    designs = list(WEIGHTED.cells())
    number = designs.index(WEIGHTED.Cell("one holds 60 %", "none", "flat", "normal", 4, 1.0))
    found = list(WEIGHTED.rates(designs[number], np.random.default_rng([WEIGHTED.SEED, number])))
    for shift, method, rate in found:
        frame = WEIGHTED_SIZE if shift == 0 else WEIGHTED_POWER
        assert rate == pytest.approx(frame.loc[designs[number], method], abs=1e-4)


OWN_SIZE = pd.read_csv(HERE / "recorded" / "own_size.csv", comment="#").set_index(
    ["outcome", "weights", "windows", "treated"]
)


def test_every_own_design_is_recorded_and_shown() -> None:
    assert OWN_SIZE.index.tolist() == [tuple(cell) for cell in OWN.cells()]
    assert OWN.table() in DOCUMENT


def test_with_the_bar_no_own_design_says_supported_too_often() -> None:
    """Two Monte Carlo errors, of the data sets and of the designs that were looked at among the supported."""
    left = OWN_SIZE["stands"] / OWN_SIZE["plain"]
    looked_at = np.array([OWN.SUPPORTED["levels" if OWN.LAWS[cell[0]].levels else "counts"] for cell in OWN_SIZE.index])
    error = np.sqrt(0.05 * 0.95 / OWN.OUTER + OWN_SIZE["plain"] ** 2 * left * (1 - left) / looked_at)
    assert (OWN_SIZE["stands"] <= 0.05 + 2 * error).all()
    assert (OWN_SIZE["plain"] > 0.09).sum() >= 6


def test_the_bar_is_seldom_where_the_rule_holds_by_itself() -> None:
    """One period or four after, and normal changes: at most a twentieth of designs, counted over cells."""
    windows, outcome = (OWN_SIZE.index.get_level_values(name) for name in ("windows", "outcome"))
    harmless = OWN_SIZE[(windows == "8+4") | outcome.str.startswith("normal")]
    assert harmless["plain"].max() < 0.055
    assert harmless["barred"].mean() < 0.05
    rare = OWN_SIZE[(windows == "8+1") & outcome.str.startswith("the same") & (OWN_SIZE["plain"] > 0.09)]
    assert len(rare) >= 2
    assert rare["barred"].min() > 0.3


@pytest.mark.slow
def test_an_own_design_can_be_made_again() -> None:
    designs = list(OWN.cells())
    number = designs.index(OWN.Cell("2 in 1,000 of 100 to 1,000", "equal", "8+1", 4))
    found = OWN.rates(designs[number], np.random.default_rng([OWN.SEED, number]))
    recorded = OWN_SIZE.loc[designs[number], ["plain", "power", "barred", "stands"]]
    np.testing.assert_allclose(found, recorded, atol=1e-4)
