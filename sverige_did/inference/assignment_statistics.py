"""The studentised effect under every assignment, as numbers that serve all hypothesised effects at once.

For the assignment r and u = tau_hat - tau0 the effect in play is a_r + b_r u and its squared standard error
q0_r + q1_r u + q2_r u^2 (inversion.py). Three routes to the same numbers: sums over subsets for two plain means; for
weights and strata, changes that move to places whose treatment and weight stay; and a regression on covariates,
refitted every time.

With covariates it is treatment and weight that change places. A district keeps its covariates and its residual from
them, which is what Freedman and Lane (1983) reassign; as the covariates do not move, the reference set is that of the
moves, it can be listed, and the test is exact under the same exchangeability as without covariates (Zhao & Ding 2021,
JoE 225:278).

Where the treated were drawn by lot from sets that somebody wrote down, those sets are the reference and the treatment
itself moves over them: exact by the draw, whatever the districts are like. With covariates a set stands as the move of
changes that it makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sverige_did.inference.arm_variances import ArmDesign, arm_design
from sverige_did.inference.assignments import Moves, Places, moves_of, reference_moves, reference_sums, smallest_p
from sverige_did.inference.districts import Bools, Districts, Floats

_CELLS = 400_000
"""Numbers of moved changes that are looked at together."""

_SLOPES = [1, 3, 4]
"""Where b, q1 and q2 stand among the numbers."""

type Route = Callable[[Places], Floats]


class Reference(NamedTuple):
    """``numbers`` (5, n): a, b, q0, q1, q2 of every reference assignment; ``smallest_p`` and ``enumerated`` of them."""

    numbers: Floats
    smallest_p: float
    enumerated: bool


def statistics(
    sample: Districts, e: Floats, *, draws: int, rng: np.random.Generator, limit: int, slopes: bool = True
) -> Reference:
    """The numbers of every reference assignment of districts that are all compared.

    ``e`` (G,) are the residuals of the full regression, in any unit; without ``slopes`` those under the hypothesis
    that is tested, and b, q1 and q2 are 0.
    """
    d = sample.treated.astype(float) if slopes else np.zeros(e.size)
    if sample.lottery is not None and not sample.covariates.shape[1]:
        return Reference(_drawn(sample, e, d, sample.lottery), 1 / len(sample.lottery), True)
    if sample.plain:
        features = np.column_stack([e, e**2, d, e * d])
        sums, listed = reference_sums(features, sample.treated, sample.strata, draws=draws, rng=rng, limit=limit)
        numbers = _two_means(sums.T, features.sum(axis=0)[:, None], int(sample.treated.sum()), e.size)
        return Reference(numbers, smallest_p(sample.treated, sample.strata) if listed else 1 / len(sums), listed)
    moves = _moves(sample, draws=draws, rng=rng, limit=limit)
    route = _refitted(sample, e) if sample.covariates.shape[1] else _moved(sample, e, d)
    blocks = np.array_split(moves.rows, -(-moves.rows.size // _CELLS))
    numbers = np.concatenate([route(block) for block in blocks], axis=1)
    if not slopes:
        numbers[_SLOPES] = 0.0
    return Reference(numbers, moves.smallest_p, moves.enumerated)


def _moves(sample: Districts, *, draws: int, rng: np.random.Generator, limit: int) -> Moves:
    if sample.lottery is not None:
        rows = moves_of(sample.lottery, sample.treated, sample.strata)
        return Moves(rows, 1 / len(rows), True)
    return reference_moves(sample.treated, sample.weights, sample.strata, draws=draws, rng=rng, limit=limit)


def standard_error_squared(sample: Districts, e: Floats) -> float:
    """The squared standard error for the districts that were treated, where ``e`` (G,) are the residuals."""
    route = _refitted(sample, e) if sample.covariates.shape[1] else _moved(sample, e, np.zeros(e.size))
    return float(route(np.arange(e.size)[None, :])[2, 0])


def _two_means(treated: Floats, total: Floats, n_treated: int, n: int) -> Floats:
    """The difference of two means with Welch's variance, from sums of e, e^2, D and e D."""
    found = np.zeros((5, treated.shape[1]))
    for s, size, sign in ((treated, n_treated, 1), (total - treated, n - n_treated, -1)):
        pairs = max(size * (size - 1), 1)
        found[0] += sign * s[0] / size
        found[1] += sign * s[2] / size
        found[2] += (s[1] - s[0] ** 2 / size) / pairs
        found[3] += 2 * (s[3] - s[0] * s[2] / size) / pairs
        found[4] += (s[2] - s[2] ** 2 / size) / pairs
    return found


