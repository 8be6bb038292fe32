"""Stocks and flows on the ladder: who is there, who came, who left and why, and who moved from which rung to which.

A stock is counted on a day. The opening stock of a window is that of the day before it, the closing stock that of
its last day; whoever starts, leaves or moves on a day of the window lies between the two. Leaving is dated to the
first day away. So, for every district and rung,

    closing = opening + entries - exits + moved in - moved out,

and the five are counted apart, so that the identity is a check and not a definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.errors import refuse
from sverige_did.sources.spells.person_years import Windows
from sverige_did.sources.spells.spells import BoolArray, IntArray, Spells, birthday, order_by_child

AGED_OUT: Final = -1
"""The reason of an exit at or after the age of majority, whatever was recorded: nobody decided it."""

NO_REASON: Final = -2
"""The reason of an exit where the register gives none."""

CELL = ["district", "period", "rung"]


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Counts of children; ``stocks`` has a row for every district, period and rung, the others for non-empty cells.

    ``stocks``: district, period, rung, ``opening``, ``closing`` · ``entries``: district, period, rung, ``children`` ·
    ``exits``: the same by ``reason`` · ``moves``: period, ``from_district``, ``from_rung``, ``to_district``,
    ``to_rung``, ``children``.
    """

    stocks: pd.DataFrame
    entries: pd.DataFrame
    exits: pd.DataFrame
    moves: pd.DataFrame


class _Path(NamedTuple):
    """The spells of each child one after another, and whether each goes on into the next without a day between."""

    spells: Spells
    goes_on: BoolArray


def stock(spells: Spells, day: int) -> pd.DataFrame:
    """Children per district and rung on one day, as columns district, rung, ``children``.

    Refuses a day that was not observed.
    """
    if day >= spells.censored_on:
        raise refuse("windows_past_censoring", days=day - spells.censored_on + 1)
    there = (spells.start <= day) & (day < spells.stop)
    return _count({"district": spells.district[there], "rung": spells.rung[there]})


def flows(spells: Spells, windows: Windows, *, majority: int = 18, birthday_slack: int = 0) -> Flows:
    """Stocks, entries, exits and moves per window, from spells of which no two of one child overlap.

    An exit on or after the birthday ``majority``, less ``birthday_slack`` days where birthdays are only known
    roughly, has the reason :data:`AGED_OUT`; this needs ``spells.birth``. Other exits keep the reason of their
    spell. A spell that goes on in the same district and on the same rung is one stay. Refuses overlapping spells
    (:func:`~sverige_did.sources.spells.overlaps.resolve_overlaps` first) and windows past the day of censoring.
    """
    if int(windows.bounds[-1]) > spells.censored_on:
        raise refuse("windows_past_censoring", days=int(windows.bounds[-1]) - spells.censored_on)
    path = _paths(spells)
    walk, goes_on = path
    leaves, arrives = ~goes_on, np.ones_like(goes_on)
    arrives[1:] = leaves[:-1]
    entries = _count(_cells(walk, arrives, walk.start, windows))
    reasons = _reasons(walk, majority, birthday_slack)[leaves]
    exits = _count(_cells(walk, leaves, walk.stop, windows, reason=reasons))
    return Flows(_stocks(walk, windows), entries, exits, _moves(path, windows))


def ledger(flows: Flows) -> pd.DataFrame:
    """One row a district, period and rung: opening, entries, exits, moved_in, moved_out, closing; absent is 0."""
    moved = {
        f"moved_{way}": flows.moves.rename(columns={f"{side}_district": "district", f"{side}_rung": "rung"})
        for way, side in (("in", "to"), ("out", "from"))
    }
    parts = {"entries": flows.entries, "exits": flows.exits, **moved}
    sums = [table.groupby(CELL)["children"].sum().rename(name) for name, table in parts.items()]
    whole = pd.concat([flows.stocks.set_index(CELL), *sums], axis=1).fillna(0).astype(np.int64).sort_index()
    order = ["opening", "entries", "exits", "moved_in", "moved_out", "closing"]
    return whole[order].reset_index()


