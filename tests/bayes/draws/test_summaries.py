import arviz_stats
import numpy as np
import pytest
from scipy import stats

from sverige_did.bayes.draws.summaries import against_prior, estimate, summarise
from sverige_did.bayes.priors import HalfNormal, Normal

DRAWS = np.random.default_rng(4).normal(-3.0, 2.0, size=(4, 50_000))
STANDARD = Normal(0.0, 1.0, "log_odds", "priors.neutral")


def test_known_answer_for_a_normal_posterior():
    told = summarise(DRAWS, better="lower", threshold=-5.0, rope=2.0)
    assert told.median == pytest.approx(-3, abs=0.02)
    assert told.prob_benefit == pytest.approx(stats.norm.cdf(1.5), abs=0.004)
    assert told.prob_beyond == pytest.approx(stats.norm.cdf(-1), abs=0.004)
    assert told.rope_mass == pytest.approx(stats.norm.cdf(2.5) - stats.norm.cdf(0.5), abs=0.004)
    for level in (0.5, 0.89, 0.95):
        assert told.interval(level) == pytest.approx(stats.norm.interval(level, -3, 2), abs=0.05)


def test_intervals_agree_with_arviz():
    told = summarise(DRAWS, better="lower", threshold=-5.0, rope=2.0)
    theirs = arviz_stats.eti(DRAWS.ravel(), prob=0.89)
    assert told.interval(0.89) == pytest.approx(tuple(theirs), rel=1e-6)


def test_turning_the_sign_and_the_wish_changes_nothing_but_the_sign():
    lower = summarise(DRAWS, better="lower", threshold=-5.0, rope=2.0)
    higher = summarise(-DRAWS, better="higher", threshold=5.0, rope=2.0)
    assert (lower.prob_benefit, lower.prob_beyond, lower.rope_mass) == (
        higher.prob_benefit, higher.prob_beyond, higher.rope_mass,
    )  # fmt: skip
    assert lower.interval(0.95) == pytest.approx(tuple(-x for x in reversed(higher.interval(0.95))))


def test_order_of_draws_does_not_matter():
    shuffled = np.random.default_rng(5).permutation(DRAWS.ravel())
    requested = {"better": "lower", "threshold": -5.0, "rope": 2.0}
    assert summarise(shuffled, **requested).intervals == summarise(DRAWS, **requested).intervals


def test_infinite_draws_are_not_summarised():
    with pytest.raises(ValueError, match="finite"):
        summarise([1.0, np.inf], better="lower", threshold=0.0, rope=1.0)


def test_a_posterior_equal_to_the_prior_has_no_shrinkage_and_full_overlap():
    draws = np.random.default_rng(6).normal(size=200_000)
    told = against_prior(draws, STANDARD)
    assert told.shrinkage == pytest.approx(0, abs=0.02)
    assert told.overlap == pytest.approx(1, abs=0.01)


def test_overlap_of_a_narrower_posterior_matches_the_integral():
    draws = np.random.default_rng(7).normal(0, 0.5, size=200_000)
    told = against_prior(draws, STANDARD)
    x = np.linspace(-8, 8, 160_001)
    area = np.minimum(stats.norm.pdf(x), stats.norm.pdf(x, 0, 0.5)).sum() * (x[1] - x[0])
    assert told.shrinkage == pytest.approx(0.75, abs=0.01)
    assert told.overlap == pytest.approx(area, abs=0.02)


def test_draws_outside_the_priors_range_do_not_overlap_with_it():
    assert against_prior(-np.ones(100), HalfNormal(1.0, "log_odds_sd", "priors.shock")).overlap < 0.06


def test_estimate_of_a_ratio_counts_benefit_from_one():
    ratio = np.exp(np.random.default_rng(8).normal(-0.5, 0.5, size=100_000))
    told = estimate(ratio, scale="ratio", estimand="att", estimator="group_totals", better="lower", null=1.0)
    assert told.prob_benefit == pytest.approx(stats.norm.cdf(1), abs=0.005)
    assert told.estimate == pytest.approx(np.exp(-0.5), rel=0.01)
    assert told.p_value is None
