import numpy as np
import pymc as pm
import pytest
from scipy import stats

from sverige_did import words
from sverige_did.bayes import priors
from sverige_did.bayes.models import group_totals
from sverige_did.bayes.priors import Beta, HalfNormal, Normal, build_priors

MIXED = {
    "b": Beta(4, 2, "correlation", "priors.shock"),
    "mu": Normal(-1.2, 0.5, "log_odds", "priors.neutral"),
    "s": HalfNormal(0.3, "log_odds_sd", "priors.shock"),
    "tau": Normal(0.4, 2.0, "log_odds", "priors.neutral"),
}


def test_built_parameters_have_the_distributions_of_their_values():
    with pm.Model() as model:
        built = build_priors(MIXED)
        for name in MIXED:
            pm.Deterministic(f"{name}_again", built[name])
        drawn = pm.draw([model[f"{name}_again"] for name in MIXED], draws=4000, random_seed=1, mode="FAST_COMPILE")
    for (name, prior), values in zip(MIXED.items(), drawn, strict=True):
        assert stats.kstest(values, prior.frozen().cdf).pvalue > 1e-3, name


def test_numpy_draws_and_variances_match():
    rng = np.random.default_rng(2)
    for prior in MIXED.values():
        values = priors.draw(prior, 200_000, rng)
        assert values.var() == pytest.approx(priors.variance(prior), rel=0.03)


def test_the_triplet_means_what_it_says_at_a_share_of_a_quarter():
    # A log-odds effect of sd .5 around a share of 25 % spans about -14 to +22 percentage points (docs/methods.md).
    ends = np.array([-1.96, 1.96]) * 0.5 + np.log(0.25 / 0.75)
    assert 100 * (1 / (1 + np.exp(-ends)) - 0.25) == pytest.approx([-13.9, 22.0], abs=0.1)
    assert [prior.sd for prior in priors.TRIPLET.values()] == [0.35, 0.75, 0.5]


@pytest.mark.parametrize("make", [
    lambda: Normal(0, 0, "log_odds", "priors.neutral"),
    lambda: Normal(np.nan, 1, "log_odds", "priors.neutral"),
    lambda: HalfNormal(-1, "log_odds_sd", "priors.shock"),
    lambda: Beta(0, 1, "correlation", "priors.shock"),
])  # fmt: skip
def test_impossible_priors_are_not_made(make):
    with pytest.raises(ValueError, match="prior needs"):
        make()


def test_every_reason_is_said_in_both_languages():
    used = [*priors.TRIPLET.values(), priors.SHOCK]
    for block in (group_totals.SHARES, group_totals.RATES):
        used += [block.level, block.baseline_difference, block.period_sd, block.effect, block.shock]
    for prior in used:
        assert words.text(prior.why, "da") != words.text(prior.why, "en")
