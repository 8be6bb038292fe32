"""What stands beside levels and estimates, and its attack: amounts of a net benefit, targets, the ladder and doses."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_economy import panel, plan

from sverige_did.disclosure.attack import Relations, feasible_range
from sverige_did.disclosure.coarse import Steps
from sverige_did.disclosure.known import Known
from sverige_did.disclosure.ladder import coarse_side, hidden_cells
from sverige_did.disclosure.levels import levels_of
from sverige_did.disclosure.money import coarse_economy, half_year_end, unit_of
from sverige_did.disclosure.programme import Decisions, Exposed, attacked, coarser
from sverige_did.disclosure.rounding import to_step
from sverige_did.disclosure.targets import coarse_targets
from sverige_did.inference.dose_response import dose_slope, slope_factors
from sverige_did.panel import Panel
from sverige_did.results.economy import EconomyRecord
from sverige_did.results.ladder import SHARES, LadderCell
from sverige_did.results.targets import TargetRecord
from sverige_did.studies.panel.economy import amounts, economy
from sverige_did.studies.panel.spent import children_spent
from sverige_did.studies.panel.targets import target_records

RUNGS = ("home_based", "network", "foster", "institution")
NO_STEPS = Steps({})


@pytest.fixture(scope="module")
def town() -> Panel:
    return panel(taken=0.5)


@pytest.fixture(scope="module")
def record(town: Panel) -> EconomyRecord:
    found = economy(town, plan())
    assert found is not None
    return found


def test_the_amounts_that_are_attacked_are_those_of_the_record(town: Panel, record: EconomyRecord) -> None:
    found = amounts(children_spent(town, plan()))
    for one in record.benefits:
        if one.basis == "children":
            assert found[f"{one.scaling}.expected"] == pytest.approx(one.expected)
            assert found[f"{one.scaling}.saving"] == pytest.approx(one.saving.value)
    assert record.years
    for year in record.years[1:]:  # in the first, only what lies after the start
        assert found[f"year.{year.year}"] == pytest.approx(year.saving)


def exposed_half_year(town: Panel, record: EconomyRecord, *, rounded: bool, unit: float) -> tuple[Exposed, ...]:
    """The half-years before are shown but one, and the amount a year of the whole window beside them."""
    spent = children_spent(town, plan())
    levels = [
        cell._replace(step=cell.step if rounded else 1e-6)
        for cell in levels_of(town, plan()).at("placement_cost", "periods")
        if cell.group == "treated" and cell.label < "2013H2"
    ]
    known = Known(town, plan())
    known.levels((cell, cell.label != "2012H1") for cell in levels)
    true = float(record.benefits[0].before or 0.0)
    told = {"ratio.before": to_step(true, unit)}
    known.numbers("economy", "placement_cost", lambda value: amounts(spent._replace(value=value)), told, unit / 2)
    return attacked(known)


def test_an_amount_a_year_tells_the_half_year_that_is_hidden_until_the_gate_widens_it(
    town: Panel, record: EconomyRecord
) -> None:
    (exact,) = exposed_half_year(town, record, rounded=False, unit=1e-6)
    assert exact.name == "placement_cost|treated|2012H1"
    assert exact.high - exact.low < 1e-3
    first, decisions = unit_of(record, "children", NO_STEPS), Decisions({("placement_cost",): "periods"})
    for _ in range(4):
        found = exposed_half_year(town, record, rounded=True, unit=first * decisions.wider.get("placement_cost", 1.0))
        if not found:
            break
        assert any(name.startswith("economy|placement_cost") for name in found[0].blamed)
        decisions = coarser(decisions, found)
    assert not found
    assert 1 < decisions.wider["placement_cost"] <= 4


def test_every_amount_of_a_net_benefit_is_a_step_and_places_are_whole(record: EconomyRecord) -> None:
    shown = coarse_economy(record, NO_STEPS)
    assert shown is not None
    unit = unit_of(record, "children", NO_STEPS)
    for true, one in zip(record.benefits, shown.benefits, strict=True):
        own = unit_of(record, one.basis, NO_STEPS)
        for name in ("before", "expected", "actual"):
            value = getattr(one, name)
            assert value == pytest.approx(own * round(value / own))
        assert abs(one.saving.value - true.saving.value) <= own / 2 + 1e-9
        assert one.saving.step == own, "the page tells no more decimals"
        if one.saving.lower is not None and true.saving.lower is not None:
            assert one.saving.lower <= true.saving.lower, "outwards"
    assert all(year.saving == pytest.approx(unit * round(year.saving / unit)) for year in shown.years)
    assert shown.moved is not None
    assert shown.moved.value == round(shown.moved.value)
    assert shown.moved.step == 1
    for true_one, one_ in zip(record.marginal, shown.marginal, strict=True):
        if one_.needed is not None and true_one.needed is not None:
            assert one_.needed.value == pytest.approx(true_one.needed.value, rel=0.06)
            assert one_.needed.value == float(f"{one_.needed.value:.2g}"), "three of them would tell what places cost"
            assert one_.needed.step is not None
    assert any(one_.needed is not None for one_ in shown.marginal)
    worth = {one.multiple: one.worth.value for one in shown.marginal}
    true_worth = {one.multiple: one.worth.value for one in record.marginal}
    for multiple, value in worth.items():
        assert value == pytest.approx(true_worth[multiple] * shown.moved.value / record.moved.value, rel=0.06)  # type: ignore[union-attr]


def test_the_day_of_return_is_the_end_of_its_half_year() -> None:
    assert half_year_end(date(2014, 3, 17)) == date(2014, 6, 30)
    assert half_year_end(date(2014, 7, 1)) == date(2014, 12, 31)


def target(**fields: Any) -> dict[str, Any]:
    usual = {"key": "one", "label": {"da": "mål", "en": "target"}, "date": "2015-12-31", "source": "made up"}
    return usual | {"measure": "level", "direction": "at_most", "outcome": "institution_share", "value": 25} | fields


def targets_of(cells: Panel, shut: frozenset[tuple[object, ...]] = frozenset()) -> tuple[TargetRecord, TargetRecord]:
    """A target as it was worked out, and as it leaves."""
    study = plan(targets=[target()])

    def nobody() -> Any:
        raise AssertionError("no rule of its own")

    made = target_records(cells, study, nobody).targets
    coarse = coarse_targets(made, cells, study, levels_of(cells, study), shut, NO_STEPS, {})
    return made[0], coarse.records[0]


def one_more(cells: Panel, period: str, years: float) -> Panel:
    """So many more child-years in institutions, and placed, in a treated district."""
    table = cells.cells
    here = (table["unit"] == "D1") & (table["period"] == period)
    more = here & table["outcome"].isin(["institution_share", "institution_per_1000", "placed_total"])
    value = table["value"].where(~more, table["value"] + years)
    below = table["denominator"].where(
        ~(here & (table["outcome"] == "institution_share")), table["denominator"] + years
    )
    changed = {"value": value, "low": value, "high": value}
    changed |= {"denominator": below, "denominator_low": below, "denominator_high": below}
    return Panel.of(table.assign(**changed), synthetic=True)


def test_a_target_says_of_one_child_more_what_it_said_before_unless_a_rounded_number_moved(town: Panel) -> None:
    """Unrounded, the probability and the level both tell the child."""
    same = 0
    true, shown = targets_of(town)
    for period in ("2014H2", "2015H2"):
        for years in (0.5,):
            true_more, shown_more = targets_of(one_more(town, period, years))
            assert true_more.moments[-1].probability != true.moments[-1].probability
            levels = (levels_of(one, plan()) for one in (town, one_more(town, period, years)))
            rounded = [
                [(cell.numerator, cell.denominator) for cell in one.at("institution_share", "periods")]
                for one in levels
            ]
            assert (shown.moments == shown_more.moments) == (rounded[0] == rounded[1])
            same += shown.moments == shown_more.moments
    assert same


def test_a_target_of_a_hidden_number_is_hidden_from_there_on(town: Panel) -> None:
    key = ("institution", "treated", "2014H2")
    cells = levels_of(town, plan())
    (own,) = {cell.key for cell in cells.at("institution_share", "periods") if cell.key[-2:] == key[1:]}
    _, shown = targets_of(town, frozenset({own}))
    assert shown.fewest[1] == 1.0
    assert shown.fewest[0] >= 5


def standing(rng: np.random.Generator) -> dict[str, dict[str, int]]:
    """Children of each rung by where they are a period later."""
    return {rung: {to: int(rng.poisson(rng.choice([1.0, 6.0, 25.0]))) for to in SHARES} for rung in RUNGS}


def side_of(counts: dict[str, dict[str, int]]) -> list[LadderCell]:
    return [
        LadderCell(
            rung=rung, quantity=to, group="treated", moment="before", value=100 * number / max(sum(row.values()), 1),
            children=number, rest=sum(row.values()) - number,
        )
        for rung, row in counts.items() if sum(row.values())
        for to, number in row.items()
    ]  # type: ignore[arg-type] # fmt: skip


def test_flows_that_are_hidden_cannot_be_told_from_those_that_are_shown_and_from_moves_of_all_placed() -> None:
    """The attacker knows how many stand on each rung, the rounded shares, and all moves down and up to one child."""
    rng = np.random.default_rng(3)
    tried = 0
    for _ in range(8):
        counts = standing(rng)
        side = side_of(counts)
        hidden = hidden_cells(side, 5)
        shown = coarse_side(side, 5, 12.0)
        places = [(one.rung, one.quantity) for one in side]
        truth = np.array([one.children or 0 for one in side], dtype=float)
        rows, low, high = [], [], []

        def known(
            factor: list[float], middle: float, room: float, rows: list = rows, low: list = low, high: list = high
        ) -> None:
            rows.append(factor)
            low.append(middle - room)
            high.append(middle + room)

        for rung, row in counts.items():
            standing_here = sum(row.values())
            if standing_here:
                known([float(place[0] == rung) for place in places], standing_here, 0.0)
        for at, one in enumerate(shown.cells):
            if places[at] not in hidden:
                room = max(shown.steps[places[at]] / 2, abs((one.value or 0.0) - (side[at].value or 0.0)))
                room *= sum(counts[one.rung].values()) / 100
                known([float(k == at) for k in range(len(places))], truth[at], room)
        for to in ("down", "up"):
            factor = [float(place[1] == to) for place in places]
            known(factor, float(np.array(factor) @ truth), 0.5)
        relations = Relations(
            csr_array(np.array(rows)), np.array(low), np.array(high), ("",) * len(rows), np.zeros(truth.size),
            np.full(truth.size, 500.0), np.ones(truth.size, dtype=bool),
        )  # fmt: skip
        for at, place in enumerate(places):
            if place in hidden and sum(counts[place[0]].values()) >= 5:
                found = feasible_range(relations, np.eye(truth.size)[at], truth)
                tried += 1
                assert found.width >= 2, (place, found)
    assert tried > 20


def test_shares_are_rounded_each_by_itself_in_steps_of_a_few_children() -> None:
    shown = coarse_side(side_of({"foster": {"stay": 50, "down": 9, "up": 6, "out": 12, "of_age": 7}}), 5, 12.0)
    assert {one.quantity: one.value for one in shown.cells} == {
        "stay": 60,
        "down": 10,
        "up": 5,
        "out": 15,
        "of_age": 10,
    }
    assert set(shown.steps.values()) == {5.0}, "of 84 who stand there, four"


def test_a_slope_on_doses_is_the_sum_of_changes_by_their_factors() -> None:
    rng = np.random.default_rng(2)
    change, dose, weights = rng.normal(size=12), rng.normal(size=12), rng.uniform(1, 3, 12)
    for arm in (np.zeros(12, dtype=int), np.arange(12) % 2):
        found = dose_slope(change, dose, weights, arm, rng=rng)
        assert slope_factors(dose, weights, arm) @ change == pytest.approx(found.slope)
