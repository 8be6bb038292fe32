"""Small numbers of children: which numbers may not leave, and which more must stay so that nobody can work them out.

Rule of the threshold t: a number of 1 to t - 1 children is hidden. A number of 0 is shown, for it is about nobody;
but a part that is the whole is hidden, for then something is known about everybody.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOLERANCE = 1e-9


def fewest_children(years: float, length: float) -> int:
    """The smallest number of children who can have ``years`` person-years in a period of ``length`` years."""
    return math.ceil(years / length - TOLERANCE)


def is_small(count: float, threshold: float) -> bool:
    """Whether a number of children is one of those that are hidden."""
    return 0 < count < threshold


def hidden_parts(parts: ArrayLike, rest: ArrayLike, threshold: int) -> NDArray[np.bool_]:
    """Which parts of a printed total must be hidden, shape (K,).

    ``parts`` (K,) are numbers of children, ``rest`` (K,) how many of the total are not in each part. First those
    that are small themselves or whose rest is; then, smallest first, as many more as it takes for the hidden ones
    together to hold at least ``threshold`` - 1 children more than there are hidden parts. Then the total and the shown
    parts leave every hidden number at least ``threshold`` possible values, also to somebody who knows that none of them
    is 0. With everything hidden nothing more can be done here: the total itself is then small, or the only part.
    """
    counts, others = np.asarray(parts, dtype=np.float64), np.asarray(rest, dtype=np.float64)
    hidden = ((counts > 0) & (counts < threshold)) | ((counts > 0) & (others < threshold))
    while (
        hidden.any() and not hidden.all() and (hidden.sum() < 2 or counts[hidden].sum() - hidden.sum() + 1 < threshold)
    ):
        shown = np.flatnonzero(~hidden)
        hidden[shown[np.argmin(counts[shown])]] = True
    return hidden
