"""Size of the verdict where districts begin at different dates, in the designs of docs/size.md.

    python tests/validation/dates.py

writes tests/validation/recorded/dates.csv, in a few minutes on one core.

    python tests/validation/dates.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from recording import record
from scipy import stats

from sverige_did.did.arrays import panel_from_rows
from sverige_did.inference.staggered import cohort_weights
from sverige_did.studies.panel.staggered_did import SKEWED, mean_effect

SEED, DATA_SETS, DRAWS, PERIODS, ALPHA, MEMORY = 20134, 10_000, 499, 8, 0.05, 0.5
STARTS = (3.0, 5.0, 6.0)
KINDS = ("normal", "exponential", "one_skewed_shock")
RECORDED = Path(__file__).parent / "recorded" / "dates.csv"
HEADER = f"# python tests/validation/dates.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
COLUMNS = ("cell", "sizes", "shocks", "sd_ratio", "permutation", "studentised", "welch", "both", "verdict")


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


def p_values(y: np.ndarray, sizes: tuple[int, ...], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Bare and studentised permutation of dates, Welch by date, and the test of skewness, for (n, U, T)."""
    weights, n = weights_of(sizes), np.array(sizes)
    cohort = np.repeat(np.arange(n.size), n)
    labels = np.vstack([cohort, rng.permuted(np.tile(cohort, (DRAWS, 1)), axis=1)])
    total, variance, own, around = 0.0, 0.0, [], []
    for k, size in enumerate(n):
        members, z = (labels == k).astype(float), y @ weights[k]
        first, second = members @ z.T, members @ (z**2).T
        part = size / (size - 1) * (second - first**2 / size)
        total, variance = total + first, variance + part
        own.append(part[0])
        mine = z[:, cohort == k] / np.sqrt(np.square(weights[k]).sum())
        around.append(mine - mine.mean(axis=1, keepdims=True))
    own = np.array(own)
    t, df = np.abs(total) / np.sqrt(variance), own.sum(axis=0) ** 2 / (own**2 / (n - 1)[:, None]).sum(axis=0)
    arms = [np.hstack(around[:-1]), around[-1]]
    scaled = np.hstack([arm / arm.std(axis=1, keepdims=True) for arm in arms])
    return {
        "permutation": (np.abs(total) >= np.abs(total[0]) * (1 - 1e-9)).mean(axis=0),
        "studentised": (t >= t[0] * (1 - 1e-9)).mean(axis=0),
        "welch": 2 * stats.t.sf(t[0], df),
        "skewness": stats.skewtest(scaled, axis=1).pvalue,
    }


def rates(cell: int, sizes: tuple[int, ...], kind: str, ratio: float, data_sets: int = DATA_SETS) -> dict[str, float]:
    """The share of true nulls that each test, both together and the verdict reject."""
    rng = np.random.default_rng([SEED, cell])
    p = p_values(outcomes(sizes, kind, ratio, data_sets, rng), sizes, rng)
    rejected = {name: p[name] <= ALPHA for name in ("permutation", "studentised", "welch")}
    rejected["both"] = rejected["studentised"] & rejected["welch"]
    rejected["verdict"] = rejected["both"] & (p["skewness"] > SKEWED)
    return {name: float(one.mean()) for name, one in rejected.items()}


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """Size in per cent as Markdown."""
    lines = [
        "| districts by date + never | shocks | h | dates permuted | studentised | Welch | both | verdict |",
        "| --- " * 8 + "|",
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
