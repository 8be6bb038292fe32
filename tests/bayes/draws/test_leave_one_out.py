"""Districts left out by weights: against integration on a grid, and against a model that never saw the district."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from sverige_did.bayes.draws.leave_one_out import district_likelihood, log_density_left_out, without
from sverige_did.bayes.draws.replicate import SCALARS, PanelDraws
from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.families import FAMILIES

FAMILY = FAMILIES["poisson"]


def cells_of(rng: np.random.Generator, districts: int = 12, periods: int = 3) -> Cells:
    district, period = np.divmod(np.arange(districts * periods), periods)
    treated = np.arange(districts) < 3
    dose = (treated[district] & (period == periods - 1)).astype(float)
    count = rng.poisson(4.0, len(district)).astype(float)
    return Cells(district, period, treated, dose, count, count, np.full(len(district), 2.0))


def fixed(n: int, **changes: float) -> PanelDraws:
    values = dict.fromkeys(SCALARS, 0.0) | {"mu": 0.7, "sigma_alpha": 0.5, "rho": 0.5} | changes
    return PanelDraws({name: np.full(n, values[name]) for name in SCALARS}, walk=None, effect=None)


def test_the_integral_over_a_districts_level_is_the_one_on_a_grid():
    rng = np.random.default_rng(1)
    cells = cells_of(rng)
    each = district_likelihood(
        fixed(2000), cells, lambda eta: FAMILY.log_likelihood(eta, cells.low, cells.size, {}), rng, paths=20
    )
    log = logsumexp(each, axis=0) - np.log(len(each))  # all draws are the same, so all paths belong to one
    grid = np.linspace(-4, 4, 4001)
    spread = 0.5 * np.sqrt(1 - 1 / 12)  # one of twelve levels that sum to zero
    for district in (0, 7):
        mine = cells.district == district
        terms = stats.poisson.logpmf(cells.low[mine], 2 * np.exp(0.7 + spread * grid[:, None])).sum(axis=1)
        expected = logsumexp(terms + stats.norm.logpdf(grid)) + np.log(grid[1] - grid[0])
        assert log[district] == pytest.approx(expected, abs=0.05)


def test_a_district_foretold_the_same_in_every_draw_has_that_density():
    assert log_density_left_out(np.full((50, 3), -4.0)) == pytest.approx([-4.0, -4.0, -4.0])


def test_what_is_left_out_is_the_posterior_without_it():
    """A mean with known error: dropping one of its values by weights is the posterior of the others."""
    rng = np.random.default_rng(2)
    values = rng.normal(1.0, 1.0, 12)

    def posterior(seen: np.ndarray) -> tuple[float, float]:
        precision = 1 + len(seen)
        return seen.sum() / precision, precision**-0.5

    draws = rng.normal(*posterior(values), size=50_000)
    log = stats.norm.logpdf(values[None, :], draws[:, None], 1.0)
    mean, sd = posterior(values[1:])
    expected = stats.norm.logpdf(values[0], mean, np.hypot(sd, 1.0))
    assert log_density_left_out(log)[0] == pytest.approx(expected, abs=0.03)


def test_a_district_without_exposure_says_nothing_whatever_its_rate():
    cells = cells_of(np.random.default_rng(3))
    gone = without(cells, 5)
    mine = gone.district == 5
    for eta in (-3.0, 0.0, 3.0):
        terms = FAMILY.log_likelihood(np.full(len(gone.low), eta), gone.low, gone.size, {})
        assert terms[mine] == pytest.approx(np.zeros(mine.sum()), abs=1e-6)
    assert np.array_equal(gone.low[~mine], cells.low[~mine])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_log_likelihoods_are_those_of_scipy(name):
    eta, own = np.linspace(-2, 1, 7), {"clustering": np.full(7, 0.6)}
    count, size = np.array([0.0, 1, 2, 3, 0, 5, 6]), np.full(7, 9.0)
    phi, mean = 0.6**-2, 9 * np.exp(eta)
    expected = {
        "binomial": stats.binom.logpmf(count, 9, 1 / (1 + np.exp(-eta))),
        "poisson": stats.poisson.logpmf(count, mean),
        "negative_binomial": stats.nbinom.logpmf(count, phi, phi / (phi + mean)),
    }[name]
    assert FAMILIES[name].log_likelihood(eta, count, size, own) == pytest.approx(expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_simulated_counts_have_the_mean_and_variance_of_the_likelihood(name):
    rng, n = np.random.default_rng(4), 200_000
    eta, size, own = np.full((n, 1), -0.4), np.array([12.0]), {"clustering": np.full((n, 1), 0.5)}
    drawn = FAMILIES[name].simulate(eta, size, own, rng)
    share, mean = 1 / (1 + np.exp(0.4)), 12 * np.exp(-0.4)
    expected = {
        "binomial": (12 * share, 12 * share * (1 - share)),
        "poisson": (mean, mean),
        "negative_binomial": (mean, mean + mean**2 * 0.25),
    }[name]
    assert (drawn.mean(), drawn.var()) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("name", FAMILIES)
def test_link_and_outcome_undo_each_other(name):
    family = FAMILIES[name]
    values = np.array([0.5, 5.0, 60.0])
    assert family.outcome(family.link(values)) == pytest.approx(values)


@pytest.mark.parametrize("name", ["binomial", "poisson"])
def test_counts_of_the_same_children_have_the_mean_of_the_likelihood_and_again_its_variance(name):
    """200,000 counts a cell: errors of a hundredth of the mean and two of the variance."""
    family, rng = FAMILIES[name], np.random.default_rng(5)
    size, again = np.array([40.0, 60.0, 25.0]), np.array([1.0, 2.4, 4.0])
    eta = np.full((200_000, 3), -1.1)
    plain, varied = (family.simulate(at, size, {}, rng) for at in (eta, family.dispersed(eta, size, again, rng)))
    assert varied.mean(axis=0) == pytest.approx(plain.mean(axis=0), rel=0.01)
    assert varied.var(axis=0) == pytest.approx(again * plain.var(axis=0), rel=0.02)
    assert (varied == np.round(varied)).all()
