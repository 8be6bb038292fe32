"""Person-years from the placements to cells: the primary outcome, the composition of the placed, and their prices.

A child counts in its district while it is under 18 and placed; where two of its placements overlap, the plan's rule
says which counts. Preventive measures beside a placement take nothing from it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.sources.panel.frame import FloatArray, PanelFrame
from sverige_did.sources.panel.prices import fixed_prices
from sverige_did.sources.panel.tally import Tally, by_district
from sverige_did.sources.registers.codes import MeasureCodes, Rung
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.sources.spells.overlaps import resolve_overlaps
from sverige_did.sources.spells.person_years import days_in_year, person_days, person_years
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, BoolArray, IntArray, Spells, birthday
from sverige_did.study.blocks import Prices

NO_RUNG = 0
"""The rung of a placement whose place is not known: it counts among the placed and on no rung."""

MAJORITY = 18
MILLION = 1e6

BY_COURTS = "secure"
"""The measure where courts place children too, by criminal law: no programme of a municipality decides it alone."""

OF_AGE = "aged_out"
"""Why a placement ended whose child came of age in it."""

NAMES: dict[Rung, str] = {
    Rung.HOME_BASED: "home_based",
    Rung.NETWORK: "network",
    Rung.FOSTER: "foster",
    Rung.INSTITUTION: "institution",
}
"""What the catalogue calls each rung on which a child can be placed."""


class Placed(NamedTuple):
    """``years`` (D, R + 1, T): person-years of the placed, first those without a rung, then :data:`NAMES` in order.

    ``nowhere`` is the number of person-years of children without a known district: they are in no cell.
    """

    years: FloatArray
    nowhere: float

    @property
    def total(self) -> FloatArray:
        """(D, T) person-years on any rung or none."""
        total: FloatArray = self.years.sum(axis=1)
        return total

    def on(self, rung: Rung) -> FloatArray:
        """(D, T) person-years on one rung."""
        years: FloatArray = self.years[:, 1 + list(NAMES).index(rung)]
        return years


class Placements(NamedTuple):
    """Spells of placement under the age of 18 in their districts, the price a day (n,) of each, NaN if unknown, and
    whether each is in a secure institution (n,)."""

    spells: Spells
    price: FloatArray
    secure: BoolArray


def placements(table: RegisterTable, panel_frame: PanelFrame, codes: MeasureCodes, *, stay_on: int = 0) -> Placements:
    """The placements after the plan's rule for overlaps; the rung is :data:`NO_RUNG` where the place is not known.

    ``stay_on``: for so many days after its 18th birthday a child that was placed until then counts as placed still.
    """
    frame = table.usable()
    place = codes.place(frame["measure"], ladder=panel_frame.rules.home_based)
    frame = frame.assign(rung=place["rung"].fillna(NO_RUNG).astype(np.int64), secure=place["measure"] == BY_COURTS)
    rows = frame[place["placed"].astype(bool)]
    if rows.empty:
        return _none(panel_frame)
    spells = panel_frame.spells(rows, "start", "end", rows["rung"].to_numpy(dtype=np.int64))
    young = _under_age(spells, panel_frame)
    if stay_on:
        young = _staying_on(young, rows["end_reason"].to_numpy() == OF_AGE, panel_frame, stay_on)
    if not len(young):
        return _none(panel_frame)
    pieces = resolve_overlaps(young, panel_frame.rules.overlap)
    assert pieces.row is not None, "make_spells numbers them"
    price, secure = rows["price"].to_numpy(dtype=np.float64), rows["secure"].to_numpy(dtype=bool)
    return Placements(pieces, price[pieces.row], secure[pieces.row])


def _none(panel_frame: PanelFrame) -> Placements:
    nothing = np.empty(0, dtype=np.int64)
    spells = Spells(nothing, nothing, nothing, nothing, nothing, int(panel_frame.windows.bounds[-1]))
    return Placements(spells, np.empty(0), np.empty(0, dtype=bool))


def _under_age(spells: Spells, panel_frame: PanelFrame) -> Spells:
    of_age = birthday(panel_frame.born[spells.child], MAJORITY)
    stop = np.minimum(spells.stop, of_age)
    keep = np.flatnonzero(stop > spells.start)
    return spells.cut(keep, spells.start[keep], stop[keep])


def _staying_on(spells: Spells, of_age: BoolArray, panel_frame: PanelFrame, days: int) -> Spells:
    """The spells with those that coming of age ended ``days`` longer: that last to the birthday, or whose row (n,) says
    so; a birthday is known to half a year only."""
    assert spells.row is not None, "make_spells numbers them"
    birthdays = birthday(panel_frame.born[spells.child], MAJORITY)
    ended = (spells.stop >= birthdays) | of_age[spells.row]
    longer = np.minimum(spells.stop + days, spells.censored_on)
    every = np.arange(len(spells))
    return spells.cut(every, spells.start, np.where(ended, np.maximum(longer, spells.stop), spells.stop))


def count_placed(spells: Spells, panel_frame: PanelFrame) -> Placed:
    """Person-years of the placed by district, rung and period."""
    D, T = panel_frame.shape
    rungs = [NO_RUNG, *(int(rung) for rung in NAMES)]
    if not len(spells):
        return Placed(np.zeros((D, len(rungs), T)), 0.0)
    # The overlap rule has been applied; what still overlaps is meant to count twice.
    years = person_years(spells, panel_frame.windows, districts=[UNKNOWN_DISTRICT, *range(D)], rungs=rungs)
    return Placed(years[1:], float(years[0].sum()))


def placed_years(placed: Placed, panel_frame: PanelFrame, source: str) -> Tally:
    """Person-years of the placed (``placed``) and on each rung (:data:`NAMES`), all of them over those of the placed.

    Under the ladder ``support`` nobody is placed on the home-based rung, so it has no numbers.
    """
    left_out = Rung.HOME_BASED if panel_frame.rules.home_based == "support" else None
    years = {name: placed.on(rung) for rung, name in NAMES.items() if rung is not left_out}
    return by_district(panel_frame, "person_years", source, years | {"placed": placed.total}, placed=placed.total)


def secure_years(placements: Placements, panel_frame: PanelFrame, source: str) -> Tally | None:
    """Person-years in secure institutions; None where no placement is said to be in one: its register may not tell."""
    if not placements.secure.any():
        return None
    inside = _part(placements.spells, np.flatnonzero(placements.secure))
    years = count_placed(inside, panel_frame).total
    return by_district(panel_frame, "person_years", source, {"secure": years})


def spending(placements: Placements, panel_frame: PanelFrame, index: Prices, source: str) -> Tally:
    """Spending in mio. kr. in fixed prices: all of it (``spent``) and on each rung (``spent_network``), over
    person-years there (``years_network``).

    The number of a district and period in which a day has no price is missing: an unknown price is no price of 0.
    """
    spent, days = _spending(placements, panel_frame, index)
    rungs = list(enumerate(NAMES.values(), start=1))
    values = {f"spent_{name}": spent[:, k] for k, name in rungs} | {"spent": spent.sum(axis=1)}
    return by_district(panel_frame, "money", source, values, **{f"years_{name}": days[:, k] for k, name in rungs})


def _spending(placements: Placements, panel_frame: PanelFrame, index: Prices) -> tuple[FloatArray, FloatArray]:
    """(D, R + 1, T) mio. kr. in prices of the base year, and person-years; NaN where a day has no price.

    Equal prices are counted together: the days of each price by district, rung and window, times the price.
    """
    D, T = panel_frame.shape
    rungs = np.array([NO_RUNG, *(int(rung) for rung in NAMES)])
    known = np.flatnonzero(placements.spells.district != UNKNOWN_DISTRICT)
    spells, daily = _part(placements.spells, known), placements.price[known]
    bounds = panel_frame.windows.bounds
    year = bounds[:-1].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    spent, days = np.zeros((D, len(rungs), T)), np.zeros((D, len(rungs), T))
    price, number = np.unique(daily, return_inverse=True)
    for k in range(len(price)):
        part = _part(spells, np.flatnonzero(number == k))
        counted = person_days(part, bounds, districts=np.arange(D), rungs=rungs)
        days += counted
        amount = np.where(counted > 0, price[k], 0.0)
        spent += counted * amount
    inflated = fixed_prices(spent, np.broadcast_to(year, spent.shape), index)
    return inflated / MILLION, days / days_in_year(bounds[:-1])


def _part(spells: Spells, rows: IntArray) -> Spells:
    return spells.cut(rows, spells.start[rows], spells.stop[rows])
