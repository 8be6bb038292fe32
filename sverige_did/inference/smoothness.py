"""Fixed-length intervals for an effect if drift may bend by at most M from one period to the next.

Rambachan and Roth (2023, REStud 90:2555), smoothness: with delta the drift apart of two groups (0 in the last period
before), |(delta_t+1 - delta_t) - (delta_t - delta_t-1)| <= M for all t. At M = 0 it goes on in a straight line. The
effect l'tau is estimated by l'beta_after - w'beta_before, with weights that make a straight line cancel, and the
interval is the estimate +- its bias at worst and its error:

    cv(bias / sd) sd,   cv(b) the 1 - alpha quantile of |N(b, 1)|   (Armstrong and Kolesar 2018, Ecta 86:655).

A bend of one before the start adds its weight c to the estimate, so the bias at worst is M (sum |c| + what the periods
after cost), and c tells w. The sd is a norm of c: the least sd at each sum |c| is the path of a lasso, whose corners
are computed once for all M. The interval at M is the shortest along the path (the authors search a grid of sds).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import special

from sverige_did.errors import refuse
from sverige_did.inference.districts import Floats
from sverige_did.inference.relative_magnitudes import EventEffects

_BETWEEN = 24
"""Points between two corners of the path at which an interval is tried."""

_HALVINGS = 40
_BISECTIONS = 14
_TINY = 1e-10


class Smooth(NamedTuple):
    """An interval that holds while the drift bends by at most ``M``.

    ``weights`` (P + Q,) of the effects in ``estimate``, those before and those after; ``bias`` at worst, ``std_error``.
    """

    M: float
    estimate: float
    lower: float
    upper: float
    weights: Floats
    bias: float
    std_error: float


class Frontier(NamedTuple):
    """Estimators from the one with the least bias to the one with the least error.

    ``weights`` (n, P + Q) of the effects, ``bias`` (n,) at worst for a bend of one.
    """

    weights: Floats
    bias: Floats


def frontier(before: Floats, after: Floats, load: Floats, covariance: Floats) -> Frontier:
    """The estimators of l'tau that no other beats in both bias and error.

    ``before`` (P,), ``after`` (Q,): times in periods since the last one before the start, ascending; ``load`` (Q,);
    ``covariance`` (P + Q, P + Q) of the effects, by which the error is judged. A bend is at a period before the start
    that is seen, or at any from the start on.

    Raises RefusedError ``did_one_pre_period`` without a step before the start.
    """
    if before.size < 1:
        raise refuse("did_one_pre_period", found="1", expected=">= 2")
    of_bends, of_none = _weights_of_bends(before, after, load)
    root = np.linalg.cholesky(covariance + _TINY * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))
    corners = _path(root.T @ of_bends, root.T @ of_none)
    bends = np.concatenate([
        corners[:1],
        *(a + np.linspace(0, 1, _BETWEEN + 1)[1:, None] * (b - a) for a, b in pairwise(corners)),
    ])  # fmt: skip
    after_start = _bends_after(after, load)
    return Frontier(bends @ of_bends.T + of_none, np.abs(bends).sum(axis=1) + after_start)


def smooth_interval(
    effects: EventEffects, front: Frontier, M: float, *, alpha: float = 0.05, judged_by: Floats | None = None
) -> Smooth:
    """The shortest interval of the estimators of a frontier, by normal theory.

    The shortest is sought with the covariance ``judged_by``, by default that of the effects, which is what the authors
    do: with few treated districts the weights then follow the noise of it, and the interval is far too short.
    """
    judge = effects.covariance if judged_by is None else judged_by
    best = int(half_length(M * front.bias, errors_of(front.weights, judge), alpha=alpha).argmin())
    weights, bias = front.weights[best], M * front.bias[best]
    estimate, error = float(weights @ effects.estimate), float(errors_of(weights[None, :], effects.covariance)[0])
    half = float(half_length(np.array([bias]), np.array([error]), alpha=alpha)[0])
    return Smooth(M, estimate, estimate - half, estimate + half, weights, float(bias), error)


def smooth_breakdown(
    effects: EventEffects, front: Frontier, *, alpha: float = 0.05, judged_by: Floats | None = None
) -> float:
    """The smallest M at which the interval first includes no effect; 0 where it does at M = 0."""

    def stands(M: float) -> bool:
        found = smooth_interval(effects, front, M, alpha=alpha, judged_by=judged_by)
        return found.lower > 0 or found.upper < 0

    if not stands(0.0):
        return 0.0
    low, high = 0.0, float(np.abs(front.weights @ effects.estimate).max() / front.bias.min())
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if stands(middle) else (low, middle)
    return low


def errors_of(weights: Floats, covariance: Floats) -> Floats:
    """The standard errors (n,) of sums of effects with ``weights`` (n, P + Q)."""
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", weights, covariance, weights), 0.0)))


def half_length(bias: Floats, sd: Floats, *, alpha: float = 0.05) -> Floats:
    """The 1 - alpha quantile of |N(bias, sd^2)|; all (n,).

    >>> half_length(np.array([0.0, 1.0, 9.0]), np.ones(3)).round(3).tolist()
    [1.96, 2.649, 10.645]
    """
    low, high = (bias + sd * float(special.ndtri(p)) for p in (1 - alpha, 1 - alpha / 2))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        inside = special.ndtr((middle - bias) / sd) - special.ndtr((-middle - bias) / sd)
        low, high = np.where(inside < 1 - alpha, middle, low), np.where(inside < 1 - alpha, high, middle)
    return np.asarray((low + high) / 2)


def _weights_of_bends(before: Floats, after: Floats, load: Floats) -> tuple[Floats, Floats]:
    """(P + Q, P - 1) and (P + Q,): the weights of the effects are the first times the weights of the bends before,
    plus the second, so that a straight line has none."""
    P = before.size
    at = np.concatenate([before[None, :], np.maximum(before[1:, None] - before[None, :], 0.0)])
    inverse = np.linalg.inv(at)
    of_none = np.concatenate([inverse[:, 0] * -(load @ after), load])
    of_bends = np.concatenate([inverse[:, 1:], np.zeros((load.size, P - 1))])
    return of_bends, of_none


def _bends_after(after: Floats, load: Floats) -> float:
    """What bends of one from the start on add at worst."""
    at = np.arange(0.0, np.ceil(after[-1]))
    return float(np.abs(np.maximum(after[None, :] - at[:, None], 0.0) @ load).sum())


class _Corner(NamedTuple):
    """Where the lasso stands: the solution ``c`` (p,), the signs of those that are not 0, and which just became 0."""

    c: Floats
    signs: dict[int, float]
    dropped: int = -1


def _path(x: Floats, y: Floats) -> Floats:
    """The corners (n, p) of the lasso path that minimises |x c + y|^2 / 2 + penalty sum |c|, from c = 0 to no penalty.

    >>> _path(np.eye(2), np.array([-3.0, 1.0])).round(6).tolist()
    [[0.0, 0.0], [2.0, 0.0], [3.0, -1.0]]
    """
    gram, score = x.T @ x, -(x.T @ y)
    p, corners = score.size, [np.zeros(score.size)]
    whole = penalty = float(np.abs(score).max(initial=0.0))
    if not whole > 0:
        return np.array(corners)
    first = int(np.abs(score).argmax())
    at = _Corner(corners[0], {first: float(np.sign(score[first]))})
    for _ in range(20 * p):
        step, at = _next(gram, score, at, penalty)
        corners.append(at.c)
        penalty -= step
        if penalty <= _TINY * whole or not at.signs:
            break
    return np.array(corners)


def _next(gram: Floats, score: Floats, at: _Corner, penalty: float) -> tuple[float, _Corner]:
    """By how much the penalty falls until a coefficient becomes 0 or leaves it, and the corner there."""
    active = list(at.signs)
    pace = np.zeros(score.size)
    pace[active] = np.linalg.solve(gram[np.ix_(active, active)], [at.signs[j] for j in active])
    slope, now = gram @ pace, score - gram @ at.c
    events = [(penalty, -1, 0.0)]
    for j in range(score.size):
        if j in at.signs:
            if pace[j] * at.signs[j] < 0:
                events.append((float(-at.c[j] / pace[j]), j, 0.0))
            continue
        for sign in (1.0, -1.0):
            room, speed = penalty - sign * now[j], 1 - sign * slope[j]
            if speed > _TINY and (j != at.dropped or room > _TINY * penalty):
                events.append((float(room / speed), j, sign))
    # What has just joined cannot leave at once, and rounding may put a joining a little behind.
    possible = [one for one in events if one[0] >= (-_TINY if one[2] else _TINY) * penalty]
    step, j, sign = min(possible, key=lambda one: one[0])
    c, signs = at.c + step * pace, dict(at.signs)
    if j < 0:
        return step, _Corner(c, signs)
    if sign:
        return step, _Corner(c, signs | {j: sign})
    c[j] = 0.0
    del signs[j]
    return step, _Corner(c, signs, j)
