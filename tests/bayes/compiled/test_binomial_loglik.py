import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import expit, gammaln
from scipy.stats import binom

from sverige_did.bayes.compiled.binomial_loglik import binomial_log

X = np.array([-750.0, -40.0, -3.0, -1e-9, 0.0, 0.5, 20.0, 750.0])
COUNT, SIZE = np.array([0.0, 0, 3, 1, 7, 0, 9, 12]), np.array([40.0, 7, 9, 1, 7, 5, 9, 12])


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
def test_it_is_scipys_without_the_ways_to_choose_and_so_is_its_slope(mode):
    x = pt.vector("x")
    found = binomial_log(x, COUNT, SIZE)
    value, slope = pytensor.function([x], [found, pt.grad(found.sum(), x)], mode=mode)(X)
    ways = gammaln(SIZE + 1) - gammaln(COUNT + 1) - gammaln(SIZE - COUNT + 1)
    near = np.abs(X) < 30
    assert (value + ways)[near] == pytest.approx(binom.logpmf(COUNT, SIZE, expit(X))[near], abs=1e-12)
    assert slope == pytest.approx(COUNT - SIZE * expit(X), abs=1e-12)


def test_far_from_the_middle_it_neither_overflows_nor_loses_the_likelihood():
    x = pt.vector("x")
    value = binomial_log(x, np.array([2.0, 2.0, 0.0, 5.0]), 5.0).eval({x: np.array([-750.0, 750.0, -750.0, 750.0])})
    assert value == pytest.approx([-1500.0, -2250.0, 0.0, 0.0])


def test_whole_numbers_and_other_shapes_will_do():
    x = pt.lmatrix("x")
    found = binomial_log(x, 1, np.array([[1], [2]])).eval({x: np.array([[0, 1], [2, 3]])})
    assert found == pytest.approx(np.array([[0, 1], [2, 3]]) - [[1], [2]] * np.logaddexp(0, [[0, 1], [2, 3]]))
