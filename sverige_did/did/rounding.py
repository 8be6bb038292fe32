"""What is left of numbers that should cancel: no smaller than the digits of the levels, and no finding.

Districts without any swing leave 1e-15 of an effect and of its standard error, and the ratio of the two is anything.
"""

from __future__ import annotations

import numpy as np

from sverige_did.did.arrays import FloatArray

RELATIVE = 1e-12
"""Of the largest level: what is smaller than this is its rounding."""


def noise(levels: FloatArray) -> float:
    """The size, in the unit of the ``levels`` (any shape, nan where there is none), below which all is rounding."""
    seen = levels[np.isfinite(levels)]
    return RELATIVE * float(np.abs(seen).max(initial=0.0))


def cleared(values: FloatArray, least: float) -> FloatArray:
    """The values with 0 where they are no larger than ``least``; nan stays."""
    return np.where(np.abs(values) <= least, 0.0, values)


def columns_cleared(influence: FloatArray, least: float) -> FloatArray:
    """Influences (C, m) with the columns 0 whose standard error is no larger than ``least``; nan stays."""
    return influence * ~(np.sqrt(np.square(influence).sum(axis=0)) <= least)
