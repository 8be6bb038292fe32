"""From a panel to findings: known effects, invariances, a slow two-way computation, and what each class may say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import small_district_panel
from small_panel_study import study

from sverige_did import words
from sverige_did.design import designs
from sverige_did.panel import Panel
from sverige_did.results.estimates import Finding, Remark
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Study

LABELS = windows_of(Grid(first="2011H1", last="2015H2")).labels
START = "2013-08-01"


def units(treated: int = 4, control: int = 12) -> pd.DataFrame:
    names = [f"d{k:02}" for k in range(treated + control)]
    side = np.array(["treated"] * treated + ["control"] * control)
    since = pd.to_datetime(pd.Series(np.where(side == "treated", START, None)))
    return pd.DataFrame({"unit": names, "unit_kind": "district", "group": side, "treated_from": since, "stratum": None})


def panel(effect: float = 0.0, seed: int = 1, *, treated: int = 4, control: int = 12, scale: float = 1.0) -> Panel:
    """Rates per 1,000 with district and period effects; the effect is added in every wholly treated period."""
    rng = np.random.default_rng(seed)
    where = units(treated, control)
    D, T = len(where), len(LABELS)
    rate = 20 + rng.normal(0, 3, (D, 1)) + rng.normal(0, 1, (1, T)) + rng.normal(0, 0.5, (D, T))
    under = (where["group"] == "treated").to_numpy()[:, None] & (np.array(LABELS) >= "2014H1")
    residents = np.broadcast_to(rng.integers(800, 1500, (D, 1)).astype(float), (D, T))
    value = (rate + effect * under) * residents / 1000 * scale
    cells = [
        to_cells("placed_per_1000", "person_years", where, LABELS, value, residents, "made up"),
        to_cells("institution_per_1000", "person_years", where, LABELS, value, residents, "made up"),
    ]
    return Panel.of(pd.concat(cells), synthetic=True)


def run(cells: Panel, plan: Study) -> Estimated:
    return estimate_panel(cells, plan, designs(cells, plan))


def first(found: Estimated, estimator: str = "collapse", inference: str = "permutation_studentised") -> Finding:
    return next(f for f in found.findings if f.result.estimator == estimator and f.result.inference == inference)


def test_an_effect_that_was_put_in_comes_out() -> None:
    plan = study()
    base, moved = first(run(panel(), plan)), first(run(panel(5.0), plan))
    for name in ("estimate", "lower", "upper"):
        assert getattr(moved.result, name) == pytest.approx(getattr(base.result, name) + 5, abs=1e-4)
    assert (base.verdict, moved.verdict) == ("inconclusive", "supported")


def test_the_estimate_is_the_difference_of_mean_changes_computed_slowly() -> None:
    cells = panel(2.0).outcome("institution_per_1000")
    level = 1000 * cells["value"] / cells["denominator"]
    wide = pd.DataFrame({"unit": cells["unit"], "period": cells["period"], "level": level})
    change = {}
    for unit, mine in wide.groupby("unit"):
        by = mine.set_index("period")["level"]
        change[unit] = by[[p for p in LABELS if p >= "2014H1"]].mean() - by[[p for p in LABELS if p <= "2013H1"]].mean()
    treated = [value for unit, value in change.items() if unit < "d04"]
    control = [value for unit, value in change.items() if unit >= "d04"]
    found = first(run(panel(2.0), study()))
    assert found.result.estimate == pytest.approx(np.mean(treated) - np.mean(control))


def test_children_as_weights_are_those_who_lived_there_before() -> None:
    cells = panel(2.0)
    weight = cells.outcome("placed_per_1000").groupby("unit")["denominator"].first()
    table = cells.outcome("institution_per_1000")
    level = (1000 * table["value"] / table["denominator"]).to_numpy().reshape(16, -1)
    change = level[:, 6:].mean(axis=1) - level[:, :5].mean(axis=1)
    w = weight.to_numpy()
    expected = np.average(change[:4], weights=w[:4]) - np.average(change[4:], weights=w[4:])
    assert first(run(cells, study(weights="children"))).result.estimate == pytest.approx(expected)


def test_a_share_is_one_of_children_and_not_of_districts() -> None:
    """By hand: events by children of each district's windows, weighed by its own children at risk before."""
    cells = small_district_panel.panel({"institution_share": small_district_panel.levels(1)}).cells.copy()
    rows = cells["outcome"] == "institution_share"
    rng = np.random.default_rng(4)
    cells.loc[rows, "denominator"] = rng.integers(5, 60, int(rows.sum())).astype(float)
    cells.loc[rows, "value"] = np.rint(cells.loc[rows, "denominator"] * rng.uniform(0.1, 0.6, int(rows.sum())))
    cells.loc[rows, ["low", "high"]] = cells.loc[rows, ["value", "value"]].to_numpy()
    table = cells[rows].sort_values(["unit", "start"])
    y, n = (table[name].to_numpy().reshape(16, -1) for name in ("value", "denominator"))
    change = 100 * (y[:, 6:].sum(axis=1) / n[:, 6:].sum(axis=1) - y[:, :5].sum(axis=1) / n[:, :5].sum(axis=1))
    w = n[:, :5].mean(axis=1)
    by_children = np.average(change[:4], weights=w[:4]) - np.average(change[4:], weights=w[4:])
    data = Panel.of(cells, synthetic=True)
    plan = study(outcomes=small_district_panel.wanted("institution_share", scales=("pp",)), weights="children")
    assert first(run(data, plan)).result.estimate == pytest.approx(by_children)
    equal = first(run(data, plan.model_copy(update={"weights": "districts"}))).result.estimate
    assert equal == pytest.approx(change[:4].mean() - change[4:].mean())


