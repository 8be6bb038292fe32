"""How often a bound is found for one or two treated districts that were not drawn by lot, on two real panels.

    python tests/validation/few_chosen.py

writes tests/validation/recorded/few_chosen.csv, in a few minutes on one core. The panels and the choices are those of
choice.py; here one or two of 22 areas are treated, the highest or by lot, in a year when nothing was done.

    python tests/validation/few_chosen.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from choice import ALPHA, WINDOWS, chosen, england, panels
from recording import record

from sverige_did.inference.districts import Floats, districts
from sverige_did.inference.level_choice import with_level
from sverige_did.inference.relative_spread import relative_spread

SEED, ROUNDS, GROUPS = 20180402, 300, 22
CHOICES = ("random", "level")
BOUNDS = (1.0, 2.0)
RECORDED = Path(__file__).parent / "recorded" / "few_chosen.csv"
HEADER = f"# python tests/validation/few_chosen.py: {ROUNDS} data sets a cell, {GROUPS} areas, nominal {ALPHA:g}\n"
FOUND = tuple(f"{how}_{bound:g}" for how in ("alone", "beside_level") for bound in BOUNDS)
COLUMNS = ("measure", "before", "after", "treated", "choice", *FOUND)


def largest(change: Floats, treated: np.ndarray, level: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """The largest bound alone, and the smaller of it and that beside the level; 0 where there is none."""
    sample = districts(change, treated, smallest_arm=1)
    alone = relative_spread(sample, rng=rng, alpha=ALPHA).largest or 0.0
    beside = relative_spread(with_level(sample, level), rng=rng, alpha=ALPHA).largest or 0.0
    return alone, min(alone, beside)


def rates(
    table: pd.DataFrame, before: int, after: int, treated: int, choice: str, rounds: int, rng: np.random.Generator
) -> list[float]:
    """The shares of data sets in which bounds as large as ``BOUNDS`` are found, alone and beside the level."""
    found, values = [], table.to_numpy()
    for _ in range(rounds):
        first = rng.integers(0, table.shape[1] - before - after + 1)
        seen = values[:, first : first + before + after]
        seen = seen[np.isfinite(seen).all(axis=1)]
        y = seen[rng.choice(len(seen), GROUPS, replace=False)]
        level = y[:, :before].mean(axis=1)
        change = y[:, before:].mean(axis=1) - level
        found.append(largest(change, chosen(y[:, :before], treated, choice, rng), level, rng))
    return [float((bounds >= least).mean()) for bounds in np.array(found).T for least in BOUNDS]


def cells(tables: dict[str, pd.DataFrame], rounds: int) -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell, each with a seed of its own."""
    for measure, table in tables.items():
        for before, after in WINDOWS[measure]:
            for treated in (1, 2):
                for choice in CHOICES:
                    seed = [SEED, before, after, treated, CHOICES.index(choice), sum(measure.encode())]
                    found = rates(table, before, after, treated, choice, rounds, np.random.default_rng(seed))
                    yield measure, before, after, treated, choice, *(f"{rate:.3f}" for rate in found)


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """How often a bound of one or more is found, alone / beside the level, in per cent as Markdown."""
    columns = [(choice, k) for choice in CHOICES for k in ("1", "2")]
    lines = [
        "| measure | before + after | " + " | ".join(f"{choice}, K={k}" for choice, k in columns) + " |",
        "| --- " * (2 + len(columns)) + "|",
    ]
    rows: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for row in recorded():
        told = f"{100 * float(row['alone_1']):.1f} / {100 * float(row['beside_level_1']):.1f}"
        key = row["measure"], f"{row['before']} + {row['after']}"
        rows.setdefault(key, {})[row["choice"], row["treated"]] = told
    for context, found in rows.items():
        lines.append("| " + " | ".join((*context, *(found[column] for column in columns))) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, cells(panels(england()), ROUNDS), table)
