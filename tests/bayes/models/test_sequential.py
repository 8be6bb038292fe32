"""A belief carried from date to date, against integrals, draws, the closed form, and itself in one step."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit, logit

from sverige_did.bayes.models.closed_form import NormalPrior, Sampling, posterior
from sverige_did.bayes.models.sequential import (
    begin,
    binomial,
    carried,
    change_quantile,
    normal,
    normal_after,
    poisson,
    prob_at_most,
    prob_change_at_most,
    quantile,
    remembered,
    seen,
)
from sverige_did.errors import RefusedError

AT = np.linspace(-8, 8, 801)


def test_one_share_is_the_integral() -> None:
    belief = begin(AT, 0.0, 1.5, 0.0, 0.25)
    belief = seen(belief, binomial(belief, 6, 45))

    def density(x: float) -> float:
        return stats.norm.pdf(x, 0, 1.5) * stats.binom.pmf(6, 45, expit(x))

    whole = quad(density, -8, 8)[0]
    assert prob_at_most(belief, logit(0.25)) == pytest.approx(quad(density, -8, logit(0.25))[0] / whole, abs=1e-4)
    assert quantile(belief, prob_at_most(belief, -2.0)) == pytest.approx(-2.0, abs=0.02)


def test_two_figures_one_after_the_other_are_both_at_once_where_nothing_moves() -> None:
    start = begin(AT, 0.0, 1.5, 0.0, 0.25)
    first = seen(start, binomial(start, 6, 45))
    both = seen(first, binomial(first, 2, 40))
    at_once = seen(start, binomial(start, 8, 85))
    np.testing.assert_allclose(both.now, at_once.now, atol=1e-12)


def test_the_middle_date_is_the_last_ones_prior() -> None:
    """An independent reference: prior draws of the whole path, weighted by what was seen at each date."""
    rng, n = np.random.default_rng(5), 4_000_000
    s = np.abs(0.3 * rng.standard_normal(n))
    first = np.hypot(1.5, s / 2) * rng.standard_normal(n)
    second = first + np.sqrt(2 * 0.25 * s**2 + 0.9**2) * rng.standard_normal(n)
    third = second + np.sqrt(2 * 0.25 * s**2) * rng.standard_normal(n)
    weight = stats.binom.pmf(12, 48, expit(first)) * stats.binom.pmf(6, 45, expit(second))
    belief = begin(np.linspace(-8, 8, 301), 0.0, 1.5, 0.3, 0.25)
    belief = remembered(seen(belief, binomial(belief, 12, 48)))
    belief = carried(belief, 0.25, 0.9)
    belief = seen(belief, binomial(belief, 6, 45))
    assert prob_at_most(belief, logit(0.2)) == pytest.approx(
        np.average(second <= logit(0.2), weights=weight), abs=0.005
    )
    fell = np.average(second - first <= -0.3, weights=weight)
    assert prob_change_at_most(belief, -0.3) == pytest.approx(fell, abs=0.006)
    assert prob_change_at_most(belief, change_quantile(belief, 0.3)) == pytest.approx(0.3, abs=1e-6)
    weight *= stats.binom.pmf(3, 45, expit(third))
    belief = carried(belief, 0.25)
    belief = seen(belief, binomial(belief, 3, 45))
    assert prob_at_most(belief, logit(0.1)) == pytest.approx(np.average(third <= logit(0.1), weights=weight), abs=0.008)


def test_a_normal_figure_is_the_closed_form() -> None:
    at = np.linspace(-4, 4, 4001)
    belief = begin(at, 0.0, 0.75, 0.1, 0.0)
    belief = seen(belief, normal(belief, -0.15, 0.02, 0.625))
    reference = posterior(Sampling(-0.15, 0.02, 0.625), NormalPrior(0.0, 0.75), 0.1)
    assert quantile(belief, 0.025) == pytest.approx(reference.lower, abs=0.002)
    assert quantile(belief, 0.975) == pytest.approx(reference.upper, abs=0.002)
    assert prob_at_most(belief, 0.0) == pytest.approx(reference.prob_negative, abs=0.001)


def test_two_changes_since_the_same_year_are_no_two_independent_ones() -> None:
    at, y, cov = np.linspace(-3, 3, 2001), (-0.15, -0.27), np.array([[0.018, 0.013], [0.013, 0.026]])
    start = begin(at, 0.0, 0.75, 0.0, 0.0)
    belief = seen(start, normal(start, y[0], cov[0, 0]))
    belief = seen(belief, normal_after(belief, y, (cov[0, 0], cov[1, 1], cov[0, 1])))
    joint = stats.multivariate_normal(np.zeros(2), cov)
    weight = stats.norm.pdf(at, 0, 0.75) * joint.pdf(np.array(y) - at[:, None])
    np.testing.assert_allclose(belief.now, weight / weight.sum(), atol=1e-9)
    alone = seen(belief, normal(belief, y[1], cov[1, 1]))
    assert quantile(alone, 0.975) - quantile(alone, 0.025) < quantile(belief, 0.975) - quantile(belief, 0.025)


def test_a_step_widens_by_its_variance_and_a_scale_moves_nothing() -> None:
    belief = begin(AT, -1.0, 0.5, 0.0, 0.25)
    moved = carried(belief, 0.25, 0.7)
    mean = moved.at @ moved.now
    assert mean == pytest.approx(-1.0, abs=1e-3)
    assert (moved.at - mean) ** 2 @ moved.now == pytest.approx(0.5**2 + 0.7**2, rel=0.01)
    counts = begin(AT + 4, 4.0, 1.5, 0.2, 0.25)
    more = begin(AT + 4 + np.log(10), 4.0 + np.log(10), 1.5, 0.2, 0.25)
    few, many = seen(counts, poisson(counts, 45)), seen(more, poisson(counts, 45))
    assert quantile(many, 0.5) - quantile(few, 0.5) == pytest.approx(np.log(10), abs=1e-6)


def test_what_cannot_be_is_refused() -> None:
    belief = begin(AT, 0.0, 1.5, 0.0, 0.25)
    with pytest.raises(RefusedError):
        binomial(belief, 6, 5)
    with pytest.raises(RefusedError):
        begin(AT, 0.0, 1.5, -1.0, 0.25)
    with pytest.raises(RefusedError):
        seen(belief, np.full(AT.size, np.nan))
    with pytest.raises(RefusedError):
        normal_after(belief, (0.1, 0.2), (0.01, 0.01, 0.02))
    with pytest.raises(ValueError, match="remembered"):
        prob_change_at_most(belief, 0.0)
