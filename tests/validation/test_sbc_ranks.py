from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from sbc_ranks import Ranks, band, calibrate, curves, uniformity

from sverige_did.bayes.priors import Normal, build_priors
from sverige_did.bayes.sampling.sample import Settings
from sverige_did.errors import refuse


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


def test_curves_are_the_empirical_distribution_less_the_uniform():
    values = np.random.default_rng(3).integers(101, size=(60, 2))
    share, apart = curves(ranks(values))
    for at, x in enumerate(share):
        for column in range(2):
            below = sum(1 for rank in values[:, column] if rank < round(x * 101))
            assert apart[column, at] == pytest.approx(below / 60 - x)


def test_the_band_holds_whole_curves_as_often_as_it_says():
    rng = np.random.default_rng(4)
    half = band(ranks(np.zeros((120, 2), dtype=int)), 0.9, rng)
    many = curves(replace(ranks(rng.integers(101, size=(120, 3000))), names=tuple(map(str, range(3000)))))[1]
    assert (np.abs(many) <= half + 1e-12).all(axis=1).mean() == pytest.approx(0.9, abs=0.03)
    assert half[9] > half[0]


QUICK = Settings(draws=300, tune=300, chains=1, cores=1, target_accept=0.8)


def shifted(y, mean=0.0):
    """y ~ N(tau, 1), three of them, and tau ~ N(mean, 1)."""
    with pm.Model() as model:
        built = build_priors({"tau": Normal(mean, 1.0, "", "")})
        pm.Normal("y", built["tau"], 1.0, observed=pm.Data("seen", np.asarray(y, dtype=float)))
    return model


def honest(y):
    if y.max() > 2:
        raise refuse("totals_not_counts")
    return shifted(y)


def squared(draws):
    return draws.values("tau") ** 2


def test_a_right_model_is_calibrated_whatever_data_are_refused_and_a_wrong_one_is_not():
    told = calibrate(
        shifted(np.zeros(3)), honest, ("tau",), 30, np.random.default_rng(5), QUICK, 3, {"squared": squared}
    )
    assert told.names == ("tau", "squared")
    assert 0 < told.refused < 20
    assert told.ranks.shape == (30 - told.refused, 2)
    assert min(uniformity(told, np.random.default_rng(6)).values()) > 0.005
    wrong = calibrate(
        shifted(np.zeros(3)), lambda y: shifted(y, mean=2.0), ("tau",), 15, np.random.default_rng(7), QUICK, 3
    )
    assert uniformity(wrong, np.random.default_rng(8))["tau"] < 0.002


def test_a_model_whose_structure_depends_on_the_data_is_not_judged():
    with pytest.raises(ValueError, match="another structure"):
        calibrate(
            shifted(np.zeros(3)),
            lambda y: shifted(y[: 2 + (y[0] > 0)]),
            ("tau",),
            30,
            np.random.default_rng(9),
            QUICK,
        )
