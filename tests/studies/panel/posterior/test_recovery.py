"""Recovery by the district models: 20 districts, 8 half-years, 4 treated from the fifth, some cells hidden."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from sverige_did.bayes.models.binomial import SHARES, build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.models.effects import effect_in_new_district, effect_on_treated, percent
from sverige_did.bayes.models.negative_binomial import build_negative_binomial
from sverige_did.bayes.models.poisson import build_poisson
from sverige_did.bayes.priors import Normal
from sverige_did.bayes.sampling.sample import CAREFUL, sample

TAU = -0.8
RATES = PanelPriors(level=Normal(-1.0, 1.0, "log_rate", "priors.total_rate"))


def simulated(draw, seed=0):
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(160), 8)
    kept = rng.random(160) > 0.05
    district, period = district[kept], period[kept]
    treated = np.arange(20) < 4
    dose = np.where(treated[district] & (period >= 4), 1.0, 0.0)
    size = rng.integers(30, 60, district.size).astype(float)
    eta = -1.1 + rng.normal(0, 0.3, 20)[district] + rng.normal(0, 0.1, 8)[period] + TAU * dose
    eta += rng.normal(0, 0.15, district.size)
    count = draw(rng, eta, size).astype(float)
    hide = (count > 0) & (count < 5)
    return Cells(district, period, treated, dose, np.where(hide, 1.0, count), np.where(hide, 4.0, count), size), eta


def binomial(rng, eta, size):
    return rng.binomial(size.astype(int), expit(eta))


def poisson(rng, eta, size):
    return rng.poisson(size * np.exp(eta))


def negative_binomial(rng, eta, size):
    return rng.poisson(size * np.exp(eta) * rng.gamma(20, 1 / 20, eta.size))


CASES = {
    "binomial": (binomial, lambda cells: build_binomial(cells, SHARES), percent, lambda eta: 100 * expit(eta)),
    "poisson": (poisson, lambda cells: build_poisson(cells, RATES), np.exp, np.exp),
    "negative_binomial": (negative_binomial, lambda cells: build_negative_binomial(cells, RATES), np.exp, np.exp),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_recovers_the_effect_on_every_scale(case):
    draw, build, outcome, truth = CASES[case]
    cells, eta = simulated(draw)
    assert cells.hidden.any()
    fit = sample(build(cells), seed=1, settings=CAREFUL)
    after = cells.dose > 0
    expected = truth(eta[after]).mean() - truth(eta[after] - TAU).mean()
    told = effect_on_treated(fit, cells, outcome)
    for values, true in ((told.log_contrast, TAU), (told.difference, expected)):
        low, high = np.quantile(values, [0.005, 0.995])
        assert low < true < high
    assert np.mean(told.log_contrast < 0) > 0.99
    new = effect_in_new_district(fit, cells, outcome, np.random.default_rng(2))
    assert new.log_contrast.std() > told.log_contrast.std()
    assert np.median(new.log_contrast) == pytest.approx(np.median(told.log_contrast), abs=0.1)


@pytest.mark.slow
def test_hidden_counts_are_not_zeros():
    cells, _ = simulated(binomial, seed=3)
    zeros = np.where(cells.hidden, 0.0, cells.low)
    honest = sample(build_binomial(cells), seed=4, settings=CAREFUL).values("eta")[:, cells.hidden]
    naive = replace(cells, low=zeros, high=zeros)
    fooled = sample(build_binomial(naive), seed=4, settings=CAREFUL).values("eta")[:, cells.hidden]
    assert fooled.mean() < honest.mean() - 0.3
