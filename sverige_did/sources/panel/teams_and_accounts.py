"""What is registered by team or by group: caseload, complaints without a case, and the accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sverige_did.errors import refuse
from sverige_did.periods import period_days
from sverige_did.sources.panel.frame import FloatArray, PanelFrame, Tables, groups, over_groups, registered
from sverige_did.sources.panel.prices import fixed_prices
from sverige_did.sources.panel.tally import Tally
from sverige_did.sources.registers.codes import AccountFunction, MeasureCodes, Rung
from sverige_did.sources.spells.spells import BoolArray, IntArray, day_number
from sverige_did.study.blocks import Prices

MILLION = 1e6
_PLACED = {int(Rung.HOME_BASED), int(Rung.NETWORK), int(Rung.FOSTER), int(Rung.INSTITUTION)}


def caseload(tables: Tables, panel_frame: PanelFrame) -> Tally:
    """``open_cases`` over full-time ``caseworkers`` by group: sums of teams, averaged over the rows of a period."""
    table = tables["caseworkers"]
    found = _of_teams(table.usable(), panel_frame)
    cases, fte = (_mean_stock(found, column, panel_frame) for column in ("open_cases", "fte"))
    values, over = {"open_cases": cases}, {"caseworkers": fte}
    return Tally("cases", groups(panel_frame.units), panel_frame.windows.labels, table.file, values, over)


def complaints(tables: Tables, panel_frame: PanelFrame) -> Tally:
    """``complaints`` by the group of the team that they are about, over the ``case_years`` of its teams."""
    table = tables["complaints"]
    rows = _of_teams(table.usable(), panel_frame)
    units, labels = groups(panel_frame.units), panel_frame.windows.labels
    count = np.zeros((len(units), len(labels)))
    inside, period = panel_frame.period_of(day_number(rows["date"].to_numpy()))
    np.add.at(count, (pd.Index(units["unit"]).get_indexer(pd.Index(rows["group"][inside])), period), 1.0)
    count = np.where(registered(count, units), count, np.nan)
    over = {"residents": over_groups(panel_frame, panel_frame.resident_years)}
    if "caseworkers" in tables:
        stock = _mean_stock(_of_teams(tables["caseworkers"].usable(), panel_frame), "open_cases", panel_frame)
        over["case_years"] = stock * panel_frame.length
    return Tally("events", units, labels, table.file, {"complaints": count}, over)


def accounts(tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes, index: Prices) -> list[Tally]:
    """Spending of each group and year in mio. kr. in fixed prices, over residents where they are known; that on
    placements also less refusion (``placement_net``), where every account of the group's year gives one.

    Rows of the whole municipality are no comparison and are left out; so are years that the grid does not hold in full
    (:func:`years_outside`), whose children nobody has counted. Refuses a function that the mapping lacks.
    """
    table = tables["accounts"]
    rows = table.usable()
    rows = rows[rows["group"].isin(["treated", "control"]) & ~rows["year"].isin(years_outside(tables, panel_frame))]
    functions = [_function(codes, name, int(year)) for name, year in zip(rows["function"], rows["year"], strict=True)]
    placed = np.array([set(function.rungs) <= _PLACED for function in functions], dtype=bool)
    kept = rows["year"].to_numpy() <= panel_frame.study.periods.hard_stop.year
    parts = {
        "placement_accounts": rows["gross"].where(placed & kept),
        "placement_net": (rows["gross"] - rows["refusion"]).where(placed & kept & _refusion_known(rows, placed)),
        "preventive_accounts": rows["gross"].where(~placed & kept),
        "investment_accounts": rows["investment"].where(kept),
    }
    return [
        _by_year(name, rows.assign(amount=amount).dropna(subset=["amount"]), panel_frame, index, table.file)
        for name, amount in parts.items()
        if amount.notna().any()
    ]


def years_outside(tables: Tables, panel_frame: PanelFrame) -> list[int]:
    """The years of the accounts of either group, up to the stop of the plan, that the grid does not hold in full."""
    rows = tables["accounts"].usable()
    rows = rows[rows["group"].isin(["treated", "control"]) & (rows["year"] <= panel_frame.study.periods.hard_stop.year)]
    years = sorted({int(year) for year in rows["year"]})
    return [year for year in years if not _is_whole(panel_frame, year)]


def _is_whole(panel_frame: PanelFrame, year: int) -> bool:
    of = np.array([int(label[:4]) for label in panel_frame.windows.labels])
    return bool(np.isclose(panel_frame.length[of == year].sum(), 1.0))


def _refusion_known(rows: pd.DataFrame, placed: BoolArray) -> BoolArray:
    """Which rows are of a group and year whose every account of placements says what was refunded: blank is not 0."""
    lacking = rows[placed & rows["refusion"].isna().to_numpy()]
    of = pd.MultiIndex.from_frame(rows[["group", "year"]])
    return np.asarray(~of.isin(pd.MultiIndex.from_frame(lacking[["group", "year"]])))


def _by_year(name: str, rows: pd.DataFrame, panel_frame: PanelFrame, index: Prices, source: str) -> Tally:
    years = np.array(sorted(set(rows["year"].astype(int))))
    units = groups(panel_frame.units)
    sums = rows.groupby(["group", "year"])["amount"].sum()
    wanted = pd.MultiIndex.from_product([list(units["unit"]), years.astype(float)])
    table = sums.reindex(wanted).to_numpy().reshape(len(units), len(years))
    fixed = fixed_prices(table, np.broadcast_to(years, table.shape), index) / MILLION
    over = {"residents": _residents_of_years(panel_frame, years)}
    return Tally("money", units, tuple(str(year) for year in years), source, {name: fixed}, over)


def _residents_of_years(panel_frame: PanelFrame, years: IntArray) -> FloatArray:
    """(G, Y) resident-years of each group in whole calendar years; NaN where the grid does not hold the year."""
    by_period = over_groups(panel_frame, panel_frame.resident_years)
    of = np.array([int(label[:4]) for label in panel_frame.windows.labels])
    table = np.full((by_period.shape[0], len(years)), np.nan)
    for y, year in enumerate(years):
        if _is_whole(panel_frame, int(year)):
            table[:, y] = by_period[:, of == year].sum(axis=1)
    return table


def _function(codes: MeasureCodes, name: str, year: int) -> AccountFunction:
    found = codes.function(name, year)
    if found is None:
        raise refuse("panel_function", found=name, year=year)
    return found


def _of_teams(frame: pd.DataFrame, panel_frame: PanelFrame) -> pd.DataFrame:
    """The rows of teams that work for one group only, with ``group``; refuses a team that the plan does not place."""
    side = {team.team: team.group for team in panel_frame.rules.teams}
    unplaced = sorted(set(frame["team"]) - set(side))
    if unplaced:
        raise refuse("panel_teams", found=", ".join(unplaced))
    group = frame["team"].map(side)
    return frame.assign(group=group)[group != "neither"]


def _mean_stock(rows: pd.DataFrame, column: str, panel_frame: PanelFrame) -> FloatArray:
    """(G, T) the sum over the teams of a group, averaged over the periods of the register inside each of the grid."""
    units, labels = groups(panel_frame.units), panel_frame.windows.labels
    sums = rows.groupby(["group", "period"])[column].sum()
    spans = {name: period_days(name) for name in rows["period"].unique()}
    table = np.full((len(units), len(labels)), np.nan)
    for t, label in enumerate(labels):
        start, end = period_days(label)
        inside = [name for name, span in spans.items() if start <= span.start and span.end <= end]
        means = sums[sums.index.isin(inside, level="period")].groupby("group").mean()
        table[:, t] = means.reindex(units["unit"]).to_numpy()
    return table
