"""Levels of windows from the cells of a panel: pooled over a group, and by district on the log scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.did.collapse import Collapsed, Window, collapse
from sverige_did.errors import refuse

if TYPE_CHECKING:
    import pandas as pd

    from sverige_did.did.arrays import DistrictPanel, Weighting


def log_collapse(panel: DistrictPanel, window: Window, weighting: Weighting = "equal") -> Collapsed:
    """One change a district on the log scale: ln(mean level after) - ln(mean level before), as :func:`collapse` else.

    Raises RefusedError: as :func:`collapse`, and ``log_of_nothing`` when a district has a window without any event,
    for no number added to make the logarithm exist would be harmless.
    """
    plain = collapse(panel, window, weighting)
    table = panel.wide()[plain.unit]
    before, after = (np.nanmean(table[:, np.isin(panel.periods, side)], axis=1) for side in (window.pre, window.post))
    empty = int(((before <= 0) | (after <= 0)).sum())
    if empty:
        raise refuse("log_of_nothing", count=empty)
    return replace(plain, change=np.log(after / before))


def pooled_level(cells: pd.DataFrame, per: float) -> float:
    """The level of all cells together: sum of values by sum of denominators, in units of ``per``; without
    denominators, or for means, the (weighted) mean of the values. NaN where there is nothing to divide by.
    """
    value, exposure = cells["value"].to_numpy(), cells["denominator"].to_numpy()
    if not len(value):
        return float("nan")
    if np.isnan(exposure).all():
        return float(value.mean())
    if (cells["kind"] == "mean").all():
        value = value * exposure
    total = float(np.nansum(exposure))
    return per * float(value.sum()) / total if total > 0 else float("nan")
