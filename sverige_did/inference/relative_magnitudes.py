"""Confidence sets for an effect if drift after the start is at most M times the largest step before it.

Rambachan and Roth (2023, REStud 90:2555), relative magnitudes: with delta the drift apart of two groups (0 in the last
period before),

    |delta_t - delta_t-1| <= M max over s <= 0 of |delta_s - delta_s-1|   for all t >= 1

is a union over s and over the sign of the largest step; in each part the drift obeys linear inequalities, the effect
l'tau is tested by the conditional test with the least favourable first step (C-LF; Andrews, Roth and Pakes 2023, REStud
90:2763), and the confidence set is the union of the effects that a part does not reject.

The test maximises over the vertices of a linear programme's dual. Here they are known: a row of the programme bounds
one step after the start from above or from below, the other effects tau may be anything, so what is left of the rows is
their sum with the weights that make l'tau (from above, or from below), and the sum of the two rows of one step. No
programme is solved; a test solves it by HiGHS for every point of a grid. With one period after the start the rows
before it are moments too, as in the authors' own package.

Where periods lie apart unlike each other, a step is one a period of time: |delta_t - delta_t-1| / (time between).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import special

from sverige_did.did import scales
from sverige_did.errors import refuse
from sverige_did.inference.districts import Floats, Ints

DRAWS = 4_000
"""Draws of the least favourable critical value, of which few of a hundredth matter."""

FIRST_STEP = 0.1
"""The share of the level that the first step of the hybrid spends, as in the authors' package."""

FARTHEST = 20.0
"""A breakdown above this many times the largest step before is told as none."""

_POINTS = 41
_ZOOMS = 4
_TINY = 1e-12


class EventEffects(NamedTuple):
    """Effects by period against the last one before the start, which is not among them.

    ``before`` (P,) and ``after`` (Q,): their times, ascending, in periods since that one (so before < 0 < after);
    ``estimate`` (P + Q,) and ``covariance`` (P + Q, P + Q) in that order.
    """

    before: Floats
    after: Floats
    estimate: Floats
    covariance: Floats

    def scaled(self, factor: float) -> EventEffects:
        """The same with every standard error multiplied: by t / z for limits of Student's t from normal theory."""
        return self._replace(covariance=self.covariance * factor**2)


class _Part(NamedTuple):
    """One part of the union: the values of the vertices (V,) at an effect of 0, what they lose (V,) for each unit of
    effect, and their covariance (V, V)."""

    value: Floats
    slope: Floats
    covariance: Floats


def event_effects(before: Floats, after: Floats, estimate: Floats, covariance: Floats) -> EventEffects:
    """The effects, checked.

    Raises RefusedError ``did_one_pre_period`` without a step before the start, ``did_covariance`` for a covariance that
    is none of these effects.
    """
    size = before.size + after.size
    if before.size < 1 or after.size < 1:
        raise refuse("did_one_pre_period", found=str(before.size + 1), expected=">= 2")
    if estimate.shape != (size,) or covariance.shape != (size, size) or not np.isfinite(estimate).all():
        raise refuse("did_covariance", found=str(covariance.shape), expected=f"({size}, {size})")
    if not np.allclose(covariance, covariance.T) or not (np.diag(covariance) > 0).all():
        raise refuse("did_covariance", found=str(float(np.diag(covariance).min())))
    return EventEffects(before, after, estimate, covariance)


def relative_interval(
    effects: EventEffects, load: Floats, M: float, *, rng: np.random.Generator, alpha: float = 0.05
) -> tuple[float, float]:
    """The smallest and the largest effect l'tau that the C-LF test does not reject; infinite where it ends nowhere.

    ``load`` (Q,) are the weights of the effects after the start. At ``M`` = 0 nothing of what was before enters, and
    the set is the effect's own interval.
    """
    theta, se = _own(effects, load)
    if M == 0:
        half = scales.critical(1 - alpha) * se
        return theta - half, theta + half
    steps, own = _steps(effects)
    reach = M * float(np.abs(_loads(load)) @ _gaps(effects.after)) * float((np.abs(steps) + 4 * own).max())
    parts = list(_tested(effects, load, M, rng, alpha))
    for _ in range(4):
        half = reach + 6 * se
        grid = theta + half * np.linspace(-1, 1, 4 * _POINTS)
        kept = _any(parts, grid, alpha)
        if not kept.any():
            # No effect is left: the set is a point on its way to empty, where the test rejects least.
            return theta, theta
        if not kept[[0, -1]].any():
            return _end(parts, grid, kept, alpha, first=True), _end(parts, grid, kept, alpha, first=False)
        reach = 4 * half
    inside = grid[kept]
    return (-np.inf if kept[0] else float(inside[0])), (np.inf if kept[-1] else float(inside[-1]))


