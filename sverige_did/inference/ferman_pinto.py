"""Ferman and Pinto (2019, REStat 101:452): few treated districts of unlike size.

A small district's change varies more. The variance of a change is modelled as A + B / M with M the size of the
district; residuals under no effect are put on one scale, resampled, and scaled back to the districts they land on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.errors import refuse
from sverige_did.inference.districts import Districts, Floats, Ints, comparable, finite
from sverige_did.inference.inversion import TIE, ZERO, Inverted, scan

DRAWS = 4_999
_FEWEST = 999
_NUMBERS = 2_000_000
"""Draws times districts: above 400 districts fewer are drawn, down to ``_FEWEST``."""


def ferman_pinto(
    sample: Districts,
    sizes: ArrayLike | None,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    draws: int = DRAWS,
) -> Inverted:
    """The bootstrap test of the difference of (weighted) means within strata; at every hypothesis the variances are
    modelled anew.

    ``sizes`` (G,): what the change of a district is a mean of, the harmonic mean of its sizes before and after; without
    them all districts are taken to vary alike.

    Raises RefusedError: ``inference_lengths``, ``inference_not_finite``, ``inference_weights`` for a size that is not
    positive, ``no_variation_within``.
    """
    groups = sample.change.size
    m = np.ones(groups) if sizes is None else finite(sizes, "sizes", groups)
    if np.any(m <= 0):
        raise refuse("inference_weights", found=f"{m.min():g}", expected="> 0")
    kept = comparable(sample.treated, sample.strata)
    sample, m = sample.compared(), m[kept]
    groups, contrast = sample.change.size, sample.shares
    estimate = float(contrast @ sample.change)
    spread = float(np.std(sample.change - estimate * sample.treated))
    if spread <= 1e-12 * np.abs(sample.change).max():
        raise refuse("no_variation_within")
    chosen = rng.integers(0, groups, size=(min(draws, max(_FEWEST, _NUMBERS // groups)), groups), dtype=np.intp)
    draws = len(chosen)

    def errors(z: Floats, root: Floats | float) -> Floats:
        return np.asarray((z - z.mean())[chosen] @ (contrast * root))

    unit = 2 * spread * float(np.sqrt((contrast**2).sum()))
    change, treated = (within(one, sample.strata) for one in (sample.change, sample.treated.astype(float)))
    alike = np.ptp(m) <= 1e-12 * m.max()
    fixed = (errors(change, 1.0), errors(treated, 1.0)) if alike else None

    def p_value(tau0: float) -> float:
        if fixed is not None:
            resampled = fixed[0] - tau0 * fixed[1]
        else:
            w = change - tau0 * treated
            root = np.sqrt(modelled_variances(w, m))
            resampled = errors(w / root, root)
        hits = np.abs(resampled) >= abs(estimate - tau0) * (1 - TIE) - ZERO * unit
        return float((1 + hits.sum()) / (1 + draws))

    return Inverted(estimate, p_value(0.0), scan(p_value, centre=estimate, unit=unit, alpha=alpha, points=61))


def within(values: Floats, strata: Ints) -> Floats:
    """``values`` (G, ...) less their mean in the stratum."""
    members = (strata == np.unique(strata)[:, None]).astype(float)
    return np.asarray(values - ((members / members.sum(axis=1, keepdims=True)) @ values)[strata])


def modelled_variances(residual: Floats, sizes: Floats) -> Floats:
    """A + B / M fitted to the squares of ``residual`` (G, ...), with A and B not negative, and positive everywhere.

    A constraint that binds leaves the other term alone; sizes that are all the same leave the mean square.
    """
    squares = residual**2
    inverse = (1 / sizes).reshape(-1, *[1] * (squares.ndim - 1))
    centred = inverse - inverse.mean(axis=0)
    flat = np.broadcast_to(squares.mean(axis=0), squares.shape)
    if np.abs(centred).max() <= 1e-12 * inverse.max():
        return np.array(flat)
    slope = (centred * squares).sum(axis=0) / (centred**2).sum(axis=0)
    intercept = squares.mean(axis=0) - slope * inverse.mean(axis=0)
    through_zero = inverse * (inverse * squares).sum(axis=0) / (inverse**2).sum(axis=0)
    fitted = np.where(slope < 0, flat, np.where(intercept < 0, through_zero, intercept + slope * inverse))
    return np.asarray(fitted)
