"""Areas that merge, split or get a new code: one unit for all years, by a file that names every change.

Nothing is guessed: an area that appears or disappears without a line in the file is a problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.register import Column, Register
from sverige_did.sources.registers.tables import read_register

CROSSWALK = Register(
    "crosswalk",
    "områdeændringer",
    (
        Column("area", "område", "code"),
        Column("unit", "enhed", "code", "not_recorded"),
        Column("name", "navn", "text"),
        Column("first", "første", "year", "not_recorded", low=1900, high=2100),
        Column("last", "sidste", "year", "not_recorded", low=1900, high=2100),
        Column("reason", "grund", "text"),
        Column("source", "kilde", "text"),
    ),
    key=("area",),
)
_NUMBERS = ["value", "low", "high"]
_WEIGHTS = ["denominator", "denominator_low", "denominator_high"]
CERTAINTY = ("exact", "interval", "hidden", "missing")
"""How well a number is known, best first: a sum is known as well as the worst known of its numbers."""


@dataclass(frozen=True)
class Crosswalk:
    """Each line: the area belongs to ``unit`` and has numbers from year ``first`` to ``last`` (open when missing).

    An area without ``unit`` is left out, for the reason given. An area without a line is its own unit in all years.
    """

    lines: pd.DataFrame

    def unit_of(self, areas: pd.Series[str]) -> pd.Series[Any]:
        """The unit of each area; missing for areas that are left out."""
        units = self.lines.set_index("area")["unit"]
        known = areas.isin(units.index)
        return areas.where(~known, areas.map(units))

    def members(self, periods: pd.DataFrame) -> pd.DataFrame:
        """Every unit, area and period (columns ``period``, ``year``) for which the lines promise a number."""
        grid = self.lines.dropna(subset=["unit"]).merge(periods, how="cross")
        exists = (grid["first"].fillna(-np.inf) <= grid["year"]) & (grid["year"] <= grid["last"].fillna(np.inf))
        return grid.loc[exists, ["unit", "area", "period"]]


def read_crosswalk(path: Path) -> Crosswalk:
    """Read a crosswalk file (columns area, unit, name, first, last, reason, source). Raises InputError."""
    return Crosswalk(read_register(path, CROSSWALK).usable())


def no_changes() -> Crosswalk:
    """The crosswalk of areas that never changed: every area is its own unit."""
    columns = {name: pd.Series(dtype="str") for name in ("area", "unit")}
    return Crosswalk(pd.DataFrame({**columns, "first": pd.Series(dtype=float), "last": pd.Series(dtype=float)}))


def to_units(
    cells: pd.DataFrame, crosswalk: Crosswalk, *, mean: bool, possible: tuple[float, float], file: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """One row a unit and period.

    ``cells``: one outcome; columns area, period, year, value, low, high, status, exists, denominator, denominator_low,
    denominator_high. Counts and denominators add up; a ``mean`` is weighted by its denominator. A member that the
    crosswalk promises and the source lacks makes its unit's number missing: itself it lies somewhere in ``possible``.
    Problems name areas that appear or disappear without a line, and numbers outside the years of their line.
    """
    promised = crosswalk.members(cells[["period", "year"]].drop_duplicates())
    units = cells["area"].where(cells["exists"])
    present = cells.assign(unit=crosswalk.unit_of(units)).dropna(subset=["unit"]).drop(columns=["exists", "year"])
    listed = present["area"].isin(crosswalk.lines["area"])
    problems = _outside(present[listed], promised, file)
    problems += _breaks(present[~listed], set(cells["period"]), file)
    absent = _lacking(promised, present[["unit", "area", "period"]])
    absent = absent[absent["unit"].isin(present["unit"])]  # areas that this source never has promise nothing
    absent = absent.assign(status="missing", low=possible[0], high=possible[1], denominator_low=0.0)
    everything = pd.concat([present, absent.assign(denominator_high=np.inf)], ignore_index=True)
    keys = [everything["unit"], everything["period"]]
    merged = _means(everything, keys) if mean else everything[_NUMBERS].groupby(keys).sum(skipna=False)
    merged[_WEIGHTS] = everything[_WEIGHTS].groupby(keys).sum(skipna=False)
    rank = everything["status"].map(CERTAINTY.index)
    merged["status"] = rank.groupby(keys).max().map(lambda worst: CERTAINTY[worst])
    return merged.reset_index(), problems


def _means(cells: pd.DataFrame, keys: list[pd.Series[Any]]) -> pd.DataFrame:
    """The mean of merged areas: weighted where the weights are known, else between the least and the greatest."""
    weights = cells["denominator"]
    total = weights.groupby(keys).sum(skipna=False)
    weighted = cells[_NUMBERS].mul(weights, axis=0).groupby(keys).sum(skipna=False).div(total, axis=0)
    alone = weights.groupby(keys).size() == 1
    own = cells[_NUMBERS].groupby(keys).agg({"value": "first", "low": "min", "high": "max"})
    known = weighted.where(total.notna(), own.assign(value=np.nan))
    return known.where(~alone, own)


def _lacking(promised: pd.DataFrame, present: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``promised`` that are not among ``present``."""
    merged = promised.merge(present, how="left", on=["unit", "area", "period"], indicator=True)
    return merged[merged["_merge"] == "left_only"].drop(columns="_merge")


def _outside(present: pd.DataFrame, promised: pd.DataFrame, file: str) -> list[Problem]:
    odd = _lacking(present[["unit", "area", "period"]], promised)
    return [
        Problem("agg_outside_line", file=file, found=f"{area}: {', '.join(sorted(rows['period']))}")
        for area, rows in odd.groupby("area")
    ]


def _breaks(present: pd.DataFrame, periods: set[str], file: str) -> list[Problem]:
    problems = []
    for area, rows in present.groupby("area")["period"]:
        lacking = sorted(periods - set(rows))
        if lacking:
            problems.append(Problem("agg_area_break", file=file, found=f"{area}: {', '.join(lacking)}"))
    return problems
