"""The specification curve of a panel: the planned one is the page's, axes are what they say, and doubts are seen."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from small_district_panel import LABELS, levels, panel, wanted
from small_panel_study import study

from sverige_did import words
from sverige_did.checks.multiverse import BINS, FEWEST
from sverige_did.design import designs
from sverige_did.disclosure.known import Known
from sverige_did.disclosure.registers import release_registers
from sverige_did.errors import InputError, RefusedError
from sverige_did.panel import Panel
from sverige_did.report import render
from sverige_did.results.estimates import CheckResult, Curve
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.studies.panel.outcome_data import outcome_data_of
from sverige_did.studies.panel.seen import seen_of
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.studies.panel.specification_origins import multiverse_of
from sverige_did.study.multiverse import AXES, PLANNED, Multiverse, before_of
from sverige_did.study.study import Study

RATE, SHARE = "institution_per_1000", "institution_share"


def plan(name: str = RATE, **changes: Any) -> Study:
    return study(outcomes=wanted(name, scales=("level",)), **changes)


def quick() -> Study:
    """With the fewest reassignments that a plan may ask for, and none listed."""
    return plan(multiverse={"draws": 499, "after": ["planned"], "partial": ["planned"], "weights": ["planned"]})


def curve_of(cells: Panel, requested: Study, others: dict[tuple[str, str], Panel] | None = None) -> CheckResult:
    (data,) = outcome_data_of(cells, requested, designs(cells, requested))
    return multiverse_of(cells, seen_of(data), others or {})


def drawn(found: CheckResult) -> dict[str, Curve]:
    return {one.name: one for one in found.curves}


def uneven(cells: Panel) -> Panel:
    """The same levels in districts of unlike size."""
    frame = cells.cells.copy()
    size = 1 + frame["unit"].str[1:].astype(int) / 4
    for name in ("value", "low", "high", "denominator", "denominator_low", "denominator_high"):
        frame[name] *= size
    return Panel.of(frame, synthetic=True)


@cache
def found_of(seed: int, effect: float, name: str = RATE) -> CheckResult:
    return curve_of(uneven(panel({name: levels(seed, effect=effect)})), plan(name))


def test_the_first_specification_is_the_one_of_the_page() -> None:
    cells, requested = uneven(panel({RATE: levels(1, effect=-3.0)})), plan()
    (data,) = outcome_data_of(cells, requested, designs(cells, requested))
    assert found_of(1, -3.0).numbers["effect"] == pytest.approx(seen_of(data).test.estimate)


def test_every_combination_of_the_plans_options_is_there_once() -> None:
    """Seven times before (of nine, two are the same half-years), two control groups and three ways: 42 of one question.
    Beside: two times after, two weights, the period of the start; denominators are the same in every period here."""
    numbers = found_of(1, -3.0).numbers
    assert numbers["pooled"] == 7 * 2 * 3
    assert numbers["specifications"] == 42 * 2 * 2 * 2
    assert numbers["other"] == 0
    assert found_of(2, -3.0, SHARE).numbers["pooled"] == 7 * 2 * 4


def test_a_bin_has_several_specifications_and_shares_that_add_up() -> None:
    lines = drawn(found_of(1, -3.0))
    effects = lines["effects"]
    assert len(effects.x) == min(BINS, 42 // FEWEST)
    assert list(effects.y) == sorted(effects.y)
    for axis in ("before", "last_before", "controls", "scale", "estimator"):
        options = [one.y for name, one in lines.items() if name.startswith(f"choice.{axis}.")]
        assert np.sum(options, axis=0) == pytest.approx(np.ones(len(effects.x)))
    assert not any(name.startswith("choice.weights") for name in lines)


def test_another_question_is_never_pooled() -> None:
    """Weights that would turn the sign stand beside the curve, and move no number of what is pooled."""
    table = levels(3, effect=-4.0)
    table[3, LABELS.index("2014H1") :] += 30  # the largest of the treated districts
    cells = uneven(panel({RATE: table}))
    by_district = curve_of(cells, plan(weights="districts"))
    alone = curve_of(cells, plan(weights="districts", multiverse={"weights": ["planned"]}))
    assert drawn(by_district)["question.weights.other"].marked == 42
    same = ("effect_median", "effect_low", "effect_high", "pooled", "p_median")
    assert [by_district.numbers[one] for one in same] == [alone.numbers[one] for one in same]
    merged = curve_of(cells, plan(weights="districts", multiverse={"other_estimands": ["after", "partial"]}))
    assert merged.numbers["pooled"] == 84


def test_a_finding_that_one_choice_made_turns_in_nineteen_of_twenty() -> None:
    """Only the last year before was out of line, in the treated districts: without it the sign is the other one."""
    keys = []
    for seed in range(20):
        table = levels(seed, effect=1.0, noise=0.3)
        table[:4, LABELS.index("2012H2") : LABELS.index("2013H2")] += 6
        keys.append(curve_of(panel({RATE: table}), quick()).key)
    assert keys.count("turns") >= 19


def test_an_effect_agrees_in_all_of_twenty_and_nothing_in_few() -> None:
    """Of twenty panels in which nothing was done, at most three are said to agree on something rare."""
    assert {curve_of(panel({RATE: levels(seed, effect=-5.0)}), quick()).key for seed in range(20)} == {"agree"}
    nothing = [curve_of(panel({RATE: levels(seed)}), quick()).key for seed in range(20)]
    assert nothing.count("agree") <= 3


@pytest.mark.parametrize(
    ("before", "last", "left"),
    [
        ("all", "kept", 5), ("all", "half_year_out", 4), ("all", "year_out", 3), ("later_half", "kept", 3),
        ("later_half", "year_out", 2), ("last_year", "kept", 2), ("last_year", "half_year_out", 2),
    ],
)  # fmt: skip
def test_the_periods_before_are_those_that_the_option_names(before: str, last: str, left: int) -> None:
    pre = tuple(2011 + np.arange(5) / 2)
    out = {"kept": 0, "half_year_out": 1, "year_out": 2}[last]
    assert before_of(pre, before, last) == pre[5 - out - left : 5 - out]


def test_years_have_no_half_and_a_short_time_no_halves() -> None:
    years = (2011.0, 2012.0, 2013.0)
    assert before_of(years, "all", "half_year_out") == ()
    assert before_of(years, "all", "year_out") == (2011.0, 2012.0)
    assert before_of((2013.0,), "all", "year_out") == ()
    assert before_of((2013.0,), "later_half", "kept") == ()


def test_another_panel_is_an_axis_where_it_says_something_else() -> None:
    table = levels(5, effect=-3.0)
    moved = table + 0.7 * np.outer(np.arange(16) < 4, np.arange(len(LABELS)) > 6)
    cells, other = panel({RATE: table}), panel({RATE: moved})
    found = curve_of(cells, plan(), {("residence", "other"): other, ("placement", "other_ladder"): cells})
    assert "question.residence.other" in drawn(found)
    assert "question.placement.other_ladder" not in drawn(found)


def test_too_few_choices_are_said() -> None:
    with pytest.raises(RefusedError) as refusal:
        curve_of(panel({RATE: levels(1)}), plan(multiverse={axis: [PLANNED[axis]] for axis in AXES}))
    assert refusal.value.problems[0].key == "multiverse_few"
    cells, requested = panel({RATE: levels(1)}), plan(multiverse={axis: [PLANNED[axis]] for axis in AXES})
    found = {one.check: one for one in sensitivity_analyses(cells, requested, designs(cells, requested))}
    assert (found["multiverse"].status, found["multiverse"].key) == ("could_not_run", "few_choices")


def test_the_order_of_rows_and_names_of_districts_change_nothing() -> None:
    cells = uneven(panel({RATE: levels(6, effect=-2.0)}))
    frame = cells.cells.copy()
    frame["unit"] = frame["unit"].map(lambda name: f"x{99 - int(name[1:])}")
    assert curve_of(Panel.of(frame, synthetic=True), plan()) == curve_of(cells, plan())


def test_a_plan_without_the_block_means_what_it_meant() -> None:
    tree = plan().model_dump(mode="json")
    assert "multiverse" not in tree
    assert "placebo_outcomes" not in tree
    assert plan(multiverse={"draws": 999}).sha256 != plan().sha256 == plan(multiverse={}).sha256


@pytest.mark.parametrize(
    "block",
    [{"before": ["later_half"]}, {"weights": []}, {"scale": ["difference", "difference"]}, {"draws": 10},
     {"other_estimands": ["weather"]}, {"before": ["all", "never"]}],
)  # fmt: skip
def test_an_axis_begins_with_the_plans_own_option(block: dict[str, object]) -> None:
    with pytest.raises((ValueError, InputError)):
        Multiverse.model_validate(block)


def test_every_axis_and_option_has_its_name_in_both_languages() -> None:
    for language in words.LANGUAGES:
        for axis in AXES:
            assert words.text(f"checks.multiverse_axis.{axis}", language)
            for option in Multiverse().options(axis):
                assert words.text(f"checks.multiverse_choice.{axis}.{option}", language)


def released(name: str = RATE) -> Any:
    cells, requested = uneven(panel({name: levels(7, effect=-4.0)})), plan(name)
    found = designs(cells, requested)
    estimated, checks = estimate_panel(cells, requested, found), sensitivity_analyses(cells, requested, found)
    return release_registers(
        study=requested, panel=cells, designs=found, findings=estimated.findings,
        methods_tables=estimated.methods_tables, coverage=(), checks=checks,
    ), checks  # fmt: skip


def test_what_leaves_is_rounded_and_drawn_in_both_languages() -> None:
    release, checks = released()
    (inside,) = [one for one in checks if one.check == "multiverse"]
    (outside,) = [one for one in release.checks if one.check == "multiverse"]
    step = outside.step
    assert step is not None
    for curve in outside.curves:
        for side in ("y", "lower", "upper"):
            unit = 0.25 if curve.name.startswith("choice") else step
            values = np.array(getattr(curve, side), dtype=float)
            assert np.allclose(values / unit, np.round(values / unit))
    assert len(outside.curves) == len(inside.curves)
    for language in words.LANGUAGES:
        page = render(release, language)
        assert 'id="multiverse"' in page
        assert words.text("report.multiverse.lead", language)[:40] in page
        assert f"multiverse-{RATE}-narrow-title" in page


@pytest.mark.parametrize("check", ["just_before", "changed_denominator"])
def test_the_attack_knows_what_a_check_adds_up(check: str) -> None:
    """The relation that an outsider is given has the true value of the check, so that its rounding is all he lacks."""
    cells, requested = uneven(panel({RATE: levels(7, effect=-4.0)})), plan(weights="children")
    frame = cells.cells.copy()
    grown = 1 + 0.01 * frame["unit"].str[1:].astype(int) * (frame["period"] > "2013H2")
    for name in ("denominator", "denominator_low", "denominator_high"):
        frame[name] *= grown
    cells = Panel.of(frame, synthetic=True)
    every = sensitivity_analyses(cells, requested, designs(cells, requested))
    (found,) = [one for one in every if one.check == check]
    known = Known(cells, requested)
    known.check(found, found, 1e-9)
    (row,) = [row for row in known.rows if row.name == f"check|{RATE}|{check}"]
    assert float(row.factor @ known.truth[row.at]) == pytest.approx(found.numbers["effect_other"], abs=0.02)
    assert row.high - row.low < 0.05


def test_the_attack_is_given_every_plain_difference_of_the_curve() -> None:
    cells, requested = uneven(panel({RATE: levels(7, effect=-4.0)})), plan()
    every = sensitivity_analyses(cells, requested, designs(cells, requested))
    (found,) = [one for one in every if one.check == "multiverse"]
    known = Known(cells, requested)
    known.check(found, found, 0.2)
    mine = [row for row in known.rows if row.name.endswith("multiverse")]
    assert len(mine) == 6  # seven times before, of which one is the plan's own
    plain = [float(row.factor @ known.truth[row.at]) for row in mine]
    assert min(plain) >= (found.numbers["effect_low"] or 0) - 1e-6
    assert max(plain) <= (found.numbers["effect_high"] or 0) + 1e-6


def test_windows_with_a_missing_cell_are_counted_and_not_passed_over() -> None:
    """One district lacks all but the first year before: what is made and what is lost are together what there was."""
    whole = panel({RATE: levels(1, effect=-3.0)})
    table = levels(1, effect=-3.0)
    table[5, 2:5] = np.nan
    full, gap = (curve_of(uneven(one), quick()).numbers for one in (whole, panel({RATE: table})))
    assert full["other"] == 0
    assert gap["other"] > 0
    assert gap["specifications"] + gap["other"] == full["specifications"]
