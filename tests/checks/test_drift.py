"""The doubts about drift: each fails at a stated rate where what it looks for is built in, and passes elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from drifting import dated, estimated, shocks, treated_of
from scipy import stats

from sverige_did import words
from sverige_did.checks.absolute_violation import absolute_violation_of_districts
from sverige_did.checks.equivalence import equivalence
from sverige_did.checks.permuted_magnitudes import permuted_magnitudes
from sverige_did.checks.placebo_dates import placebo_dates_before_each
from sverige_did.checks.placebo_units import placebo_units
from sverige_did.checks.pretest_power import pretest_power
from sverige_did.checks.pretrends import pretrends_of_dates
from sverige_did.checks.relative_magnitudes import one_step_before, relative_magnitudes
from sverige_did.checks.single_districts import single_districts
from sverige_did.checks.smoothness import smoothness
from sverige_did.checks.tipping_shock_districts import tipping_shock_of_dates
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import t_test
from sverige_did.inference.districts import districts
from sverige_did.inference.event_effects import of_dates_by_event_time
from sverige_did.report.labels import check_sentence

NAMED = {"outcome": "institution_per_1000", "scale": "rate_per_1000"}
AXIS = "rate_per_1000"
TREATED = treated_of()[:, None]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def levels(seed: int, before: int = 6, after: int = 3, *, drift: float = 0.0, effect: float = 0.0) -> np.ndarray:
    at = np.arange(before + after)
    return shocks(rng(seed), at.size) + (drift * at + effect * (at >= before)) * TREATED


def test_a_drift_as_large_as_before_is_no_finding_beyond_it_in_39_of_40() -> None:
    """Nothing but drift: the finding at M = 0 is there in all of 40, and at most one stands the same drift again."""
    made = [relative_magnitudes(estimated(levels(s, drift=3.0), 6), axis=AXIS, rng=rng(), M=None, **NAMED)
            for s in range(40)]  # fmt: skip
    assert sum(one.key == "none" for one in made) == 0
    assert sum(one.numbers["times"] > 1 for one in made) <= 1


def test_an_effect_without_drift_stands_steps_larger_than_those_before() -> None:
    made = [relative_magnitudes(estimated(levels(s, effect=30.0), 6), axis=AXIS, rng=rng(), M=None, **NAMED)
            for s in range(20)]  # fmt: skip
    assert np.median([one.numbers["times"] for one in made]) > 2
    assert all(one.numbers["times_normal"] >= one.numbers["times"] for one in made)


def test_the_curve_of_relative_magnitudes_widens_and_meets_none_where_it_is_said() -> None:
    found = relative_magnitudes(estimated(levels(3, effect=9.0), 6), axis=AXIS, rng=rng(), **NAMED)
    (drawn,) = found.curves
    assert (np.diff(drawn.lower) < 0).all()
    assert (np.diff(drawn.upper) > 0).all()
    crossed = np.interp(0.0, -np.array(drawn.lower), np.array(drawn.x))
    assert found.numbers["times"] == pytest.approx(crossed, abs=0.15)
    assert drawn.lower[0] == pytest.approx(found.numbers["effect_low"], rel=0.02)
    endless = relative_magnitudes(
        estimated(levels(3, effect=1e5), 6), axis=AXIS, rng=rng(), M=None, years=True, **NAMED
    )
    assert endless.key == "beyond_years"
    assert np.isinf(endless.numbers["times"])


def test_a_single_step_enters_with_the_far_end_of_its_interval() -> None:
    effect, step = t_test(-5.0, 0.5, 6.0, 0.05), t_test(0.2, 0.1, 6.0, 0.05)
    found = one_step_before(effect, step, 2.0, axis="pp", M=[0, 1], **NAMED)
    half, far = stats.t.isf(0.025, 6) * 0.5, 0.2 + stats.t.isf(0.025, 6) * 0.1
    assert found.numbers["size_step"] == pytest.approx(far)
    assert found.numbers["times"] == pytest.approx((5 - half) / (2 * far))
    assert found.curves[0].upper == pytest.approx((-5 + half, -5 + half + 2 * far))
    assert one_step_before(t_test(0.1, 0.5, 6, 0.05), step, 2.0, axis="pp", **NAMED).key == "none"


@pytest.mark.parametrize(("drift", "ratio"), [(0.3, 1.0), (0.3, 2.0), (5.0, 1.0)])
def test_the_bound_of_one_step_holds_under_a_drift_as_large_as_it(drift: float, ratio: float) -> None:
    """The same drift before and after, so M = 1 holds exactly: at three Monte-Carlo errors."""
    inside, runs = 0, 120
    for seed in range(runs):
        y = shocks(rng(seed), 4, ratio=ratio) + (drift * np.arange(4) - (np.arange(4) >= 2)) * TREATED
        effect, step = (calibrated_test(districts(one, treated_of())) for one in
                        (y[:, 2:].mean(axis=1) - y[:, 1], y[:, 1] - y[:, 0]))  # fmt: skip
        band = one_step_before(effect, step, 1.5, axis="pp", M=[1.0], **NAMED).curves[0]
        inside += band.lower[0] <= -1 <= band.upper[0]
    assert inside / runs >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / runs)


def test_a_straight_drift_is_no_finding_for_smoothness_and_an_effect_is() -> None:
    """Of 40 straight drifts at most five are taken for a finding, of 20 effects all stand a bend of two per cent."""
    drifts = [smoothness(estimated(levels(s, drift=3.0), 6), axis=AXIS, drawn=False, **NAMED) for s in range(40)]
    assert sum(one.key == "result" for one in drifts) <= 5
    effects = [smoothness(estimated(levels(s, effect=30.0), 6), axis=AXIS, drawn=False, **NAMED) for s in range(20)]
    assert min(one.numbers["bend"] for one in effects) > 2
    assert all(one.numbers["bend_normal"] >= one.numbers["bend"] for one in effects)


def test_the_curve_of_smoothness_meets_none_where_it_is_said_and_knows_no_unit() -> None:
    table = levels(5, effect=25.0)
    found = smoothness(estimated(table, 6), axis=AXIS, **NAMED)
    (drawn,) = found.curves
    assert found.numbers["bend"] == pytest.approx(np.interp(0.0, -np.array(drawn.lower), drawn.x), rel=0.1)
    other = smoothness(estimated(-1000 * table, 6), axis=AXIS, **NAMED)
    assert other.numbers["bend"] == pytest.approx(found.numbers["bend"], rel=1e-3)
    assert other.curves[0].x == pytest.approx(drawn.x)


def test_the_drift_that_was_the_whole_finding_is_told_from_none() -> None:
    """A drift that makes the whole of the finding is the likelier one in 36 of 40, and parallel trends in 40 of 40."""
    drifts = [pretest_power(estimated(levels(s, drift=1.0), 6), rng=rng(), **NAMED) for s in range(40)]
    assert sum(one.key == "with_drift" for one in drifts) >= 36
    quiet = [pretest_power(estimated(levels(s, effect=6.0), 6), rng=rng(), **NAMED) for s in range(40)]
    assert all(one.key == "without" for one in quiet)


def test_slopes_are_a_year_and_a_rare_look_sees_little() -> None:
    found = estimated(levels(7, effect=2.0), 6)
    one, half = (pretest_power(found, rng=rng(), years=years, **NAMED).numbers for years in (1.0, 0.5))
    assert half["size_half"] == pytest.approx(2 * one["size_half"])
    assert one["size_half"] < one["size_often"]
    assert one["effect_erases"] == pytest.approx(found.test.estimate / 2)


def test_the_bound_of_the_past_holds_and_small_data_have_a_large_one() -> None:
    """The groups lay 2 further apart in one period: the bound is below it in at most 4 of 60."""
    gap = np.array([0.0, 2.0, 0, 0, 0, 0, 0, 0, 0]) * TREATED
    bounds = [equivalence(estimated(levels(s) + gap, 6), **NAMED).numbers["size_bound"] for s in range(60)]
    assert sum(bound < 2 for bound in bounds) <= 4
    precise = equivalence(estimated(0.01 * levels(1) + 3 * TREATED * (np.arange(9) >= 6), 6), **NAMED)
    assert (precise.key, precise.numbers["size_bound"] < 0.2) == ("within", True)
    assert equivalence(estimated(levels(1, effect=0.1), 6), years=True, **NAMED).key == "beyond_years"


def permuted(table: np.ndarray, before: int = 6, **options: object):
    sample = districts(np.arange(20.0), treated_of(), **options)
    return permuted_magnitudes(table[:, :before], table[:, before:].mean(axis=1), sample, rng=rng(), **NAMED)


def test_a_choice_of_districts_like_all_others_stands_out_in_five_of_a_hundred() -> None:
    found = np.array([permuted(levels(s)).numbers["p"] for s in range(200)])
    assert abs((found <= 0.05).mean() - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 200)
    assert permuted(levels(2, effect=20.0)).key == "stands_out"
    drifts = [permuted(levels(s, drift=4.0)).numbers["times"] for s in range(20)]
    assert max(drifts) < 4  # a mean of periods one to three later, of one step each


def test_the_ratio_by_hand_and_in_any_order() -> None:
    table, order = levels(9), rng(3).permutation(20)
    weights = rng(4).uniform(1, 5, 20)
    found = permuted(table, weights=weights)

    def gap(change: np.ndarray) -> float:
        mine = treated_of()
        means = [np.average(change[one], weights=weights[one]) for one in (mine, ~mine)]
        return abs(means[0] - means[1])

    steps = [gap(table[:, t] - table[:, t - 1]) for t in range(1, 6)]
    assert found.numbers["times"] == pytest.approx(gap(table[:, 6:].mean(axis=1) - table[:, 5]) / max(steps))
    sample = districts(np.arange(20.0), treated_of()[order], weights=weights[order])
    turned = permuted_magnitudes(table[order][:, :6], table[order][:, 6:].mean(axis=1), sample, rng=rng(), **NAMED)
    assert turned.numbers["p"] == pytest.approx(found.numbers["p"])


def test_without_a_step_before_there_is_no_ratio() -> None:
    table = levels(9)
    table[:, :6] = 5.0
    with pytest.raises(RefusedError):
        permuted(table)


def test_sets_of_controls_by_hand_and_a_finding_like_theirs() -> None:
    change = rng(5).normal(size=20)
    sample = districts(change, treated_of())
    found = placebo_units(sample, 9.0, rng=rng(), **NAMED)
    assert (found.key, found.numbers["tried"], found.numbers["districts"]) == ("result", 1820, 4)
    assert found.numbers["effect_high"] == pytest.approx(1.96 * np.sqrt((1 / 4 + 1 / 12) * change[4:].var()), rel=0.2)
    small = [placebo_units(districts(c := rng(s).normal(size=20), treated_of()), c[:4].mean() - c[4:].mean(), rng=rng(),
                           **NAMED).key for s in range(100)]  # fmt: skip
    assert sum(key == "result" for key in small) <= 15
    with pytest.raises(RefusedError):
        placebo_units(districts(change[:9], np.arange(9) < 4), 1.0, rng=rng(), **NAMED)


def test_districts_that_go_the_other_way_are_counted_and_not_told() -> None:
    found = single_districts(np.array([-3.0, 1.0, -2.0, 0.0]), -1.0, **NAMED)
    assert (found.key, found.numbers) == ("turned", {"effect": -1.0, "districts": 4.0, "turned": 2.0})
    assert single_districts(np.array([-3.0, -1.0]), -2.0, **NAMED).key == "alike"


def test_with_one_period_before_the_limit_is_what_the_interval_leaves() -> None:
    test = t_test(-4.0, 1.0, 8.0, 0.05)
    found = absolute_violation_of_districts(test, axis="pp", **NAMED)
    assert found.numbers["size_limit"] == pytest.approx(-test.upper)
    assert found.numbers["share"] == pytest.approx(100 * -test.upper / 4)
    assert found.curves[0].upper[-1] == pytest.approx(test.upper + 4)
    assert absolute_violation_of_districts(t_test(1.0, 1.0, 8.0, 0.05), axis="pp", **NAMED).key == "none"


def test_dates_before_the_start_are_found_where_there_was_one_and_else_in_one_of_twenty() -> None:
    quiet = [placebo_dates_before_each(of_dates_by_event_time(dated(s)), axis=AXIS, rng=rng(), **NAMED)
             for s in range(60)]  # fmt: skip
    assert sum(one.key == "dates_found" for one in quiet) <= 8
    for one in quiet:
        (drawn,) = one.curves
        within = abs(one.numbers["effect"]) <= max(*drawn.upper, *(-low for low in drawn.lower))
        assert (one.key == "dates_cannot_tell") == (within and one.key != "dates_found")
    panel = dated(1)
    begun = panel.treated_from[panel.unit]
    early = panel.y + 8.0 * (panel.periods[panel.time] >= begun - 2) * (panel.periods[panel.time] < begun)
    moved = type(panel)(panel.unit, panel.time, early, panel.periods, panel.labels, panel.treated_from, panel.weights)
    found = placebo_dates_before_each(of_dates_by_event_time(moved), axis=AXIS, rng=rng(), **NAMED)
    assert found.key == "dates_found"
    assert found.numbers["tried"] == len(found.curves[0].x) == 2


def test_a_line_before_each_start_is_carried_on() -> None:
    """Treated districts rise by one a period beside an effect of two: the slope is found, and two is left."""
    slopes, left = [], []
    for seed in range(20):
        panel = dated(seed)
        leaning = panel.y + panel.ever_treated[panel.unit] * panel.periods[panel.time]
        moved = type(panel)(
            panel.unit, panel.time, leaning, panel.periods, panel.labels, panel.treated_from, panel.weights
        )
        numbers = pretrends_of_dates(of_dates_by_event_time(moved), **NAMED).numbers
        slopes.append(numbers["effect_slope"])
        left.append(numbers["effect_detrended"])
    assert np.mean(slopes) == pytest.approx(1.0, abs=0.15)
    assert np.mean(left) == pytest.approx(2.0, abs=0.6)


def test_the_swing_of_dates_is_that_at_which_the_interval_reaches_none() -> None:
    test = t_test(-6.0, 2.0, 10.0, 0.05)
    found = tipping_shock_of_dates(test, 1.5, 1.0, **NAMED)
    critical = stats.t.isf(0.025, 10)
    assert found.numbers["times"] == pytest.approx(6 / critical)
    assert found.numbers["size_needed"] == pytest.approx(1.5 * 6 / critical)
    assert (found.key, tipping_shock_of_dates(t_test(1.0, 2.0, 10, 0.05), 1.5, 1.0, **NAMED).key) == (
        "dates", "dates_none",
    )  # fmt: skip


SENTENCES = {
    check: [key.rpartition(".")[2] for key in words.catalogue("en") if key.startswith(f"checks.{check}.")]
    for check in ("relative_magnitudes", "smoothness", "pretest_power", "equivalence", "permuted_magnitudes",
                  "placebo_units", "single_districts", "leave_one_date_out")
}  # fmt: skip


def test_every_sentence_of_drift_is_one_that_a_check_says() -> None:
    """By the keys that the tests above and the studies make; each with its numbers filled in, in both languages."""
    table = levels(3, effect=9.0)
    found = estimated(table, 6)
    effect, step = t_test(-5.0, 0.5, 6.0, 0.05), t_test(0.2, 0.1, 6.0, 0.05)
    made = [
        *(relative_magnitudes(estimated(levels(3, effect=e), 6), axis=AXIS, rng=rng(), M=None, years=y, **NAMED)
          for e in (0.0, 30.0, 1e5) for y in (False, True)),
        one_step_before(effect, step, 2.0, axis=AXIS, **NAMED),
        *(smoothness(estimated(levels(3, effect=e), 6), axis=AXIS, **NAMED) for e in (0.0, 30.0)),
        *(pretest_power(estimated(levels(3, drift=d, effect=e), 6), rng=rng(), **NAMED) for d, e in ((2, 0), (0, 9))),
        *(equivalence(one, years=y, **NAMED) for one in (found, estimated(levels(1, effect=0.1), 6))
          for y in (False, True)),
        *(permuted(levels(2, effect=e)) for e in (0.0, 20.0)),
        *(placebo_units(districts(table[:, 0], treated_of()), e, rng=rng(), **NAMED) for e in (0.0, 9.0)),
        *(single_districts(np.array([-1.0, e]), -1.0, **NAMED) for e in (-1.0, 1.0)),
    ]  # fmt: skip
    for one in made:
        for language in words.LANGUAGES:
            assert check_sentence(one, language)
    said = {(one.check, one.key) for one in made}
    dated_keys = {("leave_one_date_out", f"dates_{key}") for key in ("steady", "lost", "gained", "turned")}
    assert said | dated_keys == {(check, key) for check, keys in SENTENCES.items() for key in keys}
