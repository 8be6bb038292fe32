"""Placements held against the accounts by kind and year, and against public counts where the plan gives some.

KORA found accounts and activities more than 50 per cent apart for one or more kinds of measure in six of eight
municipalities. Neither source is right by itself: what lies apart is told, and nothing is corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.panel.frame import PanelFrame, Tables
from sverige_did.sources.panel.placements import NAMES, Placements
from sverige_did.sources.registers.codes import MeasureCodes, Rung
from sverige_did.sources.spells.spells import BoolArray
from sverige_did.study.blocks import CountedKind

APART = 0.5
"""How far accounts and activities may lie apart, as a share, before they are named."""

COUNTS_APART = 0.1
"""How far the children of the register and of a public count may lie apart, as a share of the count."""

PRICED = 0.5
"""At least this share of the days of a kind and year must have a price for their prices to be held against accounts."""

_PLACED = frozenset(int(rung) for rung in NAMES)
KINDS: Mapping[CountedKind, frozenset[int]] = {
    "placed": frozenset(),  # any rung, and none
    "home_based": frozenset({int(Rung.HOME_BASED)}),
    "network": frozenset({int(Rung.NETWORK)}),
    "foster": frozenset({int(Rung.FOSTER)}),
    "family": frozenset({int(Rung.NETWORK), int(Rung.FOSTER)}),
    "institution": frozenset({int(Rung.INSTITUTION)}),
}
"""What each kind of a public count is on the ladder."""


class Booked(NamedTuple):
    """Accounts and activities of one kind in one year: kroner booked, person-years, and kroner by the day prices.

    ``functions`` are those that share rungs, so that their spending cannot be told apart by rung; ``priced`` is None
    where too few days have a price.
    """

    functions: tuple[str, ...]
    year: int
    amount: float
    years: float
    priced: float | None


def accounts_apart(
    tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes, placements: Placements
) -> Iterator[Problem]:
    """Kinds of placement whose accounts lie more than :data:`APART` from the activities, with the years.

    They are held against the day prices of the placements; in years with too few prices the cost of a person-year is
    held against its median over all years of the kind. Kinds with fewer person-years than the plan lets out are passed.
    """
    few = panel_frame.rules.hidden_below
    found = [one for one in booked(tables, panel_frame, codes, placements) if one.years >= few]
    file = tables["accounts"].file
    for functions in sorted({one.functions for one in found}):
        mine = [one for one in found if one.functions == functions]
        usual = median(one.amount / one.years for one in mine)
        by_price = {one.year: one.amount / one.priced for one in mine if one.priced}
        by_year = {one.year: one.amount / one.years / usual for one in mine if not one.priced and usual}
        for key, ratios in (("panel_accounts_apart", by_price), ("panel_unit_cost_apart", by_year)):
            years = {year: ratio for year, ratio in ratios.items() if abs(ratio - 1) > APART}
            if years:
                told = ", ".join(f"{year} ({round(10 * ratio) * 10} %)" for year, ratio in sorted(years.items()))
                values: dict[str, object] = {"functions": ", ".join(functions), "years": told}
                yield Problem(key, file=file, severity="warning", values=values)


def booked(tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes, placements: Placements) -> Iterator[Booked]:
    """Every kind and whole year of the grid, both groups together; rows of the whole municipality where there are."""
    rows = tables["accounts"].usable()
    for year, first, after in whole_years(rows["year"], panel_frame):
        amounts = _amounts(rows[rows["year"] == year])
        named = {name: codes.function(name, year) for name in amounts.index}
        placed = {name: frozenset(one.rungs) for name, one in named.items() if one and set(one.rungs) <= _PLACED}
        for functions, rungs in kinds(placed):
            days, priced, kroner = activity(placements, rungs, first, after)
            share = priced / days if days else 0.0
            expected = kroner / share if share >= PRICED and kroner else None
            amount = float(amounts[list(functions)].sum())
            yield Booked(functions, year, amount, days / (after - first), expected)


def whole_years(years: Iterable[float], panel_frame: PanelFrame) -> Iterator[tuple[int, int, int]]:
    """The years that the grid holds in full, each with its first day and the first day after it."""
    for year in sorted({int(one) for one in years}):
        first, after = _day(date(year, 1, 1)), _day(date(year + 1, 1, 1))
        if first >= panel_frame.windows.bounds[0] and after <= panel_frame.windows.bounds[-1]:
            yield year, first, after


def _amounts(rows: pd.DataFrame) -> pd.Series[float]:
    whole = rows["group"] == "whole"
    return rows[whole if whole.any() else ~whole].groupby("function")["gross"].sum()


def kinds(functions: Mapping[str, frozenset[int]]) -> list[tuple[tuple[str, ...], frozenset[int]]]:
    """Functions that share a rung together, with all their rungs."""
    found: list[tuple[tuple[str, ...], frozenset[int]]] = []
    for name, rungs in sorted(functions.items()):
        sharing = [one for one in found if one[1] & rungs]
        found = [one for one in found if one not in sharing]
        names = tuple(sorted({name, *(other for one in sharing for other in one[0])}))
        found.append((names, rungs.union(*(one[1] for one in sharing))))
    return found


def activity(placements: Placements, rungs: frozenset[int], first: int, after: int) -> tuple[float, float, float]:
    """Days of placement on the rungs, those of them with a price, and what these cost."""
    spells = placements.spells
    days = np.clip(np.minimum(spells.stop, after) - np.maximum(spells.start, first), 0, None)
    days = days * np.isin(spells.rung, list(rungs))
    priced = ~np.isnan(placements.price)
    return float(days.sum()), float(days[priced].sum()), float((days * np.nan_to_num(placements.price)).sum())


def counts_apart(panel_frame: PanelFrame, placements: Placements, file: str) -> Iterator[Problem]:
    """Public counts of the plan that lie more than :data:`COUNTS_APART` from the children of the register that day."""
    spells = placements.spells
    for one in panel_frame.rules.public_counts:
        there = (spells.start <= _day(one.on)) & (_day(one.on) < spells.stop)
        children = np.unique(spells.child[there & _on(spells.rung, KINDS[one.kind])]).size
        if abs(children - one.children) > COUNTS_APART * one.children:
            values: dict[str, object] = {
                "on": f"{one.on}", "kind": one.kind, "children": children, "public": one.children, "source": one.source,
            }  # fmt: skip
            yield Problem("panel_counts_apart", file=file, severity="warning", values=values)


def _on(rung: np.ndarray, rungs: frozenset[int]) -> BoolArray:
    return np.isin(rung, list(rungs)) if rungs else np.ones(len(rung), dtype=np.bool_)


def _day(when: date) -> int:
    return (when - date(1970, 1, 1)) // timedelta(days=1)
