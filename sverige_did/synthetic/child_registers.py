"""From made-up careers to the registers about children: who they are, where they live, what they receive.

Columns and values are those of :mod:`sverige_did.sources.registers.schemas`; dates are days, missing while a stay
runs. The end of a stay is the first day without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.careers import PLACED, FloatArray, History, Step
from sverige_did.synthetic.municipality import Children, Districts

CODES: Final[dict[Step, tuple[str, ...]]] = {
    Step.CLARIFICATION: ("SEL 50",),
    Step.PREVENTION: ("SEL 52.3.6", "SEL 52.3.5"),
    Step.SUPPORT: ("SEL 52.3.3", "SEL 52.3.2"),
    Step.HOME: ("SEL 66.1.7", "SEL 66.1.4"),
    Step.NETWORK: ("SEL 66.1.3",),
    Step.FOSTER: ("SEL 66.1.1", "SEL 66.1.1", "SEL 66.1.1", "SEL 66.1.2"),
    Step.RESIDENTIAL_HOME: ("SEL 66.1.5",),
    Step.INSTITUTION: ("SEL 66.1.6",),
}
"""Codes of each step, from which each child keeps one. On the ladder ``support`` they are its rungs 1 to 6."""

PRICES: Final = np.array([0.0, 250.0, 420.0, 900.0, 700.0, 1230.0, 2400.0, 2880.0])
"""DKK a day on each step before the child's own factor: assumptions, since the unit prices of Table 17 are lost."""

TREATED_PRICE: Final = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.08, 0.92, 0.92])
"""The treated districts' prices beside the others': foster care dearer, institutions cheaper, as printed."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What every register needs to know. ``end`` is the first day not observed, ``go_live`` the first treated day,
    :data:`OPEN` in the world without the programme."""

    districts: Districts
    children: Children
    begin: int
    end: int
    go_live: int

    @property
    def treated(self) -> np.ndarray:
        """Whether each child lives in a treated district, (C,)."""
        return self.children.district < self.districts.treated

    def names(self, child: IntArray) -> list[str]:
        """Pseudonyms of children; every one says that it is made up."""
        return [f"SYN-B{number:06d}" for number in (child + 1).tolist()]


def as_dates(day: IntArray) -> np.ndarray:
    """Days as dates; :data:`OPEN` is missing."""
    dates = np.where(day == OPEN, 0, day).astype("datetime64[D]").astype("datetime64[us]")
    dates[day == OPEN] = np.datetime64("NaT", "us")
    return dates


def seen(history: History, setting: Setting) -> History:
    """The stays as they stand on the last observed day, in the order of children and time: none begins later."""
    kept = np.flatnonzero((history.start < setting.end) & (history.stop > setting.begin))
    order = kept[np.lexsort((history.start[kept], history.child[kept]))]
    stop = np.where(history.stop[order] >= setting.end, OPEN, history.stop[order])
    return History(history.child[order], history.step[order], history.start[order], stop, history.children)


def children_register(stays: History, setting: Setting) -> pd.DataFrame:
    """One row a child with a case in this world."""
    known = np.unique(stays.child)
    children = setting.children
    month = children.birth[known].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    half = [f"{1970 + m // 12}H{1 + m % 12 // 6}" for m in month.tolist()]
    return pd.DataFrame(
        {
            "child": setting.names(known),
            "birth_half_year": half,
            "sex": np.where(children.girl[known], "girl", "boy"),
            "district": np.array(setting.districts.names)[children.district[known]],
        }
    )


def residences_register(stays: History, setting: Setting) -> pd.DataFrame:
    """Where each child lived, from birth: one row, or two for a child that moved."""
    known = np.unique(stays.child)
    children = setting.children
    moved = children.moved[known] != OPEN
    child = np.concatenate([known[moved], known])
    district = np.concatenate([children.before[known[moved]], children.district[known]])
    born = np.array(children.birth[child]).astype("datetime64[D]").astype("datetime64[M]")
    start = born.astype("datetime64[D]").astype(np.int64)
    start[moved.sum() :][moved] = children.moved[known[moved]]
    start[: moved.sum()] = np.minimum(start[: moved.sum()], children.moved[known[moved]] - 1)
    end = np.concatenate([children.moved[known[moved]], np.full(len(known), OPEN)])
    frame = pd.DataFrame(
        {
            "child": setting.names(child),
            "district": np.array(setting.districts.names)[district],
            "start": as_dates(start),
            "end": as_dates(end),
        }
    )
    return frame.sort_values(["child", "start"], ignore_index=True)


