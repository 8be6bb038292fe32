"""Several outcomes at once: p-values that keep the chance of any false claim at the level.

Westfall and Young's (1993) step-down of the largest studentised statistic, from the same assignments for every
outcome, so that the dependence between outcomes is kept exactly; and Holm's (1979), which needs p-values only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.did.scales import require
from sverige_did.inference.districts import Floats, finite
from sverige_did.inference.inversion import TIE, ZERO


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """For M outcomes in the order given: ``single`` (M,) p-values one at a time, ``adjusted`` (M,) for all together."""

    single: Floats
    adjusted: Floats


def step_down(statistics: ArrayLike, observed: ArrayLike) -> Adjusted:
    """Westfall and Young's algorithm 4.1 from the statistics of every assignment and every outcome.

    ``statistics`` (n, M), a row an assignment, the observed one among them; ``observed`` (M,). Only their size
    counts. Row r must be the same assignment for all outcomes: that is what keeps their dependence.
    """
    t = np.abs(np.asarray(statistics, dtype=float))
    reached = np.abs(np.asarray(observed, dtype=float)) * (1 - TIE)
    reached = np.where(reached <= ZERO * np.max(t, axis=0, initial=0.0, where=np.isfinite(t)), 0.0, reached)
    order = np.argsort(-reached)
    # An outcome competes with those whose statistic is not above its own, assignment by assignment.
    largest = np.maximum.accumulate(t[:, order[::-1]], axis=1)[:, ::-1]
    stepped = np.maximum.accumulate((largest >= reached[order]).mean(axis=0))
    adjusted = np.empty_like(stepped)
    adjusted[order] = stepped
    return Adjusted((t >= reached).mean(axis=0), adjusted)


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Holm's step-down adjusted p-values, in the order given.

    Raises RefusedError: ``inference_not_finite``, or ``out_of_range`` for a number that is no probability.
    """
    p = finite(p_values, "p", len(p_values))
    for value in p:
        require("p", value, 0, 1)
    # statsmodels' multipletests gives the same and collects the garbage of the whole process for it, .3 s a call.
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(np.maximum.accumulate(np.arange(p.size, 0, -1) * p[order]), 1.0)
    adjusted = np.empty_like(stepped)
    adjusted[order] = stepped
    return adjusted
