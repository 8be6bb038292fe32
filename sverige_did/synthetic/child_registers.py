"""From made-up careers to the registers about children: who they are, where they live, what they receive.

Columns and values are those of :mod:`sverige_did.sources.registers.schemas`; dates are days, missing while a stay
runs. The end of a stay is the first day without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.files.synthetic_mark import PSEUDONYM
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.calibration import Targets
from sverige_did.synthetic.careers import ASSUMED, BY_STEP, PLACED, FloatArray, History, Step
from sverige_did.synthetic.municipality import Children, Districts, as_dates, day_of

EIGHTEEN_NEARLY: Final = 6_500
"""Days: a placement that ends within ten weeks of the eighteenth birthday ends because of it."""

EARLY_HELP: Final[dict[str, int | str]] = ASSUMED["early_help"]
"""Help under section 11 while a case is under clarification: its code, when it begins, how long it must last."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """One world as every register needs to know it. ``stays`` are in the order of children and time.

    ``go_live`` is the first treated day, :data:`OPEN` in the world without the programme; ``printed`` is what printed
    figures fix, None when nothing is calibrated. ``label`` makes a child's number a pseudonym.
    """

    districts: Districts
    children: Children
    stays: History
    go_live: int
    printed: Targets | None = None
    label: str = PSEUDONYM + "B{:06d}"

    @property
    def begin(self) -> int:
        """The first day observed."""
        return int(self.districts.windows.bounds[0])

    @property
    def end(self) -> int:
        """The first day not observed."""
        return int(self.districts.windows.bounds[-1])

    @property
    def years(self) -> range:
        """The years observed."""
        labels = self.districts.windows.labels
        return range(int(labels[0][:4]), int(labels[-1][:4]) + 1)

    @property
    def treated(self) -> np.ndarray:
        """Whether each child lives in a treated district, (C,)."""
        return self.children.district < self.districts.treated

    def names(self, child: IntArray) -> list[str]:
        """Pseudonyms of children; every one says that it is made up."""
        return [self.label.format(number) for number in (child + 1).tolist()]

    def homes(self, child: IntArray) -> np.ndarray:
        """The names of the districts where children live at the baseline."""
        return np.array(self.districts.names)[self.children.district[child]]


def case_names(child: IntArray) -> list[str]:
    """Pseudonyms of the children's cases."""
    return [f"{PSEUDONYM}S{number:06d}" for number in (child + 1).tolist()]


def seen(history: History, districts: Districts) -> History:
    """The stays as they stand on the last observed day, in the order of children and time: none begins later."""
    begin, end = districts.windows.bounds[[0, -1]]
    kept = np.flatnonzero((history.start < end) & (history.stop > begin))
    order = kept[np.lexsort((history.start[kept], history.child[kept]))]
    stop = np.where(history.stop[order] >= end, OPEN, history.stop[order])
    return History(history.child[order], history.step[order], history.start[order], stop, history.children)


def case_bounds(stays: History) -> tuple[IntArray, IntArray, IntArray]:
    """Child, first day and the day after the last of each case; the stays are in the order of children."""
    first = np.flatnonzero(np.diff(stays.child, prepend=-1))
    last = np.append(first[1:], len(stays.child)) - 1
    return stays.child[first], stays.start[first], stays.stop[last]


def children_register(population: Population) -> pd.DataFrame:
    """One row a child with a case in this world."""
    known = np.unique(population.stays.child)
    month = population.children.birth_month[known].astype(np.int64)
    return pd.DataFrame(
        {
            "child": population.names(known),
            "birth_half_year": [f"{1970 + m // 12}H{1 + m % 12 // 6}" for m in month.tolist()],
            "sex": np.where(population.children.girl[known], "girl", "boy"),
            "district": population.homes(known),
        }
    )


def residences_register(population: Population) -> pd.DataFrame:
    """Where each child lived, from birth: one row, or two for a child that moved."""
    known = np.unique(population.stays.child)
    children = population.children
    moved = children.moved[known]
    two = moved != OPEN
    born = children.birth_month[known].astype("datetime64[D]").astype(np.int64)
    before = np.array(population.districts.names)[children.before[known[two]]]
    frame = pd.DataFrame(
        {
            "child": population.names(np.concatenate([known[two], known])),
            "district": np.concatenate([before, population.homes(known)]),
            "start": as_dates(np.concatenate([np.minimum(born, moved - 1)[two], np.where(two, moved, born)])),
            "end": as_dates(np.concatenate([moved[two], np.full(len(known), OPEN)])),
        }
    )
    return frame.sort_values(["child", "start"], ignore_index=True)


def cases_register(population: Population) -> pd.DataFrame:
    """One case a child, from its first stay to the end of its last."""
    child, opened, closed = case_bounds(population.stays)
    return pd.DataFrame(
        {
            "case": case_names(child),
            "child": population.names(child),
            "district": population.homes(child),
            "opened": as_dates(opened),
            "closed": as_dates(closed),
        }
    )


