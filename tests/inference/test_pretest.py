"""What a look at the periods before can tell: against the multivariate normal, by hand, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference.pretest import Pretest
from sverige_did.inference.relative_magnitudes import EventEffects, event_effects

BEFORE, AFTER = np.array([-3.0, -2.0, -1.0]), np.array([1.0, 2.0])
COVARIANCE = 0.25 * (np.eye(5) + 1.0)


def look(estimate: np.ndarray | None = None, covariance: np.ndarray = COVARIANCE, **options: int) -> Pretest:
    found = np.zeros(5) if estimate is None else estimate
    effects = event_effects(BEFORE, AFTER, found, covariance)
    return Pretest(effects, 1.96, rng=np.random.default_rng(1), **options)


@pytest.mark.parametrize("slope", [0.0, 0.3, 0.8, -0.8])
def test_the_power_is_the_mass_of_the_normal_outside_the_box(slope: float) -> None:
    sd = np.sqrt(np.diag(COVARIANCE))[:3]
    inside = stats.multivariate_normal.cdf(
        1.96 * sd, slope * BEFORE, COVARIANCE[:3, :3], lower_limit=-1.96 * sd, rng=np.random.default_rng(2)
    )
    assert look(draws=100_000).power(slope) == pytest.approx(1 - inside, abs=0.005)


def test_the_slope_has_the_power_and_grows_with_the_errors() -> None:
    one, twice = look(), look(covariance=4 * COVARIANCE)
    for power in (0.5, 0.8):
        assert one.power(one.slope(power)) == pytest.approx(power, abs=0.01)
        assert twice.slope(power) == pytest.approx(2 * one.slope(power), rel=0.01)
    assert one.slope(0.01) == 0.0
    with pytest.raises(RefusedError):
        one.slope(1.0)


def test_the_bias_of_those_who_passed_by_hand() -> None:
    """One period before and one after with a correlation of rho: a normal cut at both ends."""
    rho, slope = 0.5, 1.0
    covariance = np.array([[1.0, rho], [rho, 1.0]])
    effects = EventEffects(-np.ones(1), np.ones(1), np.zeros(2), covariance)
    found = Pretest(effects, 1.96, rng=np.random.default_rng(3), draws=200_000).bias(slope, np.ones(1))
    kept = stats.truncnorm(-1.96 + slope, 1.96 + slope).mean()
    assert found == pytest.approx(slope + rho * kept, abs=0.01)


def test_a_drift_that_is_never_missed_has_no_bias() -> None:
    assert look().bias(50.0, np.array([0.5, 0.5])) is None


def test_the_ratio_is_that_of_two_normal_densities() -> None:
    found = np.array([0.4, -0.2, 0.3, 0.0, 0.0])
    density = stats.multivariate_normal(np.zeros(3), COVARIANCE[:3, :3])
    expected = density.logpdf(found[:3]) - density.logpdf(found[:3] - 0.5 * BEFORE)
    assert look(found).log_likelihood_ratio(0.5) == pytest.approx(expected)
    assert look(found).log_likelihood_ratio(0.0) == 0.0
