"""What hidden numbers leave open: an estimate carried to both ends of everything that disclosure control withheld.

The estimators of this folder on equally weighted districts are linear in the outcomes, tau = sum v_dt Y_dt. So tau is
smallest where each hidden number stands at the end that the sign of its v_dt asks for: bounds that are exact, and
that no cell had to be dropped for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.did.arrays import DistrictPanel, FloatArray
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

LINEAR = 1e-8
"""How far, relatively, both ends together may miss the sum of single moves before an estimator is not linear."""


@dataclass(frozen=True, slots=True, eq=False)
class HiddenRange:
    """The smallest and greatest estimate that the hidden numbers allow, in the unit of the outcome.

    ``at_lower`` and ``at_upper`` are the panels that attain them; ``hidden`` counts the numbers that were moved.
    """

    lower: float
    upper: float
    at_lower: DistrictPanel
    at_upper: DistrictPanel
    hidden: int


def hidden_range(estimator: Callable[[DistrictPanel], float], low: DistrictPanel, high: DistrictPanel) -> HiddenRange:
    """Bounds of a linear ``estimator`` between two panels that differ in their hidden numbers only.

    ``low`` and ``high`` hold the same rows, with every hidden number at its smallest and at its largest. One evaluation
    a hidden number finds its sign.

    Raises RefusedError: ``did_lengths`` when the rows differ, ``did_not_linear`` when the estimator is not linear.
    """
    if low.labels != high.labels or not (_same(low.unit, high.unit) and _same(low.time, high.time)):
        raise refuse("did_lengths", found=f"{low.y.size}, {high.y.size}")
    hidden = np.flatnonzero(low.y != high.y)
    base = estimator(low)
    steps = np.array([estimator(_raised(low, high, hidden[[k]])) - base for k in range(hidden.size)])
    down, up = (_raised(low, high, hidden[steps * sign > 0]) for sign in (-1, 1))
    lower, upper = estimator(down), estimator(up)
    expected = np.array([base + steps[steps < 0].sum(), base + steps[steps > 0].sum()])
    if not np.allclose([lower, upper], expected, rtol=LINEAR, atol=LINEAR * (np.abs(steps).sum() + abs(base))):
        raise refuse("did_not_linear", found=f"{lower:g}, {upper:g}", expected=f"{expected[0]:g}, {expected[1]:g}")
    return HiddenRange(lower, upper, down, up, hidden.size)


def _same(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.array_equal(left, right))


def _raised(low: DistrictPanel, high: DistrictPanel, rows: np.ndarray) -> DistrictPanel:
    """The low panel with the numbers of ``rows`` at their high end."""
    y: FloatArray = low.y.copy()
    y[rows] = high.y[rows]
    return replace(low, y=y)
