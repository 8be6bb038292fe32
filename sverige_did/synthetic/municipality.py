"""The made-up districts and children: who lives where, what stays the same about a child in every world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.errors import refuse
from sverige_did.sources.spells.person_years import Windows
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.careers import ASSUMED, FloatArray, History

EIGHTEEN_YEARS: Final = 6574
"""Days from birth to the day before the eighteenth birthday, at least."""


def day_of(day: date) -> int:
    """The date as days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def as_dates(day: IntArray) -> np.ndarray:
    """Days as dates; :data:`OPEN` is missing."""
    return np.where(day == OPEN, np.datetime64("NaT", "us"), np.where(day == OPEN, 0, day).astype("datetime64[D]"))


@dataclass(frozen=True, slots=True, eq=False)
class Districts:
    """The districts of one municipality, shape (D,); ``residents`` is (D, T) over the half-years of ``windows``.

    The first ``treated`` are treated. ``pupils`` and ``residents`` are children; ``background`` is in per cent.
    """

    names: tuple[str, ...]
    treated: int
    pupils: IntArray
    residents: IntArray
    background: FloatArray
    windows: Windows

    def __len__(self) -> int:
        return len(self.names)

    def register(self, go_live: int) -> pd.DataFrame:
        """The table of districts, one row a district and half-year; ``go_live`` is the first treated day."""
        D, T = self.residents.shape
        strata = np.resize(ASSUMED["strata"], D)
        return pd.DataFrame(
            {
                "district": np.repeat(self.names, T),
                "period": np.tile(self.windows.labels, D),
                "pupils": self.pupils.ravel(),
                "residents_0_17": self.residents.ravel(),
                "background": np.repeat(self.background, T),
                "stratum": np.repeat(strata, T),
                "treated_from": np.repeat(as_dates(np.where(np.arange(D) < self.treated, go_live, OPEN)), T),
            }
        )


def district_names(n: int) -> tuple[str, ...]:
    """Names of two common parts, numbered where there are more than a hundred."""
    firsts, lasts = ASSUMED["names"]["first"], ASSUMED["names"]["last"]
    single = [first + lasts[(i + k) % len(lasts)] for k in range(len(lasts)) for i, first in enumerate(firsts)]
    return tuple(single[i % 100] + (f" {i // 100 + 1}" if i >= 100 else "") for i in range(n))


def draw_districts(
    n: int,
    treated: int,
    windows: Windows,
    rng: np.random.Generator,
    *,
    pupil_share: float | None = None,
    mean_residents: float = 1_000.0,
) -> Districts:
    """Districts of unlike size whose numbers drift by a few per cent.

    ``pupil_share``: the treated districts' share of the pupils in every half-year, as near as whole children allow.
    The treated have a few per cent more parents without education beyond school, as those of the programme had.
    Refuses fewer than one treated or one control district.
    """
    if not 0 < treated < n:
        raise refuse("synth_districts", found=f"{treated} / {n}")
    T = len(windows.labels)
    size = mean_residents * np.exp(rng.normal(0, 0.25, n))
    drift = np.exp(np.cumsum(rng.normal(-0.002, 0.006, (n, T)), axis=1))
    residents = size[:, None] * drift
    if pupil_share is not None:
        rest = residents[treated:].sum(axis=0)
        residents[:treated] *= pupil_share / (1 - pupil_share) * rest / residents[:treated].sum(axis=0)
    background = np.clip(rng.normal(24, 4, n) + 3 * (np.arange(n) < treated), 5, 60).round(1)
    whole = np.rint(residents).astype(np.int64)
    pupils = np.rint(residents * 0.55).astype(np.int64)
    return Districts(district_names(n), treated, pupils, whole, background, windows)


@dataclass(frozen=True, slots=True, eq=False)
class Children:
    """What is the same about a child in every world, shape (C,) each.

    ``district`` is where it lives at the baseline, ``before`` where it lived until the day ``moved`` (:data:`OPEN`:
    always in the same). ``birth`` is a day; ``need`` a standard normal that moves SDQ answers and prices.
    """

    district: IntArray
    before: IntArray
    moved: IntArray
    birth: IntArray
    girl: np.ndarray
    need: FloatArray

    @property
    def birth_month(self) -> np.ndarray:
        """The month of birth, (C,), as numpy has months."""
        return self.birth.astype("datetime64[D]").astype("datetime64[M]")


def draw_children(
    worlds: tuple[History, ...], district: IntArray, districts: Districts, rng: np.random.Generator
) -> Children:
    """Children with a birthday that fits their stays in every one of the worlds: born before, under 18 throughout.

    ``district`` (C,) is where each lives; nobody moves between treated and control districts.
    """
    C, end = len(district), int(districts.windows.bounds[-1])
    first, last = np.full(C, end), np.zeros(C, dtype=np.int64)
    for world in worlds:
        np.minimum.at(first, world.child, world.start)
        np.maximum.at(last, world.child, np.minimum(world.stop, end))
    age = 18 * rng.beta(2.2, 1.5, C) * 365.25
    birth = np.clip(first - age.astype(np.int64), last - EIGHTEEN_YEARS, first)
    before, moved = district.copy(), np.full(C, OPEN)
    for group in np.split(np.arange(len(districts)), [districts.treated]):
        movers = np.flatnonzero(np.isin(district, group) & (rng.random(C) < 0.06))
        before[movers] = rng.choice(group, len(movers))
    went = before != district
    moved[went] = birth[went] + 1 + ((first - birth)[went] * rng.random(went.sum())).astype(np.int64)
    return Children(district, before, moved, birth, rng.random(C) < 0.47, rng.standard_normal(C))
