"""What every outcome of a panel is laid on: districts, periods, residents, and where each child belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.errors import InputError, Problem, refuse
from sverige_did.panel import CELLS
from sverige_did.periods import period_days
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.sources.spells.person_years import Windows, days_in_year, half_years, years
from sverige_did.sources.spells.residence import assign_at_baseline, assign_on_the_day, make_residences
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, IntArray, Spells, day_number, make_spells
from sverige_did.study.blocks import Grid, Registers
from sverige_did.study.study import PanelStudy
from sverige_did.windows import last_start, sides

FloatArray = NDArray[np.float64]
Tables = Mapping[str, RegisterTable]
Kind = Literal["stock", "person_years", "events", "cases", "mean", "money", "share"]

UNIT_COLUMNS = ["unit", "unit_kind", "group", "treated_from", "stratum"]


@dataclass(frozen=True, eq=False)
class PanelFrame:
    """The ground of a panel of D districts in T periods.

    ``units`` has one row a district, in the order of the district codes, with :data:`UNIT_COLUMNS` and the day on which
    it ``begins``. ``residents`` (D, T) are children of 0-17 years; ``length`` (T,) is each period in years.
    ``children`` numbers every child that any register names, ``home`` (C,) is the district code where each one is
    registered, ``born`` (C,) its birthday, known to half a year.
    """

    study: PanelStudy
    rules: Registers
    windows: Windows
    units: pd.DataFrame
    residents: FloatArray
    length: FloatArray
    children: pd.Index[Any]
    home: IntArray
    born: IntArray
    residences: Spells | None

    @property
    def shape(self) -> tuple[int, int]:
        """(D, T)."""
        return self.residents.shape[0], self.residents.shape[1]

    @property
    def treated(self) -> NDArray[np.bool_]:
        """(D,) which districts are treated."""
        return np.asarray(self.units["group"] == "treated")

    @property
    def begun(self) -> NDArray[np.bool_]:
        """(D, T) periods in which a district that counts as a control has begun: nothing of them is compared."""
        last = self.windows.bounds[1:] - 1
        return ~self.treated[:, None] & (last >= self.begins[:, None])

    @property
    def begins(self) -> FloatArray:
        """(D,) the number of the day on which each district begins; infinite where it never does."""
        days = self.units["begins"].to_numpy(dtype="datetime64[D]")
        return np.where(np.isnat(days), np.inf, days.astype(np.int64))

    @property
    def resident_years(self) -> FloatArray:
        """(D, T) what a rate per resident child divides by."""
        return self.residents * self.length

    def codes(self, child: pd.Series[Any]) -> IntArray:
        """The number of each child."""
        return self.children.get_indexer(pd.Index(child)).astype(np.int64)

    def spells(self, frame: pd.DataFrame, start: str, end: str, rung: IntArray) -> Spells:
        """The rows of a register as spells in the districts of the plan's rule, cut at the end of the grid."""
        child = self.codes(frame["child"])
        made = make_spells(
            child,
            rung,
            self.home[child],
            day_number(frame[start].to_numpy()),
            day_number(frame[end].to_numpy()),
            end_inclusive=self.rules.last_day_counts,
            censored_on=int(self.windows.bounds[-1]),
        )
        return self.located(made)

    def located(self, spells: Spells) -> Spells:
        """Spells in the district where the plan counts them."""
        if self.residences is None:
            return spells
        if self.rules.residence.rule == "on_the_day":
            return assign_on_the_day(spells, self.residences)
        return assign_at_baseline(spells, self.residences, _day(self.rules.residence.date))

    def district_on(self, child: IntArray, day: IntArray) -> IntArray:
        """The district (n,) where the plan counts each child on its day, which must lie before the end of the grid;
        ``spells.UNKNOWN_DISTRICT`` where nobody knows.
        """
        moment = Spells(child, np.zeros_like(child), self.home[child], day, day + 1, int(self.windows.bounds[-1]))
        return self.located(moment).district

    def period_of(self, day: IntArray) -> tuple[NDArray[np.bool_], IntArray]:
        """Which days (n,) lie in the grid, and the place of the period of each of these."""
        inside = (day >= self.windows.bounds[0]) & (day < self.windows.bounds[-1])
        return inside, np.searchsorted(self.windows.bounds, day[inside], side="right") - 1

    def count(self, child: IntArray, day: IntArray) -> FloatArray:
        """(D, T) events by the district of the child on the day, and the period of the day."""
        inside, period = self.period_of(day)
        child, day = child[inside], day[inside]
        table = np.zeros(self.shape)
        if not len(child):
            return table
        district = self.district_on(child, day)
        known = district != UNKNOWN_DISTRICT
        np.add.at(table, (district[known], period[known]), 1.0)
        return table


