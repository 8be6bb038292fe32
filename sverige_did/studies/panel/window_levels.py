"""Levels of windows from the cells of a panel: pooled over a group, and by district on the log and log-odds scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from sverige_did.did.collapse import Collapsed, collapsed
from sverige_did.did.missing_periods import filled
from sverige_did.errors import refuse

if TYPE_CHECKING:
    import pandas as pd

    from sverige_did.did.arrays import DistrictPanel, Weighting
    from sverige_did.did.window import Window

ROUNDING = 1e-9


def log_collapse(panel: DistrictPanel, window: Window, weighting: Weighting = "equal") -> Collapsed:
    """One change a district on the log scale: ln(level after) - ln(level before), as :func:`collapse` else.

    Raises RefusedError: as :func:`collapse`, and ``log_of_nothing`` when a district has a window without any event,
    for no number added to make the logarithm exist would be harmless.
    """
    whole = filled(panel, window, "log")
    before, after = whole.levels()
    empty = int(((before <= 0) | (after <= 0)).sum())
    if empty:
        raise refuse("log_of_nothing", count=empty)
    return collapsed(whole, np.log(after / before), weighting)


def log_odds_collapse(panel: DistrictPanel, window: Window, weighting: Weighting = "equal") -> Collapsed:
    """One change a district in log-odds of its share, where the levels of ``panel`` are shares from 0 to 1.

    Raises RefusedError: as :func:`collapse`, ``did_not_a_share`` for a level outside 0 to 1, and ``separation`` when a
    district has a window in which nothing or everything is an event: then :func:`firth_collapse` takes over.
    """
    if panel.level.min() < 0 or panel.level.max() > 1:
        raise refuse("did_not_a_share", found=f"{panel.level.min():g} – {panel.level.max():g}")
    whole = filled(panel, window, "logit")
    before, after = whole.levels()
    separated = (np.minimum(before, after) <= 0) | (np.maximum(before, after) >= 1)
    if separated.any():
        raise refuse("separation", found=str(int(separated.sum())))
    return collapsed(whole, logit(after) - logit(before), weighting)


def firth_collapse(panel: DistrictPanel, window: Window, weighting: Weighting = "equal") -> Collapsed:
    """One change a district in log-odds by Firth's (1993) penalised likelihood, which an empty window does not stop.

    A district's two windows are a saturated model of two cells, so the estimate is that of half an event and half a
    non-event more in each (firth.py). Counts are summed over the periods of a window, each by its weight there.

    Raises RefusedError: as :func:`collapse`, ``did_no_exposure`` without denominators, ``cells_above_total``.
    """
    if panel.exposure is None:
        raise refuse("did_no_exposure")
    above = float((panel.y - panel.exposure).max())
    if above > ROUNDING:
        raise refuse("cells_above_total", found=f"{above:g}", expected="<= 0")
    whole = filled(panel, window, "logit")
    panel = whole.panel
    events, others = (panel.wide(values) for values in (panel.y, np.asarray(panel.exposure) - panel.y))
    before, after = (
        np.log((events[:, side] @ whole.weight[side] + 0.5) / (others[:, side] @ whole.weight[side] + 0.5))
        for side in whole.window.sides(panel)
    )
    return collapsed(whole, after - before, weighting)


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
