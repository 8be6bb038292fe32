"""The closed form: published probabilities, a two-dimensional grid, and calibration under its own model."""

import numpy as np
import pytest
from scipy.stats import halfnorm, norm

from sverige_did.bayes.models.closed_form import (
    NormalPrior,
    Posterior,
    Sampling,
    posterior,
    prob_negative,
    shock_constant,
)
from sverige_did.errors import RefusedError

EQUAL = 2 * (1 / 4 + 1 / 16)
# Reconstructed mid-term counts on the log-odds scale: 17/67 -> 8/58 against 75/300 -> 75/300.
THETA = np.log(8 / 50) - np.log(17 / 50)
V = 1 / 17 + 1 / 50 + 1 / 8 + 1 / 50 + 2 * (1 / 75 + 1 / 225)
HERNING = Sampling(THETA, V, EQUAL)


def posterior_given(data: Sampling, prior: NormalPrior, s: float) -> Posterior:
    """Normal and normal with the shock sd known: weights by precision."""
    variance = data.variance + data.c * s**2 * (1 - data.r)
    sd = (1 / variance + 1 / prior.sd**2) ** -0.5
    mean = sd**2 * (data.theta / variance + prior.mean / prior.sd**2)
    low, high = mean + sd * norm.ppf([0.025, 0.975])
    return Posterior(mean, sd, low, high, 0.95, norm.cdf(-mean / sd), np.nan)


def test_the_shock_constant_of_equal_and_unequal_districts() -> None:
    assert shock_constant(np.ones(4), np.ones(16)) == pytest.approx(0.625)
    assert shock_constant([10, 10, 10, 10], np.full(16, 3)) == pytest.approx(0.625)
    assert shock_constant([3, 1], [1]) == pytest.approx(2 * (9 / 16 + 1 / 16 + 1))


def test_the_shock_constant_is_the_variance_of_weighted_shocks() -> None:
    rng, r = np.random.default_rng(5), 0.4
    omega, nu = np.array([0.4, 0.3, 0.2, 0.1]), np.full(10, 0.1)
    common = rng.normal(size=(40_000, 14, 1)) * np.sqrt(r)
    shocks = common + rng.normal(size=(40_000, 14, 2)) * np.sqrt(1 - r)
    change = shocks[:, :, 1] - shocks[:, :, 0]
    did = change[:, :4] @ omega - change[:, 4:] @ nu
    assert did.var() == pytest.approx(shock_constant(omega, nu) * (1 - r), rel=0.03)


def test_published_probabilities_along_the_shock() -> None:
    found = prob_negative(HERNING, NormalPrior(0, 1), [0, 0.3, 0.6, 1.0])
    assert found == pytest.approx([0.91, 0.88, 0.81, 0.72], abs=0.005)


def test_the_conditional_posterior_by_hand() -> None:
    found = posterior_given(Sampling(-1.0, 1.0, EQUAL), NormalPrior(0, 1), 0.0)
    assert (found.mean, found.sd) == pytest.approx((-0.5, np.sqrt(0.5)))
    assert (found.lower, found.upper) == pytest.approx(norm.interval(0.95, -0.5, np.sqrt(0.5)))
    assert found.prob_negative == pytest.approx(norm.cdf(np.sqrt(0.5)))


