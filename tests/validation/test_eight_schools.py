"""The sampler and the priors on a posterior that others have sampled at length: eight schools (Rubin 1981).

Data, model and reference are posteriordb's (github.com/stan-dev/posteriordb, posterior
eight_schools-eight_schools_noncentered): mu ~ N(0, 5), tau ~ half-Cauchy(0, 5), theta_j ~ N(mu, tau),
y_j ~ N(theta_j, sigma_j). The reference means come from 10,000 nearly independent draws, with their own errors
(reference_posteriors/summary_statistics/mean/mean). Standard deviations are compared with one quadrature over tau.
"""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from scipy.stats import norm

from sverige_did.bayes.priors import Beta, Normal, build_priors
from sverige_did.bayes.sampling.sample import Fit, Settings, sample

EFFECTS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
ERRORS = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
REFERENCE = {
    "theta": ([6.150502, 4.939581, 3.905906, 4.796017, 3.614436, 4.051148, 6.317170, 4.883997],
              [0.055738, 0.046229, 0.054231, 0.047494, 0.046145, 0.048520, 0.049877, 0.054251]),
    "mu": ([4.410518], [0.033037]),
    "tau": ([3.602060], [0.031862]),
}  # fmt: skip
"""Posterior means and their Monte Carlo standard errors."""


def eight_schools() -> pm.Model:
    """Unfitted; a half-Cauchy is 5 tan(pi u / 2) with u uniform on (0, 1)."""
    with pm.Model() as model:
        built = build_priors({"mu": Normal(0.0, 5.0, "points", ""), "u": Beta(1.0, 1.0, "", "")})
        tau = pm.Deterministic("tau", 5 * pt.tan(np.pi / 2 * built["u"]))
        theta = pm.Deterministic("theta", built["mu"] + tau * pm.Normal("school_z", shape=len(EFFECTS)))
        pm.Normal("y", theta, ERRORS, observed=EFFECTS)
    return model


def quadrature(nodes: int = 4000) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Posterior means and sds; given tau all is normal, and tau = 5 tan(u), u uniform on (0, pi / 2)."""
    tau = 5 * np.tan((np.arange(nodes) + 0.5) / nodes * np.pi / 2)
    precision = 1 / (ERRORS**2 + tau[:, None] ** 2)
    mu_var = 1 / (1 / 25 + precision.sum(axis=1))
    mu = mu_var * (precision * EFFECTS).sum(axis=1)
    # p(y | tau) as p(y | tau, mu = 0) p(mu = 0) / p(mu = 0 | y, tau).
    at_zero = norm.logpdf(EFFECTS, 0, 1 / np.sqrt(precision)).sum(axis=1) - norm.logpdf(0, mu, np.sqrt(mu_var))
    weight = np.exp(at_zero - at_zero.max())
    weight /= weight.sum()
    own = tau[:, None] ** 2 * precision
    theta = own * EFFECTS + (1 - own) * mu[:, None]
    theta_var = own * ERRORS**2 + (1 - own) ** 2 * mu_var[:, None]
    return {
        "mu": _moments(weight, mu[:, None], mu_var[:, None]),
        "tau": _moments(weight, tau[:, None], np.zeros((nodes, 1))),
        "theta": _moments(weight, theta, theta_var),
    }


def _moments(weight: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    whole = weight @ mean
    return whole, np.sqrt(weight @ (variance + (mean - whole) ** 2))


def test_the_reference_is_the_quadrature() -> None:
    found = quadrature()
    for name, (mean, error) in REFERENCE.items():
        assert (np.abs(found[name][0] - mean) <= 3.5 * np.asarray(error)).all(), name


@pytest.fixture(scope="module")
def fit() -> Fit:
    return sample(eight_schools(), seed=28, settings=Settings(draws=5000, tune=2000, target_accept=0.99))


@pytest.mark.slow
@pytest.mark.parametrize("name", REFERENCE)
def test_draws_agree_with_the_reference_and_with_the_quadrature(fit: Fit, name: str) -> None:
    draws = fit.values(name).reshape(len(fit.values(name)), -1)
    mean, error = (np.asarray(column) for column in REFERENCE[name])
    exact_mean, exact_sd = quadrature()[name]
    ours = exact_sd / np.sqrt(fit.report.ess_bulk)
    assert (np.abs(draws.mean(axis=0) - mean) <= 4 * np.hypot(ours, error)).all()
    assert draws.mean(axis=0) == pytest.approx(exact_mean, abs=float(4 * ours.max()))
    assert draws.std(axis=0) == pytest.approx(exact_sd, rel=0.05)
