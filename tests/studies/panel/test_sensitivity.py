"""All doubts of a panel together: which run, which say why not, what they find, and that every one has its words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_district_panel import LABELS, levels, panel, wanted
from small_panel_study import study

from sverige_did import words
from sverige_did.design import designs
from sverige_did.disclosure.registers import release_registers
from sverige_did.panel import Panel
from sverige_did.report import render
from sverige_did.report.curves import Line, points
from sverige_did.report.doubt.page import render_doubt
from sverige_did.report.labels import check_sentence
from sverige_did.results.estimates import CheckResult
from sverige_did.results.methods_tables import PRIMARY_INTERVAL
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.studies.panel.dated_array_checks import DATED_CHECKS
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.outcome_data import outcome_data_of
from sverige_did.studies.panel.seen import seen_of
from sverige_did.studies.panel.sensitivity import BY_DISTRICT, ONE_START, sensitivity_analyses
from sverige_did.study.read import read_study
from sverige_did.study.study import Study

ROOT = Path(__file__).parents[3]

RATE, SHARE = "institution_per_1000", "institution_share"
EVERY = {
    "pretrends", "relative_magnitudes", "placebo_dates", "leave_one_out", "tipping_shock", "regression_to_mean",
    "shared_shock", "placebo_choice", "spillover", "scale_discrepancy", "other_weights", "other_window",
    "synthetic_did", "smoothness", "pretest_power", "equivalence", "permuted_magnitudes", "placebo_units",
    "single_districts", "just_before", "regression_after_rise", "placebo_outcome", "multiverse",
    "placebo_areas",
}  # fmt: skip


def run(
    cells: Panel,
    plan: Study,
    elsewhere: Panel | None = None,
    unreported: dict[float, tuple[Panel, ...]] | None = None,
) -> dict[str, CheckResult]:
    found = sensitivity_analyses(cells, plan, designs(cells, plan), elsewhere, unreported=unreported)
    for check in found:
        for language in words.LANGUAGES:
            sentence = check_sentence(check, language)
            assert sentence
            assert "d0" not in sentence
    return {check.check: check for check in found if check.outcome == plan.outcomes[0].outcome}


def test_every_sensitivity_analysis_runs_on_districts_with_periods_before_and_after() -> None:
    found = run(panel({RATE: levels(1, effect=-5.0)}), study(outcomes=wanted(RATE, scales=("rate_per_1000",))))
    assert set(found) == EVERY
    assert {name for name, check in found.items() if check.status != "ran"} == {"placebo_outcome", "placebo_areas"}
    assert found["placebo_outcome"].key == "no_placebo"
    assert found["just_before"].key == found["regression_after_rise"].key == "result"
    assert found["multiverse"].key == "agree"
    assert found["placebo_areas"].key == "none_to_compare"
    assert found["leave_one_out"].key == "steady"
    assert found["placebo_dates"].key == "nothing"
    assert found["tipping_shock"].key == "districts"
    assert found["relative_magnitudes"].key == "result"
    assert found["smoothness"].key == "result"
    assert found["equivalence"].key == "within"
    assert found["single_districts"].key == "alike"
    assert found["permuted_magnitudes"].key == "stands_out"
    assert found["placebo_units"].key == "result"


def test_groups_on_their_way_apart_are_caught() -> None:
    """A drift of two a year and no effect: the trend is seen, and with its line carried forward nothing is left."""
    years = np.arange(len(LABELS)) / 2
    drift = levels(2) - 2 * years * (np.arange(16) < 4)[:, None]
    found = run(panel({RATE: drift}), study(outcomes=wanted(RATE, scales=("rate_per_1000",))))
    numbers = found["pretrends"].numbers
    assert numbers["effect_slope"] == pytest.approx(-2, abs=0.5)
    assert numbers["p"] < 0.01
    assert numbers["effect"] < -4
    assert numbers["effect_detrended_low"] < 0 < numbers["effect_detrended_high"]
    assert numbers["effect_erases"] == pytest.approx(-2, abs=0.4)
    assert found["placebo_dates"].key == "found"
    assert found["relative_magnitudes"].numbers["times"] < 1
    assert found["smoothness"].key == "none"
    assert found["pretest_power"].key == "with_drift"


def test_only_the_primary_outcome_is_drawn() -> None:
    names = (RATE, "family_per_1000")
    cells = panel({name: levels(3 + at) for at, name in enumerate(names)})
    plan = study(outcomes=wanted(*names, scales=("rate_per_1000",)))
    drawn = {check.outcome for check in sensitivity_analyses(cells, plan, designs(cells, plan)) if check.curves}
    assert drawn == {RATE}


def test_the_window_that_the_plan_did_not_take() -> None:
    """The half-year of go-live held an effect of its own: counting it moves the finding by its share of the mean."""
    table = levels(4, effect=-3.0)
    spoilt = table.copy()
    spoilt[:4, LABELS.index("2013H2")] += 10
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    one, other = (run(panel({RATE: t}), plan)["other_window"].numbers for t in (table, spoilt))
    assert other["effect"] == pytest.approx(one["effect"])
    assert other["effect_other"] - one["effect_other"] == pytest.approx(10 / 5)


def test_children_who_moved_are_counted_where_they_live() -> None:
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    table = levels(5, effect=-3.0)
    moved = table.copy()
    moved[:4, 6:] += 1.5
    found = run(panel({RATE: table}), plan, panel({RATE: moved}))["other_residence"]
    assert found.numbers["effect_other"] - found.numbers["effect"] == pytest.approx(1.5)
    nobody = run(panel({RATE: table}), plan, panel({RATE: table}))["other_residence"]
    assert nobody.numbers["effect_other"] == nobody.numbers["effect"], "that nobody did is not told by its absence"


def test_changes_left_out_of_one_group_move_the_finding_by_what_that_group_lost() -> None:
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    table = levels(5, effect=-3.0)
    fewer = table.copy()
    fewer[:4, 6:] += 1.5
    fewer[4:, 6:] += 0.5
    found = run(panel({RATE: table}), plan, unreported={0.5: (panel({RATE: fewer}),) * 2})["unreported_changes"]
    moved = {
        name: found.numbers[f"effect_{name}"] - found.numbers["effect"] for name in ("alike", "treated", "control")
    }
    assert moved == pytest.approx({"alike": 1.0, "treated": 1.5, "control": -0.5})
    untouched = {0.5: (panel({RATE: table}),)}
    assert "unreported_changes" not in run(panel({RATE: table}), plan, unreported=untouched)
    assert "unreported_changes" not in run(panel({RATE: table}), plan, unreported={0.5: (panel({}),)})


def test_weights_are_told_the_other_way_round() -> None:
    cells = panel({RATE: levels(6, effect=-3.0)})
    uneven = cells.cells.copy()
    big = uneven["unit"].isin(["d00", "d05"])
    for name in ("value", "low", "high", "denominator", "denominator_low", "denominator_high"):
        uneven.loc[big, name] *= 9
    uneven = Panel.of(uneven, synthetic=True)
    outcome = wanted(RATE, scales=("rate_per_1000",))
    by_children, equally = (
        run(uneven, study(outcomes=outcome, weights=weights))["other_weights"] for weights in ("children", "districts")
    )
    assert by_children.key.startswith("equal")
    assert equally.key.startswith("children")
    assert by_children.numbers["effect_other"] == pytest.approx(equally.numbers["effect"])


@pytest.mark.parametrize("weights", ["districts", "children"])
def test_the_interval_of_every_check_is_the_one_that_the_page_draws(weights: str) -> None:
    """One district with most of the children: CR2's interval is another, wider where they are the weights."""
    cells = panel({RATE: levels(6, effect=-3.0)})
    heavy = cells.cells.copy()
    numbers = ["value", "low", "high", "denominator", "denominator_low", "denominator_high"]
    heavy.loc[heavy["unit"] == "d00", numbers] *= 20
    cells, plan = Panel.of(heavy, synthetic=True), study(outcomes=wanted(RATE, scales=("level",)), weights=weights)
    rows = {f.result.inference: f.result for f in estimate_panel(cells, plan, designs(cells, plan)).findings[::-1]}
    drawn, found = rows[PRIMARY_INTERVAL], run(cells, plan)
    (att,) = found["spillover"].curves
    at_none = int(np.argmin(np.abs(att.x)))
    assert (att.lower[at_none], att.upper[at_none]) == pytest.approx((drawn.lower, drawn.upper))
    assert found["leave_one_out"].key == "steady"
    other = study(
        outcomes=wanted(RATE, scales=("level",)), weights="districts" if weights == "children" else "children"
    )
    beside = run(cells, other)["other_weights"].numbers
    assert (beside["effect_low"], beside["effect_high"]) == pytest.approx((drawn.lower, drawn.upper))
    cr2 = rows["cr2_bell_mccaffrey"]
    assert (cr2.upper - cr2.lower > 1.01 * (drawn.upper - drawn.lower)) == (weights == "children")


