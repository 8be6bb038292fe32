"""Size of the verdict where districts begin at different dates, in the designs of docs/size.md.

    python tests/validation/dates.py

writes tests/validation/recorded/dates.csv, in a quarter of an hour on one core.

    python tests/validation/dates.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from recording import record

from sverige_did.did.arrays import panel_from_rows
from sverige_did.inference.simulated.redrawn_paths import DatedDesign, date_tests, redrawn_sizes
from sverige_did.inference.staggered import cohort_weights
from sverige_did.studies.panel.staggered_did import mean_effect

SEED, DATA_SETS, DRAWS, PERIODS, ALPHA, MEMORY = 20134, 10_000, 499, 8, 0.05, 0.5
INNER, INNER_DRAWS, SUPPORTED, OF_ALL = 1_000, 199, 600, 50
"""Simulations and drawn dates of a data set's own design, and of how many called supported, and of all, it is made."""

STARTS = (3.0, 5.0, 6.0)
KINDS = ("normal", "exponential", "one_skewed_shock")
RECORDED = Path(__file__).parent / "recorded" / "dates.csv"
HEADER = f"# python tests/validation/dates.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
COLUMNS = (
    "cell",
    "sizes",
    "shocks",
    "sd_ratio",
    "permutation",
    "studentised",
    "welch",
    "both",
    "verdict",
    "barred",
    "stands",
)


def cells() -> Iterator[tuple[tuple[int, ...], str, float]]:
    """Districts by date and the never treated, shocks, and sd of treated over that of controls."""
    for sizes in ((3, 3, 14), (2, 2, 2, 14), (5, 5, 10), (5, 5, 40)):
        for kind in KINDS:
            for ratio in (1.0, 2.0, 3.0):
                yield sizes, kind, ratio


def weights_of(sizes: tuple[int, ...]) -> np.ndarray:
    """(K, T) what a district of each cohort counts in the mean effect."""
    start = np.repeat([*STARTS[: len(sizes) - 1], np.inf], sizes)
    unit, time = np.repeat(np.arange(start.size), PERIODS), np.tile(np.arange(PERIODS), start.size)
    y = np.random.default_rng(0).standard_normal(unit.size)
    return cohort_weights(panel_from_rows(unit, time, y, time >= start[unit]), mean_effect)


def outcomes(sizes: tuple[int, ...], kind: str, ratio: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, U, T) without an effect: AR(1) shocks, or one exponential shock a district from the first start on."""
    shape = (n, sum(sizes), PERIODS)
    y = rng.standard_normal(shape) if kind != "exponential" else rng.exponential(size=shape) - 1
    for t in range(1, PERIODS):
        y[..., t] = MEMORY * y[..., t - 1] + np.sqrt(1 - MEMORY**2) * y[..., t]
    if kind == "one_skewed_shock":
        y = 0.1 * y + (rng.exponential(size=(*shape[:2], 1)) - 1) * (np.arange(PERIODS) >= STARTS[0])
    y[:, : sum(sizes[:-1])] *= ratio
    return y


def design_of(sizes: tuple[int, ...], table: np.ndarray) -> DatedDesign:
    """The design of one data set (U, T), as a study reads it off."""
    cohort = np.repeat(np.arange(len(sizes)), sizes)
    start = np.repeat([*STARTS[: len(sizes) - 1], np.inf], sizes)
    exposed = (np.arange(PERIODS) >= start[:, None]).astype(float)
    return DatedDesign(cohort, weights_of(sizes), exposed, np.zeros_like(cohort), table)


def bars(design: DatedDesign, rng: np.random.Generator) -> bool:
    """Whether a data set's own design bars the verdict, where its untreated districts are visibly skewed; with fewer
    simulations than a study, which bars more."""
    if design.stretch == 1:
        return False
    (size,) = redrawn_sizes(design, stretch=design.stretch, rng=rng, simulations=INNER, alpha=ALPHA, draws=INNER_DRAWS)
    return size.exceeds(ALPHA)


def rates(cell: int, sizes: tuple[int, ...], kind: str, ratio: float, data_sets: int = DATA_SETS) -> dict[str, float]:
    """The share of true nulls that each test, both together and the verdict reject; of all designs that are barred; and
    of true nulls that the verdict rejects unbarred, from ``SUPPORTED`` of those it rejects."""
    rng = np.random.default_rng([SEED, cell])
    y = outcomes(sizes, kind, ratio, data_sets, rng)
    p = date_tests(y, design_of(sizes, y[0]), draws=DRAWS, rng=rng)
    rejected = {name: getattr(p, name) <= ALPHA for name in ("permutation", "studentised", "welch")}
    rejected["both"] = rejected["studentised"] & rejected["welch"]
    rejected["verdict"] = p.supported(ALPHA)
    found = {name: float(one.mean()) for name, one in rejected.items()}
    some = np.flatnonzero(rejected["verdict"])[:SUPPORTED]
    barred, left = (
        float(np.mean([bars(design_of(sizes, y[at]), rng) for at in which])) for which in (range(OF_ALL), some)
    )
    return found | {"barred": barred, "stands": found["verdict"] * (1 - left)}


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """Size in per cent as Markdown."""
    lines = [
        "| districts by date + never | shocks | h | dates permuted | studentised | Welch | both | and skewness "
        "| designs barred | verdict |",
        "| --- " * 10 + "|",
    ]
    for row in recorded():
        shares = (f"{100 * float(row[name]):.1f}" for name in COLUMNS[4:])
        shown = (row["sizes"], row["shocks"].replace("_", " "), row["sd_ratio"])
        lines.append("| " + " | ".join((*shown, *shares)) + " |")
    return "\n".join(lines)


def lines() -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell."""
    for cell, (sizes, kind, ratio) in enumerate(cells()):
        found = rates(cell, sizes, kind, ratio)
        yield cell, " + ".join(map(str, sizes)), kind, ratio, *(f"{rate:.4f}" for rate in found.values())


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, lines(), table)
