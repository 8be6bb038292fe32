from dataclasses import replace

import numpy as np
import pytest
from group_contrast import build_group_contrast
from scipy import integrate, stats
from scipy.special import expit, gammaln, log_expit

from sverige_did.bayes.models import group_totals, hidden_districts
from sverige_did.bayes.models.group_totals import SHARES, build_group_rates, build_group_totals
from sverige_did.bayes.models.hidden_districts import Districts
from sverige_did.bayes.priors import ENTHUSIASTIC, NEUTRAL, SCEPTICAL, HalfNormal, Normal
from sverige_did.bayes.sampling.sample import sample
from sverige_did.errors import RefusedError

# Reconstructed mid-term counts of children in institutions among the placed (docs/methods.md): not published figures.
COUNTS = np.array([[17, 8], [75, 75]])
PLACED = np.array([[67, 58], [300, 300]])
HIDDEN = hidden_districts.districts([1] * 4, [1] * 16)
LOG_ROR = float(np.log(8 / 50) - np.log(17 / 50))
VARIANCE = float((1 / COUNTS + 1 / (PLACED - COUNTS)).sum())


def prob_negative_by_quadrature(theta_hat, variance, factor, effect, shock):
    """P(tau < 0) by integrating tau out analytically and s on a fine grid."""
    s = np.linspace(0, 12 * shock.sd, 200_001)
    total = variance + factor * s**2
    weight = stats.halfnorm.pdf(s, scale=shock.sd) * stats.norm.pdf(
        theta_hat, effect.mean, np.sqrt(effect.sd**2 + total)
    )
    mean = (effect.mean / effect.sd**2 + theta_hat / total) / (1 / effect.sd**2 + 1 / total)
    below = stats.norm.cdf(0, mean, 1 / np.sqrt(1 / effect.sd**2 + 1 / total))
    return integrate.simpson(weight * below, x=s) / integrate.simpson(weight, x=s)


def test_shock_factor_of_4_and_16_equal_districts_is_the_published_constant():
    assert hidden_districts.shock_factor(HIDDEN) == pytest.approx(0.625)
    assert hidden_districts.shock_factor(replace(HIDDEN, serial=0.4)) == pytest.approx(0.6 * 0.625)


def test_the_design_gives_the_did_that_shock_variance():
    hidden = Districts(treated=0.4, control=0.1, serial=0.3)
    root = group_totals._shock_root(hidden)
    did = np.array([-1.0, 1.0, 1.0, -1.0])
    assert did @ root @ root.T @ did == pytest.approx(hidden_districts.shock_factor(hidden))
    assert did @ group_totals.COEFFICIENTS == pytest.approx([0, 0, 0, 1])


@pytest.mark.parametrize("effect", [SCEPTICAL, NEUTRAL, ENTHUSIASTIC], ids=["sceptical", "neutral", "enthusiastic"])
def test_contrast_agrees_with_quadrature_of_the_closed_form(contrast, effect):
    shock, factor = HalfNormal(0.3, "log_odds_sd", "priors.shock"), hidden_districts.shock_factor(HIDDEN)
    fit = sample(build_group_contrast(LOG_ROR, VARIANCE, factor, effect, shock), seed=1, compiled=contrast)
    tau = fit.values("tau")
    expected = prob_negative_by_quadrature(LOG_ROR, VARIANCE, factor, effect, shock)
    error = np.sqrt(expected * (1 - expected) / fit.report.ess_tail)
    assert np.mean(tau < 0) == pytest.approx(expected, abs=4 * error)


def test_published_curve_over_the_shock_sd():
    # docs/methods.md: P(tau < 0) with a N(0, 1) prior is .91 without shocks, .81 at s = .6 and .72 at s = 1.
    for s, published in ((0.0, 0.91), (0.6, 0.81), (1.0, 0.72)):
        total = VARIANCE + 0.625 * s**2
        shrunk = LOG_ROR / (1 + total)
        assert stats.norm.cdf(0, shrunk, np.sqrt(total / (1 + total))) == pytest.approx(published, abs=0.011)


def log_posterior(counts, trials, priors, theta, s, z):
    """Slow reference for the binomial model: log density of a batch of prior draws' likelihood."""
    eta = theta @ group_totals.COEFFICIENTS.T + s[:, None] * (z @ group_totals._shock_root(HIDDEN).T)
    y, n = counts.ravel(), trials.ravel()
    constant = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    return eta, (constant + y * log_expit(eta) + (n - y) * log_expit(-eta)).sum(axis=1)


