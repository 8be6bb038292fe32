"""Made-up municipalities of children in care, written down from what children do and not from any model of districts.

A child comes into care at random, at a rate that goes with the 0-17 residents of its district and swings with it; stays
a time of its own, three and a half years in the mean; and is placed with a family or in an institution when it comes
and anew every other year or so. Where it is placed then is a matter of chance: districts lean one way or the other for
good, and swing from half-year to half-year with a memory. Under the programme the odds of an institution change at
every placement, so the effect grows as children are placed anew. Counted is the time that children spend in each kind
of place, half-year by half-year, nine before the programme and four under it.

The same children, stays and chances are counted with and without the programme. What the treated districts differ by is
the realised effect: a fact about these children, without any model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from sverige_did.panel import Panel
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Periods

Floats = NDArray[np.float64]

TREATED, DISTRICTS = 4, 20
BEFORE, AFTER = 9, 4
LABELS = windows_of(Grid(first="2009H1", last="2015H1")).labels
START = date(2013, 7, 1)
PERIODS = Periods(
    baseline=date(2013, 6, 30), treatment_start=START, follow_up=date(2015, 6, 30), hard_stop=date(2015, 6, 30),
    partial="donut",
)  # fmt: skip
YEARS = 0.5
"""A half-year."""
SETTLING = 5.0
"""Children come into care for so many mean stays before anything is counted: hardly one in a hundred is missing."""


@dataclass(frozen=True)
class World:
    """What a municipality is drawn from; sds are of log odds and log rates, times in years.

    ``treated`` and ``control`` are the smallest and the largest number of residents of a district, alike on a log
    scale between. ``effect_sd``: the effect on the odds of an institution is drawn anew for every municipality.
    """

    treated: tuple[float, float] = (250.0, 4000.0)
    control: tuple[float, float] = (250.0, 4000.0)
    in_care_per_1000: float = 12.0
    institution: float = 0.22
    stay: float = 3.5
    placement: float = 2.0
    level_sd: float = 0.3
    swing_sd: float = 0.3
    memory: float = 0.8
    effect_sd: float = 0.75


WORLDS = {
    "small": World(treated=(250.0, 500.0)),
    "mixed": World(),
    "hardly anybody stays": World(stay=0.1),
}


@dataclass(frozen=True, eq=False)
class Municipality:
    """Child-years (D, T) of each district and half-year, the treated first; ``without`` is without the programme.

    ``effect`` is what the programme adds to the log odds of an institution.
    """

    residents: Floats
    placed: Floats
    institution: Floats
    without: Floats
    effect: float

    def realised(self) -> dict[str, float]:
        """What the programme did to the treated after its start, in the unit and by the weights of each outcome."""
        with_it, without, placed = (
            table[:TREATED, BEFORE:].sum(axis=1) for table in (self.institution, self.without, self.placed)
        )
        children = self.placed[:TREATED, :BEFORE].sum(axis=1)
        share = np.where(children > 0, children, YEARS * BEFORE) * (placed > 0)  # as the pipeline counts who was placed
        shares = 100 * (with_it - without) / np.maximum(placed, 1e-9)
        rates = 1000 * (with_it - without) / (YEARS * AFTER * self.residents[:TREATED])
        return {
            "institution_share": float(shares @ share / share.sum()),
            "institution_per_1000": float(rates @ self.residents[:TREATED] / self.residents[:TREATED].sum()),
        }

    def panel(self) -> Panel:
        """As registers give it: years in institutions by years in care, and by years of residents."""
        side = np.where(np.arange(DISTRICTS) < TREATED, "treated", "control")
        since = pd.to_datetime(pd.Series(np.where(side == "treated", str(START), None)))
        names = [f"district-{at:02}" for at in range(DISTRICTS)]
        units = pd.DataFrame(
            {"unit": names, "unit_kind": "district", "group": side, "treated_from": since, "stratum": None}
        )
        lived = np.repeat(YEARS * self.residents[:, None], len(LABELS), axis=1)
        outcomes = {
            "placed_per_1000": (self.placed, lived),
            "institution_per_1000": (self.institution, lived),
            "institution_share": (self.institution, self.placed),
        }
        cells = [to_cells(name, "person_years", units, LABELS, *counted, "made up")
                 for name, counted in outcomes.items()]  # fmt: skip
        return Panel.of(pd.concat(cells), synthetic=True)


def municipality(world: World, rng: np.random.Generator) -> Municipality:
    """One municipality."""
    bounds = np.log([world.treated] * TREATED + [world.control] * (DISTRICTS - TREATED))
    residents = np.round(np.exp(rng.uniform(bounds[:, 0], bounds[:, 1])))
    settling = int(np.ceil(SETTLING * world.stay / YEARS))
    steps = settling + len(LABELS)
    come = world.level_sd * rng.standard_normal((DISTRICTS, 1)) + _swings(world, steps, rng)
    lean = world.level_sd * rng.standard_normal((DISTRICTS, 1)) + _swings(world, steps, rng)
    # Arrivals in a year are those in care over the mean stay.
    rate = residents[:, None] * world.in_care_per_1000 / 1000 / world.stay * YEARS
    arrivals = rng.poisson(rate * np.exp(come - (world.level_sd**2 + world.swing_sd**2) / 2))
    district, step = (np.repeat(at.ravel(), arrivals.ravel()) for at in np.indices(arrivals.shape))
    # Time is in years from the first half-year that is counted.
    begin = YEARS * (step - settling + rng.uniform(size=len(step)))
    end = begin + rng.exponential(world.stay, len(begin))
    seen = end > 0
    district, begin, end = district[seen], begin[seen], end[seen]
    child, first, last = _placements(begin, end, world.placement, rng)
    counted = (last > 0) & (first < YEARS * len(LABELS))
    child, first, last = child[counted], first[counted], last[counted]
    where = district[child]
    odds = logit(world.institution) + lean[where, np.floor(first / YEARS).astype(int) + settling]
    effect = world.effect_sd * rng.standard_normal()
    under = (where[:, None] < TREATED) & (np.arange(len(LABELS)) >= BEFORE)
    chance, spent = rng.uniform(size=(len(odds), 1)), _spent(first, last)
    with_it, without = (spent * (chance < expit(odds[:, None] + change)) for change in (effect * under, 0.0))
    return Municipality(residents, *(_by_district(table, where) for table in (spent, with_it, without)), effect)


def _swings(world: World, steps: int, rng: np.random.Generator) -> Floats:
    """(D, steps) paths that forget a little every half-year."""
    fresh = rng.standard_normal((DISTRICTS, steps))
    for at in range(1, steps):
        fresh[:, at] = world.memory * fresh[:, at - 1] + np.sqrt(1 - world.memory**2) * fresh[:, at]
    return world.swing_sd * fresh


def _placements(
    begin: Floats, end: Floats, mean: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """The placements of every child, one after another: which child, and first and last moment."""
    moves = rng.poisson((end - begin) / mean)
    child = np.repeat(np.arange(len(begin)), moves)
    moved = begin[child] + rng.uniform(size=len(child)) * (end - begin)[child]
    child, first = np.concatenate([np.arange(len(begin)), child]), np.concatenate([begin, moved])
    order = np.lexsort([first, child])
    child, first = child[order], first[order]
    closes = np.append(child[1:] != child[:-1], True)
    return child, first, np.where(closes, end[child], np.append(first[1:], 0.0))


def _spent(first: Floats, last: Floats) -> Floats:
    """(placements, T) years of each placement in each half-year."""
    edges = YEARS * np.arange(len(LABELS) + 1)
    return np.maximum(np.minimum(last[:, None], edges[1:]) - np.maximum(first[:, None], edges[:-1]), 0.0)


def _by_district(spent: Floats, where: NDArray[np.int64]) -> Floats:
    return np.stack([np.bincount(where, column, minlength=DISTRICTS) for column in spent.T], axis=1)
