"""The binomial model of districts beside a posterior that is integrated, not sampled.

With no gap, no drift, shocks that do not persist and one effect for all, the model is a binomial mixed model,

    eta_dt = mu + sigma_alpha a_d + sigma_s z_dt + tau E_dt,   a zero-sum over the G districts,

where mu and a have the covariance of u + sigma_alpha z_d with z_d independent and u ~ N(m, sd^2 - sigma_alpha^2 / G).
So the likelihood given (sigma_alpha, sigma_s, tau, u) is a product over districts of an integral over z_d of a product
over periods of integrals over z_dt: Gauss-Hermite quadrature, and a grid for the rest.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from scipy.special import expit, xlog1py, xlogy
from scipy.stats import beta, halfnorm, norm

from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.priors import Beta, HalfNormal, Normal
from sverige_did.bayes.sampling.sample import CAREFUL, sample

G, T = 8, 4
LEVEL, EFFECT = Normal(-1.2, 1.0, "log_odds", ""), Normal(0.0, 0.75, "log_odds", "")
DISTRICT, SHOCK = HalfNormal(0.5, "log_odds_sd", ""), HalfNormal(0.3, "log_odds_sd", "")
ALMOST_ZERO = 1e-4
"""Sd of what the integral leaves out: far below every posterior sd."""
UNCORRELATED = Beta(1.0, 2000.0, "correlation", "")
PRIORS = PanelPriors(
    level=LEVEL,
    baseline_difference=Normal(0.0, ALMOST_ZERO, "log_odds", ""),
    district=DISTRICT,
    period_sd=HalfNormal(ALMOST_ZERO, "log_odds_sd", ""),
    shock=SHOCK,
    persistence=UNCORRELATED,
    effect=EFFECT,
    effect_sd=HalfNormal(ALMOST_ZERO, "log_odds_sd", ""),
)


def cells() -> Cells:
    """Eight districts in four periods, three treated in the last two."""
    rng = np.random.default_rng(5)
    district, period = np.divmod(np.arange(G * T), T)
    treated = np.arange(G) < 3
    dose = np.where(treated[district] & (period >= 2), 1.0, 0.0)
    eta = -1.1 + rng.normal(0, 0.5, G)[district] + rng.normal(0, 0.3, G * T) - 0.5 * dose
    size = rng.integers(20, 60, G * T).astype(float)
    count = rng.binomial(size.astype(int), expit(eta)).astype(float)
    return Cells(district, period, treated, dose, count, count, size)


def posterior(data: Cells, fine: int = 16) -> dict[str, tuple[float, float]]:
    """Mean and sd of tau, sigma_alpha and sigma_s, and the probability that tau < 0 (with itself as sd)."""
    alpha, alpha_weight = _half_normal_nodes(DISTRICT.sd, 1.4, fine)
    shock, shock_weight = _half_normal_nodes(SHOCK.sd, 0.7, fine)
    tau, u = np.linspace(-2.2, 1.2, 35), np.linspace(-2.6, 0.2, 29)
    log = np.empty((fine, fine, len(tau), len(u)))
    for j, s in enumerate(shock):
        table = _Cell(data, s)
        for i, a in enumerate(alpha):
            level = norm.logpdf(u, LEVEL.mean, np.sqrt(LEVEL.sd**2 - a**2 / G))
            log[i, j] = _log_likelihood(data, table, a, tau, u) + level + norm.logpdf(tau, 0, EFFECT.sd)[:, None]
    weight = np.exp(log - log.max()) * alpha_weight[:, None, None, None] * shock_weight[:, None, None]
    weight /= weight.sum()
    edges = [weight.sum(axis=(0, 1, 3))[[0, -1]], weight.sum(axis=(0, 1, 2))[[0, -1]]]
    edges += [weight.sum(axis=(1, 2, 3))[-1:], weight.sum(axis=(0, 2, 3))[-1:]]
    assert np.concatenate(edges).max() < 1e-4
    found = {
        "sigma_alpha": _moments(alpha, weight.sum(axis=(1, 2, 3))),
        "sigma_s": _moments(shock, weight.sum(axis=(0, 2, 3))),
        "tau": _moments(tau, weight.sum(axis=(0, 1, 3))),
    }
    below = weight.sum(axis=(0, 1, 3))
    p = float(below[tau < -1e-9].sum() + below[np.abs(tau) <= 1e-9].sum() / 2)
    return found | {"below": (p, p)}


def _half_normal_nodes(sd: float, high: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes on (0, high) with the half-normal's density in their weights."""
    x, w = leggauss(n)
    nodes = high * (x + 1) / 2
    return nodes, w * halfnorm.pdf(nodes, scale=sd)


