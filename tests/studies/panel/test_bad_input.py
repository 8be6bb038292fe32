"""What a delivery may hold: every fault is refused or told in words, in both languages; and what changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from small_district_panel import levels, panel, wanted
from small_panel_study import study

from sverige_did import words
from sverige_did.design import designs
from sverige_did.errors import InputError
from sverige_did.panel import Panel
from sverige_did.report import district_inference
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.studies.panel.estimate import Estimated, estimate_panel

RATE = "institution_per_1000"
NUMBERS = ["value", "low", "high"]
OUTCOME = wanted(RATE, scales=("rate_per_1000",))

Spoil = Callable[[pd.DataFrame], pd.DataFrame]


def run(cells: pd.DataFrame | Panel, **changes: object) -> Estimated:
    made = cells if isinstance(cells, Panel) else Panel.of(cells, synthetic=True)
    plan = study(outcomes=OUTCOME, **changes)
    return estimate_panel(made, plan, designs(made, plan))


def told(found: Estimated) -> set[str]:
    record = found.methods_tables[0]
    for language in words.LANGUAGES:
        assert all(district_inference.said(remark, language) for remark in record.remarks)
    return {remark.key for remark in record.remarks}


def mine(cells: pd.DataFrame) -> pd.Series:
    return cells["outcome"] == RATE


def zeroed(cells: pd.DataFrame) -> pd.DataFrame:
    cells.loc[mine(cells), NUMBERS] = 0.0
    return cells


def constant(cells: pd.DataFrame) -> pd.DataFrame:
    cells.loc[mine(cells), NUMBERS] = 17.0
    return cells


def nobody_but_events(cells: pd.DataFrame) -> pd.DataFrame:
    cells.loc[mine(cells) & (cells["unit"] == "d07") & (cells["period"] == "2014H2"), "denominator"] = 0.0
    return cells


def late_district(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[~(mine(cells) & (cells["unit"] == "d01") & (cells["period"] < "2014H1"))]


def period_without_control(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[~(mine(cells) & (cells["group"] == "control") & (cells["period"] == "2014H2"))]


def switched_off(cells: pd.DataFrame) -> pd.DataFrame:
    cells.loc[mine(cells) & (cells["unit"] == "d02") & (cells["period"] >= "2015H1"), "treated_from"] = pd.NaT
    return cells


def unweighed(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[~((cells["outcome"] == "placed_per_1000") & (cells["unit"] == "d05"))]


def hidden(cells: pd.DataFrame) -> pd.DataFrame:
    rows = mine(cells) & (cells["unit"] == "d06") & (cells["period"] == "2014H1")
    cells.loc[rows, ["value", "low", "high", "status"]] = [np.nan, 1.0, 4.0, "hidden"]
    return cells


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (zeroed, "errors.did_constant_outcome"),
        (constant, "errors.did_constant_outcome"),
        (nobody_but_events, "errors.did_exposure"),
        (late_district, "errors.did_no_pre_period"),
        (period_without_control, "errors.did_period_without_control"),
        (switched_off, "errors.did_varies_within_unit"),
        (hidden, "errors.did_hidden_cells"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_fault_that_no_number_survives_is_refused_by_name(spoil: Spoil, key: str) -> None:
    found = run(spoil(panel({RATE: levels(1)}).cells.copy()), weights="children")
    assert told(found) == {key}
    assert found.methods_tables[0].verdict == "refused"
    assert not found.findings


@pytest.mark.parametrize(("treated", "control", "key"), [(2, 8, "few_treated"), (6, 2, "few_control")])
def test_fewer_than_three_districts_on_a_side_carry_no_verdict(treated: int, control: int, key: str) -> None:
    starts = ("2013-08-01",) * treated + (None,) * control
    found = run(panel({RATE: levels(2, starts)}, starts))
    assert f"inference.note.{key}" in told(found)
    assert {finding.verdict for finding in found.findings} == {"refused"}
    assert {finding.result.lower for finding in found.findings if finding.result.estimator == "collapse"} == {None}


def test_a_district_and_period_that_stands_twice_is_refused_with_its_rows() -> None:
    cells = panel({RATE: levels(3)}).cells
    twice = pd.concat([cells, cells[mine(cells)].head(1)])
    with pytest.raises(InputError) as refusal:
        Panel.of(twice, synthetic=True, file="panel.parquet")
    assert {problem.key for problem in refusal.value.problems} == {"panel_rule"}
    assert all(refusal.value.say(language) for language in words.LANGUAGES)


def test_a_district_whose_residents_nobody_registered_stops_a_mean_and_not_a_rate_of_its_own_denominators() -> None:
    cells = unweighed(panel({RATE: levels(1)}).cells.copy())
    assert "errors.did_weights" not in told(run(cells, weights="children"))
    cells.loc[mine(cells), ["kind", "value"]] = ["mean", 12.0]
    cells.loc[mine(cells), "value"] += levels(1).ravel()
    cells.loc[mine(cells), ["low", "high"]] = cells.loc[mine(cells), ["value", "value"]].to_numpy()
    assert told(run(cells, weights="children")) == {"errors.did_weights"}


def test_one_district_with_most_of_the_weight_is_named_as_such_and_not_by_its_name() -> None:
    cells = panel({RATE: levels(4)}).cells.copy()
    columns = [*NUMBERS, "denominator", "denominator_low", "denominator_high"]
    cells.loc[cells["unit"] == "d00", columns] *= 20
    found = run(cells, weights="children")
    assert "inference.note.heavy_district" in told(found)
    assert "d00" not in found.methods_tables[0].model_dump_json()


def test_a_period_with_nobody_at_risk_and_no_events_is_left_out_and_told() -> None:
    cells = panel({RATE: levels(5)}).cells.copy()
    rows = mine(cells) & (cells["unit"] == "d07") & (cells["period"] == "2014H2")
    cells.loc[rows, [*NUMBERS, "denominator", "denominator_low", "denominator_high"]] = 0.0
    found = run(cells)
    assert "labels.note.nobody_at_risk" in told(found)
    assert found.methods_tables[0].verdict != "refused"


def verdict_row(found: Estimated) -> tuple[float, float, float, float]:
    first = found.findings[0].result
    assert first.inference == "permutation_studentised"
    assert first.p_value is not None
    assert first.lower is not None
    assert first.upper is not None
    return first.estimate, first.lower, first.upper, first.p_value


def permutations(record: MethodsRecord) -> tuple[int, ...]:
    return record.counts


def test_order_of_rows_and_names_of_districts_change_no_row_of_the_line_up() -> None:
    cells = panel({RATE: levels(6, effect=-2.0)}).cells
    base = run(cells)
    other = run(cells.sample(frac=1, random_state=2).assign(unit=lambda f: f["unit"].map(lambda name: f"å{name}")))
    assert permutations(base.methods_tables[0]) == permutations(other.methods_tables[0])
    for a, b in zip(base.findings, other.findings, strict=True):
        assert a.result.estimate == pytest.approx(b.result.estimate)
        assert a.result.p_value == (None if b.result.p_value is None else pytest.approx(b.result.p_value))


def test_a_constant_changes_nothing_a_factor_only_the_unit_and_a_sign_mirrors() -> None:
    table = levels(7, effect=-2.0)
    estimate, lower, upper, p = verdict_row(run(panel({RATE: table})))
    assert verdict_row(run(panel({RATE: table + 30}))) == pytest.approx((estimate, lower, upper, p), abs=1e-6)
    assert verdict_row(run(panel({RATE: 3 * table}))) == pytest.approx(
        (3 * estimate, 3 * lower, 3 * upper, p), abs=1e-6
    )
    assert verdict_row(run(panel({RATE: 90 - table}))) == pytest.approx((-estimate, -upper, -lower, p), abs=1e-6)


def test_what_happens_to_everybody_in_a_period_is_no_effect() -> None:
    table = levels(8, effect=-2.0)
    shaken = table + np.random.default_rng(8).normal(0, 4, table.shape[1])
    assert verdict_row(run(panel({RATE: shaken}))) == pytest.approx(verdict_row(run(panel({RATE: table}))), abs=1e-6)