def cases_register(stays: History, setting: Setting) -> pd.DataFrame:
    """One case a child, from its first stay to the end of its last."""
    first = np.flatnonzero(np.diff(stays.child, prepend=-1))
    last = np.append(first[1:], len(stays.child)) - 1
    child = stays.child[first]
    return pd.DataFrame(
        {
            "case": [f"SYN-S{number:06d}" for number in (child + 1).tolist()],
            "child": setting.names(child),
            "district": np.array(setting.districts.names)[setting.children.district[child]],
            "opened": as_dates(stays.start[first]),
            "closed": as_dates(stays.stop[last]),
        }
    )


def day_prices(stays: History, setting: Setting) -> FloatArray:
    """DKK a day of each stay (n,): the step's price times a factor of the child's own, rounded to whole kroner."""
    need = setting.children.need[stays.child]
    group = np.where(setting.treated[stays.child], TREATED_PRICE[stays.step], 1.0)
    return np.rint(PRICES[stays.step] * group * np.exp(0.2 * need - 0.02))


def codes_of(stays: History, setting: Setting) -> np.ndarray:
    """The measure of each stay (n,); a child keeps the same among those of a step."""
    pick = (setting.children.birth[stays.child] % 97).astype(np.int64)
    codes = np.empty(len(stays.child), dtype=object)
    for step, choices in CODES.items():
        here = stays.step == step
        codes[here] = np.array(choices, dtype=object)[pick[here] % len(choices)]
    return codes


def with_measure(stays: History, setting: Setting) -> np.ndarray:
    """Which stays are measures (n,): every step but clarification, and examinations of half the cases under it."""
    examined = setting.children.birth[stays.child] % 2 == 0
    result: np.ndarray = (stays.step != Step.CLARIFICATION) | examined
    return result


def end_reasons(stays: History, setting: Setting, broken: IntArray, rng: np.random.Generator) -> np.ndarray:
    """Why each stay ended (n,): another place, eighteen, or as planned; ``broken`` are the stays that broke down."""
    n = len(stays.child)
    goes_on = np.append(stays.child[1:] == stays.child[:-1], False)
    reason = rng.choice(["planned", "left_area", "other"], n, p=[0.85, 0.08, 0.07]).astype(object)
    grown = stays.stop - setting.children.birth[stays.child] > EIGHTEEN_NEARLY
    reason[grown & np.isin(stays.step, PLACED)] = "aged_out"
    reason[goes_on] = "moved"
    reason[broken] = "breakdown"
    reason[stays.stop == OPEN] = None
    return reason


EIGHTEEN_NEARLY: Final = 6_500
"""Days: a placement that ends within ten weeks of the eighteenth birthday ends because of it."""


def placements_register(stays: History, setting: Setting, broken: IntArray, rng: np.random.Generator) -> pd.DataFrame:
    """Every measure, with its end reason and, where it costs anything, its price."""
    price = day_prices(stays, setting)
    frame = pd.DataFrame(
        {
            "child": setting.names(stays.child),
            "measure": codes_of(stays, setting),
            "start": as_dates(stays.start),
            "end": as_dates(stays.stop),
            "end_reason": end_reasons(stays, setting, broken, rng),
            "price": np.where(price > 0, price, np.nan),
        }
    )
    return frame[with_measure(stays, setting)].reset_index(drop=True)


def broken_down(
    stays: History, setting: Setting, counts: dict[tuple[bool, int], int], rng: np.random.Generator
) -> IntArray:
    """Which placements broke down: ``counts`` many by group (treated or not) and year, among those that ended.

    Where fewer ended than are asked for, all of them.
    """
    placed = np.isin(stays.step, PLACED) & (stays.stop != OPEN)
    year = np.full(len(stays.child), 0)
    year[placed] = 1970 + stays.stop[placed].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    found = []
    for (treated, one), count in counts.items():
        ended = np.flatnonzero((year == one) & (setting.treated[stays.child] == treated))
        found.append(rng.permutation(ended)[:count])
    return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *found]))


def breakdowns_register(stays: History, setting: Setting, broken: IntArray) -> pd.DataFrame:
    """One row a breakdown, on the day on which the placement ended."""
    return pd.DataFrame(
        {
            "child": setting.names(stays.child[broken]),
            "measure": codes_of(stays, setting)[broken],
            "date": as_dates(stays.stop[broken]),
            "definition": "Ankestyrelsen",
        }
    )
