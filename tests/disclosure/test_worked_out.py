"""What was once worked out from a release by hand, tried again on what a release is now."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_groups import LABELS, MANY, panel
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.registers import Answers, Attacked, attacked_release
from sverige_did.panel import Panel
from sverige_did.sources.panel.coverage import coverage
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.study import Study

RATE = "institution_per_1000"
FEW_IN = "2011H2"
YEARS = 0.5
"""Of a half-year: near enough to tell a child."""


def plan() -> Study:
    outcome = {"outcome": RATE, "question": "all", "role": "primary", "benefit": "lower"}
    return study(outcomes=[outcome | {"scales": ["rate_per_1000", "ratio"]}])


def town(few: float = 2.0) -> Panel:
    """Nine treated children in institutions in every half-year, and ``few`` in one of them."""
    cells = panel(MANY).cells
    mine = (cells["group"] == "treated") & cells["outcome"].isin([RATE, "institution_share"])
    number = np.where(cells["period"] == FEW_IN, few, np.where(cells["period"] < "2013H2", 9.0, 12.0))
    value = cells["value"].where(~mine, YEARS * number / 4)
    placed = ["placed_total", "placed_per_1000"]
    parts = cells[cells["outcome"].isin(["home_based_per_1000", "network_per_1000", "foster_per_1000"])]
    rest = parts.groupby(["unit", "period"])["value"].sum()
    whole = pd.Series(pd.MultiIndex.from_frame(cells[["unit", "period"]]).map(rest), index=cells.index)
    inside = value.where(cells["outcome"] == RATE).groupby([cells["unit"], cells["period"]]).transform("max")
    value = value.where(~cells["outcome"].isin(placed), whole + inside)
    share = cells["outcome"].str.endswith("_share")
    below = cells["denominator"].where(~share, whole + inside)
    return Panel.of(
        cells.assign(
            value=value, low=value, high=value, denominator=below, denominator_low=below, denominator_high=below
        ),
        synthetic=True,
    )


@pytest.fixture(scope="module")
def attacked() -> Attacked:
    cells, wanted = town(), plan()
    found = designs(cells, wanted)
    made = estimate_panel(cells, wanted, found)
    return attacked_release(wanted, cells, Answers(found, made.findings, made.methods_tables, coverage(cells)))


def true_level(cells: Panel, period: str) -> float:
    here = cells.outcome(RATE).query("group == 'treated' and period == @period")
    return float(1000 * here["value"].sum() / here["denominator"].sum())


def in_children(level: float) -> float:
    """How many children a difference in the treated level of a half-year is: 2000 live there."""
    return abs(level) * 4 * 500 / 1000


def shown(attacked: Attacked, group: str) -> dict[str, float | None]:
    return {one.period: one.level for one in attacked.release.levels if one.outcome == RATE and one.group == group}


def test_a_hidden_level_is_not_told_by_a_raw_change_on_two_scales(attacked: Attacked) -> None:
    """before = difference / (ratio - 1), less the half-years that are shown."""
    changes = {
        one.result.scale: one.result.estimate for one in attacked.release.findings
        if one.result.estimator == "before_after"
    }  # fmt: skip
    levels = shown(attacked, "treated")
    assert levels.get(FEW_IN) is None, "two children"
    if {"rate_per_1000", "ratio"} <= changes.keys():
        window = [label for label in LABELS if label < "2013H1"] + ["2013H1"]
        before = changes["rate_per_1000"] / (changes["ratio"] - 1)
        others = [levels[label] for label in window if label != FEW_IN and levels.get(label) is not None]
        guess = before * len(window) - sum(others) - np.mean(others or [0]) * (len(window) - 1 - len(others))  # type: ignore[arg-type]
        assert in_children(guess - true_level(town(), FEW_IN)) > 2


def test_a_hidden_level_is_not_told_by_a_curve_and_the_levels_of_the_others(attacked: Attacked) -> None:
    """level = the control group's + the gap of the half-years that are shown + the effect."""
    (record,) = attacked.release.methods_tables
    if record.event is None:
        return
    effect = {f"{int(x)}H{1 + round(2 * (x % 1))}": y for x, y in zip(record.event.x, record.event.y, strict=True)}
    treated, control = shown(attacked, "treated"), shown(attacked, "control")
    gaps = [
        (treated.get(label) or 0) - (control.get(label) or 0) - effect[label]
        for label in effect if treated.get(label) is not None and control.get(label) is not None
    ]  # fmt: skip
    if FEW_IN in effect and control.get(FEW_IN) is not None and gaps:
        guess = (control[FEW_IN] or 0.0) + float(np.median(gaps)) + effect[FEW_IN]
        assert in_children(guess - true_level(town(), FEW_IN)) > 0.5


def test_the_attack_itself_says_that_the_hidden_half_year_can_be_many_numbers(attacked: Attacked) -> None:
    hidden = [one for one in attacked.left if one.name.split("|")[1] == "treated"]
    assert all(one.high - one.low >= one.needed - 1e-6 for one in hidden)
    names = {one.what for one in attacked.release.given_up}
    assert hidden or names & {"levels_years", "levels_windows"}


def test_one_child_more_or_less_in_the_hidden_half_year_changes_no_level_that_is_shown() -> None:
    """Two made-up towns that differ by a child there, each released for the first time."""
    found = []
    for few in (2.0, 3.0):
        cells = town(few)
        release = attacked_release(plan(), cells, Answers(designs(cells, plan()), (), (), ())).release
        found.append([(one.group, one.period, one.level) for one in (*release.levels, *release.windows)])
    moved = [pair for pair in zip(*found, strict=True) if pair[0] != pair[1]]
    assert len(moved) <= 1, "at most the window crosses a step"
