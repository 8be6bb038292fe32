"""One outcome in one group over some periods: what is added up, about how many children, and its level."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.disclosure.small_counts import TOLERANCE, fewest_children
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import Panel


class GroupSum(NamedTuple):
    """Sums over the districts of a group, and the years that the periods take."""

    outcome: str
    kind: str
    value: float
    denominator: float
    length: float
    units: int

    @property
    def children(self) -> float:
        """How many children the number is about, at least; an amount that is divided by nobody is about none."""
        if self.kind == "person_years":
            return fewest_children(self.value, self.length)
        if self.kind == "mean":
            return self.denominator
        if self.kind == "money":
            return np.inf if np.isnan(self.denominator) else fewest_children(self.denominator, self.length)
        return self.value

    @property
    def level(self) -> float | None:
        """In the unit of the outcome; None where there is nothing to divide by."""
        if np.isnan(self.denominator) or self.kind == "mean":
            return self.value
        return CATALOGUE[self.outcome].per * self.value / self.denominator if self.denominator > 0 else None

    @property
    def of_everybody(self) -> float:
        """The rest, where there is anybody to be in it: a part that is the whole tells of each of them."""
        return self.rest if self.denominator > 0 else np.inf

    @property
    def rest(self) -> float:
        """How many of the denominator are not in the numerator, for a share of children or of events; none where a mean
        is at the most that there is: then it tells of everybody.
        """
        most = CATALOGUE[self.outcome].most
        if self.kind == "mean" and most is not None and self.value >= most - TOLERANCE:
            return 0.0
        if CATALOGUE[self.outcome].family != "share" or np.isnan(self.denominator):
            return np.inf
        others = self.denominator - self.value
        return fewest_children(others, self.length) if self.kind == "person_years" else others


class Matrix(NamedTuple):
    """One outcome as districts by periods: ``amount`` and ``denominator`` (U, T), nan where nothing is known.

    ``amount`` is what adds up: a mean times its questionnaires. ``years`` (T,) are the lengths of ``periods``, and
    ``start``, ``end`` (T,) their days.
    """

    outcome: str
    kind: str
    districts: bool
    units: tuple[str, ...]
    treated: NDArray[np.bool_]
    periods: tuple[str, ...]
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    years: NDArray[np.float64]
    amount: NDArray[np.float64]
    denominator: NDArray[np.float64]

    def of(self, group: str) -> NDArray[np.bool_]:
        """(U,) the districts of a group."""
        return self.treated if group == "treated" else ~self.treated

    def columns(self, periods: Collection[str]) -> NDArray[np.bool_]:
        """(T,) which of the periods are among these."""
        return np.isin(self.periods, list(periods))

    def summed(self, group: str, columns: NDArray[np.bool_]) -> GroupSum | None:
        """The group's sum over the columns (T,); None where it has no cell there."""
        here = self.amount[self.of(group)][:, columns]
        seen = np.isfinite(here).any(axis=1)
        known = np.isfinite(here).any(axis=0)
        below = self.denominator[self.of(group)][:, columns]
        if not here.size or not (np.isfinite(here) | np.isfinite(below)).any():
            return None
        denominator = float(np.nansum(below)) if np.isfinite(below).any() else float("nan")
        value = float(np.nansum(here))
        if self.kind == "mean":
            value = value / denominator if denominator > 0 else float("nan")
        length = float(self.years[columns][known].sum()) or float(self.years[columns].sum())
        return GroupSum(self.outcome, self.kind, value, denominator, length, int(seen.sum()))


def matrices(panel: Panel) -> dict[str, Matrix]:
    """Every outcome of a panel as districts by periods."""
    return {str(name): _matrix(str(name), cells) for name, cells in panel.cells.groupby("outcome")}


def _matrix(name: str, cells: pd.DataFrame) -> Matrix:
    units, at = np.unique(cells["unit"].to_numpy(dtype=str), return_inverse=True)
    days = cells.drop_duplicates("period").sort_values("start")
    periods = days["period"].to_numpy(dtype=str)
    column = {label: k for k, label in enumerate(periods)}
    when = np.array([column[label] for label in cells["period"]])
    kind = str(cells["kind"].iloc[0])
    amount, below = np.full((2, units.size, periods.size), np.nan)
    below[at, when] = cells["denominator"].to_numpy()
    value = cells["value"].to_numpy()
    amount[at, when] = value * cells["denominator"].to_numpy() if kind == "mean" else value
    treated = np.zeros(units.size, dtype=bool)
    treated[at] = (cells["group"] == "treated").to_numpy()
    return Matrix(
        outcome=name, kind=kind, districts=bool((cells["unit_kind"] == "district").all()), units=tuple(units.tolist()),
        treated=treated, periods=tuple(periods.tolist()), start=days["start"].to_numpy(dtype="datetime64[us]"),
        end=days["end"].to_numpy(dtype="datetime64[us]"), years=_lengths(days), amount=amount, denominator=below,
    )  # fmt: skip


def group_sum(outcome: str, cells: pd.DataFrame, length: float) -> GroupSum:
    """The cells of one outcome and group, added up; a mean is one of all questionnaires."""
    kind = str(cells["kind"].iloc[0])
    denominator = float(cells["denominator"].sum(min_count=1))
    value = float((cells["value"] * (cells["denominator"] if kind == "mean" else 1.0)).sum())
    if kind == "mean":
        value = value / denominator if denominator > 0 else float("nan")
    return GroupSum(outcome, kind, value, denominator, length, int(cells["unit"].nunique()))


def years_of(periods: pd.DataFrame) -> float:
    """How many years the periods take, one row each."""
    return float(_lengths(periods).sum())


def _lengths(periods: pd.DataFrame) -> NDArray[np.float64]:
    days = (periods["end"] - periods["start"]).dt.days + 1
    return np.asarray(days / np.where(periods["start"].dt.is_leap_year, 366.0, 365.0), dtype=float)