def test_what_cannot_be_asked_says_why() -> None:
    short = levels(7)[:, :]
    short[:, :4] = np.nan  # one period before is left
    found = run(panel({RATE: short}), study(outcomes=wanted(RATE, scales=("rate_per_1000",))))
    for check in SEVERAL:
        assert (found[check].status, found[check].key) == ("could_not_run", "short")
    few = run(panel({RATE: levels(8)[:6]}, ("2013-08-01",) * 2 + (None,) * 4), study(outcomes=wanted(RATE)))
    assert {(name, one.key) for name, one in few.items()} == {(name, "few_districts") for name in BY_DISTRICT}


SEVERAL = (
    "pretrends", "relative_magnitudes", "placebo_dates", "regression_to_mean", "synthetic_did", "smoothness",
    "pretest_power", "equivalence", "permuted_magnitudes",
)  # fmt: skip
"""The checks that ask for more than one period before."""


def test_with_one_period_before_the_drift_is_bounded_by_itself_and_with_two_by_its_only_step() -> None:
    table, plan = levels(7, effect=-4.0), study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    one, two, three = table.copy(), table.copy(), table.copy()
    one[:, :4], two[:, :3], three[:, :2] = np.nan, np.nan, np.nan
    alone, step, several = (run(panel({RATE: t}), plan) for t in (one, two, three))
    assert alone["absolute_violation"].key == "districts"
    assert 0 < alone["absolute_violation"].numbers["share"] < 100
    assert "absolute_violation" not in step
    assert (step["relative_magnitudes"].key, step["smoothness"].status) == ("single", "could_not_run")
    assert (several["relative_magnitudes"].key, several["smoothness"].status) == ("result", "ran")


