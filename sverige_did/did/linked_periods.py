"""The period effects of a two-way fit, as sure where districts weigh a millionth of others as where all weigh alike.

With the districts profiled out, the normal equations in the periods are those of a network: every district ties the
periods that it has to each other, the more it weighs the more tightly. Periods are taken out of it one at a time, and
what they tied is tied directly (star to mesh). Ties are only ever added and never subtracted, so no digit of a light
district is lost beside a heavy one (Grassmann, Taksar & Heyman 1985 do the same with Markov chains).
"""

from __future__ import annotations

import numpy as np

from sverige_did.did.arrays import FloatArray
from sverige_did.errors import refuse


def period_effects(y: FloatArray, weight: FloatArray) -> FloatArray:
    """(T,) lambda that minimises sum weight (y - alpha - lambda)^2 over cells (U, T), 0 in the first period.

    Cells without weight are left out, whatever stands in ``y``. Raises RefusedError as :func:`period_loads`.
    """
    total = weight.sum(axis=1, keepdims=True)
    known = np.where(weight > 0, y, 0.0)
    mean = (weight * known).sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    return period_loads(weight * (known - mean), weight)


def period_loads(value: FloatArray, weight: FloatArray) -> FloatArray:
    """(T,) the x, 0 in the first period, that solves the normal equations of the periods,

        sum over u of weight_ut (x_t - xbar_u) = sum over u of (value_ut - share_ut sum over s of value_us)

    for cells (U, T), with shares and means over a district's periods by its weights.

    Raises RefusedError ``did_not_identified`` where the cells with weight do not link all periods.
    """
    total = weight.sum(axis=1, keepdims=True)
    share = weight / np.where(total > 0, total, 1.0)
    tie = weight.T @ share
    pull = value.T @ share
    pull -= pull.T
    size = len(tie)
    parts: FloatArray = np.zeros((size, size))
    own: FloatArray = np.zeros(size)
    for k in range(size - 1, 0, -1):
        tied = tie[k, :k].sum()
        if not tied > 0:
            raise refuse("did_not_identified", found="alpha, lambda")
        parts[k, :k], own[k] = tie[k, :k] / tied, pull[k, :k].sum() / tied
        moved = np.outer(pull[:k, k], parts[k, :k])
        pull[:k, :k] += moved - moved.T
        tie[:k, :k] += np.outer(parts[k, :k], tie[k, :k])
    found: FloatArray = np.zeros(size)
    for k in range(1, size):
        found[k] = own[k] + parts[k, :k] @ found[:k]
    return found
