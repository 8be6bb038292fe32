"""From the cells of the panel to the arrays of an estimator: one outcome, one row a district and period.

A hidden number is read at one end of what it can be; that no end is better than the other is said by ``hidden.py``,
which carries an estimate to both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.window import Window
from sverige_did.errors import refuse
from sverige_did.periods import period_number
from sverige_did.windows import Partial, own_windows, windows_of_cells

if TYPE_CHECKING:
    from sverige_did.study.study import Periods

End = Literal["low", "high"]
"""Which end of the interval of a hidden number is read."""


def district_panel(
    cells: pd.DataFrame,
    *,
    partial: Partial,
    end: End | None = None,
    per: float = 1.0,
    weights: pd.Series[float] | None = None,
) -> DistrictPanel:
    """The arrays of one outcome in one reading (:meth:`sverige_did.panel.Panel.outcome`).

    Counts become events with their denominator as exposure, in units of ``per`` (1,000 residents, say); means and
    amounts, which have no exposure, stay as they are. A stock is under treatment from go-live on, a flow if its whole
    period is. ``weights`` by unit are frozen before go-live. Cells that were never published (``missing``) are left
    out and named.

    Raises RefusedError: ``did_hidden_cells`` when some cells are hidden and ``end`` does not say how to read them,
    and those of :func:`~sverige_did.did.arrays.panel_from_rows`.
    """
    uncertain = cells["status"].isin(["hidden", "interval"])
    if end is None and uncertain.any():
        raise refuse("did_hidden_cells", found=str(int(uncertain.sum())))
    y = cells["value"].mask(uncertain, cells[end]) if end else cells["value"]
    counts = ~cells["kind"].isin(["mean", "money", "share"]).any() and cells["denominator"].notna().any()
    dated = own_windows(cells)
    lost = (cells["status"] == "missing").to_numpy() | (dated.left_out if partial == "donut" else False)
    if counts:
        lost |= cells["denominator"].isna().to_numpy()
    return panel_from_rows(
        unit=cells["unit"].to_numpy(),
        period=cells["period"].map(period_number).to_numpy(),
        y=np.where(lost, np.nan, y),
        treated=~dated.before,
        treated_from=_first_treated_period(cells),
        exposure=(cells["denominator"] / per).to_numpy() if counts else None,
        weights=None if weights is None else cells["unit"].map(weights).to_numpy(),
    )


def _first_treated_period(cells: pd.DataFrame) -> NDArray[np.float64]:
    """(N,) the first period of the cells that is treated in the row's district, as a number; nan for never.

    Its day is known, so the district itself need not be seen in that period, nor in the one before.
    """
    periods = cells.drop_duplicates("period").sort_values("end")
    numbers = np.append(periods["period"].map(period_number).to_numpy(dtype=float), np.nan)
    begun = cells["treated_from"].to_numpy(dtype="datetime64[us]")
    first = np.searchsorted(periods["end"].to_numpy(dtype="datetime64[us]"), begun)
    first[np.isnat(begun)] = len(periods)
    return np.asarray(numbers[first])


def study_window(cells: pd.DataFrame, when: Periods) -> Window:
    """The periods before and after of these cells, as numbers; what lies in neither is left out."""
    found = windows_of_cells(cells, when)
    sides = (cells["period"][side].unique() for side in (found.before, found.after))
    return Window(*(tuple(sorted(map(period_number, side))) for side in sides))
