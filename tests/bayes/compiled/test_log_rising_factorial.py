import math

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import gammaln, psi

from sverige_did.bayes.compiled.log_rising_factorial import FAR, MANY, _log_rising, log_rising

A = np.array([1e-6, 0.02, 0.7, 3.0, 40.0, 2e3, 1e6])[:, None]
Y = np.array([0.0, 1, 2, 9, 40, 700])


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
def test_it_is_the_difference_of_two_log_gammas_and_so_is_its_slope(mode):
    a, y = pt.matrix("a", shape=(7, 1)), pt.vector("y")
    found = log_rising(a, y)
    value, slope = pytensor.function([a, y], [found, pt.grad(found.sum(), a)], mode=mode)(A, Y)
    assert value == pytest.approx(gammaln(A + Y) - gammaln(A), rel=1e-9, abs=1e-9)
    assert slope == pytest.approx((psi(A + Y) - psi(A)).sum(axis=1, keepdims=True), rel=1e-9)


def test_large_numbers_keep_their_digits():
    exact = float(np.log1p(np.arange(3) / 1e12).sum()) + 3 * np.log(1e12)
    assert float(log_rising(1e12, 3.0).eval()) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("a", [1e-6, 0.02, 3.0, FAR - 1e-9, FAR, 40.0, 2e3, 1e6, 1e12])
@pytest.mark.parametrize("y", [MANY - 1, MANY, MANY + 1, 5000, 20_011])
def test_many_factors_are_the_sum_of_each_and_so_is_the_slope(a, y):
    value, slope = _log_rising(a, float(y))
    assert value == pytest.approx(math.fsum(math.log(a + j) for j in range(y)), rel=1e-14)
    assert slope == pytest.approx(math.fsum(1 / (a + j) for j in range(y)), rel=1e-14)


def test_impossible_and_absent_is_nothing():
    assert float(log_rising(0.0, 0.0).eval()) == 0.0
    with np.errstate(divide="ignore"):
        assert np.isneginf(log_rising(0.0, 2.0).eval(mode="NUMBA"))
