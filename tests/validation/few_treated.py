"""How often a bound on the swings of one or two treated districts is found, where nothing was done.

    python tests/validation/few_treated.py

writes tests/validation/recorded/few_treated.csv, in some ten minutes on one core.

    python tests/validation/few_treated.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from recording import record
from scipy import stats

from sverige_did.inference.assignments import all_assignments
from sverige_did.inference.districts import Bools, Floats

SEED, DATA_SETS, ALPHA, BLOCK = 20138, 20_000, 0.05, 1_000
LAWS = ("normal", "exponential", "t(3)", "controls unlike")
TRUTHS = {"below": 0.5, "at": 1.0, "above": 2.0}
"""True ratio of standard deviations over the bound that is stated."""

RECORDED = Path(__file__).parent / "recorded" / "few_treated.csv"
HEADER = f"# python tests/validation/few_treated.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
METHODS = ("t", "rearranged", "both")


class Cell(NamedTuple):
    """One design: ``treated`` districts, held at the stated ``bound`` against ``controls``."""

    law: str
    treated: int
    controls: int
    bound: float


def cells() -> Iterator[Cell]:
    """Every cell of the study."""
    for law in LAWS:
        for treated in (1, 2):
            for controls in (8, 12, 19, 25, 40):
                for bound in (1.0, 2.0, 3.0):
                    yield Cell(law, treated, controls, bound)


def changes(cell: Cell, ratio: float, n: int, rng: np.random.Generator) -> Floats:
    """(n, G) without an effect, the treated first. ``controls unlike``: log-normal standard deviations, a treated
    district's as often as large as any control's."""
    shape = n, cell.treated + cell.controls
    if cell.law == "exponential":
        x = rng.exponential(size=shape) - 1
    elif cell.law == "t(3)":
        x = rng.standard_t(3, shape) / np.sqrt(3)
    else:
        x = rng.standard_normal(shape)
    if cell.law == "controls unlike":
        x *= rng.lognormal(0, 0.5, shape)
    x[:, : cell.treated] *= ratio
    return x


def rejected(x: Floats, treated: int, bound: float) -> dict[str, Bools]:
    """Whether each method, and both, reject no effect at the bound (n,), for changes (n, G)."""
    controls = x.shape[1] - treated
    residual = x - x[:, treated:].mean(axis=1, keepdims=True)
    effect, sd = residual[:, :treated].mean(axis=1), residual[:, treated:].std(axis=1, ddof=1)
    t = np.abs(effect) > sd * np.sqrt(bound**2 / treated + 1 / controls) * stats.t.isf(ALPHA / 2, controls - 1)
    residual[:, :treated] /= bound
    arm = np.arange(x.shape[1]) < treated
    choices = all_assignments(arm, np.zeros(arm.size, dtype=np.int64)).astype(float)
    contrast = choices / treated - (1 - choices) / controls
    observed = np.abs(residual @ (arm / treated - ~arm / controls)) * (1 - 1e-9)
    p = [
        (np.abs(residual[at : at + BLOCK] @ contrast.T) >= observed[at : at + BLOCK, None]).mean(axis=1)
        for at in range(0, len(x), BLOCK)
    ]
    ranked = np.concatenate(p) <= ALPHA
    return {"t": t, "rearranged": ranked, "both": t & ranked}


def rates(number: int, cell: Cell, data_sets: int = DATA_SETS) -> dict[str, float]:
    """Share of true nulls that each method rejects below, at and above the bound, and the power of both together: at
    three true standard errors, of treated districts that swing as controls do."""
    rng = np.random.default_rng([SEED, number])
    found = {}
    for where, times in TRUTHS.items():
        one = rejected(changes(cell, times * cell.bound, data_sets, rng), cell.treated, cell.bound)
        found |= {f"{where}_{name}": float(hit.mean()) for name, hit in one.items()}
    x = changes(cell, 1.0, data_sets, rng)
    effect = x[:, : cell.treated].mean(axis=1) - x[:, cell.treated :].mean(axis=1)
    x[:, : cell.treated] += 3 * effect.std()
    return found | {"power": float(rejected(x, cell.treated, cell.bound)["both"].mean())}


COLUMNS = (*Cell._fields, *(f"{where}_{name}" for where in TRUTHS for name in METHODS), "power")


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """In per cent as Markdown: the largest size over the bounds, of each method at the bound and of both below and
    above it, and the power of both at each bound."""
    lines = [
        "| changes | K | controls | t, at | rearranged, at | both, at | both, half | both, twice | power, h = 1 |",
        "| --- " * 9 + "|",
    ]
    shown = ("at_t", "at_rearranged", "at_both", "below_both", "above_both")
    grouped: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in recorded():
        grouped.setdefault((row["law"], row["treated"], row["controls"]), []).append(row)
    for context, rows in grouped.items():
        sizes = (f"{100 * max(float(row[name]) for row in rows):.1f}" for name in shown)
        power = " / ".join(f"{100 * float(row['power']):.0f}" for row in rows)
        lines.append("| " + " | ".join((*context, *sizes, power)) + " |")
    return "\n".join(lines)


def lines() -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell."""
    for number, cell in enumerate(cells()):
        yield *cell, *(f"{rate:.4f}" for rate in rates(number, cell).values())


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, lines(), table)
