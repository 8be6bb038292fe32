"""The promise of the bands in docs/size.md against the recorded study, and the study against two cells made again."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HERE = Path(__file__).parent


def load(name: str) -> object:
    """A script beside this file, as a module."""
    spec = importlib.util.spec_from_file_location(f"validation_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STUDY = load("bands")
DOCUMENT = (HERE.parents[1] / "docs" / "size.md").read_text("utf-8")
RECORDED = pd.read_csv(HERE / "recorded" / "bands.csv", comment="#")
ERROR = np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    designs = [cell[1:] for cell in STUDY.cells()]
    names = ["districts", "periods", "sd_ratio", "memory"]
    assert [tuple(row) for row in RECORDED[names].to_numpy().tolist()] == designs
    assert STUDY.table() in DOCUMENT


def test_bands_cover_at_their_level_whatever_the_ratio_and_the_memory() -> None:
    """No cell lies further off than chance among so many cells allows, and all together lie between 94 and 97."""
    assert RECORDED["covered"].between(0.95 - 3 * ERROR, 0.95 + 3 * ERROR).all()
    assert 0.94 <= RECORDED["covered"].mean() <= 0.97
    assert RECORDED.groupby("sd_ratio")["covered"].mean().between(0.94, 0.97).all()


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 17])
def test_recorded_coverage_can_be_made_again(number: int) -> None:
    """The same cell with its own seed: the first data sets are those of the record."""
    covered, _ = STUDY.coverage(number, list(STUDY.cells())[number], 100)
    assert abs(covered - RECORDED["covered"][number]) <= 3.5 * np.sqrt(0.05 * 0.95 / 100)
