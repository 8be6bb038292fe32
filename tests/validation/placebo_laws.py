"""Laws that nobody passed, on a real panel of states: Bertrand, Duflo & Mullainathan's exercise (2004, QJE 119:249).

    python tests/validation/placebo_laws.py

writes tests/validation/recorded/placebo_laws.csv, in a minute on one core.

    python tests/validation/placebo_laws.py --table

prints the table of docs/size.md from what is recorded.

48 American states over seventeen years, 1970 to 1986, come with linearmodels (Munnell 1990). In every data set some
states are drawn by lot, some of them "pass a law" in a year drawn by lot, and the law does nothing. What is counted is
how often an effect is found: by least squares with state and year effects as if rows were independent, by the same with
errors clustered by state (CR1), and by the verdict.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from linearmodels.datasets import munnell
from recording import record
from scipy import stats

from sverige_did.inference.districts import Floats, districts
from sverige_did.inference.simulated import vectorised

SEED, DATA_SETS, DRAWS, ALPHA = 20036, 4_000, 999, 0.05
BEFORE, AFTER = 4, 3
"""The fewest years before and after a law."""

OUTCOMES = ("log product", "log employment", "unemployment")
STATES = ((48, 24), (20, 6), (20, 4), (20, 3))
"""Of so many states so many pass the law."""

RECORDED = Path(__file__).parent / "recorded" / "placebo_laws.csv"
HEADER = f"# python tests/validation/placebo_laws.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"


class Cell(NamedTuple):
    """An outcome, and how many of how many states pass the law."""

    outcome: str
    states: int
    treated: int


class Rates(NamedTuple):
    """The share of data sets in which each finds an effect at the level."""

    ols: float
    cr1: float
    verdict: float


COLUMNS = (*Cell._fields, *Rates._fields)


def cells() -> Iterator[Cell]:
    """Every cell of the study."""
    return (Cell(outcome, *states) for outcome in OUTCOMES for states in STATES)


def panel(outcome: str) -> Floats:
    """States by years."""
    rows = munnell.load()
    values = rows["UNEMP"] if outcome == "unemployment" else np.log(rows[{"log product": "GSP"}.get(outcome, "EMP")])
    return rows.assign(y=values).pivot_table(index="STATE", columns="YR", values="y").to_numpy(float)


def two_way(y: Floats, treated: Floats, post: Floats) -> tuple[float, float]:
    """The p-values of the effect on y (G, T) with state and year effects: rows independent, and clustered by state."""
    groups, years = y.shape
    within = y - y.mean(axis=0) - y.mean(axis=1, keepdims=True) + y.mean()
    d = np.outer(treated - treated.mean(), post - post.mean())
    effect = (d * within).sum() / (d**2).sum()
    left = within - effect * d
    free = y.size - groups - years
    plain = np.sqrt((left**2).sum() / free / (d**2).sum())
    squares = np.square((d * left).sum(axis=1)).sum() / (d**2).sum() ** 2
    clustered = np.sqrt(squares * groups / (groups - 1) * (y.size - 1) / (y.size - years - 1))
    return float(2 * stats.t.sf(abs(effect) / plain, free)), float(2 * stats.t.sf(abs(effect) / clustered, groups - 1))


def rates(number: int, cell: Cell, data_sets: int = DATA_SETS) -> Rates:
    """How often each finds an effect of a law that does nothing."""
    rng, whole = np.random.default_rng([SEED, number]), panel(cell.outcome)
    years = whole.shape[1]
    treated = np.arange(cell.states) < cell.treated
    change, p = np.empty((cell.states, data_sets)), np.empty((data_sets, 2))
    for at in range(data_sets):
        y = whole[rng.choice(len(whole), cell.states, replace=False)]
        post = np.arange(years) >= rng.integers(BEFORE, years - AFTER + 1)
        change[:, at] = y[:, post].mean(axis=1) - y[:, ~post].mean(axis=1)
        p[at] = two_way(y, treated.astype(float), post.astype(float))
    sample = districts(np.arange(float(cell.states)), treated)
    found = vectorised.verdicts(change, sample, ALPHA, DRAWS, rng)
    return Rates(*(p <= ALPHA).mean(axis=0).tolist(), float(found.mean()))


def recorded() -> list[tuple[Cell, Rates]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return [
            (
                Cell(row["outcome"], int(row["states"]), int(row["treated"])),
                Rates(*(float(row[name]) for name in Rates._fields)),
            )
            for row in csv.DictReader(file)
        ]


def table() -> str:
    """Per cent of data sets: least squares / CR1 / verdict."""
    found = dict(recorded())
    head = ["outcome", *(f"{treated} of {states}" for states, treated in STATES)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for outcome in OUTCOMES:
        told = (" / ".join(f"{100 * rate:.1f}" for rate in found[Cell(outcome, *states)]) for states in STATES)
        lines.append("| " + " | ".join((outcome, *told)) + " |")
    return "\n".join(lines)


def lines() -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell."""
    for number, cell in enumerate(cells()):
        yield *cell, *(f"{rate:.4f}" for rate in rates(number, cell))


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, lines(), table)
