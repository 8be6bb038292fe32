"""Spending on placements in three parts: they add up, follow what was put in, and are refused without prices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_panel_study import study

from sverige_did.design import designs
from sverige_did.panel import Panel
from sverige_did.results.estimates import Finding
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.outcome_data import OutcomeData
from sverige_did.studies.panel.spending_parts import spending_parts
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Study

LABELS = windows_of(Grid(first="2011H1", last="2015H2")).labels
AFTER = np.array(LABELS) >= "2014H1"
KINDS = {"home_based": 0.2, "network": 0.15, "foster": 0.45, "institution": 1.05}
"""Mio. kr. a person-year, as in method, section 7.5."""
SIDE = np.array(["treated"] * 4 + ["control"] * 12)
RESIDENTS = 1000.0


def plan() -> Study:
    outcome = {"outcome": "placement_cost", "question": "all", "role": "primary", "benefit": "lower"}
    return study(outcomes=[outcome | {"scales": ["mio_dkk"]}], weights="children")


def panel(
    *, volume: float = 1.0, moved: float = 0.0, price: float = 1.0, dearer: float = 1.0, unknown: float = 0.5
) -> Panel:
    """Treated after: ``volume`` times the person-years, ``moved`` of them from institutions to foster families,
    institutions ``price`` times as dear; everywhere after: everything ``dearer``. ``unknown`` are in no known kind."""
    units = pd.DataFrame(
        {"unit": [f"d{k:02}" for k in range(16)], "unit_kind": "district", "group": SIDE,
         "treated_from": pd.to_datetime(pd.Series(np.where(SIDE == "treated", "2013-08-01", None))), "stratum": None}
    )  # fmt: skip
    changed = (SIDE == "treated")[:, None] & AFTER
    size = 1 + 0.1 * np.arange(16)[:, None] + np.zeros(len(LABELS))
    years = {name: size * each for name, each in zip(KINDS, (0.5, 0.7, 1.8, 1.2), strict=True)}
    years["institution"] = years["institution"] - moved * changed
    years["foster"] = years["foster"] + moved * changed
    years = {name: np.where(changed, volume, 1.0) * each for name, each in years.items()}
    lost = np.where(changed, volume, 1.0) * unknown * np.ones_like(size)
    prices = {name: np.where(AFTER, dearer, 1.0) * each * np.ones_like(size) for name, each in KINDS.items()}
    prices["institution"] = np.where(changed, price, 1.0) * prices["institution"]
    cost = {name: years[name] * prices[name] for name in KINDS}
    total = sum(cost.values()) + lost * 0.3 * np.where(AFTER, dearer, 1.0)
    residents = np.full_like(size, RESIDENTS / 2)
    cells = [
        to_cells("placed_total", "person_years", units, LABELS, sum(years.values()) + lost, None, "f"),
        to_cells("placed_per_1000", "person_years", units, LABELS, sum(years.values()) + lost, residents, "f"),
        to_cells("placement_cost", "money", units, LABELS, total, residents, "f"),
        *(to_cells(f"price_{name}", "money", units, LABELS, cost[name], years[name], "f") for name in KINDS),
    ]
    return Panel.of(pd.concat(cells), synthetic=True)


def run(cells: Panel) -> tuple[Finding, ...]:
    (design,) = designs(cells, plan())
    assert design.design_class is not None
    data = OutcomeData(plan(), plan().outcomes[0], design.design_class, cells.outcome("placement_cost"), None)
    return tuple(spending_parts(data, cells))


def parts(found: tuple[Finding, ...]) -> dict[str, dict[str, float]]:
    told: dict[str, dict[str, float]] = {}
    for finding in found:
        told.setdefault(finding.result.estimator, {})[finding.result.estimand] = finding.result.estimate
    return told


def spending(cells: Panel, group: str, *, after: bool) -> float:
    """Mio. kr. a year per resident child, counted slowly."""
    mine = cells.outcome("placement_cost")
    when = mine["period"] >= "2014H1" if after else mine["period"] <= "2013H1"
    mine = mine[(mine["group"] == group) & when]
    return mine["value"].sum() / mine["denominator"].sum()


def test_the_parts_add_up_to_the_change_per_child_times_the_treated_children() -> None:
    cells = panel(volume=0.9, moved=0.3, price=1.2, dearer=1.1)
    told, children = parts(run(cells)), 4 * RESIDENTS
    for estimator, group in (("lmdi_treated", "treated"), ("lmdi_control", "control")):
        change = children * (spending(cells, group, after=True) - spending(cells, group, after=False))
        assert told[estimator]["all_parts"] == pytest.approx(change, rel=1e-3)  # 365.25 days a year
    for by in told.values():
        three = by["price_part"] + by["mix_part"] + by["volume_part"]
        assert three == pytest.approx(by["all_parts"], abs=1e-12)
    for name, value in told["lmdi_did"].items():
        assert value == pytest.approx(told["lmdi_treated"][name] - told["lmdi_control"][name], abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "where"),
    [({"volume": 0.8}, "volume_part"), ({"moved": 0.4}, "mix_part"), ({"price": 1.3}, "price_part")],
)
def test_each_change_shows_in_its_own_part_and_in_no_other(changes: dict[str, float], where: str) -> None:
    told = parts(run(panel(**changes)))["lmdi_did"]
    for name in {"price_part", "mix_part", "volume_part"} - {where}:
        assert told[name] == pytest.approx(0, abs=1e-9)
    assert told[where] == pytest.approx(told["all_parts"])
    assert (told[where] < 0) == (where != "price_part")


def test_prices_that_rise_everywhere_are_no_effect_on_the_mix_or_the_volume() -> None:
    told = parts(run(panel(dearer=1.25)))
    assert told["lmdi_treated"]["price_part"] > 1
    assert [told["lmdi_did"][name] for name in ("mix_part", "volume_part")] == pytest.approx([0, 0], abs=1e-9)


def test_the_order_of_the_rows_and_the_unit_of_money_change_nothing() -> None:
    cells = panel(volume=0.9, moved=0.2).cells
    mixed = Panel.of(cells.sample(frac=1, random_state=3), synthetic=True)
    assert parts(run(mixed)) == parts(run(Panel.of(cells, synthetic=True)))
    money = cells["kind"] == "money"
    dear = cells.assign(**{name: cells[name].where(~money, 7.5 * cells[name]) for name in ("value", "low", "high")})
    one, other = parts(run(Panel.of(cells, synthetic=True))), parts(run(Panel.of(dear, synthetic=True)))
    for name, value in one["lmdi_did"].items():
        assert other["lmdi_did"][name] == pytest.approx(7.5 * value)


def test_a_place_that_nobody_wrote_down_is_a_kind_of_its_own() -> None:
    told = parts(run(panel(moved=0.3, unknown=0.0)))
    assert told["lmdi_did"]["all_parts"] == pytest.approx(parts(run(panel(moved=0.3)))["lmdi_did"]["all_parts"])


def test_they_stand_beside_the_estimate_and_are_never_told_as_tested() -> None:
    cells = panel(volume=0.2)
    found = estimate_panel(cells, plan(), designs(cells, plan())).findings
    mine = [finding for finding in found if finding.result.estimator.startswith("lmdi_")]
    assert mine == list(run(cells))
    assert {(finding.verdict, finding.result.lower) for finding in mine} == {("inconclusive", None)}
    assert found[0].result.estimator == "collapse"


def test_a_day_without_a_price_gives_no_parts_and_says_so() -> None:
    cells = panel(volume=0.9).cells
    gone = (cells["outcome"] == "price_foster") & (cells["unit"] == "d02") & (cells["period"] == "2012H1")
    lacking = Panel.of(cells[~gone], synthetic=True)
    found = estimate_panel(lacking, plan(), designs(lacking, plan()))
    assert not [finding for finding in found.findings if finding.result.estimator.startswith("lmdi_")]
    assert "errors.parts_without_price" in [remark.key for remark in found.methods_tables[0].remarks]


def test_without_a_control_group_the_treated_stand_alone() -> None:
    cells = panel(volume=0.9).cells
    found = run(Panel.of(cells[cells["group"] == "treated"], synthetic=True))
    assert list(parts(found)) == ["lmdi_treated"]
    assert {finding.verdict for finding in found} == {"descriptive"}