def test_districts_that_begin_apart_are_doubted_as_the_others_are() -> None:
    dates = ("2013-01-01",) * 3 + ("2014-01-01",) * 3 + (None,) * 10
    found = run(panel({RATE: levels(9, dates, effect=-4.0)}, dates), study(outcomes=wanted(RATE)))
    named = {name for name, one in found.items() if one.key == "dates_apart"}
    assert named == set(ONE_START) - {"other_residence", "unreported_changes", "ageing_out"}  # nothing to hold against
    assert set(found) - {"placebo_outcome"} - named == set(DATED_CHECKS) - {"absolute_violation"}  # nothing to ask
    assert {one.status for name, one in found.items() if name not in {"placebo_outcome", *named}} == {"ran"}
    assert found["just_before"].key == "result"
    assert found["leave_one_out"].key == "dates_steady"
    assert found["leave_one_out"].numbers["percent_low"] is None
    assert found["leave_one_date_out"].numbers["districts"] == 2
    assert found["placebo_dates"].key == "dates_nothing"
    assert found["tipping_shock"].key == "dates"
    assert found["single_districts"].key == "alike"
    assert found["relative_magnitudes"].numbers["times"] > 0.5
    drifting = levels(9, dates) - np.arange(len(LABELS)) * (np.arange(16) < 6)[:, None]
    moved = run(panel({RATE: drifting}, dates), study(outcomes=wanted(RATE)))
    assert moved["pretrends"].numbers["effect_slope"] == pytest.approx(-2, abs=0.6)
    assert moved["pretrends"].numbers["effect_detrended_low"] < 0 < moved["pretrends"].numbers["effect_detrended_high"]
    assert moved["placebo_dates"].key == "dates_found"
    assert moved["smoothness"].key == "none"


