"""How often intervals that let groups drift hold the effect, with few treated districts, and how much drift they stand.

    python tests/validation/drift.py

writes tests/validation/recorded/drift.csv, in a few minutes on one core.

    python tests/validation/drift.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from drifting import estimated, shocks, treated_of
from recording import record

from sverige_did.inference.event_effects import Estimated
from sverige_did.inference.relative_magnitudes import EventEffects, holds, relative_breakdown
from sverige_did.inference.smoothness import frontier, smooth_interval

SEED, DATA_SETS, BREAKDOWNS, BEFORE, AFTER = 20231, 200, 20, 8, 4
RECORDED = Path(__file__).parent / "recorded" / "drift.csv"
HEADER = (
    f"# python tests/validation/drift.py: seed [{SEED}, cell], 20 districts, {BEFORE} half-years before and {AFTER}"
    f" after, {DATA_SETS} data sets a cell, {BREAKDOWNS} for breakdowns\n"
)
EFFECT = 12.0
"""In true standard errors of the difference in means of all periods."""

MEASURES = (
    "line_ours", "line_normal", "line_authors", "relative_ours", "relative_normal", "breakdown_years",
    "breakdown_half_years",
)  # fmt: skip


class Cell(NamedTuple):
    """How many are treated, the memory of shocks from one half-year to the next, and treated over control sd."""

    treated: int
    memory: float
    ratio: float


def cells() -> Iterator[Cell]:
    """Every cell of the study."""
    for treated in (4, 10):
        for memory in (0.0, 0.5):
            yield from (Cell(treated, memory, ratio) for ratio in (1.0, 2.0))


def drawn(cell: Cell, rng: np.random.Generator) -> np.ndarray:
    """Levels (20, 12) without drift or effect."""
    return shocks(rng, BEFORE + AFTER, treated=cell.treated, memory=cell.memory, ratio=cell.ratio)


def true_error(cell: Cell, rng: np.random.Generator) -> float:
    """The standard error of the difference in differences of the means of all periods."""
    mine, found = treated_of(20, cell.treated), []
    for _ in range(1000):
        y = drawn(cell, rng)
        change = y[:, BEFORE:].mean(axis=1) - y[:, :BEFORE].mean(axis=1)
        found.append(change[mine].mean() - change[~mine].mean())
    return float(np.std(found))


def holds_line(effects: EventEffects, found: Estimated, judge: np.ndarray) -> bool:
    """Whether the interval that carries on a straight line holds an effect of none, weights chosen by ``judge``."""
    front = frontier(effects.before, effects.after, found.load, judge)
    one = smooth_interval(effects, front, 0.0, judged_by=judge)
    return one.lower <= 0 <= one.upper


def rates(number: int, cell: Cell, data_sets: int, breakdowns: int) -> tuple[float, ...]:
    """Shares of intervals that hold none (lines: M = 0; relative: no drift, M = 0), and median breakdowns."""
    rng = np.random.default_rng([SEED, number])
    error, held, limits = true_error(cell, rng), np.zeros(5), np.zeros((breakdowns, 2))
    for at in range(data_sets):
        y = drawn(cell, rng)
        found, years = (estimated(y, BEFORE, treated=cell.treated, block=block, step=0.5) for block in (1, 2))
        held += [
            holds_line(found.stretched, found, found.pooled()),
            holds_line(found.effects, found, found.pooled()),
            holds_line(found.effects, found, found.effects.covariance),
            *(
                holds(one, years.load, 0.0, 0.0, rng=np.random.default_rng(1))
                for one in (years.stretched, years.effects)
            ),
        ]
        if at < breakdowns:
            moved = y + EFFECT * error * (np.arange(BEFORE + AFTER) >= BEFORE) * treated_of(20, cell.treated)[:, None]
            for column, block in enumerate((2, 1)):
                one = estimated(moved, BEFORE, treated=cell.treated, block=block, step=0.5)
                limits[at, column] = relative_breakdown(one.stretched, one.load, rng=np.random.default_rng(at))
    return (*(held / data_sets), *np.median(limits, axis=0))


def rows() -> Iterator[tuple[object, ...]]:
    """The cells with their rates, one by one."""
    for number, cell in enumerate(cells()):
        yield (*cell, *(f"{one:.4f}" for one in rates(number, cell, DATA_SETS, BREAKDOWNS)))


def table() -> str:
    """The table of docs/size.md."""
    with RECORDED.open(encoding="utf-8") as file:
        recorded = list(csv.DictReader(line for line in file if not line.startswith("#")))
    lines = [
        "| treated | memory | ratio | line, ours | line, normal limits | line, as the authors' | steps, ours"
        " | steps, normal limits | breakdown, years | breakdown, half-years |",
        "| --- " * 10 + "|",
    ]
    for one in recorded:
        shares = [f"{100 * float(one[name]):.0f}" for name in MEASURES[:5]]
        limits = [f"{float(one[name]):.1f}" for name in MEASURES[5:]]
        names = [one["treated"], f"{float(one['memory']):g}", f"{float(one['ratio']):g}"]
        lines.append("| " + " | ".join([*names, *shares, *limits]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    record(RECORDED, HEADER, (*Cell._fields, *MEASURES), rows(), table)
