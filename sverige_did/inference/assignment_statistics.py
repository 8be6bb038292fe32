"""The studentised effect under every assignment, as numbers that serve all hypothesised effects at once.

For the assignment r and u = tau_hat - tau0 the effect in play is a_r + b_r u and its squared standard error
q0_r + q1_r u + q2_r u^2 (inversion.py). Three routes to the same numbers: sums over subsets for two plain means, two
weighted means, and a regression on covariates, which is refitted to every assignment.

With covariates it is the treatment that changes places. A district keeps its covariates and its residual from them,
which is what Freedman and Lane (1983) reassign; as the covariates do not move, the reference set is that of the
assignments, it can be listed, and the test is exact under the same exchangeability as without covariates (Zhao & Ding
2021, JoE 225:278).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sverige_did.inference.assignments import reference_assignments, reference_sums
from sverige_did.inference.districts import Bools, Districts, Floats

_BLOCK = 20_000


def statistics(
    sample: Districts, e: Floats, *, draws: int, rng: np.random.Generator, limit: int
) -> tuple[Floats, bool]:
    """a, b, q0, q1, q2 (5, n) of every reference assignment, and whether all were listed.

    ``e`` (G,) are the residuals of the full regression, in any unit.
    """
    if sample.plain:
        d = sample.treated.astype(float)
        features = np.column_stack([e, e**2, d, e * d])
        sums, listed = reference_sums(features, sample.treated, sample.strata, draws=draws, rng=rng, limit=limit)
        return _two_means(sums.T, features.sum(axis=0)[:, None], int(d.sum()), e.size), listed
    rows, enumerated = reference_assignments(sample.treated, sample.strata, draws=draws, rng=rng, limit=limit)
    blocks = np.array_split(rows, -(-len(rows) // _BLOCK))
    return np.concatenate([_route(sample)(block, e, sample) for block in blocks], axis=1), enumerated


def standard_error_squared(sample: Districts, e: Floats) -> float:
    """The squared CR2 standard error for the districts that were treated, where ``e`` (G,) are the residuals."""
    return float(_route(sample)(sample.treated[None, :], e, sample)[2, 0])


def _route(sample: Districts) -> Callable[[Bools, Floats, Districts], Floats]:
    return _with_covariates if sample.covariates.shape[1] else _weighted_means


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


def _weighted_means(assignments: Bools, e: Floats, sample: Districts) -> Floats:
    """The difference of two weighted means with its CR2 variance.

    A district with the share h of the weight of its arm is adjusted by 1 / (1 - 2h + sum h^2), which makes the
    variance unbiased when all districts vary alike.
    """
    found = np.zeros((5, len(assignments)))
    for members, sign in ((assignments, 1), (~assignments, -1)):
        h = members * sample.weights
        h /= h.sum(axis=1, keepdims=True)
        squares = h**2
        room = 1 - 2 * h + squares.sum(axis=1, keepdims=True)
        k = np.divide(squares, room, out=np.zeros_like(h), where=room > 1e-10)
        mean_e, mean_d = h @ e, h @ sample.treated
        r0, r1 = e - mean_e[:, None], sample.treated - mean_d[:, None]
        found += [sign * mean_e, sign * mean_d, (k * r0**2).sum(1), 2 * (k * r0 * r1).sum(1), (k * r1**2).sum(1)]
    return found


def _with_covariates(assignments: Bools, e: Floats, sample: Districts) -> Floats:
    """The coefficient of each assignment beside intercept and covariates, with its CR2 variance.

    With X the intercept and the covariates, H = X (X'WX)^-1 X'W and d~ = (I - H) d of an assignment, the coefficient
    of y is the sum of share y, share = W d~ / d~'W d~; the hat matrix of the whole regression is H + d~ share'. An
    assignment that is a combination of the covariates has no coefficient: it counts as a hit, so that it can only
    make the test more careful.
    """
    w, x = sample.weights, np.delete(sample.design, 1, axis=1)
    hat = x @ np.linalg.solve(x.T @ (x * w[:, None]), (x * w[:, None]).T)
    treated = sample.treated.astype(float)
    d = assignments - assignments @ hat.T
    left = (w * d**2).sum(axis=1, keepdims=True)
    share = np.divide(w * d, left, out=np.zeros_like(d), where=left > 1e-10 * w.mean())
    # Row norms of I - H - d~ share': what the residual of a district keeps of the variance.
    room = (1 - 2 * np.diag(hat) + (hat**2).sum(axis=1)) - 2 * d * share + 2 * d * (share @ hat.T)
    room += d**2 * (share**2).sum(axis=1, keepdims=True)
    k = np.divide(share**2, room, out=np.zeros_like(d), where=room > 1e-10)
    a, b = share @ e, share @ treated
    r0, r1 = e - hat @ e - d * a[:, None], treated - hat @ treated - d * b[:, None]
    return np.stack([a, b, (k * r0**2).sum(1), 2 * (k * r0 * r1).sum(1), (k * r1**2).sum(1)])
