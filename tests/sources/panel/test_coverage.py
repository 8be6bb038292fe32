"""The coverage matrix and the design classes that follow from it: delivered registers in, classes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import small_registers as small

from sverige_did.design import designs
from sverige_did.panel import Panel
from sverige_did.sources.panel.build import build
from sverige_did.sources.panel.coverage import coverage
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.study.study import Study

WANTED = ("institution_per_1000", "complaints", "caseload", "placement_spending", "wellbeing_sdq", "decision_time")


def plan() -> Study:
    outcomes = [
        {"outcome": name, "question": "all", "role": "exploratory", "benefit": "lower", "scales": ["level"]}
        for name in WANTED
    ]
    return small.study(outcomes=outcomes)


def panel_of(folder: Path, frames: dict[str, pd.DataFrame]) -> Panel:
    return build(small.tables(folder, frames), plan(), standard_codes()).panel


def classes(panel: Panel) -> dict[str, str | None]:
    return {design.outcome: design.design_class for design in designs(panel, plan())}


def test_a_full_delivery_has_the_classes_that_its_registers_carry(tmp_path: Path) -> None:
    assert classes(panel_of(tmp_path, small.delivery())) == {
        "institution_per_1000": "D1",
        "complaints": "D2",  # the first one is from after the start
        "caseload": "D1g",  # by team, so two totals
        "placement_spending": "D2",  # whole years: 2013 holds the start, so there is no year before
        "wellbeing_sdq": "D3",  # forms of a treated district only
        "decision_time": None,
    }


@pytest.mark.parametrize(
    ("register", "keep", "outcome", "expected"),
    [
        ("complaints", lambda frame: frame.assign(date=["2013-02-01", *frame["date"][1:]]), "complaints", "D1"),
        (
            "complaints",
            lambda frame: frame.assign(date=["2013-02-01", *frame["date"][1:]], case=None),
            "complaints",
            "D1g",
        ),
        ("complaints", lambda frame: frame.query("team == 'North'"), "complaints", "D3"),
        ("caseworkers", lambda frame: frame.query("period > '2013-06'"), "caseload", "D2"),
        ("caseworkers", lambda frame: frame.query("team == 'North'"), "caseload", "D3"),
    ],
)
def test_what_is_delivered_decides_the_class(
    tmp_path: Path, register: str, keep: Callable[[pd.DataFrame], pd.DataFrame], outcome: str, expected: str
) -> None:
    frames = small.delivery()
    frames[register] = keep(frames[register])
    assert classes(panel_of(tmp_path, frames))[outcome] == expected


def test_the_matrix_counts_units_by_period(tmp_path: Path) -> None:
    frames = small.delivery()
    frames["caseworkers"] = frames["caseworkers"].query("team == 'North' and period < '2014-07'")
    rows = {(row.outcome, row.group): row for row in coverage(panel_of(tmp_path, frames))}
    primary = rows["institution_per_1000", "treated"]
    assert (primary.source, primary.unit_kind, primary.units) == ("placements.csv", "district", 3)
    assert dict(zip(primary.periods, primary.units_seen, strict=True)) == dict.fromkeys(small.HALF_YEARS, 3)
    assert rows["caseload", "treated"].units_seen == (1, 1, 1)
    assert rows["caseload", "control"].units_seen == (0, 0, 0)
    assert (rows["wellbeing_sdq", "treated"].periods, rows["wellbeing_sdq", "treated"].units_seen) == (
        ("2013H1", "2014H1"),
        (1, 1),
    )
