"""How often the bands of an event study hold all effects at once, in the designs of docs/size.md.

    python tests/validation/bands.py

writes tests/validation/recorded/bands.csv, in some twenty minutes on one core. Every cell has a seed of its own.

    python tests/validation/bands.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from recording import record

from sverige_did.did.arrays import panel_from_rows
from sverige_did.inference.event_bands import event_curve, event_time_curve

SEED = 20132
DATA_SETS = 300
LEVEL = 0.95
HEADER = f"# python tests/validation/bands.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
RECORDED = Path(__file__).parent / "recorded" / "bands.csv"
COLUMNS = ("cell", "starts", "districts", "periods", "sd_ratio", "memory", "covered", "half_width")


class Cell(NamedTuple):
    """Treated districts begin in the periods ``starts``; normal AR(1) shocks without any effect."""

    starts: tuple[int, ...]
    districts: int
    periods: int
    sd_ratio: float
    memory: float

    @property
    def common(self) -> bool:
        """Whether all treated districts begin together."""
        return len(set(self.starts)) == 1


def cells() -> Iterator[Cell]:
    """Every design in the order of its seed."""
    for treated in (3, 4, 6):
        for ratio in (1.0, 2.0):
            for memory in (0.0, 0.9):
                yield Cell((5,) * treated, 20, 9, ratio, memory)
    for treated in (3, 6):
        for ratio in (1.0, 2.0):
            yield Cell((8,) * treated, 98, 12, ratio, 0.5)
    for starts in ((4, 4, 6, 6), (4, 4, 6, 6, 7, 7), (4,) * 4 + (6,) * 4 + (5,)):
        for ratio in (1.0, 2.0):
            yield Cell(starts, 20, 10, ratio, 0.5)


def outcomes(cell: Cell, rng: np.random.Generator) -> np.ndarray:
    """Stationary AR(1) shocks (G, T) of sd 1, times ``sd_ratio`` in the treated districts, which come first."""
    y = rng.standard_normal((cell.districts, cell.periods))
    for t in range(1, cell.periods):
        y[:, t] = cell.memory * y[:, t - 1] + np.sqrt(1 - cell.memory**2) * y[:, t]
    y[: len(cell.starts)] *= cell.sd_ratio
    return y


def bands(cell: Cell, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The limits of the event study of one data set (G, T)."""
    start = np.r_[cell.starts, np.full(cell.districts - len(cell.starts), np.inf)]
    unit, time = np.repeat(np.arange(cell.districts), cell.periods), np.tile(np.arange(cell.periods), cell.districts)
    panel = panel_from_rows(unit, time, y.ravel(), time >= start[unit])
    curve = (event_curve if cell.common else event_time_curve)(panel, "equal", rng=rng, level=LEVEL)
    return np.array(curve.lower), np.array(curve.upper)


def coverage(number: int, cell: Cell, data_sets: int = DATA_SETS) -> tuple[float, float]:
    """The share of data sets whose bands hold no effect in every period, and the median half width."""
    rng = np.random.default_rng([SEED, number])
    held, widths = 0, []
    for _ in range(data_sets):
        lower, upper = bands(cell, outcomes(cell, rng), rng)
        held += bool((lower <= 0).all() and (upper >= 0).all())
        widths.append(np.median(upper - lower) / 2)
    return held / data_sets, float(np.median(widths))


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """Joint coverage in per cent as Markdown."""
    lines = ["| treated begin in | districts | periods | h | ρ | covered | half width |", "| --- " * 7 + "|"]
    for row in recorded():
        shown = (row["starts"], row["districts"], row["periods"], row["sd_ratio"], row["memory"])
        lines.append("| " + " | ".join((*shown, f"{100 * float(row['covered']):.1f}", row["half_width"])) + " |")
    return "\n".join(lines)


def lines() -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell."""
    for number, cell in enumerate(cells()):
        covered, width = coverage(number, cell)
        counts = " + ".join(f"{cell.starts.count(one)} at {one}" for one in sorted(set(cell.starts)))
        yield number, counts, *cell[1:], f"{covered:.4f}", f"{width:.2f}"


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, lines(), table)
