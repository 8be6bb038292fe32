"""From panel to cells: nothing lost to rounding, the plan's windows, hidden numbers as intervals, refusals in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_posterior import AFTER, LABELS, SIDE, panel, plan, units

from sverige_did.errors import RefusedError
from sverige_did.panel import Panel
from sverige_did.sources.panel.frame import to_cells
from sverige_did.studies.panel.posterior.cells import likelihood_of, panel_cells, whole_numbers


@pytest.fixture(scope="module")
def made() -> Panel:
    return panel()


def test_running_totals_stay_within_one_half():
    rng = np.random.default_rng(1)
    values, group = rng.gamma(1.0, 1.0, 400), np.repeat(np.arange(8), 50)
    whole = whole_numbers(values, group)
    assert (whole == np.round(whole)).all()
    for one in range(8):
        mine = group == one
        assert np.abs(np.cumsum(whole[mine]) - np.cumsum(values[mine])).max() <= 0.5 + 1e-9


def test_whole_numbers_are_left_as_they_are_and_missing_ones_missing():
    values = np.array([3.0, np.nan, 0.0, 2.0, 5.0])
    assert np.array_equal(whole_numbers(values, np.zeros(5, dtype=int)), values, equal_nan=True)


def whole_half_years(requested):
    return requested.periods.model_dump() | {"partial": "intention"}


def test_the_windows_are_the_plans_and_the_donut_keeps_its_place(made):
    found = panel_cells(made, plan(), "breakdowns")
    cells = found.cells
    assert found.apart == 1
    assert len(cells.low) == 16 * (len(LABELS) - 1)
    assert sorted(set(cells.period)) == [at for at in range(len(LABELS)) if LABELS[at] != "2013H2"]
    treated = np.array(SIDE)[cells.district] == "treated"
    assert np.array_equal(cells.dose, (treated & AFTER[cells.period]).astype(float))
    whole = panel_cells(made, plan(periods=whole_half_years(plan())), "breakdowns")
    assert len(whole.cells.low) == 16 * len(LABELS)
    assert (whole.cells.dose[whole.cells.period == LABELS.index("2013H2")]).sum() == 4


def test_children_present_are_summed_over_the_time_before_and_the_time_after(made):
    found = panel_cells(made, plan(), "institution_per_1000")
    cells, rows = found.cells, made.outcome("institution_per_1000")
    assert len(cells.low) == 2 * 16
    before = np.array([label < "2013H2" for label in LABELS])
    treated = np.array(SIDE)[cells.district] == "treated"
    assert np.array_equal(cells.dose, (treated & (cells.period == 1)).astype(float))
    middles = np.flatnonzero(AFTER).mean() - np.flatnonzero(before).mean()
    assert found.apart == pytest.approx(middles)
    for unit, mine in rows.groupby("unit"):
        at = int(str(unit)[-2:])
        children = 2 * mine["value"].to_numpy()[before].sum()
        assert abs(cells.low[2 * at] - children) <= 1
    whole = panel_cells(made, plan(periods=whole_half_years(plan())), "institution_per_1000").cells
    longer = whole.size[whole.period == 1] / cells.size[cells.period == 1]
    assert longer == pytest.approx(np.full(16, (AFTER.sum() + 1) / AFTER.sum()), rel=0.01)  # half-years differ by days


def test_a_hidden_number_of_children_widens_the_sum_that_it_is_in(made):
    cells = made.cells.copy()
    mine = (cells["outcome"] == "institution_per_1000") & (cells["unit"] == "distrikt-02")
    mine &= cells["period"] == "2012H1"
    cells.loc[mine, ["value", "low", "high", "status"]] = [np.nan, 0.5, 2.0, "hidden"]
    found = panel_cells(Panel.of(cells, synthetic=True), plan(), "institution_per_1000").cells
    assert list(np.flatnonzero(found.hidden)) == [4]
    assert (found.high - found.low)[4] == 5 - 1, "half to two person-years are one to five children in the half-year"


def test_nothing_before_go_live_is_refused_in_words(made):
    with pytest.raises(RefusedError) as refusal:
        panel_cells(without(made.cells, made.cells["start"] < "2013-07-01"), plan(), "institution_per_1000")
    assert key_of(refusal) == "cells_one_period"


def test_person_years_become_children_and_rates_are_in_the_unit_of_the_outcome(made):
    found = panel_cells(made, plan(), "institution_per_1000")
    rows = made.outcome("institution_per_1000")
    rows = rows[rows["period"] != "2013H2"]
    rate = found.cells.low.sum() / found.cells.size.sum()
    assert rate == pytest.approx(1000 * rows["value"].sum() / rows["denominator"].sum(), rel=0.02)
    assert found.likelihood == "poisson"
    assert np.allclose(found.weights, found.weights[0])


def test_a_share_never_exceeds_its_trials(made):
    cells = panel_cells(made, plan(), "institution_share").cells
    assert (cells.low <= cells.size).all()
    assert (cells.size == np.round(cells.size)).all()


def test_the_order_of_rows_does_not_matter(made):
    shuffled = Panel.of(made.cells.sample(frac=1.0, random_state=2), synthetic=True)
    one, other = (panel_cells(cells, plan(), "breakdowns").cells for cells in (made, shuffled))
    for name in ("district", "period", "dose", "low", "high", "size", "treated"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_a_hidden_number_enters_as_its_interval(made):
    cells = made.cells.copy()
    mine = (cells["outcome"] == "breakdowns") & (cells["unit"] == "distrikt-02") & (cells["period"] == "2012H1")
    cells.loc[mine, ["value", "low", "high", "status"]] = [np.nan, 1.0, 4.0, "hidden"]
    found = panel_cells(Panel.of(cells, synthetic=True), plan(), "breakdowns").cells
    assert found.hidden.sum() == 1
    assert (found.low[found.hidden], found.high[found.hidden]) == (1, 4)


def test_children_weigh_districts_where_the_plan_says_so(made):
    cells = made.cells.copy()
    larger = (cells["outcome"] == "institution_per_1000") & (cells["unit"] == "distrikt-00")
    cells.loc[larger, "denominator"] *= 2
    found = panel_cells(Panel.of(cells, synthetic=True), plan(weights="children"), "institution_per_1000")
    assert found.weights[0] == pytest.approx(2 * found.weights[1])


@pytest.mark.parametrize(
    ("kind", "outcome", "likelihood"),
    [
        ("person_years", "institution_share", "binomial"),
        ("events", "follow_ups_on_time", None),
        ("events", "complaints", "negative_binomial"),
        ("person_years", "placed_total", "poisson"),
        ("mean", "wellbeing_sdq", None),
        ("money", "placement_spending", None),
    ],
)
def test_the_kind_of_number_decides_the_likelihood(kind, outcome, likelihood):
    assert likelihood_of(kind, outcome) == likelihood


def without(cells: pd.DataFrame, gone: pd.Series) -> Panel:
    return Panel.of(cells[~gone], synthetic=True)


def key_of(refusal: pytest.ExceptionInfo[RefusedError]) -> str:
    return refusal.value.problems[0].key


def test_a_treated_group_without_anything_after_is_refused_in_words(made):
    gone = (made.cells["group"] == "treated") & (made.cells["start"] >= "2014-01-01")
    with pytest.raises(RefusedError) as refusal:
        panel_cells(without(made.cells, gone), plan(), "institution_per_1000")
    assert key_of(refusal) == "cells_no_treated_after"


def test_nothing_at_all_nought_everywhere_means_and_groups_are_refused(made):
    with pytest.raises(RefusedError) as refusal:
        panel_cells(made, plan(), "caseload")
    assert key_of(refusal) == "posterior_no_cells"
    with pytest.raises(RefusedError) as refusal:
        panel_cells(made, plan(), "wellbeing_sdq")
    assert key_of(refusal) == "posterior_kind"
    none = made.cells.assign(value=0.0, low=0.0, high=0.0)
    with pytest.raises(RefusedError) as refusal:
        panel_cells(Panel.of(none, synthetic=True), plan(), "breakdowns")
    assert key_of(refusal) == "cells_all_zero"
    totals = units().assign(unit_kind="group")
    shape = (16, len(LABELS))
    grouped = to_cells("breakdowns", "events", totals, LABELS, np.ones(shape), np.ones(shape), "f")
    with pytest.raises(RefusedError) as refusal:
        panel_cells(Panel.of(grouped, synthetic=True), plan(), "breakdowns")
    assert key_of(refusal) == "posterior_not_districts"


def test_a_single_period_before_is_enough(made):
    late = made.cells["start"] < "2013-01-01"
    assert panel_cells(without(made.cells, late), plan(), "institution_per_1000").cells.period.min() == 0


def test_sums_of_children_who_stay_are_worth_fewer_and_events_are_worth_themselves(made):
    events = panel_cells(made, plan(), "breakdowns")
    assert events.same is None
    assert events.cells.again is None
    cells = made.cells.copy()
    rows = cells["outcome"] == "institution_per_1000"
    first = cells[rows].groupby("unit")["value"].transform("first")
    for column in ("value", "low", "high"):
        cells.loc[rows, column] = first  # the same children in every half-year
    stay, come = (panel_cells(one, plan(), "institution_per_1000") for one in (Panel.of(cells, synthetic=True), made))
    periods = np.where(stay.cells.period == 0, sum(label < "2013H2" for label in LABELS), AFTER.sum())
    assert stay.same == pytest.approx(periods, rel=0.2), "nobody leaves, so a sum is worth one period"
    assert (stay.cells.again < 1.2).all(), "what the sums share is no noise of a change"
    assert (come.same < 1.5).all(), "new children in every half-year"
    for one in (stay, come):
        assert (one.cells.again <= one.same).all()
        assert np.array_equal(one.cells.times_counted, one.cells.again)
