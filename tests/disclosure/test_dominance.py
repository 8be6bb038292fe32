"""A district that is nearly all of its group: what the group changed by is what the district did."""

from __future__ import annotations

import pytest
from small_groups import MANY, panel
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.registers import Answers, attacked_release
from sverige_did.panel import Panel
from sverige_did.report.unanswered import unanswered
from sverige_did.sources.panel.coverage import coverage
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.study import Study


def heavy(times: float) -> Panel:
    """The treated districts, one of which has so many times the others' children, placed and not."""
    cells = panel(MANY).cells
    mine = cells["unit"] == "distrikt-00"
    numbers = ["value", "low", "high", "denominator", "denominator_low", "denominator_high"]
    return Panel.of(
        cells.assign(**{name: cells[name].where(~mine, times * cells[name]) for name in numbers}), synthetic=True
    )


def plan(weights: str) -> Study:
    return study(weights=weights)


@pytest.mark.parametrize(
    ("times", "weights", "shut"),
    [(1.0, "children", False), (10.0, "children", False), (30.0, "children", True), (30.0, "districts", False)],
)
def test_an_outcome_is_withheld_where_one_district_has_over_85_per_cent_of_the_weight(
    times: float, weights: str, shut: bool
) -> None:
    cells, wanted = heavy(times), plan(weights)
    found = designs(cells, wanted)
    made = estimate_panel(cells, wanted, found)
    release = attacked_release(
        wanted, cells, Answers(found, made.findings, made.methods_tables, coverage(cells))
    ).release
    names = {item.outcome for item in wanted.outcomes}
    assert set(release.withheld) == (names if shut else set())
    assert {one.what for one in release.given_up if one.outcome in names} >= ({"one_district"} if shut else set())
    if shut:
        assert not release.findings
        assert "85" in str(unanswered(release, "en"))