@pytest.mark.parametrize(("theta", "scale"), [(THETA, 0.3), (-3.0, 0.6), (0.4, 1.0)])
def test_a_plain_grid_over_effect_and_shock_agrees(theta: float, scale: float) -> None:
    data, prior = Sampling(theta, V, EQUAL, r=0.2), NormalPrior(-0.1, 0.75)
    tau, s = np.linspace(-7, 7, 2801), np.linspace(0, 8 * scale, 1601)
    joint = (
        norm.pdf(theta, tau[:, None], np.sqrt(V + EQUAL * s**2 * 0.8))
        * norm.pdf(tau, -0.1, 0.75)[:, None]
        * halfnorm.pdf(s, scale=scale)
    )
    joint[:, [0, -1]] /= 2
    marginal = joint.sum(axis=1)
    marginal /= marginal.sum()
    found = posterior(data, prior, scale)
    assert found.mean == pytest.approx(marginal @ tau, abs=1e-5)
    assert found.sd == pytest.approx(np.sqrt(marginal @ (tau - found.mean) ** 2), abs=1e-5)
    assert found.prob_negative == pytest.approx(marginal[tau < 0].sum() + marginal[tau == 0].sum() / 2, abs=1e-5)
    assert found.shock_sd == pytest.approx(joint.sum(axis=0) @ s / joint.sum(), abs=1e-4)
    distribution = np.cumsum(marginal) - marginal / 2
    assert (found.lower, found.upper) == pytest.approx(np.interp([0.025, 0.975], distribution, tau), abs=1e-4)


def test_the_average_is_no_surer_than_without_shocks_and_no_less_sure_than_with_huge_ones() -> None:
    averaged = posterior(HERNING, NormalPrior(), 0.3)
    assert prob_negative(HERNING, NormalPrior(), 3.0) < averaged.prob_negative
    assert averaged.prob_negative < prob_negative(HERNING, NormalPrior(), 0.0)
    assert averaged.sd > posterior_given(HERNING, NormalPrior(), 0.0).sd


def test_turning_the_sign_mirrors_the_posterior() -> None:
    here, mirrored = (posterior(Sampling(t, V, EQUAL), NormalPrior(), 0.3) for t in (THETA, -THETA))
    assert (mirrored.mean, mirrored.lower) == pytest.approx((-here.mean, -here.upper))
    assert mirrored.prob_negative == pytest.approx(1 - here.prob_negative)


def test_changing_the_unit_scales_the_posterior() -> None:
    here = posterior(HERNING, NormalPrior(0.1, 0.75), 0.3)
    scaled = posterior(Sampling(10 * THETA, 100 * V, EQUAL), NormalPrior(1.0, 7.5), 3.0)
    assert (scaled.mean, scaled.sd, scaled.lower) == pytest.approx((10 * here.mean, 10 * here.sd, 10 * here.lower))
    assert scaled.prob_negative == pytest.approx(here.prob_negative)


def test_a_wildly_surprising_estimate_is_laid_on_the_shocks() -> None:
    found = posterior(Sampling(-40.0, 0.01, EQUAL), NormalPrior(0, 0.1), 0.3)
    assert found.shock_sd > 8 * 0.3
    assert found.mean > -1


def test_intervals_are_calibrated_under_the_model() -> None:
    rng, draws, prior, scale = np.random.default_rng(6), 600, NormalPrior(0, 0.75), 0.6
    tau, s = rng.normal(0, prior.sd, draws), np.abs(rng.normal(0, scale, draws))
    theta = rng.normal(tau, np.sqrt(V + EQUAL * s**2))
    found = [posterior(Sampling(t, V, EQUAL), prior, scale, level=0.8) for t in theta]
    hits = np.mean([one.lower <= t <= one.upper for one, t in zip(found, tau, strict=True)])
    assert hits == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / draws))
    assert np.mean([one.prob_negative for one in found]) == pytest.approx(np.mean(tau < 0), abs=0.04)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: NormalPrior(0, 0), "out_of_range"),
        (lambda: Sampling(0, 0, 1), "out_of_range"),
        (lambda: Sampling(0, 1, 1, r=1), "out_of_range"),
        (lambda: prob_negative(HERNING, NormalPrior(), -1.0), "out_of_range"),
        (lambda: posterior(HERNING, NormalPrior(), np.nan), "out_of_range"),
        (lambda: posterior(HERNING, NormalPrior(), 0.3, level=1.0), "out_of_range"),
        (lambda: shock_constant([0, 0], [1]), "weights_invalid"),
        (lambda: shock_constant([1, -1], [1]), "weights_invalid"),
    ],
)
def test_impossible_inputs_are_refused(call: object, key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        call()
    assert refused.value.problems[0].key == key
    assert refused.value.say("da") != refused.value.say("en")
