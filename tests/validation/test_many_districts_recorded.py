"""What the recorded sampling of many districts says, that the page tells it, and that it can be made again."""

from __future__ import annotations

import pandas as pd
import pytest
from many_districts import COLUMNS, DESIGNS, RECORD, WAYS, row, table

from sverige_did.bayes.sampling.diagnostics import STANDARD

PAGE = RECORD.parents[3] / "docs" / "calibration.md"


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    return pd.read_csv(RECORD, comment="#")


def test_the_record_is_whole(record: pd.DataFrame) -> None:
    assert tuple(record.columns) == COLUMNS
    found = [tuple(one) for one in record[["likelihood", "districts", "children", "data_set", "way"]].to_numpy()]
    assert found == [(*design, way) for design in DESIGNS for way in WAYS]


def test_every_rotated_fit_of_ninety_children_a_district_meets_every_criterion(record: pd.DataFrame) -> None:
    rotated = record[(record["way"] == "rotated") & (record["children"] == 90)]
    assert {20, 100, 300} == set(rotated["districts"])
    assert rotated["passed"].all()
    assert rotated["rhat"].max() < STANDARD.rhat
    assert rotated["ess_bulk"].min() > STANDARD.ess
    assert (rotated["divergences"] == 0).all()


def test_sampled_one_by_one_three_hundred_districts_fail(record: pd.DataFrame) -> None:
    path = record[(record["way"] == "path") & (record["districts"] == 300)]
    assert not path["passed"].any()


def test_the_page_says_where_it_ends(record: pd.DataFrame) -> None:
    rotated = record[(record["way"] == "rotated") & (record["children"] == 900)]
    assert not rotated["passed"].any(), "the page and the model's docstring tell of a limit that is gone"


def test_the_page_shows_the_record() -> None:
    assert table() in PAGE.read_text("utf-8")


@pytest.mark.slow
def test_other_districts_meet_the_criteria_too() -> None:
    for design in (DESIGNS[0], DESIGNS[-1]):
        found = dict(zip(COLUMNS, row(design._replace(data_set=9), "rotated", {}), strict=True))
        assert found["passed"], found