def test_a_date_with_one_period_before_leaves_the_violation_that_it_takes() -> None:
    dates = ("2011-07-01",) * 3 + ("2014-01-01",) * 3 + (None,) * 6
    found = run(panel({RATE: levels(3, dates, effect=-4.0)}, dates), study(outcomes=wanted(RATE)))
    assert found["absolute_violation"].key == "districts"
    for check in ("pretrends", "relative_magnitudes", "smoothness", "pretest_power", "equivalence", "placebo_dates"):
        assert (found[check].status, found[check].key) == ("could_not_run", "short")
    assert found["leave_one_out"].status == "ran"


def test_steps_of_half_years_become_steps_of_years_where_three_lie_before() -> None:
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    found = run(panel({RATE: levels(11, effect=-4.0)}), plan)
    assert found["relative_magnitudes"].key == "result"  # five half-years before
    example = read_study(ROOT / "analyses" / "example" / "study.yaml")
    cells = panel_of(ROOT / "data" / "example", example).panel
    data = next(one for one in outcome_data_of(cells, example, designs(cells, example)) if one.design_class == "D1")
    seen = seen_of(data)
    assert (int(seen.pre.sum()), seen.step, seen.by_years) == (9, 0.5, 2)
    assert seen.by_period(seen.by_years).effects.before.tolist() == [-3.0, -2.0, -1.0]


def test_weighted_controls_follow_districts_that_were_on_their_way() -> None:
    """Treated districts climb like the steeper half of the controls: half of the drift is gone from five periods."""
    years, steep = np.arange(len(LABELS)) / 2, np.arange(16) < 10
    table = levels(13) + 3 * years * steep[:, None]
    found = run(panel({RATE: table}), study(outcomes=wanted(RATE, scales=("rate_per_1000",))))["synthetic_did"]
    assert found.key == "turns"
    assert found.numbers["effect"] > 4
    assert found.numbers["effect_other"] < 0.55 * found.numbers["effect"]
    assert found.numbers["controls"] < found.numbers["of_controls"] == 12
    assert found.numbers["p"] > 0.05


def test_weighted_controls_see_no_donut_and_a_missing_period_filled() -> None:
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    table = levels(14, effect=-4.0)
    spoilt, holed = table.copy(), table.copy()
    spoilt[:, LABELS.index("2013H2")] *= 50
    holed[9, 1] = np.nan
    one, other = (run(panel({RATE: t}), plan)["synthetic_did"] for t in (table, spoilt))
    assert one.numbers == other.numbers
    none = run(panel({RATE: holed}), plan)["synthetic_did"]
    assert none.status == "ran"
    assert none.numbers["effect"] == pytest.approx(one.numbers["effect"], abs=0.2)


def test_a_share_is_doubted_on_four_scales_and_a_ratio_by_its_logarithm() -> None:
    cells = panel({SHARE: np.clip(levels(10, effect=-6.0), 1, 99)})
    found = run(cells, study(outcomes=wanted(SHARE, scales=("ratio", "pp"))))
    assert found["scale_discrepancy"].numbers["effect_logit"] is not None
    assert found["other_weights"].scale == "ratio"
    assert 0.5 < found["other_weights"].numbers["effect_other"] < 0.9
    assert found["pretrends"].scale == "pp"


def test_the_sensitivity_analyses_stand_on_the_page_of_doubt() -> None:
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    cells = panel({RATE: levels(11, effect=-5.0)})
    made = estimate_panel(cells, plan, designs(cells, plan))
    checks = sensitivity_analyses(cells, plan, designs(cells, plan))
    released = release_registers(
        study=plan, panel=cells, designs=designs(cells, plan), findings=made.findings,
        methods_tables=made.methods_tables,
        coverage=(), checks=checks,
    )  # fmt: skip
    for language in words.LANGUAGES:
        page = render(released, language) + render_doubt(released, language)
        for check in EVERY:
            assert words.text(f"labels.check.{check}", language) in page


def test_dates_tried_stand_on_their_axis_as_years_and_in_their_table_as_half_years() -> None:
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    cells = panel({RATE: levels(12)})
    dated = next(
        check for check in sensitivity_analyses(cells, plan, designs(cells, plan)) if check.check == "placebo_dates"
    )
    assert [row[0] for row in points(Line("", dated.curves[0]), "da")] == ["2012", "2012H2", "2013"]