def _moved(sample: Districts, e: Floats, d: Floats) -> Route:
    """The weighted difference within strata with its variance by arm (arm_variances.py).

    The hypothesised effect is taken out of those that ``d`` (G,) marks, so that D moves with the change that it belongs
    to; of nobody where only its absence is asked about.
    """
    if min(sample.treated.sum(), (~sample.treated).sum()) < 2:
        return _bare(sample, e, d)
    design = arm_design(sample)
    if not d.any() and design.plain.shape[0] == 1:
        return _sums(design, e)

    def numbers(moves: Places) -> Floats:
        # Taken as columns, as the variances read them: turned round afterwards they would be copied, ten times slower.
        v = np.take(e, moves.T).T
        if not d.any():
            none = np.zeros(len(moves))
            return np.stack([v @ design.shares, none, design.variance(v), none, none])
        w = np.take(d, moves.T).T
        q0, q1, q2 = design.variance(v), design.variance(v, w), design.variance(w)
        return np.stack([v @ design.shares, w @ design.shares, q0, 2 * q1, q2])

    return numbers


def _sums(design: ArmDesign, e: Floats) -> Route:
    """The same without strata, where only the absence of an effect is asked about: from sums over the measured."""
    measured, e = design.measured.astype(float), e - e.mean()
    k, m, total, square = measured.sum(), (~design.measured).sum(), e.sum(), float(e @ e)

    def numbers(moves: Places) -> Floats:
        v = e[moves]
        first, second = v @ measured, v**2 @ measured
        own = np.maximum(second - first**2 / k, 0)
        others = np.maximum(square - second - (total - first) ** 2 / m, 0)
        none = np.zeros(len(moves))
        return np.stack([v @ design.shares, none, design.factors[0] * own + design.factors[1] * others, none, none])

    return numbers


def _drawn(sample: Districts, e: Floats, d: Floats, lottery: Bools) -> Floats:
    """The numbers of every set of a lottery: the treatment moves, and a district keeps its weight and its change."""
    treated = int(sample.treated.sum())
    if sample.plain and min(treated, e.size - treated) > 1:
        features = np.column_stack([e, e**2, d, e * d])
        return _two_means(np.asarray(lottery @ features, dtype=float).T, features.sum(axis=0)[:, None], treated, e.size)
    here = np.arange(e.size)[None, :]
    return np.concatenate([_of_set(replace(sample, treated=one, lottery=None), e, d, here) for one in lottery], axis=1)


def _of_set(sample: Districts, e: Floats, d: Floats, here: Places) -> Floats:
    """The numbers (5, 1) of one set, where those that ``d`` marks were treated."""
    return _moved(sample, e, d)(here)


def _bare(sample: Districts, e: Floats, d: Floats) -> Route:
    """Where an arm of one district has no variance: that of all districts taken to vary alike."""
    shares = sample.shares
    spread = float(e @ e) / max(e.size - sample.design.shape[1], 1) * float(shares @ shares)

    def numbers(moves: Places) -> Floats:
        none = np.zeros(len(moves))
        return np.stack([e[moves] @ shares, d[moves] @ shares, none + spread, none, none])

    return numbers


def _refitted(sample: Districts, e: Floats) -> Route:
    """The coefficient of each assignment beside intercept, strata and covariates, with its CR2 variance.

    With X the latter, W the moved weights, H = X (X'WX)^-1 X'W and d~ = (I - H) d of an assignment, the coefficient of
    y is the sum of share y, share = W d~ / d~'W d~; the hat matrix of the whole regression is H + d~ share'. An
    assignment that is a combination of the covariates has no coefficient: it counts as a hit, so that it can only
    make the test more careful.
    """
    x = np.column_stack([np.ones(e.size), sample.controlled])
    products = (x[:, :, None] * x[:, None, :]).reshape(e.size, -1)
    treated, balanced = sample.treated.astype(float), sample.balanced

    def numbers(moves: Places) -> Floats:
        places = np.argsort(moves, axis=1)
        d, w = treated[places], balanced[places]
        square = (-1, x.shape[1], x.shape[1])
        inner = np.linalg.inv((w @ products).reshape(square))
        wide = inner @ (w**2 @ products).reshape(square) @ inner

        def fitted(values: Floats) -> Floats:
            return np.asarray(np.einsum("nij,nj->ni", inner, (w * values) @ x) @ x.T)

        d = d - fitted(d)
        left = (w * d**2).sum(axis=1, keepdims=True)
        share = np.divide(w * d, left, out=np.zeros_like(d), where=left > 1e-10 * w.mean())
        # Row norms of I - H - d~ share': what the residual of a district keeps of the variance.
        hat, both = (one.reshape(len(d), -1) @ products.T for one in (inner, wide))
        room = 1 - 2 * w * hat + both - 2 * d * share + 2 * d * fitted(share)
        room += d**2 * (share**2).sum(axis=1, keepdims=True)
        k = np.divide(share**2, room, out=np.zeros_like(d), where=room > 1e-10)
        a, b = share @ e, share @ treated
        r0, r1 = e - fitted(e) - d * a[:, None], treated - fitted(treated) - d * b[:, None]
        return np.stack([a, b, (k * r0**2).sum(1), 2 * (k * r0 * r1).sum(1), (k * r1**2).sum(1)])

    return numbers