@pytest.mark.parametrize("gap", ["nobody placed", "no row"])
@pytest.mark.parametrize("weights", ["children", "districts"])
def test_a_bad_half_year_that_the_treated_lack_is_no_effect(gap: str, weights: str) -> None:
    """A third more of all placed children in institutions, everywhere, when nobody of the treated was placed."""
    level = small_district_panel.levels(1, noise=0.01)
    at = small_district_panel.LABELS.index("2012H1")
    level[:, at] += 33
    if gap == "no row":
        level[:4, at] = np.nan
    cells = small_district_panel.panel({"institution_share": level}).cells.copy()
    rows = (cells["outcome"] == "institution_share") & (cells["group"] == "treated") & (cells["period"] == "2012H1")
    cells.loc[rows, ["value", "low", "high", "denominator"]] = 0.0
    plan = study(outcomes=small_district_panel.wanted("institution_share", scales=("pp",)), weights=weights)
    found = run(Panel.of(cells, synthetic=True), plan)
    assert first(found).result.estimate == pytest.approx(0.0, abs=0.02)
    assert first(found).verdict == "inconclusive"
    assert "methods_table.note.periods_filled" in {remark.key for remark in found.methods_tables[0].remarks}


@pytest.mark.parametrize(("lacking", "side"), [(slice(1, 4), "treated"), (slice(5, 16), "control")])
def test_a_period_that_one_district_of_a_side_has_alone_gets_a_caution(lacking: slice, side: str) -> None:
    """2014H2 is one of four half-years after; it counts by how many of both sides have it."""
    level = small_district_panel.levels(1)
    level[lacking, small_district_panel.LABELS.index("2014H2")] = np.nan
    plan = study(outcomes=small_district_panel.wanted("institution_per_1000"))
    (record,) = run(small_district_panel.panel({"institution_per_1000": level}), plan).methods_tables
    keys = {remark.key: remark for remark in record.remarks if remark.key.startswith("methods_table.note.lone_")}
    share = 1 / 4 if side == "treated" else 1 / 12
    percent = f"{100 * share / (3 + share):.0f}"
    key = f"methods_table.note.lone_{side}"
    assert keys == {key: Remark(key=key, values={"percent": percent})}
    assert all(percent in words.text(key, language, percent=percent) for language in words.LANGUAGES)
    level[1 if side == "treated" else 6, small_district_panel.LABELS.index("2014H2")] = 20.0
    (record,) = run(small_district_panel.panel({"institution_per_1000": level}), plan).methods_tables
    assert not [one for one in record.remarks if one.key.startswith("methods_table.note.lone_")]


def test_the_partly_treated_half_year_is_left_out_or_counted_as_the_plan_says() -> None:
    base = panel(5.0)
    spoilt = base.cells.copy()
    donut = (spoilt["period"] == "2013H2") & (spoilt["group"] == "treated")
    spoilt.loc[donut, ["value", "low", "high"]] *= 3
    spoilt = Panel.of(spoilt, synthetic=True)
    plan = study()
    assert first(run(base, plan)).result.estimate == pytest.approx(first(run(spoilt, plan)).result.estimate)
    intention = study(periods=plan.periods.model_dump() | {"partial": "intention"})
    assert first(run(base, intention)).result.estimate < first(run(spoilt, intention)).result.estimate


def test_two_way_fixed_effects_stand_beside_the_methods_and_say_the_same_on_complete_data() -> None:
    found = run(panel(2.0), study(weights="children"))
    by = {(f.result.estimator, f.result.inference): f.result for f in found.findings}
    two_way, grey = by["twfe", "cr1"], by["collapse", "cr1"]
    assert two_way.estimate == pytest.approx(grey.estimate)
    assert two_way.std_error == pytest.approx(grey.std_error, rel=0.02)
    assert (two_way.weights, two_way.notes, two_way.n_units) == ("baseline", ("shown_in_grey",), 16)
    few = run(panel(2.0, treated=2, control=4), study())
    assert "twfe" not in {f.result.estimator for f in few.findings}


def test_a_ratio_does_not_depend_on_the_unit_of_the_count() -> None:
    plan = study(scales=("ratio",))
    one, thousand = (first(run(panel(-6.0, scale=scale), plan), "did_log") for scale in (1.0, 1000.0))
    assert one.result.scale == "ratio"
    assert one.result.estimate == pytest.approx(thousand.result.estimate)
    assert one.result.lower < one.result.estimate < one.result.upper < 1


