"""A made-up municipality in two worlds, with and without the programme, and the registers that each would deliver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.sources.spells.person_years import Windows, half_years
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.careers import PLACED, FloatArray, History
from sverige_did.synthetic.child_registers import (
    Setting,
    breakdowns_register,
    broken_down,
    cases_register,
    children_register,
    placements_register,
    residences_register,
    seen,
)
from sverige_did.synthetic.municipality import Districts, draw_children
from sverige_did.synthetic.practice_registers import (
    Practice,
    accounts_register,
    calibrated_spending,
    case_bounds,
    caseworkers_register,
    complaints_register,
    follow_ups_register,
    sdq_norms_register,
    sdq_register,
    spending,
)

SDQ_DAYS: Final = (date(2013, 6, 15), date(2014, 6, 15), date(2015, 6, 15))


@dataclass(frozen=True, slots=True)
class Size:
    """How large the municipality is and which years are observed. The programme begins on ``go_live``; follow-ups are
    registered from ``details_from`` on."""

    districts: int = 20
    treated: int = 4
    first_year: int = 2009
    last_year: int = 2015
    go_live: date = date(2013, 8, 1)
    details_from: date = date(2013, 1, 1)
    mean_residents: float = 1_000.0

    @property
    def windows(self) -> Windows:
        """The half-years observed."""
        return half_years(self.first_year, self.last_year)


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """What printed figures fix beyond the numbers on the steps; empty when nothing is calibrated. Keys: treated or
    not and the year; of ``spending``, group, kind and year."""

    breakdowns: Mapping[tuple[bool, int], int] = field(default_factory=dict)
    complaint_share: tuple[float, float] | None = None
    caseworkers: tuple[float, float] | None = None
    spending: Mapping[tuple[str, str, int], float] = field(default_factory=dict)
    investment: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One world: its registers by name, and the careers that they were made from."""

    registers: dict[str, pd.DataFrame]
    stays: History
    setting: Setting


@dataclass(frozen=True, slots=True, eq=False)
class Municipality:
    """The world that is delivered, and the same municipality without the programme."""

    delivered: World
    untreated: World
    size: Size


def day_of(day: date) -> int:
    """The date as days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


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
    fixed: Fixed | None = None,
    practice: Practice | None = None,
) -> Municipality:
    """The registers of the world with the programme and of the one without, from the same draws.

    ``homes`` (C,) is each child's district at the baseline.
    """
    fixed, practice = fixed or Fixed(), practice or Practice()
    begin, end = int(size.windows.bounds[0]), int(size.windows.bounds[-1])
    control = (np.arange(len(districts)) >= size.treated).astype(np.int64)
    children = draw_children(worlds, homes, control, end, rng)
    noise = rng.standard_normal((len(children), len(SDQ_DAYS), 25))
    seed = int(rng.integers(2**62))
    go_live = day_of(size.go_live)
    with_it = Setting(districts, children, begin, end, go_live)
    without = Setting(districts, children, begin, end, OPEN)
    return Municipality(
        _world(worlds[0], with_it, size, fixed, practice, noise, seed),
        _world(worlds[1], without, size, _without_programme(fixed), practice, noise, seed),
        size,
    )


def _without_programme(fixed: Fixed) -> Fixed:
    """What the figures fix in the world without the programme: the control group's part of it."""
    before = fixed.caseworkers and (fixed.caseworkers[0], fixed.caseworkers[0])
    return Fixed(
        breakdowns={key: count for key, count in fixed.breakdowns.items() if not key[0]},
        caseworkers=before,
        spending={key: change for key, change in fixed.spending.items() if key[0] == "control"},
    )


def _world(
    history: History, setting: Setting, size: Size, fixed: Fixed, practice: Practice, noise: FloatArray, seed: int
) -> World:
    stays = seen(history, setting)
    rngs = np.random.default_rng(seed).spawn(5)
    broken = broken_down(stays, setting, _breakdowns(stays, setting, size, fixed, practice, rngs[0]), rngs[0])
    sdq = sdq_register(stays, setting, practice, tuple(day_of(day) for day in SDQ_DAYS), noise)
    amounts = calibrated_spending(spending(stays, setting), fixed.spending)
    complaints = {} if fixed.complaint_share is None else {(True, 2014): _complaints(stays, setting, fixed)}
    registers = {
        "districts": setting.districts.register(
            np.datetime64("NaT", "D") if setting.go_live == OPEN else np.datetime64(size.go_live)
        ),
        "children": children_register(stays, setting),
        "residences": residences_register(stays, setting),
        "placements": placements_register(stays, setting, broken, rngs[1]),
        "cases": cases_register(stays, setting),
        "caseworkers": caseworkers_register(stays, setting, practice, fixed.caseworkers),
        "follow_ups": follow_ups_register(stays, setting, practice, day_of(size.details_from), rngs[2]),
        "breakdowns": breakdowns_register(stays, setting, broken),
        "complaints": complaints_register(stays, setting, practice, complaints, rngs[3]),
        "sdq_waves": sdq,
        "sdq_norms": sdq_norms_register(sdq),
        "accounts": accounts_register(amounts, fixed.investment),
    }
    return World(registers, stays, setting)


def _breakdowns(
    stays: History, setting: Setting, size: Size, fixed: Fixed, practice: Practice, rng: np.random.Generator
) -> dict[tuple[bool, int], int]:
    """How many placements break down in each group and year: as fixed, else Poisson with the rate of the practice."""
    counts = {}
    for treated in (True, False):
        for year in range(size.first_year, size.last_year + 1):
            day = day_of(date(year, 7, 1))
            there = (stays.start <= day) & (day < stays.stop) & np.isin(stays.step, PLACED)
            placed = int((there & (setting.treated[stays.child] == treated)).sum())
            helped = treated and day >= setting.go_live
            rate = practice.breakdown_rate_programme if helped else practice.breakdown_rate
            drawn = int(rng.poisson(rate * placed))
            counts[treated, year] = fixed.breakdowns.get((treated, year), drawn)
    return counts


def _complaints(stays: History, setting: Setting, fixed: Fixed) -> int:
    """The treated group's complaints of 2014: the smallest number whose share of its cases was printed."""
    child, opened, closed = case_bounds(stays)
    first, after = day_of(date(2014, 1, 1)), day_of(date(2015, 1, 1))
    cases = int((setting.treated[child] & (opened < after) & (closed > first)).sum())
    low = fixed.complaint_share[0] / 100 if fixed.complaint_share else 0.0
    return int(np.ceil(low * cases))
