"""Draws under another prior by weights: against the conjugate answer, and refused where weights cannot be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sverige_did.bayes.draws.prior_sensitivity import (
    Weights,
    other_priors,
    power_sensitivity,
    smoothed,
    weighted_quantiles,
)
from sverige_did.bayes.priors import HalfNormal, Normal, log_density

SEEN, ERROR = -0.5, 0.3
LEVELS = np.array([0.025, 0.5, 0.975])


def normal(mean: float, sd: float) -> Normal:
    return Normal(mean, sd, "log_odds", "priors.neutral")


def posterior(prior: Normal) -> tuple[float, float]:
    """The conjugate normal posterior of a mean seen once with a known error."""
    precision = 1 / prior.sd**2 + 1 / ERROR**2
    return (prior.mean / prior.sd**2 + SEEN / ERROR**2) / precision, precision**-0.5


def other_prior(draws: np.ndarray, old: Normal, new: Normal) -> Weights:
    return other_priors(lambda _: draws, {"tau": old}, {"tau": new})


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    return np.random.default_rng(7).normal(*posterior(normal(0, 0.75)), size=20_000)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 0.35), (-0.8, 0.5), (0.0, 1.5)])
def test_reweighted_draws_give_the_conjugate_posterior(draws, mean, sd):
    weights = other_prior(draws, normal(0, 0.75), normal(mean, sd))
    assert weights.usable
    found = weighted_quantiles(draws, weights.values, LEVELS)
    assert found == pytest.approx(stats.norm(*posterior(normal(mean, sd))).ppf(LEVELS), abs=0.02)


def test_the_same_prior_changes_nothing_and_the_order_of_draws_does_not_matter(draws):
    weights = other_prior(draws, normal(0, 0.75), normal(0, 0.75))
    assert np.ptp(weights.values) == 0
    order = np.random.default_rng(1).permutation(len(draws))
    moved = other_prior(draws[order], normal(0, 0.75), normal(0, 0.35))
    still = other_prior(draws, normal(0, 0.75), normal(0, 0.35))
    one = weighted_quantiles(draws[order], moved.values, LEVELS)
    assert one == pytest.approx(weighted_quantiles(draws, still.values, LEVELS))


def test_a_prior_where_there_are_no_draws_is_not_answered_by_weights(draws):
    assert not other_prior(draws, normal(0, 0.75), normal(6.0, 0.1)).usable


def test_unweighted_quantiles_are_the_usual_ones(draws):
    equal = np.full(len(draws), 1 / len(draws))
    assert weighted_quantiles(draws, equal, LEVELS) == pytest.approx(np.quantile(draws, LEVELS), abs=2e-3)


def test_scaling_the_ratios_changes_no_weight(draws):
    ratio = log_density(normal(0, 0.35), draws)
    assert smoothed(ratio).values == pytest.approx(smoothed(ratio + 100.0).values)


def test_power_sensitivity_sees_a_prior_that_speaks_and_data_that_do(draws):
    block = draws.reshape(4, -1)
    wide, sharp = normal(0, 10.0), HalfNormal(1.0, "log_odds_sd", "priors.shock")
    other = np.random.default_rng(8).normal(size=block.shape)  # a parameter that has nothing to do with the effect
    data = stats.norm(SEEN, ERROR).logpdf(block)
    heard = power_sensitivity(block, {"effect": log_density(normal(0, 0.35), block), "other": -(other**2)}, data)
    assert heard["likelihood"] > 0.05 > heard["other"]
    assert heard["effect"] > 2 * power_sensitivity(block, {"effect": log_density(wide, block)}, data)["effect"]
    assert np.isneginf(log_density(sharp, np.array([-1.0]))).all()
