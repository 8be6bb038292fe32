"""Effects by period with their covariance: against the regression, refits, and the averages that they make."""

from __future__ import annotations

import numpy as np
import pytest
from drifting import dated, estimated, shocks, treated_of

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import panel_from_rows
from sverige_did.did.event_study import event_study
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import cr2, least_squares
from sverige_did.inference.districts import districts
from sverige_did.inference.event_effects import (
    of_dates_by_event_time,
    of_districts_by_period,
    smooth_covariance,
)


def test_effects_and_covariance_are_those_of_the_regression_with_cr2() -> None:
    y = shocks(np.random.default_rng(1), 7, memory=0.5)
    found = estimated(y, 4)
    unit, time = (index.ravel() for index in np.indices(y.shape))
    treated = treated_of()[unit] & (time >= 4)
    regression = event_study(panel_from_rows(unit, time.astype(float), y.ravel(), treated))
    np.testing.assert_allclose(found.effects.estimate, regression.estimate)
    np.testing.assert_array_equal(np.append(found.effects.before, found.effects.after) + 3, regression.period)
    fit = least_squares(regression.y, regression.regressors, regression.cluster)
    np.testing.assert_allclose(found.effects.covariance, cr2(fit)[:6, :6], rtol=1e-8, atol=1e-12)
    own = y[:, 4:].mean(axis=1) - y[:, 3]
    expected = calibrated_test(districts(own, treated_of()))
    assert (found.test.lower, found.test.upper) == pytest.approx((expected.lower, expected.upper))


def test_weights_and_strata_count_as_in_the_test_of_the_page() -> None:
    rng = np.random.default_rng(2)
    y, weights, strata = shocks(rng, 6), rng.uniform(1, 5, 20), np.arange(20) % 2
    sample = districts(np.arange(20.0), treated_of(), weights=weights, strata=strata)
    pre = np.arange(6) < 3
    found = of_districts_by_period(y, np.arange(6.0), pre, ~pre, sample)
    for at, period in enumerate((0, 1, 3, 4, 5)):
        change = y[:, period] - y[:, 2]
        one = calibrated_test(districts(change, treated_of(), weights=weights, strata=strata))
        assert found.effects.estimate[at] == pytest.approx(one.estimate)
        assert np.sqrt(found.effects.covariance[at, at]) == pytest.approx(one.std_error)


def test_blocks_are_years_counted_from_the_start() -> None:
    y = shocks(np.random.default_rng(3), 12)
    times = np.delete(np.arange(13) / 2, 9)  # nine before, one left out, three after
    pre = np.arange(12) < 9
    found = of_districts_by_period(y, times, pre, ~pre, districts(np.arange(20.0), treated_of()), block=2)
    assert found.effects.before.tolist() == [-3.0, -2.0, -1.0]
    assert found.effects.after.tolist() == [1.5, 2.25]
    assert found.load == pytest.approx([2 / 3, 1 / 3])
    change = y[:, 9:].mean(axis=1) - y[:, 7:9].mean(axis=1)
    assert found.test.estimate == pytest.approx(calibrated_test(districts(change, treated_of())).estimate)


def test_names_and_rows_do_not_matter() -> None:
    y, order = shocks(np.random.default_rng(4), 8), np.random.default_rng(5).permutation(20)
    pre = np.arange(8) < 5
    one = estimated(y, 5)
    sample = districts(np.arange(20.0), treated_of()[order])
    other = of_districts_by_period(y[order], np.arange(8.0), pre, ~pre, sample)
    np.testing.assert_allclose(one.effects.covariance, other.effects.covariance)
    np.testing.assert_allclose(one.working, other.working)


def test_the_smooth_covariance_has_no_negative_eigenvalue_and_finds_the_memory() -> None:
    y = shocks(np.random.default_rng(6), 40, groups=400, memory=0.6)
    found = smooth_covariance(y, np.zeros(400, dtype=np.int64))
    assert np.linalg.eigvalsh(found).min() > 0
    assert found[0, 1] / found[0, 0] == pytest.approx(0.6, abs=0.08)


def test_limits_are_stretched_to_those_of_the_page() -> None:
    found = estimated(shocks(np.random.default_rng(7), 8), 4)
    at = np.concatenate([np.zeros(3), found.load])
    se = np.sqrt(at @ found.stretched.covariance @ at)
    assert 1.959964 * se == pytest.approx((found.test.upper - found.test.lower) / 2, rel=1e-6)
    assert at @ found.pooled() @ at == pytest.approx(se**2)


def test_of_dates_the_effects_after_make_the_simple_average() -> None:
    panel = dated()
    found = of_dates_by_event_time(panel)
    effects = group_time_effects(panel, "never", "universal")
    simple = aggregate(effects, "simple")
    after = found.effects.estimate[found.effects.before.size :]
    assert found.load @ after == pytest.approx(simple.overall)
    assert found.test.std_error == pytest.approx(simple.overall_std_error, rel=0.05)
    assert found.effects.before.tolist() == [-3.0, -2.0, -1.0]
    assert found.effects.after.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_hole_and_too_few_periods_are_refused() -> None:
    y = shocks(np.random.default_rng(9), 6)
    with pytest.raises(RefusedError, match="period"):
        estimated(y, 1)
    y[3, 2] = np.nan
    with pytest.raises(RefusedError):
        estimated(y, 4)