def holds(
    effects: EventEffects, load: Floats, M: float, theta: float, *, rng: np.random.Generator, alpha: float = 0.05
) -> bool:
    """Whether the set at ``M`` holds an effect of ``theta``."""
    if M == 0:
        own, se = _own(effects, load)
        return abs(own - theta) <= scales.critical(1 - alpha) * se
    parts = _tested(effects, load, M, rng, alpha)
    return any(_accepts(part, critical, np.array([theta]), alpha)[0] for part, critical in parts)


def relative_breakdown(
    effects: EventEffects, load: Floats, *, rng: np.random.Generator, alpha: float = 0.05, farthest: float = FARTHEST
) -> float:
    """The smallest M at which no effect is no longer rejected; 0 where it is not at M = 0, infinite beyond
    ``farthest``."""
    seed = int(rng.integers(2**63))

    def stands(M: float) -> bool:
        return not holds(effects, load, M, 0.0, rng=np.random.default_rng(seed), alpha=alpha)

    if not stands(0.0):
        return 0.0
    low, grid = 0.0, np.concatenate([np.arange(1, 13) / 4, np.geomspace(3.5, farthest, 8)])
    high = next((float(M) for M in grid if not stands(M)), np.inf)
    if not np.isfinite(high):
        return np.inf
    low = max([0.0, *grid[grid < high]])
    while high - low > 0.005 * max(high, 1.0):
        middle = (low + high) / 2
        low, high = (middle, high) if stands(middle) else (low, middle)
    return float(low)


def _own(effects: EventEffects, load: Floats) -> tuple[float, float]:
    """The effect l'beta without any drift, and its standard error."""
    at = np.concatenate([np.zeros(effects.before.size), load])
    return float(at @ effects.estimate), float(np.sqrt(at @ effects.covariance @ at))


def _gaps(times: Floats) -> Floats:
    return np.diff(times, prepend=0.0)


def _loads(load: Floats) -> Floats:
    """(Q,) what a step after the start adds to l'delta."""
    return np.cumsum(load[::-1])[::-1]


def _step_rows(effects: EventEffects) -> Floats:
    """(P, P + Q): the steps before the start a period of time, from the first to that into the last period before."""
    P = effects.before.size
    levels = np.zeros((P + 1, P + effects.after.size))
    levels[:P, :P] = np.eye(P)
    times = np.append(effects.before, 0.0)
    return np.asarray(np.diff(levels, axis=0) / np.diff(times)[:, None])


def _steps(effects: EventEffects) -> tuple[Floats, Floats]:
    """The steps before the start (P,) with their standard errors."""
    rows = _step_rows(effects)
    return rows @ effects.estimate, np.sqrt(np.einsum("ij,jk,ik->i", rows, effects.covariance, rows))


def largest_step(effects: EventEffects) -> float:
    """The largest step before the start a period of time, as it was seen."""
    return float(np.abs(_steps(effects)[0]).max())


def _parts(effects: EventEffects, load: Floats, M: float) -> Iterator[_Part]:
    """The parts of the union: every step before the start as the largest, upwards and downwards."""
    P, Q = effects.before.size, effects.after.size
    before, gaps, loads = _step_rows(effects), _gaps(effects.after), _loads(load)
    levels = np.zeros((Q + 1, P + Q))
    levels[1:, P:] = np.eye(Q)
    after = np.diff(levels, axis=0)
    for s in range(P):
        for sign in (1.0, -1.0):
            yield _part(effects, sign * before[s], M, after, gaps, loads, _others(before, sign, s) if Q == 1 else None)


def _others(before: Floats, sign: float, s: int) -> Floats:
    """The rows that make a step the largest one before: the others less it, and it no less than nothing."""
    largest = sign * before[s]
    rows = np.concatenate([before - largest, -before - largest])
    return rows[np.abs(rows).max(axis=1) > 0]


