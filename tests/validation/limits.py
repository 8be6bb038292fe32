"""What standard errors, limits and p-values leave of single districts when they are rounded as in a release.

They are no sums, so that no linear programme has them. Two things are looked at in made-up districts. Numbers: all of a
table of methods is a function of the districts' changes, so that a district with as many children more before as after,
and another with as many fewer, give the very same table. And changes: how far that of a district can go while every
rounded value of the table stays what it is, to first order at the true changes, which an outsider does not have (a
linear programme over the slopes of all values); beside it whether a table was computed that says the same with a child
more or fewer there. Run: ``python tests/validation/limits.py [how many]``, or with ``--table`` to
print what is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from recording import record
from scipy.optimize import linprog

from sverige_did.disclosure.coarse import OF_THE_VERDICT, OTHERS, OWN_LIMITS, Steps, coarse_estimate
from sverige_did.disclosure.rounding import FINE_P, ROUGH_P, nice_above, nice_below
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.methods_table import PRIMARY_INTERVAL, Labels, methods_table
from sverige_did.results.estimates import Estimate

RECORDED = Path(__file__).parent / "recorded" / "limits.csv"
HEADER = "# Synthetic districts, by python tests/validation/limits.py: no child in them exists.\n"
COLUMNS = (
    "municipality", "districts", "treated", "tried", "numbers_three", "changes_three", "narrowest", "median",
    "computed_one",
)  # fmt: skip
"""``changes_three``: districts whose change keeps three candidates to first order, with the ``narrowest`` range and the
``median`` in children; ``computed_one``: those with a table computed at least a child away that says the same."""
OUTCOME, SCALE = "institution_per_1000", "rate_per_1000"
BASE, CANDIDATES, TRIES = 5, 3, 4
MOVED, MOST, AWAY, NEAR = 0.1, 30.0, 1.0, (1.2, 2.0, 3.0)
"""By how many children a change is moved to see what moves with it, how many more or fewer there can be, how far off a
table is looked for, and with how many at most in the others."""

NAMES = ("estimate", "std_error", "lower", "upper", "p_value")
Values = dict[tuple[str, str], float]
"""The values of a table by method and name."""


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


def values(town: Town, change: np.ndarray) -> Values:
    """All numbers of the table of these changes (U,), as they are computed."""
    rows_ = table(town, town.before, town.before + change * town.living / 1000)
    return {
        (one.inference, name): getattr(one, name) for one in rows_ for name in NAMES if getattr(one, name) is not None
    }


def told(key: tuple[str, str], value: float, step: float) -> tuple[float, float]:
    """Between which values everybody knows a value to be when it is rounded as in a release."""
    method, name = key
    if name == "p_value":
        edges = (0.0, *(FINE_P if method in OF_THE_VERDICT else ROUGH_P))
        upper = next(edge for edge in edges[1:] if value <= edge + 1e-9)
        return edges[edges.index(upper) - 1], upper
    if name == "std_error":
        step = nice_below(value / 5)
    elif name != "estimate" and method not in OWN_LIMITS:
        step = nice_above(step * OTHERS)
    if name in {"lower", "upper"}:
        return np.floor(value / step + 1e-9) * step, np.ceil(value / step - 1e-9) * step
    return (np.floor(value / step + 0.5) - 0.5) * step, (np.floor(value / step + 0.5) + 0.5) * step


def changes_left(town: Town, shown: Steps) -> tuple[np.ndarray, np.ndarray]:
    """(U,) how far each district's change can go to first order, in children, and whether one a child off was made."""
    change = 1000 * (town.after - town.before) / town.living
    here, step = values(town, change), shown.of[OUTCOME, SCALE]
    keys = list(here)

    def all_of(moved: np.ndarray) -> np.ndarray:
        """(R,) the values when so many children are added to districts' changes."""
        found = values(town, change + 1000 * moved / town.living)
        return np.array([found.get(key, np.inf) for key in keys])

    true = all_of(np.zeros(change.size))
    slopes = np.column_stack([(all_of(MOVED * one) - true) / MOVED for one in np.eye(change.size)])
    ends = np.array([told(key, here[key], step) for key in keys])
    low, high = np.minimum(ends[:, 0] - true, -1e-9), np.maximum(ends[:, 1] - true, 1e-9)
    table_ = Linear(np.where(np.isfinite(slopes), slopes, 0.0), low, high)

    def same(moved: np.ndarray) -> tuple[bool, np.ndarray]:
        """Whether every value is rounded to the same, and what each is off from its first order."""
        found = all_of(moved)
        alike_ = all(told(key, value, step) == tuple(end) for key, value, end in zip(keys, found, ends, strict=True)
                     if np.isfinite(value))  # fmt: skip
        return alike_ and bool(np.isfinite(found).all()), np.nan_to_num(
            found - true - table_.slopes @ moved, posinf=0.0
        )

    return _widths(table_), np.array([any(_found(table_, same, at, away, near)
                                          for near in NEAR for away in (AWAY, -AWAY))
                                      for at in range(change.size)])  # fmt: skip


