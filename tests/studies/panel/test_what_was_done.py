"""What was done has facts and no verdict, stands among no other outcomes, and is held against what changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_district_panel import levels, panel, wanted
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.outcomes import is_what_was_done
from sverige_did.panel import Panel
from sverige_did.studies.panel.design_size import design_sizes
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.study.study import Study

OUTCOME, OTHER, DONE = "institution_per_1000", "family_per_1000", "follow_ups_per_1000"


def tables(effect: float = 0.0) -> dict[str, np.ndarray]:
    return {OUTCOME: levels(1, effect=effect), OTHER: levels(2, effect=0.5), DONE: levels(3, effect=9.0)}


def outcomes(role: str = "implementation") -> list[dict[str, Any]]:
    found = wanted(OUTCOME, OTHER, DONE)
    found[2]["role"] = role
    return found


def run(made: Panel, plan: Study) -> Estimated:
    return estimate_panel(made, plan, designs(made, plan))


@pytest.mark.parametrize("role", ["implementation", "secondary"])
def test_no_verdict_no_method_and_no_share_in_the_family(role: str) -> None:
    """Also where a plan gives it another role: the catalogue knows that follow-ups are no effect."""
    plan = study(outcomes=outcomes(role))
    found = run(panel(tables()), plan)
    mine = [one for one in found.findings if one.outcome == DONE]
    assert {one.verdict for one in mine} == {"descriptive"}
    assert {one.result.inference for one in mine} == {"none"}
    assert DONE not in {record.outcome for record in found.methods_tables}
    alone = run(panel(tables()), study(outcomes=wanted(OUTCOME, OTHER)))
    adjusted = [[record.max_t_adjustment for record in made.methods_tables] for made in (found, alone)]
    assert adjusted[0] == adjusted[1]
    assert adjusted[0][0] is not None
    assert adjusted[0][0].n_outcomes == 2


def test_its_numbers_are_the_changes_of_the_two_groups() -> None:
    made = panel(tables())
    found = {
        (one.result.estimand, one.result.scale): one.result.estimate
        for one in run(made, study(outcomes=outcomes())).findings
        if one.outcome == DONE
    }
    cells = made.outcome(DONE)
    pooled = {
        (group, after): 1000 * side["value"].sum() / side["denominator"].sum()
        for (group, after), side in cells[(cells["end"] <= "2013-06-30") | (cells["start"] >= "2014-01-01")].groupby(
            ["group", cells["start"] >= "2014-01-01"]
        )
    }
    change = {group: pooled[group, True] - pooled[group, False] for group in ("treated", "control")}
    assert found["raw_change", "rate_per_1000"] == pytest.approx(change["treated"])
    assert found["more_than_control", "rate_per_1000"] == pytest.approx(change["treated"] - change["control"])


def test_nobody_doubts_or_simulates_a_verdict_that_there_is_not() -> None:
    made, plan = panel(tables()), study(outcomes=outcomes())
    classes = designs(made, plan)
    assert DONE not in {check.outcome for check in sensitivity_analyses(made, plan, classes)}
    assert DONE not in {size.outcome for size in design_sizes(made, study(outcomes=outcomes()[2:]), classes)}


def test_doses_are_the_changes_of_districts_and_only_within_groups_free_of_their_difference() -> None:
    plan = study(outcomes=outcomes())
    found = {one.among: one for one in run(panel(tables(effect=6.0)), plan).doses}
    assert {one.dose for one in found.values()} == {DONE}
    assert {one.outcome for one in found.values()} == {OUTCOME}
    assert {one.districts for one in found.values()} == {16}
    assert found["all"].p is not None
    assert found["within"].p is not None
    assert found["all"].p < 0.01 < found["within"].p, "both went up in the treated, and that is all"


def test_what_has_no_districts_has_no_dose() -> None:
    made = panel(tables())
    cells = made.cells.copy()
    mine = cells["outcome"] == DONE
    groups = cells[mine].groupby(["group", "period"], as_index=False).first().assign(unit_kind="group")
    groups["unit"] = groups["group"]
    grouped = Panel.of(pd.concat([cells[~mine], groups[cells.columns]]), synthetic=True)
    plan = study(outcomes=outcomes())
    for one in run(grouped, plan).doses:
        assert one.slope is None
        assert one.why is not None
        assert one.why.key == "errors.dose_no_districts"


@pytest.mark.parametrize(("outcome", "role", "done"), [
    ("caseload", "secondary", True), ("follow_ups_on_time", "exploratory", True),
    ("institution_share", "implementation", True), ("institution_share", "primary", False),
    ("investment", "exploratory", False),
])  # fmt: skip
def test_what_counts_as_done(outcome: str, role: str, done: bool) -> None:
    assert is_what_was_done(outcome, role) == done
