"""Spending by district and period, or by group and year, as a net benefit takes it: with what refuses a number."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.errors import refuse
from sverige_did.outcomes import CATALOGUE, economic
from sverige_did.panel import Panel
from sverige_did.study.study import PanelStudy
from sverige_did.windows import windows_of_cells

Floats = NDArray[np.float64]

IN_THOUSANDS = 0.005
"""Mio. kr. a placed child-year below which accounts must be in 1,000 kr.: no place costs 5,000 kr. a year."""


class Spent(NamedTuple):
    """Spending by district: ``value`` (D, T) mio. kr. in each period, ``length`` (T,) of them in years, with who is
    treated, the children who live there before (D,), which periods are before and after, and their first and last day.
    """

    value: Floats
    length: Floats
    treated: NDArray[np.bool_]
    children: Floats
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    start: list[date]
    end: list[date]

    def a_year(self, window: NDArray[np.bool_]) -> Floats:
        """(D,) mio. kr. a year in a window."""
        return np.asarray(self.value[:, window].sum(axis=1) / self.length[window].sum())

    def of_groups(self, levels: Floats) -> tuple[float, float]:
        """Sums over treated and over control districts."""
        return float(levels[self.treated].sum()), float(levels[~self.treated].sum())

    @property
    def pairs(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(before, after) of the treated and of the control group, mio. kr. a year."""
        (t0, c0), (t1, c1) = (self.of_groups(self.a_year(window)) for window in (self.before, self.after))
        return (t0, t1), (c0, c1)


def has(panel: Panel, part: str) -> bool:
    """Whether the panel holds this part of a net benefit (:func:`~sverige_did.outcomes.economic`)."""
    key = economic(part)
    return key is not None and not panel.outcome(key).empty


def _wide(cells: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each unit, a column for each period in the order of time."""
    order = cells.drop_duplicates("period").sort_values("start")["period"]
    wide = cells.pivot_table(index="unit", columns="period", values=column, dropna=False)
    return wide.reindex(columns=list(order))


def spent_of(cells: pd.DataFrame, study: PanelStudy) -> Spent:
    """The cells of one outcome; refused where one is missing, or a window has no period."""
    values, below = _wide(cells, "value"), _wide(cells, "denominator")
    if values.isna().to_numpy().any():
        raise refuse("economy_gap", found=", ".join(values.columns[values.isna().any()]))
    units = cells.drop_duplicates("unit").set_index("unit").loc[values.index]
    periods = cells.drop_duplicates("period").sort_values("start")
    days = (periods["end"] - periods["start"]).dt.days + 1
    length: Floats = (days / np.where(periods["start"].dt.is_leap_year, 366.0, 365.0)).to_numpy()
    windows = windows_of_cells(periods, study.periods)
    for window, name in ((windows.before, "before"), (windows.after, "after")):
        if not window.any():
            raise refuse("economy_no_window", found=name)
    children = below.to_numpy()[:, windows.before].sum(axis=1) / length[windows.before].sum()
    return Spent(
        value=values.to_numpy(dtype=float),
        length=length,
        treated=(units["group"] == "treated").to_numpy(),
        children=children,
        before=windows.before,
        after=windows.after,
        start=[day.date() for day in periods["start"]],
        end=[day.date() for day in periods["end"]],
    )


def children_spent(panel: Panel, study: PanelStudy) -> Spent:
    """Spending by the price of each child's place; refused where no place has a price."""
    if not has(panel, "children"):
        raise refuse("economy_no_prices")
    return spent_of(panel.outcome(str(economic("children"))), study)


def groups_spent(panel: Panel, study: PanelStudy, part: str) -> Spent:
    """Spending in the accounts of the two groups. Refused: a year that is missing, accounts in 1,000 kr."""
    if not has(panel, part):
        raise refuse("economy_no_accounts")
    cells = panel.outcome(str(economic(part)))
    years = {group: set(side["period"].astype(int)) for group, side in cells.groupby("group")}
    whole = set(range(min(map(min, years.values())), max(map(max, years.values())) + 1))
    gaps = {f"{year} ({group})" for group in ("treated", "control") for year in whole - years.get(group, set())}
    if gaps:
        raise refuse("economy_year_missing", found=", ".join(sorted(gaps)))
    found = spent_of(cells, study)
    _refuse_thousands(found, panel)
    return found


def _refuse_thousands(spent: Spent, panel: Panel) -> None:
    about = CATALOGUE[str(economic("children"))].about
    placed = panel.outcome(str(about))
    inside = placed[placed["period"].str[:4].astype(int).isin([day.year for day in spent.start])]
    years = float(inside["value"].sum())
    each = float(spent.value.sum()) / years if years > 0 else np.inf
    if each < IN_THOUSANDS:
        raise refuse("economy_in_thousands", found=f"{1e6 * each:,.0f}", expected=f">= {1e6 * IN_THOUSANDS:,.0f}")
