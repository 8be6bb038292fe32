"""What the posterior of districts says of many made-up studies at once, without sampling: its power.

The district model of two windows (district_effects.py) with a normal likelihood: every count is replaced by the working
response of one scoring step about its group's level, with the variance of that, so that all is normal given the sds of
districts and of shocks. Those two are summed over on a grid under their half-normal priors; level, gap, period and
effect are integrated by hand. Held to real fits: tests/validation/posterior_power.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr

from sverige_did.bayes.models.closed_form import NormalPrior

type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]

SHOCK_NODES, DISTRICT_NODES = 16, 10
"""Gauss-Legendre nodes of the two sds, up to so many scales of their priors."""
SHOCK_REACH, DISTRICT_REACH = 4.0, 3.0

EFFECT = 3
"""The column of the effect: level, gap, period, effect."""

BLOCK = 500
"""Studies that are computed together."""


@dataclass(frozen=True, slots=True)
class WindowPriors:
    """Priors on the scale of the link: normal ``level``, gap, period and ``effect``; half-normal scales of the sds of
    shocks and districts; ``rho``: the correlation of a district's shocks in the two windows."""

    level: NormalPrior
    effect: NormalPrior
    gap_sd: float = 0.5
    period_sd: float = 0.2
    shock: float = 0.3
    district: float = 0.5
    rho: float = 2 / 3


class Windows(NamedTuple):
    """Studies: counts ``y`` and what they are counted among ``n`` (G, 2, S), before first; ``again`` (2,): how many
    times the same children stand in a window's sum; ``treated`` (G,)."""

    y: Floats
    n: Floats
    treated: Bools
    again: Floats
    family: Literal["binomial", "poisson"] = "binomial"


class PosteriorPower(NamedTuple):
    """Of many studies: the share whose 95 per cent interval excludes no effect (``excludes``), whose probability of a
    change to the good side is above .95 (``sure``), and whose interval holds the truth (``covers``)."""

    excludes: float
    sure: float
    covers: float


def posterior_power(
    windows: Windows, truth: float, priors: WindowPriors, *, sign: int = -1, level: float = 0.95
) -> PosteriorPower:
    """The power over the studies; ``truth`` and the prior are on the scale of the link, ``sign`` is that of a good
    effect."""
    zero, own = probability_below(windows, (0.0, truth), priors)
    good = zero if sign < 0 else 1 - zero
    tail = (1 - level) / 2
    return PosteriorPower(
        excludes=float(((zero < tail) | (zero > 1 - tail)).mean()),
        sure=float((good > level).mean()),
        covers=float(((own >= tail) & (own <= 1 - tail)).mean()),
    )


def probability_below(windows: Windows, values: tuple[float, ...], priors: WindowPriors) -> Floats:
    """P(effect < value) of every study (V, S)."""
    studies = windows.y.shape[2]
    parts = [
        _block(windows._replace(y=windows.y[:, :, at], n=windows.n[:, :, at]), values, priors)
        for at in (slice(start, start + BLOCK) for start in range(0, studies, BLOCK))
    ]
    return np.concatenate(parts, axis=1)


def working_response(windows: Windows) -> tuple[Floats, Floats]:
    """z and its variance (G, 2, S): one scoring step about the level of each group and window."""
    z, v = np.empty(windows.y.shape), np.empty(windows.y.shape)
    again = windows.again[:, None]
    for arm in (windows.treated, ~windows.treated):
        y, n = windows.y[arm], windows.n[arm]
        if windows.family == "binomial":
            p = (y.sum(axis=0) + 0.5) / (n.sum(axis=0) + 1.0)
            eta, information = logit(p), n * p * (1 - p)
        else:
            p = (y.sum(axis=0) + 0.5) / n.sum(axis=0)
            eta, information = np.log(p), n * p
        z[arm], v[arm] = eta + (y - n * p) / information, again / information
    return z, v


def _block(windows: Windows, values: tuple[float, ...], priors: WindowPriors) -> Floats:
    z, v = working_response(windows)
    mean = np.array([priors.level.mean, 0.0, 0.0, priors.effect.mean])
    precision = np.diag(1 / np.square([priors.level.sd, priors.gap_sd, priors.period_sd, priors.effect.sd]))
    x = np.zeros((len(z), 2, EFFECT + 1))
    x[:, :, 0], x[:, :, 1], x[:, 1, 2], x[:, 1, 3] = 1, windows.treated[:, None], 1, windows.treated
    r = z - (x @ mean)[:, :, None]
    logs, below = [], []
    for shock, district, log_prior in _grid(priors):
        weight, log_det = _inverse(v, shock, district, priors.rho)
        left = np.einsum("gtk,tugs,gul->skl", x, weight, x, optimize=True) + precision
        right = np.einsum("gtk,tugs,gus->sk", x, weight, r, optimize=True)
        inverse = np.linalg.inv(left)
        solution = np.einsum("skl,sl->sk", inverse, right)
        square = np.einsum("gts,tugs,gus->s", r, weight, r, optimize=True) - (right * solution).sum(axis=1)
        logs.append(log_prior - (log_det + np.linalg.slogdet(left)[1] + square) / 2)
        middle, sd = solution[:, EFFECT] + mean[EFFECT], np.sqrt(inverse[:, EFFECT, EFFECT])
        below.append([ndtr((value - middle) / sd) for value in values])
    found = np.array(logs)
    share = np.exp(found - found.max(axis=0))
    return np.asarray(np.einsum("ks,kvs->vs", share / share.sum(axis=0), np.array(below)))


def _grid(priors: WindowPriors) -> Iterator[tuple[float, float, float]]:
    """Sds of shocks and of districts, with the logarithm of their prior weight."""
    (a, wa), (b, wb) = (np.polynomial.legendre.leggauss(nodes) for nodes in (SHOCK_NODES, DISTRICT_NODES))
    for s, ws in zip(SHOCK_REACH * (a + 1) / 2, wa, strict=True):
        for d, wd in zip(DISTRICT_REACH * (b + 1) / 2, wb, strict=True):
            yield float(s * priors.shock), float(d * priors.district), float(np.log(ws * wd) - (s**2 + d**2) / 2)


def _inverse(v: Floats, shock: float, district: float, rho: float) -> tuple[Floats, Floats]:
    """The inverse (2, 2, G, S) of the variance of a district's two windows, and the sum of log determinants (S,)."""
    shared = district**2 + rho * shock**2
    first, second = v[:, 0] + district**2 + shock**2, v[:, 1] + district**2 + shock**2
    det = first * second - shared**2
    both = np.array([[second, np.full_like(first, -shared)], [np.full_like(first, -shared), first]])
    return both / det, np.log(det).sum(axis=0)