def test_a_district_without_events_gives_no_ratio_and_says_so() -> None:
    cells = panel().cells.copy()
    empty = (cells["unit"] == "d09") & (cells["period"] >= "2014H1")
    cells.loc[empty, ["value", "low", "high"]] = 0.0
    found = run(Panel.of(cells, synthetic=True), study(scales=("ratio",)))
    assert {f.result.estimator for f in found.findings} == {
        "collapse", "twfe", "before_after", "did", "did_totals", "poisson",
    }  # fmt: skip
    assert "errors.log_of_nothing" in [remark.key for remark in found.methods_tables[0].remarks]
    assert found.methods_tables[0].scale == "rate_per_1000"


def test_the_implied_ratio_agrees_with_the_difference() -> None:
    found = run(panel(-4.0), study())
    difference, ratio = (first(found, name, "behrens_fisher") for name in ("collapse", "did"))
    after = difference.result.estimate / (1 - 1 / ratio.result.estimate)
    assert ratio.result.lower == pytest.approx(after / (after - difference.result.lower))
    assert (ratio.result.upper < 1) == (difference.result.upper < 0)


def test_names_of_districts_and_the_order_of_outcomes_change_nothing() -> None:
    cells = panel(1.0).cells.copy()
    cells["unit"] = cells["unit"].map(lambda name: f"x{99 - int(name[1:])}")
    renamed = run(Panel.of(cells, synthetic=True), study())
    as_is = run(panel(1.0), study())
    for a, b in zip(renamed.findings, as_is.findings, strict=True):
        assert a.result.estimate == pytest.approx(b.result.estimate)


def test_too_few_districts_are_refused_with_the_bare_difference() -> None:
    found = run(panel(treated=2, control=6), study())
    did = next(f for f in found.findings if f.result.estimator == "collapse")
    assert (did.verdict, did.result.inference, did.result.lower) == ("refused", "none", None)
    assert "inference.note.few_treated" in [remark.key for remark in found.methods_tables[0].remarks]


def test_permutations_and_event_study_stand_beside_the_verdict() -> None:
    record = run(panel(5.0), study()).methods_tables[0]
    assert sum(record.counts) == 1820  # 16 over 4
    assert record.smallest_p == pytest.approx(1 / 1820)
    assert record.observed is not None
    assert record.event is not None
    effects = dict(zip(record.event.x, record.event.y, strict=True))
    assert effects[2013.0] == 0
    assert np.mean([effects[x] for x in effects if x >= 2014]) == pytest.approx(5, abs=1.0)
    assert max(abs(effects[x]) for x in effects if x < 2013) < 1.5


def test_two_totals_get_a_difference_without_an_interval() -> None:
    cells = panel(5.0).cells
    keys = ["outcome", "reading", "group", "period", "start", "end", "kind", "source"]
    sums = cells.groupby(keys, as_index=False)[
        ["value", "low", "high", "denominator", "denominator_low", "denominator_high"]
    ].sum()
    since = cells.groupby("group")["treated_from"].min()
    totals = sums.assign(
        unit=sums["group"], unit_kind="group", treated_from=sums["group"].map(since), stratum=None, status="exact"
    )
    found = run(Panel.of(totals, synthetic=True), study())
    assert {f.verdict for f in found.findings} == {"conditional"}
    did = next(f for f in found.findings if f.result.estimator == "did" and f.result.scale == "rate_per_1000")
    assert did.result.lower is None
    level = 1000 * sums["value"] / sums["denominator"]
    by = sums.assign(level=level).query("outcome == 'institution_per_1000'").set_index(["group", "period"])["level"]
    assert did.result.estimate == pytest.approx(5, abs=1.5)
    assert by.loc["treated", "2015H2"] > by.loc["treated", "2011H1"]
    assert not found.methods_tables


def test_after_only_is_a_difference_in_level_and_treated_only_a_development() -> None:
    cells = panel(5.0).cells
    after = run(Panel.of(cells[cells["period"] >= "2014H1"], synthetic=True), study())
    assert [(f.design_class, f.verdict, f.result.estimator) for f in after.findings] == [
        ("D2", "descriptive", "rate_ratio")
    ]
    alone = run(Panel.of(cells[cells["group"] == "treated"], synthetic=True), study())
    assert {(f.design_class, f.verdict, f.result.estimator) for f in alone.findings} == {
        ("D3", "descriptive", "before_after")
    }


def test_an_amount_is_told_for_the_treated_group_in_a_year() -> None:
    cells = panel(5.0).cells
    money = cells[cells["outcome"] == "institution_per_1000"].assign(outcome="placement_cost", kind="money")
    both = Panel.of(pd.concat([cells, money]), synthetic=True)
    outcome = {"question": "all", "role": "primary", "benefit": "lower", "scales": ["mio_dkk"]}
    found = first(run(both, study(outcomes=[outcome | {"outcome": "placement_cost"}])))
    rate = first(run(panel(5.0), study()))
    treated = money[money["group"] == "treated"]
    children = treated.groupby("unit")["denominator"].first().sum() / 0.5  # the same residents in every half-year
    assert found.result.scale == "mio_dkk"
    assert found.result.estimate == pytest.approx(rate.result.estimate / 1000 * children, rel=1e-3)
