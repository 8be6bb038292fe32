"""Postings to accounts by year, function and group, where no accounts are delivered; and postings held by rung."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.panel.frame import PanelFrame, Tables
from sverige_did.sources.panel.placements import Placements
from sverige_did.sources.panel.reconcile import APART, activity, whole_years
from sverige_did.sources.registers.chart import CURRENT, REFUNDED
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.rules_of_postings import classified
from sverige_did.sources.registers.schemas import ACCOUNTS, POSTINGS
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, day_number


def with_accounts(tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes) -> Tables:
    """The tables with accounts summed from the postings, where there are postings and no accounts of their own.

    A posting counts in the group of the district where the plan counts its child on the day, up to the end of the grid;
    one without a child, or with a child that nobody knows, counts in the whole municipality only. Credits lower the
    spending of their year. Refunds are given where any is posted. Functions that the mapping lacks are left out:
    ``check`` names them with their sum.
    """
    if POSTINGS.name not in tables or ACCOUNTS.name in tables:
        return tables
    table = tables[POSTINGS.name]
    rows = classified(table.usable(), codes, panel_frame.rules.home_based)
    rows = rows[rows["booked"].isin([CURRENT, REFUNDED])]
    rows = rows[
        [codes.function(name, year) is not None for name, year in zip(rows["function"], rows["year"], strict=True)]
    ]
    rows = rows.assign(group=_groups(rows, panel_frame))
    parts = [rows.assign(group="whole"), rows[rows["group"].notna()]]
    summed = pd.concat(parts).groupby(["year", "function", "group", "booked"])["amount"].sum().unstack("booked")  # noqa: PD010 - the sums are made already
    gross = summed.get(CURRENT, pd.Series(np.nan, index=summed.index)).fillna(0.0)
    refunds = summed[REFUNDED].fillna(0.0) if REFUNDED in summed else pd.Series(np.nan, index=summed.index)
    frame = pd.DataFrame({"gross": gross, "refusion": -refunds, "investment": np.nan}).reset_index()
    frame = frame.astype({"year": "float64", "function": "str", "group": "str"})
    made = RegisterTable(ACCOUNTS, table.file, _in_order(frame, ACCOUNTS), (), ())
    return {**tables, ACCOUNTS.name: made}


def _in_order(frame: pd.DataFrame, register: Register) -> pd.DataFrame:
    return frame[[column.name for column in register.columns]]


def _groups(rows: pd.DataFrame, panel_frame: PanelFrame) -> pd.Series[str]:
    """``treated`` or ``control`` by the district of the child on the day; missing where that is not known."""
    child = panel_frame.codes(rows["child"])
    day = day_number(rows["date"].to_numpy())
    inside = (child >= 0) & (day < panel_frame.windows.bounds[-1])
    district = np.full(len(rows), UNKNOWN_DISTRICT)
    if inside.any():
        district[inside] = panel_frame.district_on(child[inside], day[inside])
    side = panel_frame.units["group"].to_numpy()
    found = np.where(district == UNKNOWN_DISTRICT, None, side[np.maximum(district, 0)])
    return pd.Series(found, index=rows.index, dtype="str")


def postings_apart(
    tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes, placements: Placements
) -> Iterator[Problem]:
    """Rungs on which the postings of a year lie more than :data:`~sverige_did.sources.panel.reconcile.APART` from what
    a person-year on the rung usually costs. Rungs with fewer person-years than the plan lets out are passed.
    """
    table = tables[POSTINGS.name]
    rows = classified(table.usable(), codes, panel_frame.rules.home_based)
    rows = rows[(rows["booked"] == CURRENT) & rows["rung"].notna()]
    spent = rows.groupby(["rung", "year"])["amount"].sum()
    few = panel_frame.rules.hidden_below
    for rung in sorted(set(rows["rung"])):
        costs: dict[int, float] = {}
        for year, first, after in whole_years(rows["year"], panel_frame):
            days, _, _ = activity(placements, frozenset({int(rung)}), first, after)
            if days / (after - first) >= few and (rung, year) in spent.index:
                costs[year] = float(spent[rung, year]) / (days / (after - first))
        usual = median(costs.values()) if costs else 0.0
        far = {year: cost / usual for year, cost in costs.items() if usual and abs(cost / usual - 1) > APART}
        if far:
            told = ", ".join(f"{year} ({round(10 * ratio) * 10} %)" for year, ratio in sorted(far.items()))
            values: dict[str, object] = {"rung": int(rung), "years": told}
            yield Problem("panel_postings_apart", file=table.file, severity="warning", values=values)
