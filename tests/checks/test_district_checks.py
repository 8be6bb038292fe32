"""The doubts that districts allow, one at a time: hand-checked numbers, invariances, slow twins, coverage."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small_panel_study import study

from sverige_did.checks.alternatives import alternative
from sverige_did.checks.leave_one_out import leave_one_out
from sverige_did.checks.placebo_dates import placebo_dates, splits
from sverige_did.checks.pretrends import power_to_find, pretrends, slopes
from sverige_did.checks.regression_to_mean import lasting_share, regression_of_districts
from sverige_did.checks.tipping_shock_districts import tipping_shock_of_districts
from sverige_did.errors import RefusedError
from sverige_did.inference.arm_variances import ArmVariances, arm_variances
from sverige_did.inference.behrens_fisher import (
    behrens_fisher_test,
    calibrated_test,
    critical_value,
    nominal_level,
)
from sverige_did.inference.cluster_robust import TTest, t_test
from sverige_did.inference.districts import districts
from sverige_did.inference.permutation import permutation_p
from sverige_did.inference.simulated import vectorised
from sverige_did.studies.panel.phase_in import share_lost, start_up

TREATED = np.arange(16) < 4
NAMED = {"outcome": "institution_per_1000", "scale": "rate_per_1000"}


def contrast(change: np.ndarray, alpha: float = 0.05, treated: np.ndarray = TREATED) -> TTest:
    return calibrated_test(districts(change, treated), alpha)


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def test_slopes_are_those_of_a_line_through_each_district() -> None:
    years = np.array([2010.0, 2010.5, 2011.5, 2012.0])
    table = noise(1, 5, 4)
    table[2, 1] = np.nan
    expected = [np.polyfit(years[np.isfinite(row)], row[np.isfinite(row)], 1)[0] for row in table]
    np.testing.assert_allclose(slopes(table, years), expected)
    np.testing.assert_allclose(slopes(3 * table + 7 * years, years), 3 * np.array(expected) + 7)
    with pytest.raises(RefusedError, match="period"):
        slopes(table[:, :2], years[:2])


def test_the_power_is_that_of_the_t_test_by_simulation() -> None:
    rng = np.random.default_rng(2)
    test = t_test(0.0 + 1e-9, 0.5, 4.6, 0.05)
    draws = (rng.standard_normal(200_000) * 0.5 + 1.2) / (0.5 * np.sqrt(rng.chisquare(4.6, 200_000) / 4.6))
    critical = stats.t.isf(0.025, 4.6)
    assert power_to_find(1.2, test) == pytest.approx(np.mean(np.abs(draws) > critical), abs=0.004)
    assert power_to_find(0.0, test) == pytest.approx(0.05, abs=1e-4)
    assert power_to_find(-1.2, test) == power_to_find(1.2, test)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("shift", [2.0, 3.0, 4.0])
def test_the_power_of_the_calibrated_test_by_simulation(ratio: float, shift: float) -> None:
    """With the variances known, as no data set knows them."""
    spread = np.where(TREATED, ratio, 1.0)
    sample = districts(np.arange(16.0), TREATED)
    known = ArmVariances(ratio**2 / 4, 1 / 12, *arm_variances(sample).df)
    true = shift * np.sqrt(known.treated + known.control)
    change = noise(20, 16, 20_000) * spread[:, None] + true * TREATED[:, None]
    found = float((vectorised.behrens_fisher(change, sample) <= 0.05).mean())
    assert power_to_find(true, behrens_fisher_test(known, true)) == pytest.approx(found, abs=0.03)


def test_a_slope_that_nobody_could_overlook_is_found() -> None:
    assert power_to_find(1e6, t_test(0.1, 0.5, 4.6, 0.05)) == 1.0
    assert power_to_find(1e3, t_test(0.1, 0.5, 1.0, 0.05)) > 0.98


def test_the_slope_that_erases_is_the_effect_over_the_years_between_the_windows() -> None:
    slope, detrended = t_test(0.1, 0.4, 5.0, 0.05), t_test(-1.5, 1.0, 5.0, 0.05)
    found = pretrends(slope, -2.0, 2.5, detrended, **NAMED)
    assert found.numbers["effect_erases"] == -0.8
    assert found.numbers["power"] == pytest.approx(100 * power_to_find(0.8, slope))
    assert found.numbers["effect_detrended_low"] == detrended.lower


def test_placebo_dates_cut_between_two_and_one() -> None:
    cuts = splits(np.arange(5))
    assert [(list(a), list(b)) for a, b in cuts] == [([0, 1], [2, 3, 4]), ([0, 1, 2], [3, 4]), ([0, 1, 2, 3], [4])]
    assert splits(np.arange(2)) == []


def placebo(table: np.ndarray, effect: float = -2.0):
    cuts = splits(np.arange(table.shape[1]))
    changes = [table[:, late].mean(axis=1) - table[:, early].mean(axis=1) for early, late in cuts]
    tests = [permutation_p(districts(c, TREATED), rng=np.random.default_rng(0)) for c in changes]
    return placebo_dates(
        np.arange(2.0, 2 + len(cuts)), [contrast(c) for c in changes], tests, effect, axis="pp", **NAMED
    )


def test_a_start_before_the_start_is_found_where_there_was_one_and_only_there() -> None:
    table = noise(4, 16, 6)
    quiet, moved = placebo(table, -9.0), placebo(table + 6 * TREATED[:, None] * (np.arange(6) >= 3))
    assert (quiet.key, moved.key) == ("nothing", "found")
    assert moved.numbers["effect_largest"] == pytest.approx(max(moved.curves[0].y))
    assert moved.numbers["tried"] == 4
    changes = [table[:, k:].mean(axis=1) - table[:, :k].mean(axis=1) for k in range(2, 6)]
    single = [permutation_p(districts(one, TREATED), rng=np.random.default_rng(0)).p_value for one in changes]
    assert min(single) <= quiet.numbers["p"] <= min(1, 4 * min(single))


def test_no_false_start_is_a_pass_only_where_one_as_large_as_the_finding_would_have_been_seen() -> None:
    """By hand: the interval of the date that can be told worst."""
    table = noise(4, 16, 6)
    (drawn,) = placebo(table).curves
    assert drawn.lower is not None
    assert drawn.upper is not None
    reach = max(*drawn.upper, *(-one for one in drawn.lower))
    for effect, key in ((-0.99 * reach, "cannot_tell"), (1.01 * reach, "nothing"), (0.0, "cannot_tell")):
        assert placebo(table, effect).key == key


def leave(change: np.ndarray):
    sample = districts(change, TREATED)
    keep = [np.arange(16) != d for d in range(16)]
    without = [calibrated_test(districts(change[k], TREATED[k])) for k in keep]
    return leave_one_out(calibrated_test(sample), without, **NAMED)


def test_leaving_out_one_district_by_refits() -> None:
    change = noise(5, 16) - 8 * TREATED
    found = leave(change)
    means = [
        change[TREATED & (np.arange(16) != d)].mean() - change[~TREATED & (np.arange(16) != d)].mean()
        for d in range(16)
    ]
    whole = change[TREATED].mean() - change[~TREATED].mean()
    assert found.key == "steady"
    assert found.numbers["percent_high"] == pytest.approx(10 * np.round(10 * max(np.array(means) / whole)))
    assert found.numbers["percent_low"] == pytest.approx(10 * np.round(10 * min(np.array(means) / whole)))


def test_one_district_that_carries_everything_is_seen_and_its_number_is_not_told() -> None:
    change = noise(6, 16) * 0.1
    change[0] -= 40
    change[1:4] += 1
    found = leave(change)
    assert (found.key, found.numbers["turned"]) == ("turned", 1)
    assert found.numbers["percent_low"] is None


@pytest.mark.parametrize("shift", [-1.0, -3.0])
def test_the_interval_reaches_no_difference_at_the_swing_that_is_named(shift: float) -> None:
    """Both arms scaled to the sd that is needed: the calibrated interval touches zero."""
    change = noise(7, 16)
    change[TREATED] = (change[TREATED] - change[TREATED].mean()) / change[TREATED].std(ddof=1)
    change[~TREATED] = (change[~TREATED] - change[~TREATED].mean()) / change[~TREATED].std(ddof=1)
    sample = districts(change + shift * TREATED, TREATED)
    found = tipping_shock_of_districts(calibrated_test(sample), sample, **NAMED)
    assert found.numbers["size_seen"] == pytest.approx(1)
    needed = found.numbers["size_needed"]
    scaled = calibrated_test(districts(needed * change + shift * TREATED, TREATED))
    assert scaled.upper == pytest.approx(0, abs=1e-9)
    assert found.key == ("districts" if needed > 1 else "districts_none")


def test_with_weights_and_strata_the_swing_is_of_what_the_changes_add_to_the_effect() -> None:
    """A hundred thousand data sets with that sd and the effect that was found: |t| is at the critical value of the
    split, so the mean of the estimate lies one half-length from none."""
    rng, strata = np.random.default_rng(21), np.arange(16) % 2
    weights = rng.uniform(1, 9, 16)
    sample = districts(noise(22, 16) - 4 * TREATED, TREATED, weights=weights, strata=strata)
    test = calibrated_test(sample)
    needed = tipping_shock_of_districts(test, sample, **NAMED).numbers["size_needed"]
    shares = sample.shares
    drawn = (needed * rng.standard_normal((100_000, 16))) @ shares
    split = np.square(shares[TREATED]).sum() / np.square(shares).sum()
    df = arm_variances(sample).df
    critical = critical_value(nominal_level(0.05, df), split, df)
    assert critical * drawn.std() == pytest.approx(abs(test.estimate), rel=0.01)


def test_the_lasting_share_is_that_which_was_put_in() -> None:
    rng = np.random.default_rng(8)
    levels = rng.normal(0, 2, (4000, 1)) + rng.normal(0, 3, (4000, 8))
    treated = np.arange(4000) < 1000
    expected = 4 / (4 + 9 / 8)
    assert lasting_share(levels + 5 * treated[:, None], treated) == pytest.approx(expected, abs=0.02)
    assert lasting_share(rng.normal(size=(4000, 8)), treated) == pytest.approx(0, abs=0.05)
    assert np.isnan(lasting_share(levels[:, :1], treated))


@pytest.mark.parametrize("half", [slice(None, 4), slice(4, None)])
def test_a_district_that_is_unseen_in_a_half_of_the_periods_leaves_the_share_of_the_others(half: slice) -> None:
    rng = np.random.default_rng(8)
    treated = np.arange(20) < 5
    levels = rng.normal(size=(20, 1)) + rng.normal(size=(20, 8))
    gaps = levels.copy()
    gaps[[3, 9], half] = np.nan
    others = np.delete(np.arange(20), [3, 9])
    assert lasting_share(gaps, treated) == pytest.approx(lasting_share(levels[others], treated[others]))
    gaps[1:, half] = np.nan
    assert np.isnan(lasting_share(gaps, treated))


def test_what_falls_back_by_itself_is_what_does_not_last_of_the_gap() -> None:
    found = regression_of_districts(-3.0, 2.0, 0.75, axis="rate_per_1000", **NAMED)
    assert found.numbers["effect_by_itself"] == -0.5
    assert (found.key, len(found.curves)) == ("districts", 1)
    assert regression_of_districts(3.0, 2.0, 0.75, axis="rate_per_1000", **NAMED).key == "districts_opposite"


def periods(**changes: object):
    return study(periods=study().periods.model_dump() | changes).periods


def cells(*spans: tuple[str, str]) -> pd.DataFrame:
    starts, ends = (pd.to_datetime(list(side)) for side in zip(*spans, strict=True))
    return pd.DataFrame({"period": [str(k) for k in range(len(spans))], "start": starts, "end": ends})


def test_the_share_of_strength_lost_counts_days() -> None:
    after = cells(("2014-01-01", "2014-06-30"), ("2014-07-01", "2014-12-31"))
    assert share_lost(after, periods(ramp_months=0)) == 0
    whole = cells(("2013-07-01", "2013-12-31"))  # from 1 August: 31 of 184 days before the start
    assert share_lost(whole, periods(ramp_months=0)) == pytest.approx(31 / 184)
    ramp = periods(ramp_months=24, treatment_start=date(2014, 1, 1), baseline=date(2013, 6, 30))
    days = np.arange(1, 366) / (24 * 365.25 / 12)
    assert share_lost(after, ramp) == pytest.approx(1 - days.mean())
    assert start_up(-3.0, 0.25, **NAMED).numbers["effect_full"] == -4.0


@pytest.mark.parametrize(
    ("planned", "other", "key"),
    [
        ((-5.0, 1.0), (-4.0, 1.0), "equal"),
        ((-5.0, 1.0), (-1.0, 1.0), "equal_turns"),
        ((-1.0, 1.0), (0.5, 1.0), "equal_turns"),
        ((-1.0, 1.0), (-0.5, 1.0), "equal"),
    ],
)
def test_an_alternative_turns_the_answer_or_does_not(planned: tuple, other: tuple, key: str) -> None:
    mine, theirs = (t_test(*one, 10.0, 0.05) for one in (planned, other))
    found = alternative("other_weights", mine, theirs, "institution_per_1000", scale="pp", key="equal")
    assert found.key == key
    ratio = alternative("other_weights", mine, theirs, "institution_per_1000", scale="ratio", key="equal")
    assert ratio.numbers["effect_other"] == pytest.approx(np.exp(theirs.estimate))
    assert ratio.numbers["effect_low"] == pytest.approx(np.exp(theirs.lower))
