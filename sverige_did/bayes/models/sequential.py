"""One level followed from date to date: what is believed of it at each, and how far the next figures move that.

On a grid, so that nothing is sampled and a probability is a sum. The level is that of the treated group on the scale
of the likelihood (log-odds of a share, log of a number or of a ratio of spending), a district's own swings included:
their sd ``s`` has a half-normal prior, and everything is averaged over it. From date to date the level is carried by a
normal step, whose variance is what the swings of two dates add, and what else may have changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit

from sverige_did.errors import refuse

Floats = NDArray[np.float64]

NODES = 12
"""Gauss-Legendre nodes over the sd of the swings, on which everything depends smoothly."""


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What is believed of a level now, and of the level before that it began from.

    ``at`` (N,): the values of the level, evenly spaced · ``swing`` (S,): the sds of a district's swing in one period ·
    ``density`` (S, B, N): weights that sum to 1, over swings, the level before (B is N, or 1 where none is remembered)
    and the level now.
    """

    at: Floats
    swing: Floats
    density: Floats

    @property
    def now(self) -> Floats:
        """(N,) the weights of the level now."""
        weights: Floats = self.density.sum(axis=(0, 1))
        return weights

    @property
    def step(self) -> float:
        """The distance between two values of the grid."""
        return float(self.at[1] - self.at[0])


def begin(at: ArrayLike, mean: float, sd: float, swing_scale: float, squared_weights: float) -> Belief:
    """A normal belief of the level before any figure: its sd beside the swings of districts in that one period.

    ``squared_weights`` is the sum of the districts' squared weights, 1/4 for four of equal size: what is left of the
    variance of one district's swings in the group's. ``swing_scale`` is the scale of the half-normal prior of their sd.
    """
    values, (swing, weight) = np.asarray(at, dtype=float), _swings(swing_scale)
    spread = np.sqrt(sd**2 + squared_weights * swing**2)[:, None]
    density = _normal(values[None, :] - mean, spread) * weight[:, None]
    return Belief(values, swing, density[:, None, :] / density.sum())


def seen(belief: Belief, log_likelihood: ArrayLike) -> Belief:
    """The belief after figures: ``log_likelihood`` (N,), or (S, N) where it depends on the swings."""
    given = np.broadcast_to(np.asarray(log_likelihood, dtype=float), (belief.swing.size, belief.at.size))
    if np.isnan(given).any() or not np.isfinite(given.max()):
        raise refuse("cells_not_finite")
    density = belief.density * np.exp(given - given.max())[:, None, :]
    total = float(density.sum())
    if total <= 0:
        raise refuse("belief_contradicted")
    return replace(belief, density=density / total)


def remembered(belief: Belief) -> Belief:
    """The same belief with the level now kept as the level before: a change is measured from it."""
    now = belief.density.sum(axis=1)
    return replace(belief, density=now[:, :, None] * np.eye(belief.at.size))


def carried(belief: Belief, squared_weights: float, others: float = 0.0, serial: float = 0.0) -> Belief:
    """The belief at the next date: the level moves by a step of variance 2 (1 - r) w s^2 + ``others``^2.

    ``w`` is the sum of the districts' squared weights, ``serial`` the correlation r of a district's swings, ``others``
    the sd of all else that may have changed, such as the programme's doing and what all districts share.
    """
    sd = np.sqrt(2 * (1 - serial) * squared_weights * belief.swing**2 + others**2)
    away = np.subtract.outer(belief.at, belief.at)
    moved = []
    for one, spread in zip(belief.density, np.maximum(sd, belief.step / 10), strict=True):
        kernel = _normal(away, spread)
        moved.append(one @ (kernel / kernel.sum(axis=1, keepdims=True)))
    return replace(belief, density=np.stack(moved))


def binomial(belief: Belief, events: float, total: float) -> Floats:
    """Log likelihood (N,) of so many events of a total, the level in log-odds; person-years need not be whole."""
    if not 0 <= events <= total:
        raise refuse("totals_count_above_trials")
    return np.asarray(events * log_expit(belief.at) + (total - events) * log_expit(-belief.at))


