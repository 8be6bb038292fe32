"""Size and power of the verdict with weights and within strata, in the designs of docs/size.md.

    python tests/validation/weighted_size.py

writes tests/validation/recorded/weighted_size.csv, in some minutes on one core.

    python tests/validation/weighted_size.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from recording import record
from scipy import stats

from sverige_did.inference.arm_variances import arm_design
from sverige_did.inference.behrens_fisher import critical_value, nominal_level
from sverige_did.inference.districts import Districts
from sverige_did.inference.simulated.size import SimulatedDesign
from sverige_did.inference.simulated.vectorised import both_permutations, cr2

SEED, GROUPS, ALPHA, DRAWS = 20132, 20, 0.05, 399
DESIGNS, DATA_SETS = 8, 500
"""Weights drawn a cell, and data sets for each."""

HEADER = f"# python tests/validation/weighted_size.py: seed [{SEED}, cell]\n"
RECORDED = Path(__file__).parent / "recorded" / "weighted_size.csv"
METHODS = ("verdict", "permutation_studentised", "behrens_fisher", "cr2_bell_mccaffrey")
COLUMNS = ("weights", "strata", "variance", "family", "treated", "sd_ratio", "method", "shift", "rate", "data_sets")
WEIGHTS = ("equal", "log-normal sd .5", "log-normal sd 1", "one holds 60 %")
RATIOS = (0.5, 1.0, 2.0, 3.0)


class Cell(NamedTuple):
    """One cell: the first five columns of the record, and the ratio."""

    weights: str
    strata: str
    variance: str
    family: str
    treated: int
    sd_ratio: float


def cells() -> Iterator[Cell]:
    """Every cell, in the order of its seed."""
    for weights in WEIGHTS:
        for variance in ("flat",) if weights == "equal" else ("flat", "1/size"):
            for family in ("normal", "t3"):
                for treated in (3, 4, 6):
                    for ratio in RATIOS:
                        yield Cell(weights, "none", variance, family, treated, ratio)
    for strata, treated in (("two of ten", 4), ("one treated among four", 5), ("pairs", 10), ("six pairs", 6)):
        for ratio in RATIOS:
            yield Cell("equal", strata, "flat", "normal", treated, ratio)


def drawn_weights(cell: Cell, number: int) -> np.ndarray:
    """Weights of one design: drawn, or one treated district with 60 % of the weight of its arm.

    Cells with as many treated districts share their designs.
    """
    rng = np.random.default_rng([SEED, WEIGHTS.index(cell.weights), cell.treated, number])
    if cell.weights == "one holds 60 %":
        return np.r_[1.5 * (cell.treated - 1), np.ones(GROUPS - 1)]
    sd = {"equal": 0.0, "log-normal sd .5": 0.5, "log-normal sd 1": 1.0}[cell.weights]
    return np.exp(sd * rng.standard_normal(GROUPS))


def strata_of(cell: Cell) -> tuple[int, ...] | None:
    """The treated come first, the controls of every stratum after them."""
    if cell.strata == "none":
        return None
    if cell.strata == "two of ten":
        return (0, 0, 1, 1, *[0] * 8, *[1] * 8)
    controls = 3 if cell.strata == "one treated among four" else 1
    return (*range(cell.treated), *np.repeat(range(cell.treated), controls).tolist())


def rates(cell: Cell, rng: np.random.Generator) -> Iterator[tuple[float, str, float]]:
    """Shift, method and rate."""
    hits: Counter[tuple[float, str]] = Counter()
    strata = strata_of(cell)
    groups = GROUPS if strata is None else len(strata)
    treated = np.arange(groups) < cell.treated
    for number in range(DESIGNS):
        weights = drawn_weights(cell, number)[:groups]
        design = SimulatedDesign(groups, cell.treated, weights=tuple(weights.tolist()), strata=strata)
        sd = np.where(treated, cell.sd_ratio, 1.0) * (1 / np.sqrt(weights) if cell.variance == "1/size" else 1.0)
        draws = (
            rng.standard_normal((groups, DATA_SETS))
            if cell.family == "normal"
            else rng.standard_t(3, (groups, DATA_SETS)) / np.sqrt(3)
        )
        error = np.sqrt((design.sample.shares**2 * sd**2).sum())
        for shift in (0.0, 3.0):
            change = draws * sd[:, None] + shift * error * treated[:, None]
            decided = {
                "permutation_studentised": both_permutations(change, design.sample, DRAWS, rng)[0] <= ALPHA,
                "behrens_fisher": calibrated(change, design.sample),
                "cr2_bell_mccaffrey": cr2(change, design.sample) <= ALPHA,
            }
            decided["verdict"] = decided["permutation_studentised"] & decided["behrens_fisher"]
            hits.update({(shift, name): int(values.sum()) for name, values in decided.items()})
    for (shift, name), count in hits.items():
        yield shift, name, count / (DESIGNS * DATA_SETS)


def calibrated(change: np.ndarray, sample: Districts) -> np.ndarray:
    """Whether the calibrated test rejects (n,): the estimate lies beyond the critical value."""
    design = arm_design(sample)
    treated, control = design.parts(change.T)
    variance, df = treated + control, design.df
    critical = (
        stats.t.isf(ALPHA / 2, min(df))
        if np.isinf(max(df))
        else critical_value(nominal_level(ALPHA, df), treated / variance, df)
    )
    return np.abs(design.shares @ change) >= critical * np.sqrt(variance)


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """Size / power of the verdict for normal changes at h = 1 and 2 as Markdown."""
    shown: dict[tuple[str, ...], dict[tuple[str, str, str], str]] = {}
    for row in recorded():
        if row["method"] == "verdict" and row["family"] == "normal" and row["sd_ratio"] in {"1.0", "2.0"}:
            where = shown.setdefault((row["weights"], row["strata"], row["variance"]), {})
            digits = 1 if row["shift"] == "0.0" else 0
            where[row["treated"], row["sd_ratio"], row["shift"]] = f"{100 * float(row['rate']):.{digits}f}"
    arms = {(treated, h) for one in shown.values() for treated, h, _ in one}
    arms = sorted(arms, key=lambda one: (int(one[0]), one[1]))
    lines = [
        "| weights | strata | variance | " + " | ".join(f"K={k}, h={float(h):g}" for k, h in arms) + " |",
        "| --- " * (3 + len(arms)) + "|",
    ]
    for context, found in shown.items():
        numbers = (f"{found[k, h, '0.0']} / {found[k, h, '3.0']}" if (k, h, "0.0") in found else "–" for k, h in arms)
        lines.append("| " + " | ".join((*context, *numbers)) + " |")
    return "\n".join(lines)


def lines() -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell."""
    for number, cell in enumerate(cells()):
        for shift, name, rate in rates(cell, np.random.default_rng([SEED, number])):
            yield [*cell, name, shift, f"{rate:.4f}", DESIGNS * DATA_SETS]


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, lines(), table)
