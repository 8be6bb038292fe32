"""Estimates, posteriors, checks and disclosure control rest on the same cells, whatever the dates of the plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_district_panel import levels, panel, wanted
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.disclosure.summed import by_estimates
from sverige_did.errors import RefusedError
from sverige_did.panel import Panel
from sverige_did.periods import period_number
from sverige_did.results.estimates import CheckResult
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.outcome_data import children, outcome_data_of
from sverige_did.studies.panel.posterior.cells import panel_cells
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.study.read import read_study
from sverige_did.study.study import Study

ROOT = Path(__file__).parents[3]
RATE, EVENTS = "institution_per_1000", "breakdowns"

# Dates of the plan that are changed -> the last period before, and the periods after; half-years and years of accounts.
PLANS = {
    "as written": ({}, {"2013H1", "2012"}, {"2014H1", "2014H2", "2014"}),
    "earlier baseline": ({"baseline": "2012-12-31"}, {"2012H2", "2012"}, {"2014H1", "2014H2", "2014"}),
    "counted whole": ({"partial": "intention"}, {"2013H1", "2012"}, {"2013H2", "2014H1", "2014H2", "2013", "2014"}),
    "later follow-up": (
        {"follow_up": "2015-06-30"}, {"2013H1", "2012"}, {"2014H1", "2014H2", "2015H1", "2014"},
    ),
    "all of them": (
        {"baseline": "2012-06-30", "partial": "intention", "follow_up": "2015-12-31"}, {"2012H1", "2011"},
        {"2013H2", "2014H1", "2014H2", "2015H1", "2015H2", "2013", "2014", "2015"},
    ),
}  # fmt: skip


def redated(plan: Study, changes: dict[str, str]) -> Study:
    tree = plan.model_dump(mode="json")
    return Study.model_validate(tree | {"periods": tree["periods"] | changes})


@pytest.fixture(scope="module")
def example() -> tuple[Panel, Study]:
    plan = read_study(ROOT / "analyses" / "example" / "study.yaml")
    return panel_of(ROOT / "data" / "example", plan).panel, plan


@pytest.mark.parametrize("dates", PLANS)
def test_every_outcome_of_the_example_is_before_and_after_in_the_same_periods(
    example: tuple[Panel, Study], dates: str
) -> None:
    changes, last_before, after = PLANS[dates]
    made, plan = example[0], redated(example[1], changes)
    last = {len(label): label for label in last_before}
    walked = set()
    for data in outcome_data_of(made, plan, designs(made, plan)):
        have = set(data.cells["period"])
        before = {label for label in have if label <= last[len(label)]}
        expected = (before, have & after)
        assert tuple(set(side["period"]) for side in (data.before(), data.after())) == expected
        window = data.window()
        numbers = tuple({period_number(label) for label in side} for side in expected)
        assert (set(window.pre), set(window.post)) == numbers
        looked_at = list(by_estimates(data.cells, plan.periods))
        assert tuple(set(side["period"]) for side in looked_at) == expected
        walked |= {data.wanted.outcome, *_modelled(made, plan, data.wanted.outcome, data.cells, expected)}
    assert {"posterior", RATE, EVENTS, "placement_spending", "wellbeing_sdq"} <= walked


def _modelled(
    made: Panel, plan: Study, outcome: str, cells: pd.DataFrame, expected: tuple[set[str], set[str]]
) -> set[str]:
    """A posterior takes the same periods: each of its own for events, summed for children who are there."""
    try:
        found = panel_cells(made, plan, outcome)
    except RefusedError:
        return set()
    at = {label: place for place, label in enumerate(sorted(set(cells["period"])))}
    places = tuple(np.array(sorted(at[label] for label in side)) for side in expected)
    if cells["kind"].iloc[0] == "events":
        both = np.concatenate(places)
        assert set(found.cells.period) == set(both - both.min())
        assert set(found.cells.period[found.cells.dose > 0]) == set(places[1] - both.min())
    else:
        assert found.apart == pytest.approx(places[1].mean() - places[0].mean())
    return {"posterior"}


def poisoned(made: Panel, labels: set[str]) -> Panel:
    """Ten times as many children and events and twenty times as many residents in some periods."""
    cells = made.cells.copy()
    for name in ("value", "low", "high", "denominator", "denominator_low", "denominator_high"):
        times = 20 if name.startswith("denominator") else 10
        cells[name] = cells[name].where(~cells["period"].isin(labels), times * cells[name])
    return Panel.of(cells, synthetic=True)


def numbers_of(made: Panel, plan: Study) -> tuple[dict[str, list[float]], list[CheckResult]]:
    """The first estimate of each estimator on each scale, and every check."""
    found = designs(made, plan)
    estimates: dict[str, list[float]] = {}
    for one in estimate_panel(made, plan, found).findings:
        estimates.setdefault(f"{one.result.estimator} {one.result.inference} {one.result.scale}", []).append(
            one.result.estimate
        )
    return estimates, [check.model_copy(update={"curves": ()}) for check in sensitivity_analyses(made, plan, found)]


def test_what_is_left_out_moves_no_number_and_what_is_inside_does() -> None:
    """Between the baseline and the start, and after the follow-up: residents too, for districts are weighed by them."""
    dates = {"baseline": "2012-12-31", "follow_up": "2014-12-31"}
    plan = redated(study(weights="children", outcomes=wanted(RATE, scales=("rate_per_1000", "ratio"))), dates)
    rng = np.random.default_rng(5)
    made = panel({RATE: levels(3, effect=-4.0)})
    sizes = made.cells["unit"].map({unit: rng.uniform(0.5, 2) for unit in made.cells["unit"].unique()})
    numbers = ["value", "low", "high", "denominator", "denominator_low", "denominator_high"]
    made = Panel.of(made.cells.assign(**{name: made.cells[name] * sizes for name in numbers}), synthetic=True)
    left_out = {"2013H1", "2015H1", "2015H2"}
    planned, poison = numbers_of(made, plan), numbers_of(poisoned(made, left_out), plan)
    assert planned[0] == poison[0]
    for one, other in zip(planned[1], poison[1], strict=True):
        assert (one.check, one.key) == (other.check, other.key)
        assert one.numbers == pytest.approx(other.numbers, nan_ok=True), one.check
    mine, theirs = (panel_cells(one, plan, RATE) for one in (made, poisoned(made, left_out)))
    np.testing.assert_array_equal(mine.weights, theirs.weights)
    np.testing.assert_allclose(mine.cells.size, theirs.cells.size)
    # Running totals are rounded over all periods in turn, so that a child may change its place.
    np.testing.assert_allclose(mine.cells.low, theirs.cells.low, atol=1)
    for inside in ("2012H2", "2014H1"):
        assert numbers_of(poisoned(made, {inside}), plan)[0] != planned[0]


def test_the_checks_are_of_the_estimate() -> None:
    for changes in ({}, {"baseline": "2012-12-31"}, {"partial": "intention"}, {"follow_up": "2014-06-30"}):
        plan = redated(study(outcomes=wanted(RATE, scales=("rate_per_1000",))), changes)
        estimates, checks = numbers_of(panel({RATE: levels(4, effect=-4.0)}), plan)
        own = next(found[0] for key, found in estimates.items() if key.startswith("collapse "))
        told = {check.check: check.numbers["effect"] for check in checks if "effect" in check.numbers}
        assert told["leave_one_out"] == pytest.approx(own)
        assert told["placebo_dates"] == pytest.approx(own)
        assert told["other_window"] == pytest.approx(own)


def test_districts_are_weighed_by_the_children_of_the_window_before_everywhere() -> None:
    plan = redated(study(weights="children"), {"baseline": "2012-06-30"})
    made = panel({RATE: levels(6)})
    later = made.cells["period"].isin(["2012H2", "2013H1"]) & (made.cells["unit"] == "d00")
    made = Panel.of(made.cells.assign(denominator=made.cells["denominator"].where(~later, 1e6)), synthetic=True)
    weights = children(made, RATE, plan)
    assert set(weights) == {weights.iloc[0]}, "more children between the baseline and the start weigh nothing"
    np.testing.assert_array_equal(panel_cells(made, plan, RATE).weights, weights.to_numpy())