def _moments(values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    mean = float(weight @ values)
    return mean, float(np.sqrt(weight @ (values - mean) ** 2))


class _Cell:
    """log of integral Binomial(y | n, logit^-1(c + s z)) phi(z) dz for every cell, interpolated over c."""

    def __init__(self, data: Cells, s: float, nodes: int = 30) -> None:
        z, w = hermegauss(nodes)
        self.c = np.linspace(-6.5, 4.0, 421)
        share = expit(self.c[:, None] + s * z)[None]
        y, n = data.low[:, None, None], data.size[:, None, None]
        inside = xlogy(y, share) + xlog1py(n - y, -share)
        top = inside.max(axis=2, keepdims=True)
        self.value = top[..., 0] + np.log(np.exp(inside - top) @ (w / w.sum()))

    def at(self, cell: int, c: np.ndarray) -> np.ndarray:
        return np.interp(c, self.c, self.value[cell])


def _log_likelihood(data: Cells, table: _Cell, a: float, tau: np.ndarray, u: np.ndarray, nodes: int = 30) -> np.ndarray:
    """(len(tau), len(u)): districts multiplied, each integrated over its own z."""
    z, w = hermegauss(nodes)
    total = np.zeros((len(tau), len(u)))
    for d in range(G):
        inside = np.zeros((len(tau), len(u), nodes))
        for cell in np.flatnonzero(data.district == d):
            centre = u[None, :, None] + a * z + tau[:, None, None] * data.dose[cell]
            # Without a dose every effect gives the same: computed once.
            inside += table.at(cell, centre if data.dose[cell] > 0 else centre[:1])
        top = inside.max(axis=2, keepdims=True)
        total += top[..., 0] + np.log(np.exp(inside - top) @ (w / w.sum()))
    return total


def test_what_is_left_out_is_next_to_nothing() -> None:
    assert beta(UNCORRELATED.a, UNCORRELATED.b).ppf(0.999) < 0.005
    assert LEVEL.sd * np.sqrt(G) > 1.4  # over the whole grid of sigma_alpha the level keeps a variance of its own


@pytest.mark.slow
def test_sampled_and_integrated_posteriors_agree() -> None:
    data = cells()
    exact = posterior(data)
    fit = sample(build_binomial(data, PRIORS), seed=6, settings=CAREFUL)
    error = 1 / np.sqrt(fit.report.ess_bulk)
    for name in ("tau", "sigma_alpha", "sigma_s"):
        mean, sd = exact[name]
        draws = fit.values(name)
        assert draws.mean() == pytest.approx(mean, abs=4 * error * sd), name
        assert draws.std() == pytest.approx(sd, rel=4 * error), name
    p = exact["below"][0]
    assert np.mean(fit.values("tau") < 0) == pytest.approx(p, abs=4 * error * np.sqrt(p * (1 - p)))


@pytest.mark.slow
def test_the_integral_is_fine_enough() -> None:
    coarse, fine = posterior(cells(), 10), posterior(cells(), 16)
    for name, (mean, sd) in fine.items():
        assert coarse[name] == pytest.approx((mean, sd), abs=0.02 * sd), name
