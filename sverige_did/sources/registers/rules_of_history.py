"""What must hold of a register over time: where it begins and ends, and numbers beside their own history.

A number far from those of the same district, team or account in other periods has likely a zero too many, or is in
another unit (a year in 1,000 kr., hours for full-time equivalents). Nobody can tell from here: all are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.rule import Delivery, Rule
from sverige_did.sources.registers.tables import RegisterTable


class Series(NamedTuple):
    """Numbers of a register that are held against the others with the same ``by``: ``column`` is out of line where it
    is ``times`` as large, or as small, as their median and ``least`` away from it."""

    by: tuple[str, ...]
    column: str
    times: float
    least: float


ALIKE: dict[str, tuple[Series, ...]] = {
    "districts": (Series(("district",), "pupils", 3, 40), Series(("district",), "residents_0_17", 3, 60)),
    "caseworkers": (Series(("team",), "open_cases", 4, 30), Series(("team",), "fte", 4, 5)),
    "accounts": (Series(("function", "group"), "gross", 8, 500_000),),
    "placements": (Series(("measure",), "price", 8, 500),),
}
"""How far the numbers of a register may lie from their own history. Places of one kind cost unlike amounts, and
accounts of rare places come and go: there only a factor of eight is odd."""

FEW = 3
"""Of fewer numbers nobody can say which is the odd one."""

SPELLS = {"placements": ("start", "end"), "cases": ("opened", "closed")}
EVENTS = {"follow_ups": "done", "breakdowns": "date", "complaints": "date"}
ENOUGH = 20
"""Of fewer rows nothing is said of where a register begins and ends."""

HALF_A_YEAR, LONGER = 184, 3.0
"""A register is silent for long where that is half a year and this many times its longest silence otherwise."""

LEAST_CASELOAD = 2.0
"""Open cases a full-time equivalent: fewer, and the column likely holds hours."""

LEAST_A_CHILD = 10_000.0
"""DKK a placed child a year: less, and the amounts are likely in thousands."""


def in_line(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A number that its own district, team, account or kind of place never has otherwise, with its row."""
    for by, column, times, least in ALIKE[table.register.name]:
        frame = table.frame[[*by, column]].dropna()
        frame = frame[frame[column] > 0]
        groups = frame.groupby(list(by))[column]
        usual, size = groups.transform("median"), groups.transform("size")
        ratio = frame[column] / usual
        far = ((ratio >= times) | (ratio <= 1 / times)) & ((frame[column] - usual).abs() >= least) & (size >= FEW)
        kind = table.register.column(column)
        for row in frame.index[far]:
            yield Problem("reg_out_of_line", file=table.file, row=int(row), column=column, severity="warning",
                          found=shown(float(frame.loc[row, column]), kind), expected=f"≈ {usual[row]:.6g}")  # fmt: skip