def make_panel_frame(tables: Tables, study: PanelStudy) -> PanelFrame:
    """The ground of the panel, from the districts, the children and, where they are delivered, the residences.

    Raises InputError when a register that every panel needs was not delivered, and RefusedError when a district
    lacks residents in a period (``panel_residents``) or a register names a child or a district that is in no table
    (``panel_unknown_child``, ``panel_unknown_district``).
    """
    rules = study.register_rules
    _require(tables, "districts", "children", "placements")
    if rules.residence.rule == "on_the_day":
        _require(tables, "residences")
    windows = windows_of(rules.grid)
    units = _units(tables["districts"].usable(), study)
    children = tables["children"].usable()
    names = pd.Index(children["child"].unique())
    _refuse_strangers(tables, names)
    first = children.drop_duplicates("child").set_index("child")
    return PanelFrame(
        study=study,
        rules=rules,
        windows=windows,
        units=units,
        residents=_residents(tables["districts"].usable(), list(units["unit"]), windows),
        length=_years(windows),
        children=names,
        home=_district_codes(first["district"].reindex(names), units),
        born=_birthdays(first["birth_half_year"].reindex(names)),
        residences=_residences(tables, rules, names, units, windows),
    )


def children_by_number(tables: Tables) -> dict[str, RegisterTable]:
    """The same registers with children as numbers in the order of their identifiers.

    Their panel is the same (no cell of it names a child), and where it is built again and again texts are looked up
    once.
    """
    named = {name: table.frame["child"] for name, table in tables.items() if "child" in table.frame}
    numbers, _ = pd.factorize(pd.concat(named.values(), ignore_index=True), sort=True)
    ends = np.cumsum([len(column) for column in named.values()])
    found = dict(zip(named, np.split(numbers, ends[:-1]), strict=True))
    return {
        name: replace(table, frame=table.frame.assign(child=found[name])) if name in found else table
        for name, table in tables.items()
    }


def windows_of(grid: Grid) -> Windows:
    """The periods of the plan."""
    every = (half_years if grid.step == "half_year" else years)(int(grid.first[:4]), int(grid.last[:4]))
    low, high = every.labels.index(grid.first), every.labels.index(grid.last)
    return Windows(every.bounds[low : high + 2], every.labels[low : high + 1])


def to_cells(
    outcome: str,
    kind: Kind,
    units: pd.DataFrame,
    labels: tuple[str, ...],
    value: FloatArray,
    denominator: FloatArray | None,
    source: str,
) -> pd.DataFrame:
    """The cells of one outcome: ``value`` and ``denominator`` (U, T), a row of ``units`` each; NaN is missing."""
    U, T = value.shape
    exposure = np.full((U, T), np.nan) if denominator is None else denominator
    days = [period_days(label) for label in labels]
    cells = units.loc[units.index.repeat(T), UNIT_COLUMNS].reset_index(drop=True)
    values = value.ravel()
    cells = cells.assign(
        outcome=outcome,
        reading="all",
        period=np.tile(labels, U),
        start=np.tile(pd.to_datetime([span.start for span in days]), U),
        end=np.tile(pd.to_datetime([span.end for span in days]), U),
        kind=kind,
        value=values,
        low=values,
        high=values,
        denominator=exposure.ravel(),
        denominator_low=exposure.ravel(),
        denominator_high=exposure.ravel(),
        status=np.where(np.isnan(values), "missing", "exact"),
        source=source,
    )
    return cells[list(CELLS.columns)]


def groups(units: pd.DataFrame) -> pd.DataFrame:
    """The treated and the control group as units of their own; the treated from the first go-live on."""
    from_when = units.groupby("group")["treated_from"].min()
    names = [name for name in ("treated", "control") if name in from_when.index]
    return pd.DataFrame(
        {"unit": names, "unit_kind": "group", "group": names, "treated_from": from_when.loc[names].to_numpy(),
         "stratum": None}
    )  # fmt: skip


def over_groups(panel_frame: PanelFrame, table: FloatArray) -> FloatArray:
    """(G, T) sums of (D, T) over the districts of each group, in the order of :func:`groups`."""
    side = panel_frame.units["group"].to_numpy()
    return np.stack([table[side == name].sum(axis=0) for name in groups(panel_frame.units)["unit"]])


