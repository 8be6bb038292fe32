"""Few children in a window that an estimate or a check adds up stay inside, whatever the dates of the plan."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import Release
from sverige_did.panel import Panel
from sverige_did.results.estimates import CheckResult
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Study

LABELS = windows_of(Grid(first="2011H1", last="2015H2")).labels
OUTCOME = "breakdowns"
DRIFT = ("relative_magnitudes", "equivalence", "permuted_magnitudes", "smoothness", "pretest_power")
CHECKS = ("other_window", "placebo_dates", "leave_one_out", "placebo_units", "single_districts", *DRIFT)


def plan(**dates: str) -> Study:
    periods = {
        "baseline": "2013-06-30", "treatment_start": "2013-08-01", "follow_up": "2015-12-31",
        "hard_stop": "2015-12-31", "partial": "donut", "ramp_months": 0,
    } | dates  # fmt: skip
    wanted = {"outcome": OUTCOME, "question": "all", "role": "primary", "benefit": "lower", "scales": ["ratio"]}
    return study(periods=periods, outcomes=[wanted])


def panel(events: dict[str, float], starts: tuple[str, ...] = ("2013-08-01",) * 4) -> Panel:
    """4 treated and 12 control districts; ``events`` of the treated group by period, all in its first district."""
    since = pd.to_datetime(pd.Series([*starts, *[None] * 12], dtype="object"))
    units = pd.DataFrame(
        {"unit": [f"d{k:02}" for k in range(16)], "unit_kind": "district",
         "group": np.where(since.notna(), "treated", "control"), "treated_from": since, "stratum": None}
    )  # fmt: skip
    count = np.full((16, len(LABELS)), 9.0)
    count[:4] = 0
    count[0] = [events.get(label, 0.0) for label in LABELS]
    return Panel.of(to_cells(OUTCOME, "events", units, LABELS, count, None, "f"), synthetic=True)


def released(made: Panel, requested: Study, *, estimated: bool = False) -> Release:
    found = designs(made, requested)
    estimates = estimate_panel(made, requested, found) if estimated else None
    checks = (CheckResult(check=name, outcome=OUTCOME, key="result", numbers={"effect": 1.0}) for name in CHECKS)
    return release_registers(
        study=requested, panel=made, designs=found, coverage=(), checks=tuple(checks),
        findings=estimates.findings if estimates else (), methods_tables=estimates.methods_tables if estimates else (),
    )  # fmt: skip


def said(release: Release) -> dict[str, str]:
    return {check.check: check.key for check in release.checks}


# baseline -> last period before; treated in part -> first period after; follow-up -> last period after
BASELINES = {"2011-12-31": "2011H2", "2012-12-31": "2012H2", "2013-06-30": "2013H1"}
PARTIAL = {"donut": "2014H1", "intention": "2013H2"}
FOLLOW_UPS = {"2014-06-30": "2014H1", "2015-12-31": "2015H2"}


@pytest.mark.parametrize(("baseline", "partial", "follow_up"), [*product(BASELINES, PARTIAL, FOLLOW_UPS)])
def test_the_windows_looked_at_are_those_of_the_estimates_for_all_dates(baseline, partial, follow_up):
    """Two children in a window, and many in every period outside it; and the other way round."""
    requested = plan(baseline=baseline, partial=partial, follow_up=follow_up)
    before = [label for label in LABELS if label <= BASELINES[baseline]]
    after = [label for label in LABELS if PARTIAL[partial] <= label <= FOLLOW_UPS[follow_up]]
    many = dict.fromkeys(LABELS, 9.0)
    for window in (before, after):
        few = many | dict.fromkeys(window, 0.0) | {window[-1]: 2.0}
        assert released(panel(few), requested).withheld == (OUTCOME,)
    inside = {label: 9.0 if label in before + after else 2.0 for label in LABELS}
    assert released(panel(inside), requested).withheld == ()


def test_two_children_before_the_baseline_are_not_hidden_among_many_before_the_start():
    """The dates of a new study: the baseline ends with 2012 and the programme starts in August 2013."""
    requested = plan(baseline="2012-12-31")
    few = panel({"2012H2": 2, "2013H1": 42, "2014H1": 21, "2014H2": 21})
    release = released(few, requested, estimated=True)
    assert (release.withheld, release.findings, release.methods_tables, release.checks) == ((OUTCOME,), (), (), ())
    many = panel({"2012H2": 12, "2013H1": 2, "2014H1": 21, "2014H2": 21})
    assert released(many, requested, estimated=True).findings


@pytest.mark.parametrize("partial", ["donut", "intention"])
def test_a_window_that_only_a_check_has_takes_only_the_check_with_it(partial):
    """With and without the period treated in part: beside the estimate, the check tells how many were in it."""
    steady = dict.fromkeys(LABELS, 9.0)
    assert said(released(panel(steady), plan(partial=partial))) == dict.fromkeys(CHECKS, "result")
    for few in (1.0, 4.0):
        release = released(panel(steady | {"2013H2": few}), plan(partial=partial))
        assert (release.withheld, said(release)["other_window"]) == ((), "few_children")
        (shut,) = [check for check in release.checks if check.check == "other_window"]
        assert (shut.status, shut.numbers, shut.curves) == ("could_not_run", {}, ())
        assert said(release)["leave_one_out"] == said(release)["placebo_dates"] == "result"
    assert said(released(panel(steady | {"2013H2": 0.0}), plan(partial=partial)))["other_window"] == "result"


@pytest.mark.parametrize("late", [3.0, 0.0])
def test_a_placebo_date_with_few_children_after_it_is_not_shown(late):
    release = released(panel(dict.fromkeys(LABELS, 9.0) | {"2013H1": late}), plan())
    assert said(release)["placebo_dates"] == ("few_children" if late else "result")
    early = dict.fromkeys(LABELS[:2], 1.0) | dict.fromkeys(LABELS[2:], 9.0)
    assert said(released(panel(early), plan()))["placebo_dates"] == "few_children"


@pytest.mark.parametrize("period", ["2011H2", "2013H1"])
def test_steps_before_are_looked_at_period_by_period_where_there_are_few_years(period):
    """Five half-years before: any of them may be the end of the largest step, or hold the weight of a line."""
    release = said(released(panel(dict.fromkeys(LABELS, 9.0) | {period: 2.0}), plan()))
    assert {name for name, key in release.items() if key == "few_children"} >= set(DRIFT)
    assert release["placebo_units"] == release["single_districts"] == "result"


def test_steps_of_years_hide_what_is_few_in_a_year():
    """Six half-years before are three years: a half-year with few children in a year with many is no step."""
    requested = plan(baseline="2013-12-31", treatment_start="2014-01-01")
    many, starts = dict.fromkeys(LABELS, 9.0), ("2014-01-01",) * 4
    uneven = said(released(panel(many | {"2012H2": 2.0}, starts), requested))
    assert {uneven[name] for name in DRIFT[:3]} == {"result"}
    assert {uneven[name] for name in DRIFT[3:]} == {"few_children"}
    few = said(released(panel(many | {"2012H1": 2.0, "2012H2": 1.0}, starts), requested))
    assert {few[name] for name in DRIFT} == {"few_children"}


@pytest.mark.parametrize(("early", "withheld"), [(2.0, (OUTCOME,)), (9.0, ()), (0.0, ())])
def test_districts_that_begin_apart_are_looked_at_by_their_own_dates(early, withheld):
    """Nothing before the plan's start, some in the half-year before the district's own, many after both."""
    starts = ("2014-07-01", "2015-01-01") * 2
    assert released(panel({"2014H1": early, "2014H2": 9.0, "2015H1": 9.0}, starts), plan()).withheld == withheld
