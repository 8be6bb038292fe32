"""Who is treated: from his day on, unless nothing is seen of him with the programme; then he is a control."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
import small_registers as small

from sverige_did.design import designs
from sverige_did.panel import Panel
from sverige_did.sources.panel.build import Built, build
from sverige_did.sources.panel.delivery import problems_of
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.words import LANGUAGES

CONTROLS = tuple(name for name in small.DISTRICTS if name not in small.TREATED)


def delivery(begins: dict[str, str]) -> dict[str, pd.DataFrame]:
    """The delivery with other first days of some districts."""
    frames = small.delivery()
    districts = frames["districts"]
    days = [begins.get(name, day) for name, day in zip(districts["district"], districts["treated_from"], strict=True)]
    return frames | {"districts": districts.assign(treated_from=days)}


def built(folder: Path, begins: dict[str, str], **changes: object) -> Built:
    return build(small.tables(folder, delivery(begins)), small.study(**changes), standard_codes())


def estimated(panel: Panel) -> Estimated:
    plan = small.study()
    return estimate_panel(panel, plan, designs(panel, plan))


@pytest.mark.parametrize(
    ("begins", "changes"),
    [
        ({"F": "2015-01-01"}, {}),  # the day after the stop
        ({"D": "2016-01-01", "F": "2031-07-01"}, {}),
        (dict.fromkeys(CONTROLS, "2016-01-01"), {}),  # the programme is rolled out to everybody
        (dict.fromkeys(CONTROLS, "2015-03-01"),  # by the stop, but after the last period of the panel
         {"periods": small.plan()["periods"] | {"hard_stop": "2015-12-31"}}),
    ],
)  # fmt: skip
def test_who_begins_after_all_that_is_seen_is_a_control(tmp_path, begins, changes):
    usual, late = built(tmp_path, {}), built(tmp_path, begins, **changes)
    pd.testing.assert_frame_equal(usual.panel.cells, late.panel.cells)
    assert estimated(usual.panel) == estimated(late.panel)
    (remark,) = [one for one in late.remarks if one not in usual.remarks]
    assert (remark.key, remark.severity) == ("panel_not_yet", "warning")
    for language in LANGUAGES:
        told = remark.say(language)
        assert "2014-12-31" in told
        assert str(len(begins)) in told
        assert not [name for name in begins if f" {name} " in told], "a single district is not named on the page"


def test_who_begins_after_the_follow_up_is_a_control_until_then_and_is_not_seen_under_the_programme(tmp_path):
    early = {"periods": small.plan()["periods"] | {"follow_up": "2014-06-30"}}
    usual, late = built(tmp_path, {}, **early), built(tmp_path, {"F": "2014-08-01"}, **early)
    mine = late.panel.cells[late.panel.cells["unit"] == "F"]
    assert set(mine["group"]) == {"control"}
    assert mine["end"].max() < pd.Timestamp("2014-08-01")
    plan = small.study(**early)
    assert designs(usual.panel, plan) == designs(late.panel, plan)
    window = [one.panel.cells[one.panel.cells["end"] <= pd.Timestamp("2014-06-30")] for one in (usual, late)]
    pd.testing.assert_frame_equal(*(cells.reset_index(drop=True) for cells in window))
    assert {one.key for one in late.remarks} - {one.key for one in usual.remarks} == {"panel_not_yet"}


INTENTION = {"periods": small.plan()["periods"] | {"partial": "intention"}}


@pytest.mark.parametrize(
    ("day", "changes", "treated"),
    [
        ("2014-07-01", {}, True),  # one whole period under the programme is left
        ("2014-07-02", {}, False),  # none, and one in part is left out
        ("2014-12-31", {}, False),
        ("2014-12-31", INTENTION, True),  # one in part is enough
    ],
)
def test_who_begins_in_time_for_a_period_that_is_compared_is_treated(tmp_path, day, changes, treated):
    late = built(tmp_path, {"F": day}, **changes)
    mine = late.panel.outcome("institution_per_1000").query("unit == 'F'")
    assert set(mine["group"]) == {"treated" if treated else "control"}
    assert ("panel_not_yet" in {one.key for one in late.remarks}) == (not treated)
    assert (mine["end"].max() < pd.Timestamp(day)) == (not treated), "nothing of a control under the programme is kept"
    plan = small.study(**changes)
    classes = {one.design_class for one in designs(late.panel, plan)}
    assert ("D5" in classes) == treated
    usual = designs(built(tmp_path, {}, **changes).panel, plan)
    if not treated:
        assert [one.design_class for one in designs(late.panel, plan)] == [one.design_class for one in usual]
        assert all(
            math.isfinite(one.result.estimate)
            for one in estimate_panel(late.panel, plan, designs(late.panel, plan)).findings
        )


def problems(folder: Path, begins: dict[str, str]) -> dict[str, object]:
    small.write(folder, delivery(begins))
    return {one.key: one for one in problems_of(folder, small.study())}


def test_the_check_counts_those_who_are_treated_by_the_same_rule(tmp_path):
    assert "reg_treated_count" not in problems(tmp_path, dict.fromkeys(CONTROLS, "2016-01-01"))
    assert problems(tmp_path, {"A": "2016-01-01"})["reg_treated_count"].found == "2"


@pytest.mark.parametrize(("day", "named"), [("2009-01-01", True), ("2013-06-30", True), ("2013-07-01", False)])
def test_a_district_that_is_never_seen_without_the_programme_is_named(tmp_path, day, named):
    found = problems(tmp_path, {"A": day})
    assert ("reg_always_treated" in found) == named
    if named:
        told = {language: found["reg_always_treated"].say(language) for language in LANGUAGES}
        assert all("“A”" in text or "»A«" in text or ": A" in text for text in told.values()), told