def discrepancies(ledger: pd.DataFrame) -> pd.DataFrame:
    """The rows of a ledger that do not add up, with ``discrepancy`` = what the flows lead to less the closing stock.

    Takes any table with the columns of :func:`ledger`, such as one that a municipality has counted itself.
    """
    led_to = ledger["opening"] + ledger["entries"] - ledger["exits"] + ledger["moved_in"] - ledger["moved_out"]
    with_difference = ledger.assign(discrepancy=led_to - ledger["closing"])
    return with_difference[with_difference["discrepancy"] != 0].reset_index(drop=True)


def _paths(spells: Spells) -> _Path:
    order = order_by_child(spells)
    order = order[spells.stop[order] > spells.start[order]]  # a spell without a day is no stay
    walk = spells.cut(order, spells.start[order], spells.stop[order])
    same_child = walk.child[1:] == walk.child[:-1]
    overlaps = same_child & (walk.start[1:] < walk.stop[:-1])
    if overlaps.any():
        raise refuse("spells_overlap", count=len(np.unique(walk.child[1:][overlaps])))
    goes_on = np.zeros(len(walk), dtype=np.bool_)
    goes_on[:-1] = same_child & (walk.start[1:] == walk.stop[:-1])
    return _Path(walk, goes_on)


def _reasons(walk: Spells, majority: int, slack: int) -> IntArray:
    """Why each spell ended, if it ended in an exit."""
    recorded = np.full(len(walk), NO_REASON) if walk.reason is None else walk.reason
    if walk.birth is None:
        return recorded
    of_age = walk.stop >= birthday(walk.birth, majority) - slack
    return np.where(of_age, AGED_OUT, recorded)


def _stocks(walk: Spells, windows: Windows) -> pd.DataFrame:
    """Opening and closing stock of every district and rung that occurs, in every window."""
    district, districts = pd.factorize(walk.district, sort=True)
    rung, rungs = pd.factorize(walk.rung, sort=True)
    shape = len(districts), len(rungs)
    cell = district * shape[1] + rung
    on_the_eve = [(walk.start < bound) & (bound <= walk.stop) for bound in windows.bounds]
    stocks = np.stack([np.bincount(cell[there], minlength=shape[0] * shape[1]).reshape(shape) for there in on_the_eve])
    index = pd.MultiIndex.from_product([districts, windows.labels, rungs], names=CELL)
    long = {"opening": stocks[:-1].swapaxes(0, 1).ravel(), "closing": stocks[1:].swapaxes(0, 1).ravel()}
    return pd.DataFrame(long, index=index).reset_index()


def _moves(path: _Path, windows: Windows) -> pd.DataFrame:
    walk, goes_on = path
    origin = np.flatnonzero(goes_on)
    changed = (walk.rung[origin] != walk.rung[origin + 1]) | (walk.district[origin] != walk.district[origin + 1])
    origin = origin[changed]
    inside, period = _periods(walk.stop[origin], windows)
    origin = origin[inside]
    return _count(
        {
            "period": period,
            "from_district": walk.district[origin],
            "from_rung": walk.rung[origin],
            "to_district": walk.district[origin + 1],
            "to_rung": walk.rung[origin + 1],
        }
    )


def _cells(walk: Spells, which: BoolArray, day: IntArray, windows: Windows, **more: IntArray) -> dict[str, np.ndarray]:
    """District, period and rung of the events ``which`` that fall into a window, and ``more`` columns of them."""
    inside, period = _periods(day[which], windows)
    columns = {"district": walk.district[which][inside], "period": period, "rung": walk.rung[which][inside]}
    return columns | {name: values[inside] for name, values in more.items()}


def _periods(day: IntArray, windows: Windows) -> tuple[BoolArray, np.ndarray]:
    """Which days lie in a window, and the names of those windows."""
    inside: BoolArray = (day >= windows.bounds[0]) & (day < windows.bounds[-1])
    window = np.searchsorted(windows.bounds, day[inside], side="right") - 1
    return inside, np.asarray(windows.labels, dtype=object)[window]


def _count(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """How often each combination occurs, as ``children``, sorted by the columns."""
    return pd.DataFrame(columns).groupby(list(columns)).size().rename("children").reset_index()
