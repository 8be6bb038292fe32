"""The made-up districts and children: who lives where, what stays the same about a child in every world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.errors import refuse
from sverige_did.sources.spells.person_years import Windows
from sverige_did.sources.spells.spells import OPEN, IntArray
from sverige_did.synthetic.careers import FloatArray, History

_FIRST = ("Birke", "Lærke", "Kilde", "Ege", "Mølle", "Hede", "Ravne", "Elme", "Sø", "Kirke")
_LAST = ("lund", "bæk", "by", "ådal", "høj", "skov", "mark", "vang", "rup", "toft")
STRATA: Final = ("by-stærk", "by-svag", "land-stærk", "land-svag")
EIGHTEEN_YEARS: Final = 6574
"""Days from birth to the day before the eighteenth birthday, at least."""


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

    def register(self, treated_from: np.datetime64) -> pd.DataFrame:
        """The table of districts, one row a district and half-year."""
        D, T = self.residents.shape
        start = np.where(np.arange(D) < self.treated, treated_from, np.datetime64("NaT", "D"))
        strata = np.array(STRATA)[np.arange(D) % len(STRATA)]
        return pd.DataFrame(
            {
                "district": np.repeat(self.names, T),
                "period": np.tile(self.windows.labels, D),
                "pupils": self.pupils.ravel(),
                "residents_0_17": self.residents.ravel(),
                "background": np.repeat(self.background, T),
                "stratum": np.repeat(strata, T),
                "treated_from": np.repeat(start, T).astype("datetime64[us]"),
            }
        )


def district_names(n: int) -> tuple[str, ...]:
    """Names of two common parts, numbered where there are more than a hundred; no place of such a name is meant."""
    single = [first + _LAST[(i + k) % len(_LAST)] for k in range(len(_LAST)) for i, first in enumerate(_FIRST)]
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

    def __len__(self) -> int:
        return len(self.district)


def draw_children(
    worlds: tuple[History, ...], district: IntArray, group: IntArray, end: int, rng: np.random.Generator
) -> Children:
    """Children with a birthday that fits their stays in every one of the worlds: born before, under 18 throughout.

    ``district`` (C,) is where each lives; ``group`` (D,) says which districts may swap children, so that nobody moves
    between treated and control. ``end`` is the first day that is not observed.
    """
    C = len(district)
    first, last = np.full(C, end), np.zeros(C, dtype=np.int64)
    for world in worlds:
        np.minimum.at(first, world.child, world.start)
        np.maximum.at(last, world.child, np.minimum(world.stop, end))
    age = 18 * rng.beta(2.2, 1.5, C) * 365.25
    birth = np.clip(first - age.astype(np.int64), last - EIGHTEEN_YEARS, first)
    before, moved = district.copy(), np.full(C, OPEN)
    for one in np.unique(group):
        here = np.flatnonzero(group == one)
        movers = np.flatnonzero((group[district] == one) & (rng.random(C) < 0.06))
        before[movers] = rng.choice(here, len(movers))
    went = before != district
    moved[went] = birth[went] + 1 + ((first - birth)[went] * rng.random(went.sum())).astype(np.int64)
    return Children(district, before, moved, birth, rng.random(C) < 0.47, rng.standard_normal(C))
