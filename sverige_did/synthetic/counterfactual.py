"""A made-up municipality in two worlds, with and without the programme, and the registers that each would deliver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sverige_did.sources.spells.person_years import Windows, half_years
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.calibration import Targets
from sverige_did.synthetic.careers import FloatArray, History
from sverige_did.synthetic.child_registers import (
    Population,
    breakdowns_register,
    broken_down,
    cases_register,
    children_register,
    placements_register,
    residences_register,
    seen,
)
from sverige_did.synthetic.municipality import Districts, day_of, draw_children
from sverige_did.synthetic.practice_registers import (
    QUESTIONS,
    SDQ_DAYS,
    accounts_register,
    caseworkers_register,
    complaints_register,
    follow_ups_register,
    sdq_norms_register,
    sdq_register,
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the municipality is, which years are observed and when the programme begins."""

    districts: int = 20
    treated: int = 4
    first_year: int = 2009
    last_year: int = 2015
    go_live: date = date(2013, 8, 1)
    mean_residents: float = 1_000.0

    @property
    def windows(self) -> Windows:
        """The half-years observed."""
        return half_years(self.first_year, self.last_year)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One world: its registers by name, and what they were made from."""

    registers: dict[str, pd.DataFrame]
    population: Population


@dataclass(frozen=True, slots=True, eq=False)
class Municipality:
    """The world that is delivered, and the same municipality without the programme."""

    delivered: World
    untreated: World


def joined(parts: Sequence[History], children: IntArray) -> History:
    """Several histories as one; part k has room for ``children[k]`` children, as many as in its fullest world."""
    offset = np.concatenate([[0], np.cumsum(children)])
    child = np.concatenate([part.child + first for part, first in zip(parts, offset[:-1], strict=True)])
    step, start, stop = (np.concatenate([getattr(part, name) for part in parts]) for name in ("step", "start", "stop"))
    return History(child, step, start, stop, int(offset[-1]))


def municipality(
    worlds: tuple[History, History],
    homes: IntArray,
    districts: Districts,
    size: Size,
    rng: np.random.Generator,
    printed: Targets | None = None,
) -> Municipality:
    """The registers of the world with the programme and of the one without, from the same draws.

    ``homes`` (C,) is each child's district at the baseline; ``printed`` is what printed figures fix.
    """
    children = draw_children(worlds, homes, districts, rng)
    noise = rng.standard_normal((len(homes), len(SDQ_DAYS), len(QUESTIONS)))
    seed = int(rng.integers(2**62))
    with_it, without = (
        _world(Population(districts, children, seen(history, districts), go_live, printed), noise, seed)
        for history, go_live in zip(worlds, (day_of(size.go_live), OPEN), strict=True)
    )
    return Municipality(with_it, without)


def _world(population: Population, noise: FloatArray, seed: int) -> World:
    rngs = np.random.default_rng(seed).spawn(5)
    placements = placements_register(population, broken_down(population, rngs[0]), rngs[1])
    sdq = sdq_register(population, noise)
    registers = {
        "districts": population.districts.register(population.go_live),
        "children": children_register(population),
        "residences": residences_register(population),
        "placements": placements,
        "cases": cases_register(population),
        "caseworkers": caseworkers_register(population),
        "follow_ups": follow_ups_register(population, rngs[2]),
        "breakdowns": breakdowns_register(placements),
        "complaints": complaints_register(population, rngs[3]),
        "sdq_waves": sdq,
        "sdq_norms": sdq_norms_register(sdq),
        "accounts": accounts_register(population),
    }
    return World(registers, population)
