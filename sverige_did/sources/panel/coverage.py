"""The coverage matrix: which register covers which group in which period, read off the panel and never typed.

Together with the plan's dates it decides the design class of every outcome (:mod:`sverige_did.design`).
"""

from __future__ import annotations

from typing import Literal

from sverige_did.panel import Panel
from sverige_did.results.designs import Coverage

GROUPS: tuple[Literal["treated", "control"], ...] = ("treated", "control")


def coverage(panel: Panel) -> tuple[Coverage, ...]:
    """One row an outcome and group, in the order of the panel; a group without a single cell is there with zeros.

    Hidden numbers and those known as intervals count as seen: they were registered.
    """
    found = []
    for outcome in panel.cells["outcome"].unique():
        cells = panel.outcome(str(outcome)).sort_values(["start", "end"], kind="stable")
        periods = tuple(dict.fromkeys(cells["period"]))
        for group in GROUPS:
            mine = cells[(cells["group"] == group) & (cells["status"] != "missing")]
            by_period = mine.groupby("period")["unit"].nunique()
            found.append(
                Coverage(
                    outcome=str(outcome),
                    group=group,
                    source=", ".join(sorted(set(mine["source"]))),
                    unit_kind=", ".join(sorted(set(mine["unit_kind"]))),
                    units=int(mine["unit"].nunique()),
                    periods=periods,
                    units_seen=tuple(int(by_period.get(period, 0)) for period in periods),
                )
            )
    return tuple(found)
