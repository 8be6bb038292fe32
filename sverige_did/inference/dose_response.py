"""A slope of districts' changes on their changes in dose, by permutation of the doses.

With weights w, and x and y less their weighted means within each arm, slope = sum w x y / sum w x^2. The doses change
places among the districts of an arm while changes and weights stay, and |sum w x y| / (sum w x^2)^(1/2) is compared,
which does not grow with how much a permuted dose happens to vary. The p-value is exact if, were the dose without any
bearing, each district of an arm could as well have had another's. Nobody drew lots for doses: it is a description.
"""

from __future__ import annotations

from itertools import permutations, product
from math import factorial, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse

Floats = NDArray[np.float64]

MOST = 10_000
"""Permutations: enumerated up to so many, else sampled."""

FEWEST = 5
"""Districts: with four in one arm there are 24 permutations, and none can be rarer than 1 in 24."""


class DoseSlope(NamedTuple):
    """The slope, its two-sided p-value, and whether every permutation was gone through."""

    slope: float
    p: float
    enumerated: bool


def dose_slope(
    change: ArrayLike, dose: ArrayLike, weights: ArrayLike, arm: ArrayLike, *, rng: np.random.Generator
) -> DoseSlope:
    """The slope of ``change`` on ``dose``, all (G,); ``arm`` (G,) are the districts that may change places, by number.

    Raises RefusedError: ``dose_few`` (fewer than :data:`FEWEST` districts) and ``dose_constant`` (no dose differs from
    another of its arm).

    >>> import numpy as np
    >>> found = dose_slope([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], np.ones(5), np.zeros(5, int), rng=np.random.default_rng(1))
    >>> round(found.slope, 6), round(found.p, 4), found.enumerated
    (1.0, 0.0167, True)
    """
    y, x, w = (np.asarray(one, dtype=float) for one in (change, dose, weights))
    _, code = np.unique(np.asarray(arm), return_inverse=True)
    if len(y) < FEWEST:
        raise refuse("dose_few", found=str(len(y)), expected=f">= {FEWEST}")
    centred = _centred(y, w, code)
    spread = _centred(x, w, code)
    size = float((w * spread**2).sum())
    if size <= 1e-12 * float((w * x**2).sum()):
        raise refuse("dose_constant")
    places = [np.flatnonzero(code == one) for one in range(code.max() + 1)]
    enumerated = prod(factorial(len(one)) for one in places) <= MOST
    orders = _all(places) if enumerated else _some(places, rng)
    permuted = _centred(x[orders], w, code)
    statistic = np.abs((w * permuted * centred).sum(axis=1)) / np.sqrt((w * permuted**2).sum(axis=1))
    observed = abs(float((w * spread * centred).sum())) / size**0.5
    hits = int((statistic >= observed * (1 - 1e-12)).sum())
    p = hits / len(orders) if enumerated else (1 + hits) / (1 + len(orders))
    return DoseSlope(float((w * spread * centred).sum()) / size, p, enumerated)


def slope_factors(dose: ArrayLike, weights: ArrayLike, arm: ArrayLike) -> Floats:
    """(G,) what each district's change is multiplied by in the slope, which is their sum."""
    x, w = (np.asarray(one, dtype=float) for one in (dose, weights))
    spread = _centred(x, w, np.unique(np.asarray(arm), return_inverse=True)[1])
    return np.asarray(w * spread / (w * spread**2).sum())


def _centred(values: Floats, weights: Floats, code: NDArray[np.int64]) -> Floats:
    """(..., G) less the weighted mean of each arm."""
    arms = (np.arange(code.max() + 1)[:, None] == code).astype(float) * weights
    means = values @ (arms / arms.sum(axis=1, keepdims=True)).T
    return np.asarray(values - means[..., code])


def _all(places: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Every order (P, G) in which the districts of each arm can stand."""
    found = np.empty((prod(factorial(len(one)) for one in places), sum(map(len, places))), dtype=np.int64)
    for row, chosen in enumerate(product(*(permutations(one) for one in places))):
        for place, order in zip(places, chosen, strict=True):
            found[row, place] = order
    return found


def _some(places: list[NDArray[np.int64]], rng: np.random.Generator) -> NDArray[np.int64]:
    """``MOST`` - 1 orders at random."""
    found = np.empty((MOST - 1, sum(map(len, places))), dtype=np.int64)
    for place in places:
        found[:, place] = rng.permuted(np.tile(place, (MOST - 1, 1)), axis=1)
    return found
