"""Conley and Taber (2011, REStat 93:113): what chance alone does to K districts, read off the controls.

The distribution of the estimate's error is that of the mean of K control residuals, over all K-tuples of controls. It
needs treated districts that vary like the controls; ferman_pinto.py is the version for districts of unlike size.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.assignments import MAX_ENUMERATED, draw_assignments, subset_sums
from sverige_did.inference.districts import Districts, Floats


@dataclass(frozen=True, slots=True)
class ConleyTaber:
    """Two-sided p-value of no effect, and the interval of effects that leave the error within its quantiles."""

    estimate: float
    p_value: float
    lower: float
    upper: float
    alpha: float
    errors: Floats


def conley_taber(
    sample: Districts, *, rng: np.random.Generator, alpha: float = 0.05, draws: int = 99_999
) -> ConleyTaber:
    """The test and its interval, effect = estimate - error, by the tail that holds more than ``alpha`` of |error|.

    Every district counts the same. All C(G - K, K) tuples are used; above a million, ``draws`` random ones.

    Raises RefusedError: ``conley_taber_controls`` with fewer controls than treated, ``no_variation_within`` when the
    controls all changed alike.
    """
    k = int(sample.treated.sum())
    control = sample.change[~sample.treated]
    if control.size < k:
        raise refuse("conley_taber_controls", found=str(control.size), expected=f">= {k}")
    residual = control - control.mean()
    if np.ptp(residual) <= 1e-12 * np.abs(sample.change).max():
        raise refuse("no_variation_within")
    estimate = float(sample.change[sample.treated].mean() - control.mean())
    errors, listed = _errors(residual, k, draws, rng)
    tie = 1e-9 * float(np.abs(errors).max())
    hits = int((np.abs(errors) >= abs(estimate) - tie).sum())
    n = errors.size + (not listed)
    ranked = np.sort(np.abs(errors))[::-1]
    half = float(ranked[min(max(int(np.floor(alpha * n + 1e-9)) - (not listed), 0), errors.size - 1)])
    return ConleyTaber(estimate, (hits + (not listed)) / n, estimate - half, estimate + half, alpha, errors)


def _errors(residual: Floats, k: int, draws: int, rng: np.random.Generator) -> tuple[Floats, bool]:
    """Means of K control residuals, and whether all tuples were listed."""
    if comb(residual.size, k) <= MAX_ENUMERATED:
        return subset_sums(residual[:, None], k)[:, 0] / k, True
    chosen = draw_assignments(np.arange(residual.size) < k, np.zeros(residual.size, dtype=np.int64), draws, rng)[1:]
    return chosen @ residual / k, False
