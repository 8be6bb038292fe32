import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.special import expit, log1p

from sverige_did.bayes.logistic import log1pexp

X = np.array([-750.0, -40.0, -3.0, -1e-9, 0.0, 0.5, 20.0, 750.0])


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
def test_it_is_the_logarithm_and_its_slope_the_share(mode):
    x = pt.vector("x")
    value, slope = pytensor.function([x], [log1pexp(x), pt.grad(log1pexp(x).sum(), x)], mode=mode)(X)
    exact = np.where(X > 0, X, 0) + log1p(np.exp(-np.abs(X)))
    assert value == pytest.approx(exact, abs=1e-15)
    assert slope == pytest.approx(expit(X), abs=1e-15)


def test_whole_numbers_and_other_shapes_will_do():
    x = pt.lmatrix("x")
    assert log1pexp(x).eval({x: np.array([[0, 1], [2, 3]])}) == pytest.approx(np.logaddexp(0, [[0, 1], [2, 3]]))