class Linear(NamedTuple):
    """The values of a table to first order: ``slopes`` (R, U) times children more, and the ``low`` and ``high`` (R,) at
    which they are rounded to something else."""

    slopes: np.ndarray
    low: np.ndarray
    high: np.ndarray


def _widths(table_: Linear) -> np.ndarray:
    """(U,) the ranges of the linear programme."""
    size = table_.slopes.shape[1]
    rows_, most = np.vstack([table_.slopes, -table_.slopes]), np.concatenate([table_.high, -table_.low])
    found = np.zeros(size)
    for at, one in enumerate(np.eye(size)):
        each = (linprog(sign * one, A_ub=rows_, b_ub=most, bounds=[(-MOST, MOST)] * size) for sign in (1.0, -1.0))
        found[at] = sum(abs(side.x[at]) for side in each)
    return found


def _found(
    table_: Linear, same: Callable[[np.ndarray], tuple[bool, np.ndarray]], at: int, away: float, near: float
) -> bool:
    """Whether a table with ``away`` children more in the district was computed that says the same.

    The others move so that every value keeps as much of its room as it can; what is then not of the first order is
    taken into account the next time.
    """
    size, off = table_.slopes.shape[1], np.zeros(table_.low.size)
    ends = [(away, away) if one == at else (-near, near) for one in range(size)]
    for _ in range(TRIES):
        room = np.concatenate([table_.high - table_.low] * 2)
        rows_ = np.column_stack([np.vstack([table_.slopes, -table_.slopes]), room])
        most = np.concatenate([table_.high - off, off - table_.low])
        # The last unknown is the part of its room that every value keeps to either side.
        made = linprog(-np.eye(size + 1)[size], A_ub=rows_, b_ub=most, bounds=[*ends, (None, 0.5)])
        if made.x is None:
            return False
        alike_, off = same(made.x[:size])
        if alike_:
            return True
    return False


def rows(number: int) -> Iterator[tuple[object, ...]]:
    """One municipality a row."""
    for seed in range(number):
        town = Town(seed)
        left = [numbers_left(town, at) for at in range(town.treated.size)]
        first, computed = changes_left(town, steps(town))
        yield (
            seed, town.treated.size, int(town.treated.sum()), len(left), sum(one >= CANDIDATES for one in left),
            int((first >= CANDIDATES - 1 - 1e-6).sum()), round(float(first.min()), 2),
            round(float(np.median(first)), 2), int(computed.sum()),
        )  # fmt: skip


def table_line() -> str:
    """What is recorded, in one line."""
    found = pd.read_csv(RECORDED, comment="#")
    tried = found["tried"].sum()
    return (
        f"{len(found)} municipalities of {found['districts'].min()} to {found['districts'].max()} districts: "
        f"{100 * found['numbers_three'].sum() / tried:.0f} % of {tried} districts' numbers have three candidates or "
        f"more; {100 * found['changes_three'].sum() / tried:.0f} % of their changes to first order (narrowest "
        f"{found['narrowest'].min():.1f} children, median of the narrowest {found['narrowest'].median():.1f}, of the "
        f"medians {found['median'].median():.1f}); a table at least a child away that says the same was computed for "
        f"{100 * found['computed_one'].sum() / tried:.0f} %"
    )


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    record(RECORDED, HEADER, COLUMNS, rows(numbers[0] if numbers else 12), table_line)
