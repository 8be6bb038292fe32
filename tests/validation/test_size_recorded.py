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


STUDY, RULES = load("size"), load("rules")
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
    for method, rate in found.rates.items():
        recorded = SIZE.loc[SIZE.index.get_level_values("cell") == cell, method].item()
        assert abs(rate - recorded) <= 3.5 * max(found.standard_error(method), 0.002)
