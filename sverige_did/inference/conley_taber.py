"""Conley and Taber (2011, REStat 93:113): what chance alone does to K districts, read off the controls.

The distribution of the estimate's error is that of the mean of K control residuals, over all K-tuples of controls. The
interval takes as much from either tail, as theirs does. It needs treated districts that vary like the controls;
ferman_pinto.py is the version for districts of unlike size.
"""

from __future__ import annotations

from math import comb

import numpy as np

from sverige_did.errors import refuse
from sverige_did.inference.assignments import MAX_ENUMERATED, draw_assignments, subset_sums, sums_over
from sverige_did.inference.districts import Districts, Floats
from sverige_did.inference.inversion import TIE, Inverted, Region

_FEWEST = 9_999
_NUMBERS = 20_000_000
"""Draws times controls: above 200 controls fewer tuples are drawn, down to ``_FEWEST``."""


def conley_taber(sample: Districts, *, rng: np.random.Generator, alpha: float = 0.05, draws: int = 99_999) -> Inverted:
    """The equal-tailed test, and the interval of the effects that it does not reject: p is twice the smaller tail.

    Every district counts the same; with strata the residuals are those within them. All C(G - K, K) tuples are used;
    above a million, ``draws`` random ones, fewer with many controls. The observed error counts as one more: p is never
    0, and where tuples are too few for p to fall to ``alpha`` the interval has no ends. The paper leaves that out,
    which matters where tuples are few: its 95 % interval from 41 controls is this one at 1 - 4 / 42, or 90.5 %.

    Raises RefusedError: ``conley_taber_controls`` with fewer controls than treated, ``no_variation_within`` when the
    controls all changed alike.
    """
    sample = sample.compared().unweighted()
    k, residual = int(sample.treated.sum()), control_residuals(sample.change, sample)
    if residual.size < k:
        raise refuse("conley_taber_controls", found=str(residual.size), expected=f">= {k}")
    if np.ptp(residual) <= 1e-12 * np.abs(sample.change).max():
        raise refuse("no_variation_within")
    estimate = float(sample.shares @ sample.change)
    listed = comb(residual.size, k) <= MAX_ENUMERATED
    errors = np.sort(_all_errors(residual, k) if listed else _drawn_errors(residual, k, draws, rng))
    slack = TIE * float(np.abs(errors).max())
    tails = (errors >= estimate - slack).sum(), (errors <= estimate + slack).sum()
    p = min(1.0, 2 * (1 + int(min(tails))) / (1 + errors.size))
    inside = int(np.floor(alpha / 2 * (1 + errors.size) - 1 + 1e-9)) + 1
    low, high = (errors[inside - 1], errors[-inside]) if inside else (-np.inf, np.inf)
    return Inverted(estimate, p, Region(((estimate - float(high), estimate - float(low)),)))


def control_residuals(change: Floats, sample: Districts) -> Floats:
    """The changes (G, ...) of the controls less their plain mean in the stratum (M, ...)."""
    codes = sample.strata[~sample.treated]
    members = (codes == np.unique(codes)[:, None]).astype(float)
    control = change[~sample.treated]
    means = members / members.sum(axis=1, keepdims=True) @ control
    return np.asarray(control - means[np.unique(codes, return_inverse=True)[1]])


def _all_errors(residual: Floats, k: int) -> Floats:
    """Means of all k-tuples of residuals."""
    return np.asarray(subset_sums(residual[:, None], k)[:, 0] / k)


def _drawn_errors(residual: Floats, k: int, draws: int, rng: np.random.Generator) -> Floats:
    """Means of k residuals that are drawn."""
    wanted = min(draws, max(_FEWEST, _NUMBERS // residual.size))
    none = np.zeros(residual.size, dtype=np.int64)
    chosen = draw_assignments(np.arange(residual.size) < k, none, wanted, rng)[1:]
    return np.asarray(sums_over(chosen, residual) / k)
