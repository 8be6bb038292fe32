"""What else changed: against numerical integration, the definition of the E-value, and ends of the curve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from sverige_did.checks.unmeasured_change import e_value, unmeasured_change
from sverige_did.errors import RefusedError

SDS = np.array([0.1, 0.3, 0.8])


def found(seen: float = 0.4, error: float = 0.15, interval: tuple[float, float] = (0.1, 0.7), mean: float = 0.0):
    return unmeasured_change(seen, error, interval, prior_sd=0.5, bias_mean=mean, bias_sd=SDS)


@pytest.mark.parametrize("mean", [0.0, 0.2])
def test_the_probability_is_that_of_the_integral(mean: float) -> None:
    for sd, above in zip(found(mean=mean).sd, found(mean=mean).faster, strict=True):
        noise = np.hypot(0.15, sd)

        def density(beta: float, noise: float = noise) -> float:
            return stats.norm.pdf(beta, 0, 0.5) * stats.norm.pdf(0.4, beta + mean, noise)

        inside = integrate.quad(density, 0, 6)[0] / integrate.quad(density, -6, 6)[0]
        assert above == pytest.approx(inside, abs=1e-6)


def test_the_tipping_sd_is_where_the_probability_is() -> None:
    tipping = found().sd_tipping
    at = unmeasured_change(0.4, 0.15, (0.1, 0.7), prior_sd=0.5, bias_mean=0, bias_sd=np.array([tipping]))
    assert at.faster[-1] == pytest.approx(0.95)
    assert found(seen=0.1).sd_tipping is None


def test_the_tipping_bias_takes_the_interval_to_no_difference() -> None:
    assert found().tipping == pytest.approx(0.1)
    assert found(interval=(-0.1, 0.9)).tipping == 0
    assert found(seen=-0.4, interval=(-0.7, -0.1)).tipping == pytest.approx(0.1)
    assert found(interval=(-0.1, 0.9)).e_limit == pytest.approx(1)


@pytest.mark.parametrize("ratio", [1.2, 2.0, 0.4])
def test_a_trait_as_strong_as_the_e_value_explains_the_risk_ratio_away(ratio: float) -> None:
    """VanderWeele and Ding (2017): the joint bounding factor of two ratios E is E^2 / (2 E - 1)."""
    e = e_value(ratio)
    larger = max(ratio, 1 / ratio)
    risk = (1 - 0.5 ** np.sqrt(larger)) / (1 - 0.5 ** np.sqrt(1 / larger))
    assert e**2 / (2 * e - 1) == pytest.approx(risk)
    assert e_value(1 / ratio) == pytest.approx(e)


def test_without_an_error_nothing_is_said() -> None:
    with pytest.raises(RefusedError):
        found(error=0.0)
