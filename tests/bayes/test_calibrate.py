import numpy as np
import pytest

from sverige_did.bayes.calibrate import Ranks, uniformity


def ranks(values, size=100):
    return Ranks(("a", "b"), values, size, len(values), 0, 0)


def test_p_values_of_uniform_ranks_are_uniform():
    rng = np.random.default_rng(1)
    found = [uniformity(ranks(rng.integers(101, size=(80, 2))), rng, 400)["a"] for _ in range(200)]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.045)
    assert np.mean(found) == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize("wrong", ["narrow", "wide", "high"])
def test_a_posterior_that_is_off_is_found_out(wrong):
    rng = np.random.default_rng(2)
    u = {
        "narrow": rng.beta(0.5, 0.5, size=(200, 2)), "wide": rng.beta(2, 2, size=(200, 2)),
        "high": rng.beta(1, 1.6, size=(200, 2)),
    }[wrong]  # fmt: skip
    told = uniformity(ranks(np.floor(101 * u).astype(int)), rng, 1000)
    assert max(told.values()) < 0.02