def _part(
    effects: EventEffects, largest: Floats, M: float, after: Floats, gaps: Floats, loads: Floats, others: Floats | None
) -> _Part:
    covariance = effects.covariance
    bound = M * gaps[:, None] * largest
    size = {sign: np.sqrt(_quadratic(sign * after - bound, covariance)) for sign in (1.0, -1.0)}
    rows, slopes = [], []
    for sign in (1.0, -1.0):
        # Each step enters from the side on which it adds to l'delta.
        norm = float(sum(abs(one) * size[sign if one >= 0 else -sign][t] for t, one in enumerate(loads)))
        rows.append((sign * (loads @ after) - np.abs(loads) @ bound) / norm)
        slopes.append(sign / norm)
    if others is None:
        rows += [-2 * bound[t] / (size[1.0][t] + size[-1.0][t]) for t in range(gaps.size)]
    else:
        rows += list(others / np.sqrt(_quadratic(others, covariance))[:, None])
    stacked = np.array(rows)
    slope = np.concatenate([slopes, np.zeros(len(rows) - 2)])
    return _Part(stacked @ effects.estimate, slope, stacked @ covariance @ stacked.T)


def _quadratic(rows: Floats, covariance: Floats) -> Floats:
    return np.asarray(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 0.0))


def _tested(
    effects: EventEffects, load: Floats, M: float, rng: np.random.Generator, alpha: float
) -> Iterator[tuple[_Part, float]]:
    """The parts with their least favourable critical values, all from the same draws."""
    normal: Floats = np.empty((0, 0))
    for part in _parts(effects, load, M):
        if not normal.size:
            half = rng.standard_normal((DRAWS // 2, part.value.size))
            normal = np.concatenate([half, -half])
        yield part, _least_favourable(part, normal, FIRST_STEP * alpha)


def _least_favourable(part: _Part, normal: Floats, kappa: float) -> float:
    """The 1 - kappa quantile of the largest vertex if all moments just hold."""
    values, vectors = np.linalg.eigh(part.covariance)
    drawn = normal @ (vectors * np.sqrt(np.clip(values, 0.0, None))).T
    return float(np.quantile(drawn.max(axis=1), 1 - kappa))


def _any(parts: list[tuple[_Part, float]], theta: Floats, alpha: float) -> np.ndarray:
    kept = np.zeros(theta.size, dtype=bool)
    for part, critical in parts:
        left = ~kept
        kept[left] = _accepts(part, critical, theta[left], alpha)
    return kept


def _end(parts: list[tuple[_Part, float]], grid: Floats, kept: np.ndarray, alpha: float, *, first: bool) -> float:
    """Where the set begins or ends, between two points of a grid that is made finer and finer."""
    for _ in range(_ZOOMS):
        at = int(np.flatnonzero(kept)[0 if first else -1])
        grid = np.linspace(grid[at - 1], grid[at], _POINTS) if first else np.linspace(grid[at], grid[at + 1], _POINTS)
        kept = _any(parts, grid, alpha)
        kept[-1 if first else 0] = True  # it was kept before
        if kept[0 if first else -1]:
            break
    return float(grid[kept][0 if first else -1])


def _accepts(part: _Part, critical: float, theta: Floats, alpha: float) -> np.ndarray:
    """Which effects (N,) the conditional test with the least favourable first step does not reject."""
    values = part.value - theta[:, None] * part.slope
    best: Ints = values.argmax(axis=1)
    rows = np.arange(theta.size)
    largest, variance = values[rows, best], np.diag(part.covariance)[best]
    sd = np.sqrt(np.maximum(variance, 0.0))
    certain = sd <= _TINY
    ratio = part.covariance[best] / np.where(certain, 1.0, variance)[:, None]
    rest = values - ratio * largest[:, None]
    room = 1 - ratio
    room[rows, best] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(room > _TINY, rest / room, -np.inf).max(axis=1)
        high = np.where(room < -_TINY, rest / room, np.inf).min(axis=1)
    high = np.minimum(high, critical)
    level = (1 - FIRST_STEP) * alpha / (1 - FIRST_STEP * alpha)
    scale = np.where(certain, 1.0, sd)
    p = _truncated_p(largest / scale, low / scale, high / scale)
    rejected = (largest > critical) | ((largest > 0) & (p < level))
    return ~np.where(certain, largest > _TINY, rejected)


def _truncated_p(x: Floats, low: Floats, high: Floats) -> Floats:
    """The chance of a standard normal above ``x``, given that it lies between ``low`` and ``high``; all (N,)."""
    top = special.log_ndtr(-low)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        above, beyond = np.exp(special.log_ndtr(-x) - top), np.exp(special.log_ndtr(-high) - top)
        p = (above - beyond) / (1 - beyond)
    return np.where(np.isfinite(p), np.clip(p, 0.0, 1.0), 1.0)
