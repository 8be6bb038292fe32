"""Staggered go-lives in the panel flow: known effects, a slow computation, invariances, refusals in words, the page."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small_district_panel import LABELS, levels, panel, wanted
from small_panel_study import study

from sverige_did import words
from sverige_did.design import designs
from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.staggered import group_time_effects
from sverige_did.disclosure.registers import release_registers
from sverige_did.inference.staggered import Whole, staggered_permutation_test, welch_by_cohort
from sverige_did.panel import Panel
from sverige_did.report import district_inference, render
from sverige_did.results.estimates import Estimate
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.studies.panel.design_size import design_sizes
from sverige_did.studies.panel.estimate import Estimated, estimate_panel
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.studies.panel.staggered_did import exposed_share, mean_effect
from sverige_did.study.study import Study

RATE = "institution_per_1000"
TWO_DATES = ("2013-01-01",) * 3 + ("2014-01-01",) * 3 + (None,) * 8
MID_PERIOD = ("2012-10-01",) * 3 + ("2014-02-01",) * 3 + (None,) * 8


def plan(**changes: object) -> Study:
    periods = study().periods.model_dump() | {"treatment_start": "2012-10-01", "baseline": "2012-06-30"}
    return study(**({"periods": periods, "chosen": "random"} | changes))


def run(cells: Panel, data: Study) -> Estimated:
    return estimate_panel(cells, data, designs(cells, data))


def one(found: Estimated, inference: str, estimand: str = "att_simple") -> Estimate:
    return next(
        f.result for f in found.findings if (f.result.inference, f.result.estimand) == (inference, estimand)
    )  # fmt: skip


def record(found: Estimated) -> MethodsRecord:
    return found.methods_tables[0]


@pytest.mark.parametrize("starts", [TWO_DATES, MID_PERIOD])
def test_an_effect_that_was_put_in_comes_out(starts: tuple[str | None, ...]) -> None:
    base, moved = (run(panel({RATE: levels(1, starts, effect=e)}, starts), plan()) for e in (0.0, -6.0))
    exact = ("permutation_studentised", "permutation") if starts == TWO_DATES else ()
    for inference in ("welch_by_date", *exact):  # no effect is put into periods that are treated in part
        for name in ("estimate", "lower", "upper"):
            expected = getattr(one(base, inference), name) - 6
            assert getattr(one(moved, inference), name) == pytest.approx(expected, abs=1e-6)
    assert (record(base).verdict, record(moved).verdict) == ("inconclusive", "supported")
    assert {f.design_class for f in moved.findings} == {"D5"}
    imputed = next(f.result for f in moved.findings if f.result.estimator == "imputation")
    assert imputed.estimate == pytest.approx(-6, abs=1)


@pytest.mark.parametrize("chosen", ["level", "rise", "will", "unknown"])
def test_unless_drawn_by_lot_nothing_is_called_supported_and_the_page_says_why(chosen: str) -> None:
    found = run(panel({RATE: levels(1, TWO_DATES, effect=-6.0)}, TWO_DATES), plan(chosen=chosen))
    assert {one.verdict for one in found.findings} == {"inconclusive"} == {record(found).verdict}
    (remark,) = (one for one in record(found).remarks if one.key == "inference.note.dates_not_by_lot")
    assert "drawn by lot" in district_inference.said(remark, "en")
    assert "trukket lod" in district_inference.said(remark, "da")
    chance = run(panel({RATE: levels(1, TWO_DATES)}, TWO_DATES), plan(chosen=chosen))
    assert "inference.note.dates_not_by_lot" not in {one.key for one in record(chance).remarks}


def one_shock_each(seed: int) -> np.ndarray:
    """A single large shock a district that stays."""
    rng = np.random.default_rng(seed)
    table = 20 + 0.05 * rng.normal(size=(14, len(LABELS)))
    return table + rng.exponential(size=(14, 1)) ** 2 * (np.arange(len(LABELS)) >= 4)


def test_the_design_of_dates_is_simulated_and_bars_what_single_lasting_shocks_can_make() -> None:
    for table, barred in ((levels(1, TWO_DATES, effect=-6.0), False), (one_shock_each(0), True)):
        cells, data = panel({RATE: table}, TWO_DATES), plan()
        (size,) = design_sizes(cells, data, designs(cells, data))
        assert size.barred == barred == (size.size > 0.06)
        assert size.power > 0
        again = estimate_panel(cells, data, designs(cells, data), (size,))
        assert record(again).size == size
        if not barred:
            assert record(again).verdict == "supported"
            shut = estimate_panel(cells, data, designs(cells, data), (size.model_copy(update={"barred": True}),))
            assert {one.verdict for one in shut.findings} == {"inconclusive"} == {record(shut).verdict}
            assert "methods_table.note.size_barred" in {one.key for one in record(shut).remarks}


def test_a_design_of_dates_without_a_verdict_has_no_size() -> None:
    alone = ("2013-01-01", "2014-01-01", "2014-01-01") + (None,) * 8
    cells, data = panel({RATE: levels(1, alone)}, alone), plan()
    assert design_sizes(cells, data, designs(cells, data)) == ()


def test_the_estimate_is_the_mean_over_treated_cells_written_out() -> None:
    table = levels(2, TWO_DATES, effect=-2.0)
    never = table[6:].mean(axis=0)
    effects = []
    for first, rows in ((4, slice(0, 3)), (6, slice(3, 6))):  # 2013H1 and 2014H1 are the fifth and seventh half-year
        for t in range(first, len(LABELS)):
            own = table[rows, t] - table[rows, first - 1]
            effects += list(own - (never[t] - never[first - 1]))
    found = run(panel({RATE: table}, TWO_DATES), plan())
    assert one(found, "permutation_studentised").estimate == pytest.approx(np.mean(effects))


def test_the_period_that_is_treated_in_part_is_left_out_for_those_it_concerns() -> None:
    """2012H2 of the first three and 2014H1 of the next three may hold anything."""
    table = levels(3, MID_PERIOD, effect=-3.0)
    spoilt = table.copy()
    spoilt[:3, LABELS.index("2012H2")] += 5
    spoilt[3:6, LABELS.index("2014H1")] -= 9
    base, other = (run(panel({RATE: t}, MID_PERIOD), plan()) for t in (table, spoilt))
    assert one(other, "welch_by_date").estimate == pytest.approx(one(base, "welch_by_date").estimate)
    assert one(other, "welch_by_date").std_error == pytest.approx(one(base, "welch_by_date").std_error)
    intention = plan().periods.model_dump() | {"partial": "intention"}
    whole = [run(panel({RATE: t}, MID_PERIOD), study(periods=intention)) for t in (table, spoilt)]
    assert one(whole[0], "welch_by_date").estimate != pytest.approx(one(whole[1], "welch_by_date").estimate)


def test_left_out_periods_are_tested_as_a_refit_to_every_order_of_the_dates_would() -> None:
    """Six districts, 60 orders of the dates: every order refitted with its own partly treated periods left out."""
    starts = ("2012-10-01",) * 2 + ("2014-02-01",) + (None,) * 3
    cells = panel({RATE: levels(4, starts)}, starts).outcome(RATE)
    table = (1000 * cells["value"] / cells["denominator"]).to_numpy().reshape(6, -1)
    first = np.array([3.0, 3.0, 6.0, np.inf, np.inf, np.inf])  # the half-year of go-live

    def arrays(begun: np.ndarray, y: np.ndarray) -> DistrictPanel:
        time = np.arange(len(LABELS), dtype=float)
        y = np.where(time == begun[:, None], np.nan, y)
        unit = np.repeat(np.arange(6), time.size)
        return panel_from_rows(unit, np.tile(time, 6), y.ravel(), (time >= begun[:, None]).ravel())

    observed = mean_effect(arrays(first, table))
    orders = [np.array(order) for order in set(permutations(first))]
    slow = [mean_effect(arrays(order, table)) for order in orders]
    share = (np.arange(len(LABELS)) >= first[:, None]).astype(float)
    found = staggered_permutation_test(
        arrays(first, table), mean_effect, rng=np.random.default_rng(0), studentise="none", whole=Whole(table, share)
    )
    assert found.estimate == pytest.approx(observed)
    np.testing.assert_allclose(np.sort(found.reference), np.sort(slow), atol=1e-9)
    assert found.p_value == pytest.approx(np.mean(np.abs(slow) >= abs(observed) - 1e-9))


def test_with_one_date_it_is_welchs_test_of_the_changes() -> None:
    starts = ("2013-07-01",) * 4 + (None,) * 8
    cells = panel({RATE: levels(5, starts)}, starts).outcome(RATE)
    table = (1000 * cells["value"] / cells["denominator"]).to_numpy().reshape(12, -1)
    rows = panel_from_rows(
        np.repeat(np.arange(12), 10), np.tile(np.arange(10.0), 12), table.ravel(),
        (np.arange(10) >= np.where(np.arange(12) < 4, 5, 99)[:, None]).ravel(),
    )  # fmt: skip
    change = table[:, 5:].mean(axis=1) - table[:, 4]
    expected = stats.ttest_ind(change[:4], change[4:], equal_var=False)
    found = welch_by_cohort(rows, mean_effect)
    assert (found.p_value, found.df) == (pytest.approx(expected.pvalue), pytest.approx(expected.df))


def test_the_share_of_a_period_under_treatment_is_counted_in_days() -> None:
    cells = panel({RATE: levels(6, MID_PERIOD)}, MID_PERIOD).outcome(RATE)
    rows = panel_from_rows(
        cells["unit"].to_numpy(), cells["start"].dt.year + (cells["start"].dt.month - 1) / 12, cells["value"],
        (cells["end"] >= cells["treated_from"]).to_numpy(),
    )  # fmt: skip
    share = exposed_share(cells, rows)
    assert share[0, LABELS.index("2012H2")] == pytest.approx(92 / 184)  # October to December of 184 days
    assert share[3, LABELS.index("2014H1")] == pytest.approx(150 / 181)
    assert set(np.unique(share[6:])) == {0.0}
    assert set(share[0, LABELS.index("2013H1") :]) == {1.0}


def test_names_order_scale_and_sign() -> None:
    table = levels(7, TWO_DATES, effect=-2.0)
    cells = panel({RATE: table}, TWO_DATES)
    base = run(cells, plan())
    shuffled = cells.cells.sample(frac=1, random_state=1).assign(unit=lambda f: "z" + f["unit"])
    for a, b in zip(base.findings, run(Panel.of(shuffled, synthetic=True), plan()).findings, strict=True):
        assert a.result.estimate == pytest.approx(b.result.estimate)
        assert a.result.p_value == pytest.approx(b.result.p_value)
    mirrored = run(panel({RATE: 100 - 2 * table}, TWO_DATES), plan())
    for inference in ("permutation_studentised", "welch_by_date"):
        a, b = one(base, inference), one(mirrored, inference)
        assert b.p_value == pytest.approx(a.p_value)
        assert (b.lower, b.upper) == (pytest.approx(-2 * a.upper, abs=1e-6), pytest.approx(-2 * a.lower, abs=1e-6))


def test_the_names_of_districts_move_nothing_that_is_drawn() -> None:
    rng = np.random.default_rng(3)
    values, order = levels(1, TWO_DATES), np.r_[rng.permutation(3), 3 + rng.permutation(3), 6 + rng.permutation(8)]
    sizes, checked = [], []
    for rows in (values, values[order]):
        cells = panel({RATE: rows}, TWO_DATES)
        made = designs(cells, plan())
        sizes.append(design_sizes(cells, plan(), made))
        checked.append([one.numbers for one in sensitivity_analyses(cells, plan(), made)])
    assert sizes[0] == sizes[1]
    assert any("p" in numbers for numbers in checked[0])
    for first, second in zip(*checked, strict=True):
        assert first == pytest.approx(second)


def test_the_event_time_curve_is_flat_before_and_shows_the_effect_after() -> None:
    found = record(run(panel({RATE: levels(8, TWO_DATES, effect=-5.0)}, TWO_DATES), plan()))
    assert found.event is not None
    assert found.event.x_name == "methods_table.axis.event_time"
    effects = dict(zip(found.event.x, found.event.y, strict=True))
    assert effects[-1] == 0
    assert max(abs(y) for x, y in effects.items() if x < 0) < 1.5
    assert np.mean([y for x, y in effects.items() if x >= 0]) == pytest.approx(-5, abs=1)
    assert sum(found.counts) == 14 * 13 * 12 // 6 * (11 * 10 * 9 // 6)


def test_many_outcomes_go_through_the_same_exchanges_of_dates() -> None:
    names = (RATE, "family_per_1000")
    tables = {name: levels(9 + at, TWO_DATES, effect=-2.0 * at) for at, name in enumerate(names)}
    found = run(panel(tables, TWO_DATES), plan(outcomes=wanted(*names)))
    for line in found.methods_tables:
        assert line.max_t_adjustment is not None
        first = next(f.result for f in found.findings if f.outcome == line.outcome)
        assert first.p_value == pytest.approx(line.max_t_adjustment.single)
        assert line.max_t_adjustment.single <= line.max_t_adjustment.max_t <= line.max_t_adjustment.holm + 1e-12
        assert first.p_adjusted == line.max_t_adjustment.holm


def refusal(starts: tuple[str | None, ...], **changes: object) -> MethodsRecord:
    found = record(run(panel({RATE: levels(11, starts)}, starts), plan(**changes)))
    assert found.verdict == "refused"
    for language in words.LANGUAGES:
        assert all(district_inference.said(remark, language) for remark in found.remarks)
    return found


@pytest.mark.parametrize(
    ("starts", "key"),
    [
        (("2010-01-01",) * 3 + ("2014-01-01",) * 3 + (None,) * 8, "errors.did_no_pre_period"),
        (("2013-01-01",) * 3 + ("2014-01-01",) + (None,) * 8, "errors.staggered_single"),
        (("2013-01-01", "2014-01-01") + (None,) * 8, "inference.note.few_treated"),
        (("2013-01-01",) * 3 + ("2014-01-01",) * 3 + (None,) * 2, "inference.note.few_control"),
    ],
)
def test_what_dates_cannot_carry_is_refused_in_words(starts: tuple[str | None, ...], key: str) -> None:
    assert key in [remark.key for remark in refusal(starts).remarks]


def test_a_last_period_without_controls_is_refused_and_a_panel_without_any_is_no_comparison() -> None:
    table = levels(11, TWO_DATES)
    table[6:, -1] = np.nan
    found = run(panel({RATE: table}, TWO_DATES), plan())
    assert [remark.key for remark in record(found).remarks] == ["errors.did_period_without_control"]
    everybody = ("2013-01-01",) * 4 + ("2014-01-01",) * 4
    alone = run(panel({RATE: levels(11, everybody)}, everybody), plan())
    assert {(f.design_class, f.verdict) for f in alone.findings} == {("D3", "descriptive")}


def test_a_district_that_lacks_a_period_stops_the_exchange_of_dates_but_not_the_estimates() -> None:
    table = levels(12, TWO_DATES)
    table[10, 2] = np.nan
    found = run(panel({RATE: table}, TWO_DATES), plan())
    assert "errors.staggered_incomplete" in [remark.key for remark in record(found).remarks]
    assert {f.result.estimator for f in found.findings} == {"callaway_santanna", "imputation", "before_after"}
    assert {f.verdict for f in found.findings} == {"refused"}


def test_the_test_weighs_districts_equally_and_says_so_where_the_plan_does_not() -> None:
    starts = TWO_DATES
    found = run(panel({RATE: levels(13, starts)}, starts), plan(weights="children"))
    assert "methods_table.note.dates_equal" in [remark.key for remark in record(found).remarks]
    assert one(found, "permutation_studentised").weights == "equal"
    assert one(found, "influence_function").weights == "baseline"


def test_the_page_tells_it_in_both_languages() -> None:
    cells, data = (
        panel({RATE: levels(14, TWO_DATES, effect=-6.0)}, TWO_DATES),
        plan(outcomes=wanted(RATE, scales=("rate_per_1000", "ratio"))),
    )
    found = run(cells, data)
    released = release_registers(
        study=data, panel=cells, designs=designs(cells, data), findings=found.findings,
        methods_tables=found.methods_tables,
        coverage=(),
    )  # fmt: skip
    for language in words.LANGUAGES:
        page = render(released, language)
        assert words.text("methods_table.axis.event_time", language) in page
        assert words.text("labels.inference.welch_by_date", language) in page


@pytest.mark.slow
def test_the_rule_rejects_at_most_at_the_level_when_paths_are_exchangeable() -> None:
    rng, hits, runs = np.random.default_rng(15), 0, 400
    begun = np.array([3.0] * 3 + [5.0] * 3 + [np.inf] * 8)
    time = np.arange(8.0)
    for _ in range(runs):
        y = rng.normal(size=(14, 1)) + rng.normal(size=8) + rng.normal(size=(14, 8)).cumsum(axis=1) / 2
        rows = panel_from_rows(
            np.repeat(np.arange(14), 8), np.tile(time, 14), y.ravel(), (time >= begun[:, None]).ravel()
        )
        permuted = staggered_permutation_test(rows, mean_effect, rng=rng, limit=1, draws=399)
        hits += max(permuted.p_value, welch_by_cohort(rows, mean_effect).p_value) <= 0.05
    assert hits / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_simple_is_the_average_that_callaway_and_santanna_call_so() -> None:
    cells = panel({RATE: levels(16, TWO_DATES)}, TWO_DATES).outcome(RATE)
    rows = panel_from_rows(
        cells["unit"].to_numpy(), pd.factorize(cells["period"], sort=True)[0], cells["value"],
        (cells["start"] >= cells["treated_from"]).to_numpy(),
    )  # fmt: skip
    assert mean_effect(rows) == aggregate(group_time_effects(rows, "never"), "simple").overall
