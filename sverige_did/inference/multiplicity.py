"""Several outcomes at once: p-values that keep the chance of any false claim at the level.

Westfall and Young's (1993) step-down of the largest studentised statistic, from the same assignments for every
outcome, so that the dependence between outcomes is kept exactly; and Holm's (1979), which needs p-values only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.stats.multitest import multipletests

from sverige_did.did.scales import require
from sverige_did.inference.assignments import MAX_ENUMERATED, reference_sums
from sverige_did.inference.districts import Floats, districts, finite
from sverige_did.inference.inversion import TIE


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """For M outcomes in the order given: ``single`` (M,) p-values one at a time, ``adjusted`` (M,) for all together."""

    single: Floats
    adjusted: Floats
    enumerated: bool


def westfall_young(
    changes: ArrayLike,
    treated: ArrayLike,
    *,
    rng: np.random.Generator,
    strata: ArrayLike | None = None,
    draws: int = 99_999,
    limit: int = MAX_ENUMERATED,
) -> Adjusted:
    """Step-down max |t| over the columns of ``changes`` (G, M), each studentised by Welch's standard error.

    Raises RefusedError like :func:`districts`, for the first outcome that cannot be tested.
    """
    y = np.asarray(changes, dtype=float)
    samples = [districts(column, treated, strata=strata) for column in y.T]
    d, codes = samples[0].treated, samples[0].strata
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    features = np.hstack([y, y**2])
    found = reference_sums(features, d, codes, draws=draws, rng=rng, limit=limit)
    t = np.abs(_welch(found.sums, features.sum(axis=0), int(d.sum()), d.size))
    observed = np.abs(_welch(d @ features, features.sum(axis=0), int(d.sum()), d.size))
    return step_down(t, observed, enumerated=found.enumerated)


def step_down(statistics: ArrayLike, observed: ArrayLike, *, enumerated: bool) -> Adjusted:
    """Westfall and Young's algorithm 4.1 from the statistics of every assignment and every outcome.

    ``statistics`` (n, M), a row an assignment, the observed one among them; ``observed`` (M,). Only their size
    counts. Row r must be the same assignment for all outcomes: that is what keeps their dependence.
    """
    t = np.abs(np.asarray(statistics, dtype=float))
    reached = np.abs(np.asarray(observed, dtype=float)) * (1 - TIE)
    order = np.argsort(-reached)
    # An outcome competes with those whose statistic is not above its own, assignment by assignment.
    largest = np.maximum.accumulate(t[:, order[::-1]], axis=1)[:, ::-1]
    stepped = np.maximum.accumulate((largest >= reached[order]).mean(axis=0))
    adjusted = np.empty_like(stepped)
    adjusted[order] = stepped
    return Adjusted((t >= reached).mean(axis=0), adjusted, enumerated)


def _welch(treated: Floats, total: Floats, n_treated: int, n: int) -> Floats:
    """Welch's t (..., M) from sums of y and y^2 (..., 2M) over the treated districts of an assignment."""
    m = total.size // 2
    difference, variance = np.zeros_like(treated[..., :m]), np.zeros_like(treated[..., :m])
    for s, size, sign in ((treated, n_treated, 1), (total - treated, n - n_treated, -1)):
        difference += sign * s[..., :m] / size
        variance += np.maximum(s[..., m:] - s[..., :m] ** 2 / size, 0) / (size * (size - 1))
    infinite = np.copysign(np.full_like(difference, np.inf), difference)
    return np.divide(difference, np.sqrt(variance), out=infinite, where=variance > 1e-24)


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Holm's step-down adjusted p-values, in the order given.

    Raises RefusedError: ``inference_not_finite``, or ``out_of_range`` for a number that is no probability.
    """
    p = finite(p_values, "p", len(p_values))
    for value in p:
        require("p", value, 0, 1)
    return np.asarray(multipletests(p, method="holm")[1])