def poisson(belief: Belief, events: float) -> Floats:
    """Log likelihood (N,) of so many events, the level the logarithm of their mean."""
    return np.asarray(events * belief.at - np.exp(belief.at))


def normal(belief: Belief, estimate: float, variance: float, swing_factor: float = 0.0) -> Floats:
    """Log likelihood (S, N) of an estimate of the level: normal with the variance V + c s^2, c the ``swing_factor``."""
    sd = np.sqrt(variance + swing_factor * belief.swing**2)[:, None]
    return np.asarray(-((estimate - belief.at) ** 2) / (2 * sd**2) - np.log(sd))


def normal_after(
    belief: Belief, estimates: tuple[float, float], variances: tuple[float, float, float],
    swing_factors: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Floats:  # fmt: skip
    """Log likelihood (S, N) of the second of two estimates of the level, given the first.

    ``variances`` and ``swing_factors`` are of the first, of the second, and their covariance: two changes since the
    same year share that year's noise, and the second tells less than it would by itself.
    """
    first, second, both = (v + c * belief.swing**2 for v, c in zip(variances, swing_factors, strict=True))
    slope = (both / first)[:, None]
    left = (second - both**2 / first)[:, None]
    if not (left > 0).all():
        raise refuse("out_of_range", name="variances", found=f"{left.min():g}", expected="> 0")
    expected = belief.at + slope * (estimates[0] - belief.at)
    return np.asarray(-((estimates[1] - expected) ** 2) / (2 * left) - np.log(left) / 2)


def prob_at_most(belief: Belief, value: float) -> float:
    """The probability of a level of at most ``value``."""
    return _below(belief.now, (value - belief.at[0]) / belief.step)


def prob_change_at_most(belief: Belief, value: float) -> float:
    """The probability that the level now is at most the remembered one plus ``value``."""
    return _below(_changes(belief), value / belief.step + belief.at.size - 1)


def quantile(belief: Belief, p: float) -> float:
    """The level below which ``p`` of the weights lie."""
    return float(belief.at[0] + belief.step * _place(belief.now, p))


def change_quantile(belief: Belief, p: float) -> float:
    """The change from the remembered level below which ``p`` of the weights lie."""
    return float(belief.step * (_place(_changes(belief), p) - belief.at.size + 1))


def _changes(belief: Belief) -> Floats:
    """(2 N - 1,) the weights of the level now less the remembered one, from the lowest difference to the highest."""
    joint, size = belief.density.sum(axis=0), belief.at.size
    if joint.shape[0] != size:
        raise ValueError("no level before is remembered")
    return np.array([np.trace(joint, offset) for offset in range(1 - size, size)])


def _place(weights: Floats, p: float) -> float:
    """The place on their axis below which ``p`` of the weights lie, each spread evenly over its step."""
    return float(np.interp(p, np.concatenate([[0.0], np.cumsum(weights)]), np.arange(weights.size + 1) - 0.5))


def _below(weights: Floats, place: float) -> float:
    """The sum of the weights below a place on their axis, each spread evenly over its step."""
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    return float(np.clip(np.interp(place + 0.5, np.arange(sums.size), sums), 0.0, 1.0))


def _swings(scale: float) -> tuple[Floats, Floats]:
    """Nodes over a half-normal sd and their weights; a scale of 0 is a single node without swings."""
    if scale == 0:
        return np.zeros(1), np.ones(1)
    if not (np.isfinite(scale) and scale > 0):
        raise refuse("out_of_range", name="swing_scale", found=f"{scale:g}", expected=">= 0")
    nodes, gauss = np.polynomial.legendre.leggauss(NODES)
    sd = 4 * scale * (nodes + 1) / 2
    weight = gauss * np.exp(-((sd / scale) ** 2) / 2)
    return sd, weight / weight.sum()


def _normal(away: Floats, sd: Floats | float) -> Floats:
    return np.asarray(np.exp(-((away / sd) ** 2) / 2) / sd)
