"""Conley and Taber (2011, REStat 93:113): what chance alone does to K districts, read off the controls.

The distribution of the estimate's error is that of the mean of K control residuals, over all K-tuples of controls. It
needs treated districts that vary like the controls; ferman_pinto.py is the version for districts of unlike size.
"""

from __future__ import annotations

from math import comb

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.assignments import MAX_ENUMERATED, draw_assignments, subset_sums
from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.inversion import TIE, Inverted, Region


def conley_taber(sample: Districts, *, rng: np.random.Generator, alpha: float = 0.05, draws: int = 99_999) -> Inverted:
    """The two-sided test, and the interval of the effects that it does not reject.

    Every district counts the same. All C(G - K, K) tuples are used; above a million, ``draws`` random ones. The
    observed error counts as one more, so that p is never zero.

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
    errors = _errors(residual, k, draws, rng)
    ranked = np.sort(np.abs(errors))[::-1]
    hits = int((ranked >= abs(estimate) - TIE * ranked[0]).sum())
    exceedances = int(np.floor(alpha * (1 + errors.size) + 1e-9))
    half = float(ranked[exceedances - 1]) if exceedances else np.inf
    p = (1 + hits) / (1 + errors.size)
    return Inverted(estimate, p, Region(((estimate - half, estimate + half),)))


def _errors(residual: Floats, k: int, draws: int, rng: np.random.Generator) -> Floats:
    """Means of K control residuals, over all tuples or over drawn ones."""
    if comb(residual.size, k) <= MAX_ENUMERATED:
        return np.asarray(subset_sums(residual[:, None], k)[:, 0] / k)
    chosen = draw_assignments(np.arange(residual.size) < k, np.zeros(residual.size, dtype=np.int64), draws, rng)[1:]
    return np.asarray(chosen @ residual / k)
