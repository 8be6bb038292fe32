"""What a contrast can be when its ingredients are known only up to rounding: extremes over a box, no distribution.

Person-years need not be whole, so the shares and changes are taken as they were printed, each free in its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sverige_did.errors import refuse
from sverige_did.results.published import Reported
from sverige_did.sources.published.facts import limits

Values = NDArray[np.float64]
Box = Mapping[str, tuple[float, float]]


def interval_of(expression: Callable[..., Values], box: Box) -> tuple[float, float]:
    """The smallest and largest value of an expression of the named quantities, each free within its limits.

    Exact for an expression that is monotone in each quantity while the others stand still, as sums, products and
    ratios of positive numbers are: its extremes then lie in corners of the box, and all corners are visited.
    Raises RefusedError when the limits of a quantity are reversed.
    """
    for name, (low, high) in box.items():
        if low > high:
            raise refuse("limits_reversed", found=f"{name}: {low:g} - {high:g}")
    corners = np.array(list(product(*box.values())), dtype=float)
    value = expression(**dict(zip(box, corners.T, strict=True)))
    return float(np.min(value)), float(np.max(value))


def share_change_did(share_before: Values, share_after: Values, control_change: Values) -> Values:
    """The treated group's change of a share less the control group's, in percentage points."""
    return share_after - share_before - control_change


def share_ratio(share_before: Values, share_after: Values) -> Values:
    """The treated group's share after over before."""
    return share_after / share_before


def share_ratio_did(
    share_before: Values, share_after: Values, control_before: Values, control_change: Values
) -> Values:
    """The ratio of the two groups' ratios of a share, after over before."""
    return share_ratio(share_before, share_after) / ((control_before + control_change) / control_before)


def per_resident_ratio_did(
    share_before: Values,
    share_after: Values,
    placed_change: Values,
    control_before: Values,
    control_change: Values,
    control_placed_change: Values,
) -> Values:
    """The ratio of ratios per resident: that of the share among the placed times that of the placed.

    Shares are in per cent, ``*placed_change`` the relative change of the number placed in per cent. The number of
    residents in either group is taken to stay the same.
    """
    placed = (1 + placed_change / 100) / (1 + control_placed_change / 100)
    return share_ratio_did(share_before, share_after, control_before, control_change) * placed


def institution_box(
    facts: Iterable[Reported], *, unchanged_pp: float, control_before: tuple[float, float]
) -> dict[str, tuple[float, float]]:
    """The limits of everything the institution share's contrasts need, shares in per cent.

    ``unchanged_pp`` is how far "practically unchanged" reaches and ``control_before`` the control group's lost level:
    both are assumptions of the plan.
    """
    figures = {fact.fact_id: fact for fact in facts}
    printed = {
        "share_before": "F079",
        "share_after": "F080",
        "placed_change": "F077",
        "control_placed_change": "F078",
    }
    missing = sorted(set(printed.values()) - set(figures))
    if missing:
        raise refuse("figures_missing", expected=", ".join(missing))
    box = {name: limits(figures[fact_id]) for name, fact_id in printed.items()}
    return box | {"control_before": control_before, "control_change": (-unchanged_pp, unchanged_pp)}
