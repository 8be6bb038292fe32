"""How often a supported verdict is wrong, and is let stand, where the design is simulated from its own data.

    python tests/validation/own_size.py

writes tests/validation/recorded/own_size.csv, in a quarter of an hour on one core. Two stages: data sets without an
effect, as many of them as tell whether the plain rule rejects too often; and for those that it calls supported, and for
some of all, the own-design simulation that a study makes, from that data set and nothing else.

    python tests/validation/own_size.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from recording import record

from sverige_did.inference.districts import Districts, Floats, districts
from sverige_did.inference.simulated.design import OwnData, own_design
from sverige_did.inference.simulated.redrawn import redrawn
from sverige_did.inference.simulated.size import verdict_size
from sverige_did.inference.simulated.vectorised import verdicts

SEED, GROUPS, ALPHA = 20133, 20, 0.05
OUTER, OF_ALL = 20_000, 100
"""Data sets a cell, and of how many of them the own design is simulated."""

INNER, SUPPORTED = {"counts": 500, "levels": 2_000}, {"counts": 300, "levels": 700}
"""Data sets in each simulation of an own design, and how many designs of those called supported are simulated."""

HEADER = f"# python tests/validation/own_size.py: seed [{SEED}, cell]\n"
RECORDED = Path(__file__).parent / "recorded" / "own_size.csv"
COLUMNS = ("outcome", "weights", "windows", "treated", "plain", "power", "barred", "stands", "data_sets")
SMALL, RARE = (tuple(np.rint(np.geomspace(*ends, GROUPS)).tolist()) for ends in ((8, 80), (100, 1_000)))


class Law(NamedTuple):
    """Counts a child before and after in districts of these sizes, with shocks of sd .3 in logs; or exponential or
    normal changes of levels, of treated districts ``ratio`` times as far."""

    sizes: tuple[float, ...] = RARE
    before: float = 0.002
    after: float = 0.002
    levels: str = ""
    ratio: float = 1.0


LAWS = {
    "rate .1, 8 to 80 children": Law(SMALL, 0.1, 0.1),
    "2 in 1,000 of 100 to 1,000": Law(),
    "the same, doubled everywhere": Law(after=0.004),
    "exponential, h = 1": Law(levels="exponential"),
    "exponential, h = 2": Law(levels="exponential", ratio=2.0),
    "normal, h = 1": Law(levels="normal"),
    "normal, h = 2": Law(levels="normal", ratio=2.0),
}


class Cell(NamedTuple):
    """One cell: the first four columns of the record."""

    outcome: str
    weights: str
    windows: str
    treated: int


def cells() -> Iterator[Cell]:
    """Every cell, in the order of its seed. The smallest districts are treated."""
    for treated in (3, 4, 6):
        for outcome, law in LAWS.items():
            for windows in ("1+1",) if law.levels else ("1+1", "8+1", "8+4"):
                yield Cell(outcome, "equal", windows, treated)
            if not law.levels:
                yield Cell(outcome, "children", "8+1", treated)


def sample_of(cell: Cell) -> Districts:
    """The districts, weighed alike or by their children."""
    weights = LAWS[cell.outcome].sizes if cell.weights == "children" else None
    return districts(np.arange(GROUPS), np.arange(GROUPS) < cell.treated, weights=weights)


def data_sets(cell: Cell, rng: np.random.Generator) -> tuple[Floats, Floats, np.ndarray]:
    """``OUTER`` data sets (n, G, T) without an effect, children (G, T), and which periods are before."""
    law, (first, last) = LAWS[cell.outcome], map(int, cell.windows.split("+"))
    before = np.arange(first + last) < first
    shape = (OUTER, GROUPS, before.size)
    if law.levels:
        draws = rng.exponential(size=shape) - 1 if law.levels == "exponential" else rng.standard_normal(shape)
        draws[:, : cell.treated] *= law.ratio
        # One shock a district that stays: the change is that shock.
        draws[:, :, before] = 0
        return draws + rng.normal(size=(OUTER, GROUPS, 1)), np.ones(shape[1:]), before
    children = np.repeat(np.array(law.sizes)[:, None], before.size, axis=1)
    rates = np.where(before, law.before, law.after)
    return rng.poisson(children * rates * np.exp(0.3 * rng.standard_normal(shape))).astype(float), children, before


def rates(cell: Cell, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Of all data sets: called supported by the plain rule, also with an effect of three true standard errors; whose
    own design bars the verdict; and called supported without being barred."""
    sample, (y, children, before) = sample_of(cell), data_sets(cell, rng)
    change = (
        y[:, :, ~before].sum(axis=2) / children[:, ~before].sum(axis=1)
        - y[:, :, before].sum(axis=2) / children[:, before].sum(axis=1)
    ).T
    plain = verdicts(change, sample, ALPHA, 4_999, rng)
    effect = 3 * (sample.shares @ change).std() * sample.treated[:, None]
    power = verdicts((change + effect)[:, :4_000], sample, ALPHA, 999, rng).mean()
    kind = "levels" if LAWS[cell.outcome].levels else "counts"

    def bars(at: np.ndarray) -> float:
        found = []
        for number in at:
            mine = districts(change[:, number], sample.treated, weights=sample.weights)
            design = own_design(OwnData(mine, y[number], children, before, "normal" if kind == "levels" else "poisson"))
            every = (one for one in (design, redrawn(design)) if one is not None)
            found.append(any(verdict_size(one, rng=rng, simulations=INNER[kind])[0].exceeds(ALPHA) for one in every))
        return float(np.mean(found))

    stands = plain.mean() * (1 - bars(np.flatnonzero(plain)[: SUPPORTED[kind]]))
    return float(plain.mean()), float(power), bars(np.arange(OF_ALL)), float(stands)


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """What is recorded as Markdown, in per cent: the rule alone, designs barred, and what stands, for 3 / 4 / 6."""
    shown: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in recorded():
        shown.setdefault((row["outcome"], row["weights"], row["windows"]), []).append(row)
    columns = {"plain": 1, "power": 0, "barred": 0, "stands": 1}
    lines = [
        "| outcome | weights | windows | size of the rule alone | its power | designs barred | size with the bar |",
        "| --- " * 7 + "|",
    ]
    for context, rows in shown.items():
        numbers = (
            " / ".join(f"{100 * float(row[name]):.{digits}f}" for row in rows) for name, digits in columns.items()
        )
        lines.append("| " + " | ".join((*context, *numbers)) + " |")
    return "\n".join(lines)


def lines() -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell."""
    for number, cell in enumerate(cells()):
        found = rates(cell, np.random.default_rng([SEED, number]))
        yield [*cell, *(f"{rate:.4f}" for rate in found), OUTER]


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, lines(), table)
