"""How the size of the verdict grows where districts share something: a team, a budget, a neighbourhood.

    python tests/validation/shared.py

writes tests/validation/recorded/shared.csv, in some minutes on one core.

    python tests/validation/shared.py --table

prints the tables of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sverige_did.checks.shared_shock import with_shared
from sverige_did.inference.arm_variances import arm_design
from sverige_did.inference.behrens_fisher import critical_value, nominal_level
from sverige_did.inference.districts import Districts, Floats, districts
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.verdict import supported

SEED, GROUPS, DATA_SETS, DRAWS, ALPHA = 20135, 20, 20_000, 499, 0.05
RECORDED = Path(__file__).parent / "recorded" / "shared.csv"
HEADER = f"# python tests/validation/shared.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
ARMS = ("treated", "controls")
CORRELATIONS = (0.0, 0.05, 0.1, 0.2, 0.4)


class Cell(NamedTuple):
    """Who shares (an arm, or ``ring``: neighbours on a circle, the treated side by side), and how much."""

    who: str
    correlation: float
    treated: int
    sd_ratio: float


def cells() -> Iterator[Cell]:
    """Every cell of the study."""
    for treated in (3, 4, 6):
        for ratio in (1.0, 2.0):
            yield Cell("nobody", 0.0, treated, ratio)
            for who in ARMS:
                yield from (Cell(who, correlation, treated, ratio) for correlation in CORRELATIONS[1:])
            yield Cell("ring", 0.5, treated, ratio)


def changes(cell: Cell, data_sets: int, rng: np.random.Generator) -> Floats:
    """Normal changes (G, n) without an effect."""
    own = rng.standard_normal((GROUPS, data_sets))
    is_treated = np.arange(GROUPS) < cell.treated
    if cell.who == "ring":
        steps = np.abs(np.subtract.outer(np.arange(GROUPS), np.arange(GROUPS)))
        own = np.linalg.cholesky(cell.correlation ** np.minimum(steps, GROUPS - steps)) @ own
    elif cell.correlation:
        shared = rng.standard_normal((1, data_sets))
        mixed = np.sqrt(cell.correlation) * shared + np.sqrt(1 - cell.correlation) * own
        own = np.where((is_treated == (cell.who == "treated"))[:, None], mixed, own)
    return np.asarray(own * np.where(is_treated, cell.sd_ratio, 1.0)[:, None])


def corrected(change: Floats, sample: Districts, cell: Cell) -> float:
    """How often the calibrated test rejects with the variance of checks/shared_shock.py, the correlation known."""
    design = arm_design(sample)
    treated, control = design.parts(change.T)
    whose = cell.who == "treated"
    arm = sample.treated == whose
    seen = replace(design.variances(change[:, 0]), treated=treated, control=control)
    grown = with_shared(seen, whose, cell.correlation, float(arm.sum())) if cell.who in ARMS else seen
    v = grown.treated + grown.control
    critical = critical_value(nominal_level(ALPHA, design.df), grown.treated / v, design.df)
    return float((np.abs(design.shares @ change) > critical * np.sqrt(v)).mean())


def rates(number: int, cell: Cell, data_sets: int = DATA_SETS) -> tuple[float, float]:
    """The share of data sets that the verdict supports, and that of the calibrated test with what is shared known."""
    rng = np.random.default_rng([SEED, number])
    change = changes(cell, data_sets, rng)
    sample = districts(np.arange(float(GROUPS)), np.arange(GROUPS) < cell.treated)
    calibrated = vectorised.behrens_fisher(change, sample)
    # The permutation can only take back what the calibrated test has rejected.
    kept = np.flatnonzero(calibrated <= ALPHA)
    studentised = vectorised.both_permutations(change[:, kept], sample, DRAWS, rng)[0]
    found = supported(studentised, calibrated[kept], ALPHA).sum() / data_sets
    return float(found), corrected(change, sample, cell)


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """The size of the verdict in per cent as Markdown, the calibrated test with what is shared known behind it."""
    found = {Cell(row["who"], *(float(row[name]) for name in Cell._fields[1:])): row for row in recorded()}
    columns = [(treated, ratio) for treated in (3, 4, 6) for ratio in (1.0, 2.0)]
    head = ["who shares", "correlation", *(f"K={k}, h={h:g}" for k, h in columns)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for who, correlation in dict.fromkeys((cell.who, cell.correlation) for cell in cells()):
        rows = [found[Cell(who, correlation, *column)] for column in columns]
        told = [
            f"{100 * float(row['verdict']):.1f}" + (f" / {100 * float(row['known']):.1f}" if who in ARMS else "")
            for row in rows
        ]
        lines.append("| " + " | ".join((who, f"{correlation:g}", *told)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the recorded output, row by row; or print it as a table."""
    if "--table" in sys.argv:
        sys.stdout.write(table() + "\n")
        return
    with RECORDED.open("w", newline="", encoding="utf-8") as file:
        file.write(HEADER)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*Cell._fields, "verdict", "known"))
        for number, cell in enumerate(cells()):
            writer.writerow((*cell, *(f"{rate:.4f}" for rate in rates(number, cell))))
            file.flush()


if __name__ == "__main__":
    main()