def full_time_not_hours(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A team with next to no case a full-time equivalent in half of its periods: hours, more likely."""
    frame = table.frame[table.frame["fte"] > 0].dropna(subset=["team", "open_cases"])
    caseload = (frame["open_cases"] / frame["fte"]).groupby(frame["team"]).median()
    for team in caseload.index[caseload < LEAST_CASELOAD]:
        row = int(frame.index[frame["team"] == team][0])
        found = f"{float(frame['open_cases'][row]):g} / {float(frame['fte'][row]):g}"
        yield Problem("reg_hours", file=table.file, row=row, column="fte", severity="warning", found=found,
                      expected=f"≥ {LEAST_CASELOAD:g}")  # fmt: skip


def accounts_complete(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """A year that a group lacks between the first and the last year of the register, whole or in one function.

    A function that no group has in a year was not in the chart of accounts, so that its absence says nothing.
    """
    frame = table.frame.dropna(subset=["year", "function", "group"])
    years = sorted(frame["year"].unique())
    groups = [name for name in ("treated", "control") if (frame["group"] == name).any()]
    for group in groups:
        mine = frame[frame["group"] == group]
        lacking = [year for year in years if year not in set(mine["year"])]
        if lacking:
            yield _lacks(table, group, None, lacking)
        for function in sorted(mine["function"].unique()):
            own = set(mine.loc[mine["function"] == function, "year"])
            booked = set(frame.loc[frame["function"] == function, "year"])
            inside = [year for year in years if min(own) < year < max(own) or year in booked]
            if gone := [year for year in inside if year not in own and year not in lacking]:
                yield _lacks(table, group, function, gone)


def _lacks(table: RegisterTable, group: str, function: str | None, years: list[float]) -> Problem:
    named = next(value for value in table.register.column("group").allowed if value.name == group)
    found = f"{named.da} / {named.name}" + (f", {shown(function)}" if function else "")
    expected = ", ".join(f"{year:g}" for year in years)
    key = "reg_account_missing" if function else "reg_year_missing"
    return Problem(key, file=table.file, column="year", severity="warning", found=found, expected=expected)


def accounts_in_kroner(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A year whose accounts come to less for a child with a measure than any place costs: 1,000 kr., more likely."""
    if "placements" not in delivery.tables:
        return
    spells = delivery.tables["placements"].frame.dropna(subset=["child", "start"])
    amounts = table.frame.dropna(subset=["year", "gross", "group"])
    sums = amounts.groupby(["year", amounts["group"] == "whole"])["gross"].sum()
    for year in sorted(amounts["year"].unique()):
        first, last = pd.Timestamp(int(year), 1, 1), pd.Timestamp(int(year), 12, 31)
        there = (spells["start"] <= last) & (spells["end"].isna() | (spells["end"] >= first))
        children = spells.loc[there, "child"].nunique()
        spent = max(float(sums.get((year, whole), 0.0)) for whole in (True, False))
        if children and 0 < spent / children < LEAST_A_CHILD:
            row = int(amounts.index[amounts["year"] == year][0])
            yield Problem("reg_in_thousands", file=table.file, row=row, column="gross", severity="warning",
                          found=f"{year:g}", expected=f"≥ {LEAST_A_CHILD:g}")  # fmt: skip


def _silence(days: pd.Series[pd.Timestamp]) -> float:
    """The longest time, in days, between two rows that follow each other, and never less than half a year."""
    gaps = days.sort_values().diff().dt.days
    return max(HALF_A_YEAR, LONGER * float(gaps.max()))


def spells_cover(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A register of spells that begins later than the grid, ends before it, or holds closed spells only: the number of
    children in it rises or falls by the making of the register."""
    start, end = SPELLS[table.register.name]
    frame = table.frame.dropna(subset=[start])
    low, high = (pd.Timestamp(day) for day in (delivery.study.grid.spans[0][0], delivery.study.grid.end))
    if len(frame) < ENOUGH:
        return
    first, last = frame[start].min(), frame[start].max()
    if _rises(frame[start], frame[end], low, high):
        yield Problem("reg_begins_late", file=table.file, column=start, severity="warning", found=f"{first.date()}",
                      expected=f"< {low.date()}")  # fmt: skip
    if (high - last).days > _silence(frame.loc[frame[start] >= low, start]) and last > low:
        yield Problem("reg_ends_early", file=table.file, column=start, severity="warning", found=f"{last.date()}",
                      expected=f"≈ {high.date()}")  # fmt: skip
    if (frame[end].notna() & (frame[end] <= high)).all():
        yield Problem("reg_only_closed", file=table.file, column=end, severity="warning",
                      found=f"≤ {frame[end].max().date()}")  # fmt: skip


def _rises(start: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp], low: pd.Timestamp, high: pd.Timestamp) -> bool:
    """Whether nobody is there as the grid begins, or few, and the earliest row is hardly a year older than it."""
    if start.min() < low - pd.Timedelta(days=366):
        return False
    days = pd.date_range(low, high, periods=9)
    there = np.array([((start <= day) & (end.isna() | (end >= day))).sum() for day in days])
    return bool(there[0] < 0.5 * np.median(there[1:]))


def events_cover(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A register of events that is silent long after the grid begins, or long before it ends."""
    days = table.frame[EVENTS[table.register.name]].dropna()
    low, high = (pd.Timestamp(day) for day in (delivery.study.grid.spans[0][0], delivery.study.grid.end))
    days = days[(days >= low) & (days <= high)]
    if len(days) < ENOUGH:
        return
    longest = _silence(days)
    if (days.min() - low).days > longest or (high - days.max()).days > longest:
        covered, wanted = f"{days.min().date()} – {days.max().date()}", f"{low.date()} – {high.date()}"
        yield Problem("reg_events_cover", file=table.file, column=EVENTS[table.register.name], severity="warning",
                      found=covered, expected=wanted)  # fmt: skip


HISTORY: dict[Rule, tuple[str, ...]] = {
    in_line: tuple(ALIKE),
    full_time_not_hours: ("caseworkers",),
    accounts_complete: ("accounts",),
    accounts_in_kroner: ("accounts",),
    spells_cover: tuple(SPELLS),
    events_cover: tuple(EVENTS),
}
"""These rules with the registers that each is asked about."""