def day_prices(population: Population) -> FloatArray:
    """DKK a day of each stay (n,): the step's price times a factor of the child's own, rounded to whole kroner."""
    stays = population.stays
    price, treated = (BY_STEP[name].to_numpy(dtype=np.float64)[stays.step] for name in ("price", "treated"))
    group = np.where(population.treated[stays.child], treated, 1.0)
    return np.rint(price * group * np.exp(0.2 * population.children.need[stays.child] - 0.02))


def codes_of(population: Population) -> np.ndarray:
    """The measure of each stay (n,); a child keeps the same among those of a step."""
    pick = population.children.birth[population.stays.child] % 97
    codes = np.empty(len(pick), dtype=object)
    for step, choices in enumerate(BY_STEP["codes"]):
        here = population.stays.step == step
        codes[here] = np.array(choices, dtype=object)[pick[here] % len(choices)]
    return codes


def with_measure(population: Population) -> np.ndarray:
    """Which stays are measures (n,): every step but clarification, and examinations of half the cases under it."""
    examined = population.children.birth[population.stays.child] % 2 == 0
    result: np.ndarray = (population.stays.step != Step.CLARIFICATION) | examined
    return result


def end_reasons(population: Population, broken: IntArray, rng: np.random.Generator) -> np.ndarray:
    """Why each stay ended (n,): another place, eighteen, or as planned; ``broken`` are the stays that broke down."""
    stays = population.stays
    goes_on = np.append(stays.child[1:] == stays.child[:-1], False)
    reason = rng.choice(["planned", "left_area", "other"], len(goes_on), p=[0.85, 0.08, 0.07]).astype(object)
    grown = stays.stop - population.children.birth[stays.child] > EIGHTEEN_NEARLY
    reason[grown & np.isin(stays.step, PLACED)] = "aged_out"
    reason[goes_on] = "moved"
    reason[broken] = "breakdown"
    reason[stays.stop == OPEN] = None
    return reason


def placements_register(population: Population, broken: IntArray, rng: np.random.Generator) -> pd.DataFrame:
    """Every measure, with its end reason and, where it costs anything, its price."""
    price = day_prices(population)
    frame = pd.DataFrame(
        {
            "child": population.names(population.stays.child),
            "measure": codes_of(population),
            "start": as_dates(population.stays.start),
            "end": as_dates(population.stays.stop),
            "end_reason": end_reasons(population, broken, rng),
            "price": np.where(price > 0, price, np.nan),
        }
    )
    helped = early_help(population)
    early = frame.iloc[helped].assign(
        measure=EARLY_HELP["code"], start=as_dates(population.stays.start[helped] + int(EARLY_HELP["after"]))
    )
    kept = pd.concat([frame[with_measure(population)], early])
    return kept.sort_index(kind="stable").reset_index(drop=True)


def early_help(population: Population) -> IntArray:
    """Which stays under clarification hold early help: a quarter of all, half in treated districts under the programme.

    They are none of those with an examination. Nothing is drawn, and what becomes of the children is as without it:
    early help spares nobody anything in this world.
    """
    stays, birth = population.stays, population.children.birth[population.stays.child]
    under = population.treated[stays.child] & (stays.start >= population.go_live)
    chosen = (birth % 4 == 1) | (under & (birth % 4 == 3))
    stop = np.minimum(stays.stop, population.end)
    long = stop - stays.start >= int(EARLY_HELP["after"]) + int(EARLY_HELP["least"])
    return np.flatnonzero((stays.step == Step.CLARIFICATION) & chosen & long)


def broken_down(population: Population, rng: np.random.Generator) -> IntArray:
    """Which placements broke down, by group (treated or not) and year, among those that ended.

    As many as were printed, else Poisson with the assumed rate; where fewer ended, all of them.
    """
    stays, printed = population.stays, population.printed
    placed, treated = np.isin(stays.step, PLACED), population.treated[stays.child]
    counts = {}
    for group in (True, False):
        for year in population.years:
            day = day_of(date(year, 7, 1))
            there = placed & (stays.start <= day) & (day < stays.stop) & (treated == group)
            helped = group and day >= population.go_live
            rate = ASSUMED["breakdown_rate_programme" if helped else "breakdown_rate"]
            counts[group, year] = int(rng.poisson(rate * int(there.sum())))
    if printed:
        counts[False, 2014] = printed.breakdowns["control"]
        if population.go_live != OPEN:
            counts[True, 2014] = printed.breakdowns["treated"]
    ended = pd.DatetimeIndex(as_dates(np.where(placed, stays.stop, OPEN))).year
    found = [
        rng.permutation(np.flatnonzero((ended == year) & (treated == group)))[:count]
        for (group, year), count in counts.items()
    ]
    return np.sort(np.concatenate(found))


def breakdowns_register(placements: pd.DataFrame) -> pd.DataFrame:
    """One row a breakdown, on the day on which the placement ended."""
    broken = placements.loc[placements["end_reason"] == "breakdown", ["child", "measure", "end"]]
    return broken.rename(columns={"end": "date"}).assign(definition="Ankestyrelsen")
