"""The posterior of many studies at once: held to brute force, to its limits, and to what moves nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from sverige_did.bayes.models import many_posteriors
from sverige_did.bayes.models.closed_form import NormalPrior
from sverige_did.bayes.models.many_posteriors import (
    WindowPriors,
    Windows,
    posterior_power,
    probability_below,
    working_response,
)

G, TREATED = 12, np.arange(12) < 4
PRIORS = WindowPriors(NormalPrior(-1.0, 0.5), NormalPrior(0.0, 0.75))


def windows(studies: int = 40, *, effect: float = -0.6, size: float = 60.0, family: str = "binomial") -> Windows:
    rng = np.random.default_rng(1)
    eta = -1 + rng.normal(0, 0.3, (G, 1, studies)) + rng.normal(0, 0.2, (G, 2, studies))
    eta[TREATED, 1] += effect
    n = np.full((G, 2, studies), size)
    y = rng.binomial(n.astype(int), special.expit(eta)) if family == "binomial" else rng.poisson(n * np.exp(eta))
    return Windows(y.astype(float), n, TREATED, np.ones(2), family)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_it_is_the_normal_model_summed_over_a_fine_grid_by_brute_force(family):
    """One study: the whole covariance of 24 cells, with a dense grid of both sds and no algebra."""
    one = windows(2, family=family)
    z, v = working_response(one)
    found = probability_below(one, (0.0, -0.6), PRIORS)
    x = np.zeros((G, 2, 4))
    x[:, :, 0], x[:, :, 1], x[:, 1, 2], x[:, 1, 3] = 1, TREATED[:, None], 1, TREATED
    flat = x.reshape(2 * G, 4)
    before = np.square([0.5, 0.5, 0.2, 0.75])
    for study in range(2):
        logs, below = [], []
        for s in np.linspace(0.0005, 1.5, 36):
            for d in np.linspace(0.0005, 2.0, 36):
                block = d**2 + s**2 * np.array([[1, PRIORS.rho], [PRIORS.rho, 1]])
                cov = np.kron(np.eye(G), block) + np.diag(v[:, :, study].ravel())
                seen = cov + (flat * before) @ flat.T
                r = z[:, :, study].ravel() - flat @ [-1.0, 0, 0, 0]
                logs.append(stats.multivariate_normal(cov=seen).logpdf(r) - (s / 0.3) ** 2 / 2 - (d / 0.5) ** 2 / 2)
                gain = (before * flat[:, :].astype(float)) @ np.eye(4)[:, 3:]
                w = np.linalg.solve(seen, gain)
                middle, spread = (w.T @ r).item(), before[3] - (w.T @ gain).item()
                below.append(stats.norm.cdf(np.array([0.0, -0.6]), middle, np.sqrt(spread)))
        weight = np.exp(np.array(logs) - max(logs))
        assert found[:, study] == pytest.approx(weight @ np.array(below) / weight.sum(), abs=0.003)


def test_what_is_counted_twice_is_worth_half_and_the_order_of_districts_nothing():
    one = windows()
    doubled = one._replace(y=2 * one.y, n=2 * one.n, again=np.full(2, 2.0))
    z, v = working_response(doubled)
    assert z == pytest.approx(working_response(one)[0], abs=0.02)
    assert v == pytest.approx(working_response(one)[1], rel=0.02)
    turned = np.random.default_rng(2).permutation(G)
    other = Windows(one.y[turned], one.n[turned], TREATED[turned], one.again)
    assert probability_below(other, (0.0,), PRIORS) == pytest.approx(probability_below(one, (0.0,), PRIORS))


def test_blocks_do_not_matter(monkeypatch):
    one = windows()
    whole = probability_below(one, (0.0,), PRIORS)
    monkeypatch.setattr(many_posteriors, "BLOCK", 7)
    assert probability_below(one, (0.0,), PRIORS) == pytest.approx(whole)


def test_more_children_find_more_wider_shocks_less_and_the_truth_is_held():
    few, many = (posterior_power(windows(400, size=size), -0.6, PRIORS) for size in (30.0, 300.0))
    assert many.excludes > few.excludes + 0.2
    assert many.sure >= many.excludes
    assert posterior_power(windows(400, size=300.0), -0.6, replace(PRIORS, shock=1.0)).excludes < many.excludes
    assert few.covers > 0.9
    nothing = posterior_power(windows(400, effect=0.0), 0.0, PRIORS)
    assert nothing.excludes < 0.06
    good = posterior_power(windows(400, effect=0.6), 0.6, PRIORS, sign=1)
    assert good.sure > 0.3
    assert posterior_power(windows(400, effect=0.6), 0.6, PRIORS, sign=-1).sure < 0.02
