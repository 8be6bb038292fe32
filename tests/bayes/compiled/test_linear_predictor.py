import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pymc.distributions.transforms import ZeroSumTransform
from pytensor.gradient import verify_grad

from sverige_did.bayes.compiled.linear_predictor import N_SMOOTH, cell_predictor


def inputs(n_districts, n_periods, seed=0):
    """The smooth inputs, and the data of a panel with a tenth of its cells missing."""
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(n_districts * n_periods), n_periods)
    kept = np.flatnonzero(rng.random(district.size) > 0.1)
    index = np.stack([district, period, district % 2])[:, kept]
    dose = rng.random(kept.size) * (district[kept] < 2)
    treated = (np.arange(n_districts) < 2) * 1.0
    smooth = (
        rng.normal(size=3), rng.normal(size=4), np.array(rng.beta(4, 2)), rng.normal(size=n_districts - 1),
        rng.normal(size=n_periods - 1), rng.normal(size=(n_districts, n_periods)), rng.normal(size=2),
    )  # fmt: skip
    return smooth, (index, dose, treated)


def by_formula(smooth, data):
    """Every cell by itself, with the shocks as one long sum of all that came before."""
    (mu, gamma, tau), (sigma_alpha, sigma_lambda, sigma_s, sigma_tau), rho, plane, steps, z, effect = smooth
    (index, dose, treated), eta = data, []
    # PyMC's own way from a plane to numbers that sum to zero.
    level = mu + gamma * treated + sigma_alpha * ZeroSumTransform([0]).backward(pt.as_tensor(plane)).eval()
    for d, t, k, share in zip(*index, dose, strict=True):
        weights = [rho**t, *(np.sqrt(1 - rho**2) * rho ** (t - j) for j in range(1, t + 1))]
        shock, path = sigma_s * np.dot(weights, z[d, : t + 1]), sigma_lambda * steps[:t].sum()
        eta.append(level[d] + path + shock + (tau + sigma_tau * effect[k]) * share)
    return np.array(eta)


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
@pytest.mark.parametrize("shape", [(5, 6), (3, 2)])
def test_every_cell_is_the_formula(mode, shape):
    smooth, data = inputs(*shape)
    given = [pt.as_tensor_variable(one).type() for one in (*smooth, *data)]
    found = pytensor.function(given, cell_predictor(*given), mode=mode)(*smooth, *data)
    assert found == pytest.approx(by_formula(smooth, data))


@pytest.mark.parametrize("shape", [(5, 6), (3, 2)])
def test_the_gradient_is_that_of_finite_differences(shape):
    smooth, data = inputs(*shape, seed=1)
    verify_grad(lambda *given: cell_predictor(*given, *data), list(smooth), rng=np.random.default_rng(2))


def test_machine_code_and_plain_loops_give_the_same_gradient():
    smooth, data = inputs(4, 5, seed=3)
    given = [pt.as_tensor_variable(one).type() for one in smooth]
    slopes = pt.grad((cell_predictor(*given, *data) ** 2).sum(), given)
    fast, plain = (pytensor.function(given, slopes, mode=mode)(*smooth) for mode in ("NUMBA", "FAST_COMPILE"))
    assert len(fast) == N_SMOOTH
    for a, b in zip(fast, plain, strict=True):
        assert a == pytest.approx(b, rel=1e-10)


def test_the_data_have_no_gradient():
    smooth, (index, _, treated) = inputs(3, 3)
    doses = pt.vector()
    with pytest.raises(pytensor.gradient.DisconnectedInputError):
        pt.grad(cell_predictor(*smooth, index, doses, treated).sum(), doses)
