import numpy as np
import pytest
import xarray as xr

from sverige_did.bayes.sampling.diagnostics import ConvergenceCriteria, judge, require
from sverige_did.errors import RefusedError


def tree(values, diverging=0, energy=None):
    chains, draws = values.shape[:2]
    rng = np.random.default_rng(0)
    energy = rng.normal(size=(chains, draws)) if energy is None else energy
    hit = np.zeros((chains, draws), dtype=bool)
    hit.ravel()[:diverging] = True
    dims = ("chain", "draw", "unit")[: values.ndim]
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"x": (dims, values), "one": (("chain", "draw"), np.ones((chains, draws)))}),
            "sample_stats": xr.Dataset({"diverging": (dims[:2], hit), "energy": (dims[:2], energy)}),
        }
    )


def independent(shape=(4, 1000), seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def test_independent_draws_pass_and_their_ess_is_near_their_number():
    report = judge(tree(independent((4, 1000, 3))))
    assert report.failed == ()
    assert report.ess_bulk == pytest.approx(4000, rel=0.2)
    require(report)


def test_one_chain_elsewhere_fails_rhat_and_names_the_parameter():
    values = independent((4, 1000, 3))
    values[2, :, 1] += 3
    report = judge(tree(values))
    assert "rhat" in report.failed
    assert report.rhat_at == "x[1]"


def test_sticky_chains_fail_ess():
    steps = np.random.default_rng(2).normal(size=(4, 1000))
    values = np.empty_like(steps)
    values[:, 0] = steps[:, 0]
    for t in range(1, 1000):
        values[:, t] = 0.99 * values[:, t - 1] + np.sqrt(1 - 0.99**2) * steps[:, t]
    assert "ess_bulk" in judge(tree(values)).failed


def test_one_divergence_fails():
    assert judge(tree(independent(), diverging=1)).failed == ("divergences",)


def test_slowly_moving_energy_fails_bfmi():
    energy = np.cumsum(np.random.default_rng(3).normal(size=(4, 1000)), axis=1)
    assert judge(tree(independent(), energy=energy)).failed == ("bfmi",)


def test_draws_that_are_not_numbers_fail():
    values = independent()
    values[0, 0] = np.nan
    assert "rhat" in judge(tree(values)).failed


def test_refusal_says_which_gates_in_both_languages():
    report = judge(tree(independent(), diverging=2), ConvergenceCriteria(ess=10_000))
    with pytest.raises(RefusedError) as refused:
        require(report)
    for language in ("da", "en"):
        assert "divergences" in refused.value.say(language)
        assert "ess_bulk" in refused.value.say(language)
