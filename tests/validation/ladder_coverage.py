"""How often the jackknife's limits for months on a rung, and for the share still there, hold the true difference.

    python tests/validation/ladder_coverage.py     # writes recorded/ladder_coverage.csv; some minutes on one core

Four treated of twenty districts, as in the example. Children stand on a rung, leave it at a rate of their own
district and window, and are replaced; they are followed as the workflow does it: from every half-year of two years
before, in weeks, for a year, and from the one landmark after. A first look at one of these worlds, with other seeds,
showed the degrees of freedom of Welch and Satterthwaite to be too many: they stand beside (``welch``). ``true`` is
the mean over 400 times as many children without any district's own swing in the window (the swings have mean one).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from recording import record
from scipy.stats import t as student

from sverige_did.did.occupation import LOST, Episodes, days_in, follow, occupation
from sverige_did.inference.jackknife import difference, variance

RECORD = Path(__file__).parent / "recorded" / "ladder_coverage.csv"
DISTRICTS, TREATED = 20, 4
YEAR, MONTHS = 52, 12
BEFORE, AFTER = (0, 26, 52), (130,)
"""Landmarks in weeks."""

REPLICATIONS, SEED, LEVEL = 600, 63_000, 0.95
COLUMNS = (
    "world",
    "quantity",
    "intervals",
    "without",
    "coverage",
    "welch",
    "std_error",
    "true",
    "mean_estimate",
    "mean_width",
)


class World(NamedTuple):
    """``children`` on the rung of a district at any time, yearly ``rate`` of leaving, the sds (log) of a district's own
    level and of its own swing in each window, by what the programme multiplies the rate, and by what the treated
    districts' swings are larger.
    """

    children: float
    rate: float = 0.5
    level: float = 0.3
    swing: float = 0.3
    programme: float = 1.0
    wilder: float = 1.0


WORLDS = {
    "many children": World(20),
    "few children": World(4),
    "no swings": World(8, swing=0.0),
    "swings": World(8),
    "treated swing twice as much": World(8, wilder=2.0),
    "programme doubles leaving": World(8, programme=2.0),
}


def episodes(world: World, rng: np.random.Generator, *, districts: int = DISTRICTS) -> tuple[Episodes, np.ndarray]:
    """Stays on the rung (state 0) and after it (1), and the district of each child."""
    treated = np.arange(districts) < TREATED * districts // DISTRICTS
    base = world.rate * np.exp(world.level * rng.standard_normal(districts))
    rows, of = [], []
    for d in range(districts):
        sd = world.swing * (world.wilder if treated[d] else 1.0)
        swings = np.exp(sd * rng.standard_normal(2) - sd**2 / 2)
        rates = base[d] * swings * np.array([1.0, world.programme if treated[d] else 1.0]) / YEAR
        leaves = 1 - np.exp(-rates)
        for _ in range(rng.poisson(world.children)):
            week = -int(rng.exponential(YEAR))
            while week < 200:
                stop = week + int(rng.geometric(leaves[int(week >= AFTER[0])]))
                if week < AFTER[0] < stop:  # still there as the window after begins: the chance is another from then on
                    stop = AFTER[0] + int(rng.geometric(leaves[1]))
                who = len(of)
                of.append(d)
                rows += [(who, 0, week, stop, 1), (who, 1, stop, 10_000, LOST)]
                week = stop
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Episodes(*columns, states=2), np.array(of)


def sides(made: tuple[Episodes, np.ndarray], districts: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """At risk and moves by district, before and after."""
    stays, of = made
    found = []
    for landmarks in (BEFORE, AFTER):
        seen = follow(stays, landmarks, 0, lambda who, _: of[who], districts, YEAR)
        found.append((seen.at_risk, seen.moves))
    return found


def value(side: tuple[np.ndarray, np.ndarray], marked: np.ndarray) -> np.ndarray:
    """Months on the rung, and per cent still on it."""
    share = occupation(side[0][marked].sum(axis=0), side[1][marked].sum(axis=0), 0)
    return np.array([days_in(share)[0] * MONTHS / YEAR, 100 * share[-1, 0]])


def change(found: list[tuple[np.ndarray, np.ndarray]], marked: np.ndarray) -> np.ndarray:
    return value(found[1], marked) - value(found[0], marked)


def one(world: World, rng: np.random.Generator) -> list[tuple[float, ...]]:
    """Estimate, limits, and Welch's limits of each quantity."""
    found = sides(episodes(world, rng), DISTRICTS)
    treated = np.arange(DISTRICTS) < TREATED
    stood = np.any([side[0][:, 0, 0] > 0 for side in found], axis=0)
    estimate = change(found, treated) - change(found, ~treated)
    left = [
        np.array([change(found, arm & (np.arange(DISTRICTS) != d)) for d in np.flatnonzero(arm & stood)])
        for arm in (treated, ~treated)
    ]
    found_limits = []
    for q in range(len(estimate)):
        arms = left[0][:, q], left[1][:, q]
        limits = difference(estimate[q], *arms, LEVEL)
        half = student.ppf((1 + LEVEL) / 2, welch(*arms)) * limits.std_error
        found_limits.append((estimate[q], limits.lower, limits.upper, estimate[q] - half, estimate[q] + half))
    return found_limits


def welch(treated: np.ndarray, control: np.ndarray) -> float:
    """The degrees of freedom of Welch and Satterthwaite."""
    arms = [(variance(arm), len(arm) - 1) for arm in (treated, control)]
    return sum(one for one, _ in arms) ** 2 / sum(one**2 / free for one, free in arms)


def truth(world: World) -> np.ndarray:
    """The difference in one municipality so large that chance leaves little: 20 times the districts and children."""
    if world.programme == 1.0:
        return np.zeros(2)
    many = 20 * DISTRICTS
    found = sides(
        episodes(world._replace(children=20 * world.children), np.random.default_rng(SEED), districts=many), many
    )
    treated = np.arange(many) < 20 * TREATED
    return change(found, treated) - change(found, ~treated)


def rows() -> Iterator[tuple[object, ...]]:
    for number, (name, world) in enumerate(WORLDS.items()):
        true = truth(world)
        made = np.array([one(world, np.random.default_rng([SEED, number, k])) for k in range(REPLICATIONS)])
        for q, quantity in enumerate(("months", "stay")):
            estimate, lower, upper, low, high = made[:, q].T
            by_welch = ((low <= true[q]) & (true[q] <= high))[np.isfinite(low)]
            there = np.isfinite(lower)
            held = ((lower <= true[q]) & (true[q] <= upper))[there]
            error = np.sqrt(held.mean() * (1 - held.mean()) / there.sum())
            yield (
                name, quantity, int(there.sum()), int((~there).sum()), round(held.mean(), 4), round(by_welch.mean(),
                4), round(error, 4), round(true[q], 3), round(np.nanmean(estimate), 3), round((upper -
                lower)[there].mean(), 3), )  # fmt: skip


def table() -> str:
    """The recorded coverage as it stands in docs/methods.md."""
    seen = pd.read_csv(RECORD, comment="#")
    wide = seen.pivot_table(index="world", columns="quantity", values="coverage").reindex(list(WORLDS))
    lines = ["| world | months on the rung | share still there |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {row.months:.1%} | {row.stay:.1%} |" for name, row in wide.iterrows())])


if __name__ == "__main__":
    record(RECORD, "# python tests/validation/ladder_coverage.py\n", COLUMNS, rows(), table)