def registered(count: FloatArray, units: pd.DataFrame) -> NDArray[np.bool_]:
    """(U, T) where a register of events was kept, as far as its own rows tell.

    A register of events has no row for nothing, so that nothing happened and nothing was written down look alike. It
    is taken to cover the periods from its first event to its last, in every group that has any event at all.
    """
    by_period = np.flatnonzero(count.sum(axis=0) > 0)
    kept = np.zeros(count.shape, dtype=np.bool_)
    if by_period.size:
        kept[:, by_period[0] : by_period[-1] + 1] = True
    side = units["group"].to_numpy()
    for group in np.unique(side):
        kept[side == group] &= bool(count[side == group].any())
    return kept


def _require(tables: Tables, *names: str) -> None:
    lacking = [name for name in names if name not in tables]
    if lacking:
        raise InputError(*(Problem("panel_register_missing", file=name) for name in lacking))


def _day(when: date) -> int:
    return int(np.datetime64(when, "D").astype(np.int64))


def _years(windows: Windows) -> FloatArray:
    length: FloatArray = np.diff(windows.bounds) / days_in_year(windows.bounds[:-1])
    return length


def _units(frame: pd.DataFrame, study: PanelStudy) -> pd.DataFrame:
    by_district, strata = frame.groupby("district", sort=True), study.register_rules.strata
    side, stratum = sides(by_district["treated_from"].min(), last_start(study)), by_district["stratum"].first()
    if strata and stratum.isna().any():
        raise refuse("panel_strata", found=", ".join(map(str, stratum.index[stratum.isna()])))
    return pd.DataFrame(
        {
            "unit": stratum.index.astype(str),
            "unit_kind": "district",
            "group": side.group,
            "treated_from": side.treated_from,
            "begins": by_district["treated_from"].min().to_numpy(),
            "stratum": stratum.to_numpy() if strata else None,
        }
    )


def _residents(frame: pd.DataFrame, names: list[str], windows: Windows) -> FloatArray:
    """(D, T) the mean of the rows inside a period, else the row of the longer period that it lies in."""
    spans = {label: period_days(label) for label in frame["period"].unique()}
    table = np.full((len(names), len(windows.labels)), np.nan)
    for t, label in enumerate(windows.labels):
        start, end = period_days(label)
        within = [name for name, span in spans.items() if start <= span.start and span.end <= end]
        around = [name for name, span in spans.items() if span.start <= start and end <= span.end]
        rows = frame[frame["period"].isin(within or around)]
        table[:, t] = rows.groupby("district")["residents_0_17"].mean().reindex(names).to_numpy()
    lacking = ~(table > 0)
    if lacking.any():
        periods = [label for label, gone in zip(windows.labels, lacking.any(axis=0), strict=True) if gone]
        raise refuse("panel_residents", found=", ".join(periods), districts=int(lacking.any(axis=1).sum()))
    return table


def _refuse_strangers(tables: Tables, known: pd.Index[Any]) -> None:
    for name in ("placements", "cases", "follow_ups", "breakdowns", "sdq_waves", "residences"):
        if name in tables:
            strange = int((known.get_indexer(pd.Index(tables[name].usable()["child"])) < 0).sum())
            if strange:
                raise refuse("panel_unknown_child", file=tables[name].file, count=strange)


def _district_codes(names: pd.Series[str], units: pd.DataFrame) -> IntArray:
    code: IntArray = pd.Index(units["unit"]).get_indexer(pd.Index(names)).astype(np.int64)
    if (code < 0).any():
        raise refuse("panel_unknown_district", count=int((code < 0).sum()))
    return code


def _birthdays(halves: pd.Series[str]) -> IntArray:
    """The middle of each half-year of birth: never wrong by more than 92 days."""
    code, labels = pd.factorize(halves, use_na_sentinel=False)
    spans = [period_days(label) for label in labels]
    days: IntArray = np.array([(_day(span.start) + _day(span.end) + 1) // 2 for span in spans], dtype=np.int64)[code]
    return days


def _residences(
    tables: Tables, rules: Registers, children: pd.Index[Any], units: pd.DataFrame, windows: Windows
) -> Spells | None:
    if "residences" not in tables:
        return None
    frame = tables["residences"].usable()
    return make_residences(
        children.get_indexer(pd.Index(frame["child"])).astype(np.int64),
        _district_codes(frame["district"], units),
        day_number(frame["start"].to_numpy()),
        day_number(frame["end"].to_numpy()),
        end_inclusive=rules.last_day_counts,
        censored_on=int(windows.bounds[-1]),
    )
