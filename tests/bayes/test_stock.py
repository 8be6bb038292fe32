"""Children who stay are counted in every period: the variance of their sums, and what the models make of it."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats
from scipy.special import expit, logit

from sverige_did.bayes.stock import NONE_AGAIN, counted_again, times_again

LENGTHS = np.array([1, 2, 5, 9, 40])


def by_formula(stays: float, length: int) -> float:
    """d - 1 from the variance of a sum of n numbers whose correlation at lag k is r^k."""
    lag = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    return float((stays**lag).sum() / length - 1)


@pytest.mark.parametrize("stays", [0.01, 0.4, 0.9, 0.999])
def test_a_sum_varies_as_the_correlations_of_its_periods_say(stays: float) -> None:
    found = times_again(np.array([logit(stays)]), LENGTHS)[0]
    assert found == pytest.approx([by_formula(stays, n) for n in LENGTHS], abs=2 * NONE_AGAIN)


def test_none_who_stay_is_poisson_and_all_who_stay_are_counted_in_every_period() -> None:
    none, every = times_again(np.array([-40.0, 40.0]), LENGTHS)
    assert none == pytest.approx(np.full(5, NONE_AGAIN))
    assert every == pytest.approx(LENGTHS - 1 + NONE_AGAIN)


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
def test_the_slope_is_that_of_finite_differences(mode: str) -> None:
    stays, length = pt.dscalar("stays"), pt.vector("length")
    value = counted_again(stays, length)
    both = pytensor.function([stays, length], [value.sum(), pt.grad(value.sum(), stays)], mode=mode)
    lengths = LENGTHS.astype(float)
    ends = [both(0.7 + step, lengths)[0] for step in (1e-6, -1e-6)]
    assert both(0.7, lengths)[1] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


def made_up_stocks(stays: float, length: int, mean: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, T) children present: those of one period stay with probability r, new ones come as Poisson."""
    present = [rng.poisson(mean, n)]
    for _ in range(length - 1):
        present.append(rng.binomial(present[-1], stays) + rng.poisson((1 - stays) * mean, n))
    return np.stack(present, axis=1)


def test_children_who_come_and_go_have_the_variance_that_the_model_gives_their_sum() -> None:
    rng = np.random.default_rng(1)
    sums = made_up_stocks(0.85, 6, 4.0, 200_000, rng).sum(axis=1)
    again = times_again(np.array([logit(0.85)]), np.array([6]))[0, 0]
    assert sums.mean() == pytest.approx(24, rel=0.005)
    assert sums.var() == pytest.approx(24 * (1 + again), rel=0.01)
    model = stats.nbinom(24 / again, 1 / (1 + again))
    for level in (0.5, 0.95):
        low, high = model.interval(level)
        held, promised = ((low <= sums) & (sums <= high)).mean(), model.cdf(high) - model.cdf(low - 1)
        assert held == pytest.approx(promised, abs=0.03)


def test_shares_of_children_who_stay_have_the_variance_that_the_model_gives_them() -> None:
    """Each child is in an institution or not for as long as it is placed."""
    rng, stays, share = np.random.default_rng(2), 0.85, float(expit(-1.2))
    inside, outside = (made_up_stocks(stays, 6, 30 * part, 100_000, rng).sum(axis=1) for part in (share, 1 - share))
    placed = inside + outside
    usual = np.abs(placed - np.median(placed)) <= 3
    n = float(np.median(placed))
    again = times_again(np.array([logit(stays)]), np.array([6]))[0, 0]
    children = n / again
    assert inside[usual].var() == pytest.approx(n * share * (1 - share) * (n + children) / (1 + children), rel=0.05)