def test_shares_agree_with_importance_sampling_from_the_prior(shares):
    rng, draws = np.random.default_rng(5), 1_500_000
    counts, trials = np.array([[5, 1], [9, 8]]), np.array([[12, 11], [30, 31]])
    normals = (SHARES.level, SHARES.baseline_difference, SHARES.period_sd, SHARES.effect)
    theta = np.column_stack([rng.normal(prior.mean, prior.sd, draws) for prior in normals])
    s, z = np.abs(rng.normal(0, SHARES.shock.sd, draws)), rng.normal(size=(draws, 4))
    eta, weight = log_posterior(counts, trials, SHARES, theta, s, z)
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    fit = sample(build_group_totals(counts, trials, HIDDEN), seed=2, compiled=shares)
    effect = group_totals.effect_on_shares(fit)
    pp = 100 * (expit(eta[:, 1]) - expit(eta[:, 1] - theta[:, 3]))
    for mine, theirs in ((effect.difference, pp), (effect.log_contrast, theta[:, 3])):
        expected = np.sum(weight * theirs)
        spread = np.sqrt(np.sum(weight * (theirs - expected) ** 2))
        error = spread * np.sqrt(1 / fit.report.ess_bulk + np.sum(weight**2))
        assert mine.mean() == pytest.approx(expected, abs=4 * error)
        assert mine.std() == pytest.approx(spread, rel=0.08)


def test_shares_and_rates_agree_when_events_are_rare(shares, rates):
    trials = 1000 * PLACED
    level = Normal(float(np.log(1e-3)), 1.0, "log_odds", "priors.total_level")
    requested = replace(SHARES, level=level)
    by_share = sample(build_group_totals(COUNTS, trials, HIDDEN, requested), seed=3, compiled=shares)
    by_rate = sample(build_group_rates(COUNTS, trials, HIDDEN, requested), seed=4, compiled=rates)
    share, rate = group_totals.effect_on_shares(by_share), group_totals.effect_on_rates(by_rate)
    assert np.median(share.ratio) == pytest.approx(np.median(rate.ratio), rel=0.05)
    assert share.log_contrast.std() == pytest.approx(rate.log_contrast.std(), rel=0.08)


def test_swapping_the_groups_turns_the_effect_around(shares):
    # With a symmetric prior and equal numbers of districts, exchanging the roles reverses the contrast.
    even = Districts(0.2, 0.2)
    priors = replace(
        SHARES,
        baseline_difference=replace(SHARES.baseline_difference, sd=50.0),
        period_sd=replace(SHARES.period_sd, sd=50.0),
    )
    priors = replace(priors, level=replace(SHARES.level, sd=50.0))
    there = sample(build_group_totals(COUNTS, PLACED, even, priors), seed=5, compiled=shares).values("tau")
    back = sample(build_group_totals(COUNTS[::-1], PLACED[::-1], even, priors), seed=6, compiled=shares).values("tau")
    assert there.mean() == pytest.approx(-back.mean(), abs=0.08)


@pytest.mark.parametrize("counts", [[[17, 0], [75, 75]], [[0, 0], [3, 75]], [[67, 0], [300, 300]]])
def test_empty_and_full_cells_sample_cleanly(shares, counts):
    fit = sample(build_group_totals(counts, PLACED, HIDDEN), seed=7, compiled=shares)
    assert fit.report.failed == ()
    assert np.isfinite(group_totals.effect_on_shares(fit).ratio).all()


def test_more_districts_hidden_in_a_group_mean_less_shock(shares):
    few = sample(build_group_totals(COUNTS, PLACED, Districts(1.0, 1.0)), seed=8, compiled=shares).values("tau")
    many = sample(build_group_totals(COUNTS, PLACED, Districts(0.01, 0.01)), seed=8, compiled=shares).values("tau")
    assert few.std() > many.std() * 1.05


@pytest.mark.parametrize(
    ("counts", "trials", "key"),
    [
        ([[1, -1], [1, 1]], PLACED, "totals_not_counts"),
        ([[1, 1.5], [1, 1]], PLACED, "totals_not_counts"),
        ([[1, np.nan], [1, 1]], PLACED, "totals_not_counts"),
        ([[1, 59], [1, 1]], PLACED, "totals_count_above_trials"),
        ([[1, 1], [1, 1]], [[67, 0], [300, 300]], "totals_no_exposure"),
        ([[0, 0], [0, 0]], PLACED, "totals_all_zero"),
    ],
)
def test_refuses_what_carries_no_effect(counts, trials, key):
    with pytest.raises(RefusedError) as refused:
        build_group_totals(counts, trials, HIDDEN)
    assert refused.value.problems[0].key == key
