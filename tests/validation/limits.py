"""What standard errors, limits and p-values leave of single districts when they are rounded as in a release.

They are no sums, so that no linear programme has them. Two things are looked for in made-up districts. Other numbers:
all of a table of methods is a function of the districts' changes, so that a district with as many children more before
as after, and another with as many fewer, give the very same table. And other changes: a child more or fewer after the
start in one district, taken by others of its group, of many ways at random those tried that move means and variances
least, with which all rounded values are the same. What is found is a lower limit: an outsider may be left more. Run:
``python tests/validation/limits.py [how many]``, or with ``--table`` to print what is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from recording import record

from sverige_did.disclosure.coarse import Steps, coarse_estimate
from sverige_did.disclosure.rounding import nice_below
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.methods_table import PRIMARY_INTERVAL, Labels, methods_table
from sverige_did.results.estimates import Estimate

RECORDED = Path(__file__).parent / "recorded" / "limits.csv"
HEADER = "# Synthetic districts, by python tests/validation/limits.py: no child in them exists.\n"
COLUMNS = ("municipality", "districts", "treated", "tried", "numbers_three", "changes_rounded", "changes_exact")
OUTCOME, SCALE = "institution_per_1000", "rate_per_1000"
BASE, TRIES, WAYS = 5, 3, 1000
CANDIDATES = 3


class Town:
    """Children before and after by district, who is treated, and how many live there."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([20260202, seed])
        total = int(rng.integers(8, 15))
        self.treated = np.arange(total) < int(rng.integers(3, 5))
        self.living = rng.integers(300, 1500, total).astype(float)
        self.before, self.after = rng.poisson(self.living * 0.012, (2, total)).astype(float)

    def sample(self, before: np.ndarray, after: np.ndarray) -> Districts:
        """The districts' changes per 1,000, were so many there."""
        return districts(1000 * (after - before) / self.living, self.treated, weights=self.living)


def table(town: Town, before: np.ndarray, after: np.ndarray) -> tuple[Estimate, ...]:
    """Every method, as it is computed."""
    found = methods_table(town.sample(before, after), Labels(SCALE, "att"), rng=np.random.default_rng(1))
    return found.estimates


def steps(town: Town) -> Steps:
    """As a release takes them: of the width of the interval, and a fifth of what rounding makes of the windows."""
    primary = next(one for one in table(town, town.before, town.after) if one.inference == PRIMARY_INTERVAL)
    width = float(primary.upper or 0.0) - float(primary.lower or 0.0)
    floor = 0.2 * 1000 * BASE / town.living[town.treated].sum()
    return Steps({(OUTCOME, SCALE): max(nice_below(width / 20), nice_below(floor))})


def said(town: Town, before: np.ndarray, after: np.ndarray, shown: Steps | None) -> list[Estimate]:
    """The table of methods, rounded as in a release, or exactly."""
    rows = table(town, before, after)
    return [coarse_estimate(one, OUTCOME, shown) for one in rows] if shown else list(rows)


def numbers_left(town: Town, district: int) -> int:
    """How many numbers after the start the exact table leaves a district.

    Another district of its group has as many fewer, before and after alike. Then no change moves, and no level of a
    group.
    """
    group = np.flatnonzero((town.treated == town.treated[district]) & (np.arange(town.treated.size) != district))
    found, truth = 1, said(town, town.before, town.after, None)
    for more in (-2, -1, 1, 2):
        shift = np.zeros(town.treated.size)
        other = group[np.argmax(np.minimum(town.before, town.after)[group])]
        shift[[district, other]] = more, -more
        both = town.before + shift, town.after + shift
        found += min(one.min() for one in both) >= 0 and alike(said(town, *both, None), truth)
    return found


def alike(one: list[Estimate], other: list[Estimate]) -> bool:
    """Whether two tables say the same but for the last bits of a sum."""
    names = ("estimate", "std_error", "lower", "upper", "p_value")
    pairs = [(getattr(a, name), getattr(b, name)) for a, b in zip(one, other, strict=True) for name in names]
    return all(a == b or (a is not None and b is not None and abs(a - b) <= 1e-9 * (1 + abs(a))) for a, b in pairs)


def another_change(town: Town, district: int, shown: Steps | None, rng: np.random.Generator) -> bool:
    """Whether a change of one child more or fewer was found with which the table says the same."""
    group = np.flatnonzero((town.treated == town.treated[district]) & (np.arange(town.treated.size) != district))
    truth = said(town, town.before, town.after, shown)
    return any(
        said(town, town.before, after, shown) == truth
        for more in (1, -1)
        for after in nearest(town, district, more, group, rng)
    )


def nearest(town: Town, district: int, more: int, others: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(TRIES, G) numbers after the start with ``more`` in the district, that change what methods are made of least."""
    after = np.repeat(town.after[None], WAYS, axis=0)
    after[:, district] += more
    for way in range(WAYS):
        # The others take them, and exchange some among themselves.
        np.subtract.at(after[way], rng.choice(others, abs(more)), np.sign(more))
        for _ in range(int(rng.integers(0, 5))):
            one, two = rng.choice(others, 2)
            after[way, one] += 1
            after[way, two] -= 1
    after = after[after.min(axis=1) >= 0]
    moments, truth = _moments(town, after), _moments(town, town.after[None])
    far = np.abs(moments / truth - 1).max(axis=1)
    return after[np.argsort(far, kind="stable")[:TRIES]]


def _moments(town: Town, after: np.ndarray) -> np.ndarray:
    """(N, 6) of each group: the variance of the weighted and of the unweighted mean, and the unweighted mean."""
    change = 1000 * (after - town.before) / town.living
    columns = []
    for side in (town.treated, ~town.treated):
        own, weight = change[:, side], town.living[side] / town.living[side].sum()
        middle = own @ weight
        columns.append((weight**2 * (own - middle[:, None]) ** 2).sum(axis=1))
        columns.append(own.var(axis=1))
        columns.append(own.mean(axis=1))
    return np.stack(columns, axis=1)


def rows(number: int) -> Iterator[tuple[object, ...]]:
    """One municipality a row."""
    for seed in range(number):
        town, rng = Town(seed), np.random.default_rng(seed)
        shown, every = steps(town), range(town.treated.size)
        left = [numbers_left(town, at) for at in every]
        rounded = sum(another_change(town, at, shown, rng) for at in every)
        exact = sum(another_change(town, at, None, rng) for at in every)
        yield (
            seed, town.treated.size, int(town.treated.sum()), len(left), sum(one >= CANDIDATES for one in left),
            rounded, exact,
        )  # fmt: skip


def table_line() -> str:
    """What is recorded, in one line."""
    found = pd.read_csv(RECORDED, comment="#")
    tried = found["tried"].sum()
    return (
        f"{len(found)} municipalities of {found['districts'].min()} to {found['districts'].max()} districts: "
        f"{100 * found['numbers_three'].sum() / tried:.0f} % of {tried} districts' numbers have three candidates or "
        f"more; another change was found for {found['changes_rounded'].sum()} districts with the rounded table, "
        f"for {found['changes_exact'].sum()} with the exact one"
    )


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    record(RECORDED, HEADER, COLUMNS, rows(numbers[0] if numbers else 8), table_line)
