"""How often any of six true nulls is called an effect, in the designs of docs/size.md.

    python tests/validation/families.py

writes tests/validation/recorded/families.csv, in a minute or two on one core.

    python tests/validation/families.py --table

prints the table of docs/size.md from what is recorded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from recording import record

from sverige_did.inference.districts import districts
from sverige_did.inference.multiplicity import step_down
from sverige_did.inference.simulated import vectorised

SEED, OUTCOMES, GROUPS, DATA_SETS, DRAWS, ALPHA = 20133, 6, 20, 4_000, 499, 0.05
RECORDED = Path(__file__).parent / "recorded" / "families.csv"
HEADER = f"# python tests/validation/families.py: seed [{SEED}, cell], {DATA_SETS} data sets a cell\n"
COLUMNS = ("cell", "treated", "sd_ratio", "correlation", "max_t", "holm_verdict")


def cells() -> Iterator[tuple[int, float, float]]:
    """Treated districts, ratio of standard deviations, and correlation between outcomes."""
    for treated in (3, 4, 6):
        for ratio in (1.0, 2.0, 3.0):
            for correlation in (0.0, 0.5):
                yield treated, ratio, correlation


def statistics(change: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """|t| with Welch's variance (r, n) of changes (G, n) for every choice (r, G) of treated districts."""
    k = int(chosen[0].sum())
    m = chosen.shape[1] - k
    first, second = chosen @ change, chosen @ change**2
    rest, rest_squares = change.sum(axis=0) - first, (change**2).sum(axis=0) - second
    v = (second - first**2 / k) / (k * (k - 1)) + (rest_squares - rest**2 / m) / (m * (m - 1))
    return np.abs(first / k - rest / m) / np.sqrt(v)


def rates(cell: int, treated: int, ratio: float, correlation: float, data_sets: int = DATA_SETS) -> tuple[float, float]:
    """The share of data sets with any adjusted p at the level: Westfall and Young's, and Holm's over the verdict's."""
    rng = np.random.default_rng([SEED, cell])
    is_treated = np.arange(GROUPS) < treated
    shared, own = (rng.standard_normal((GROUPS, data_sets, n)) for n in (1, OUTCOMES))
    change = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    change *= np.where(is_treated, ratio, 1.0)[:, None, None]
    rows = vectorised.reference_rows(is_treated, DRAWS, rng).astype(float)
    observed_first = np.vstack([is_treated[None, :].astype(float), rows])
    flat = change.reshape(GROUPS, -1)
    calibrated = vectorised.behrens_fisher(flat, districts(flat[:, 0], is_treated)).reshape(data_sets, OUTCOMES)
    any_max_t = any_holm = 0
    for at in range(data_sets):
        t = statistics(change[:, at], observed_first)
        found = step_down(t[1:], t[0])
        verdict = np.maximum(found.single, calibrated[at])
        any_max_t += found.adjusted.min() <= ALPHA
        any_holm += OUTCOMES * verdict.min() <= ALPHA  # the smallest of Holm's adjusted p-values
    return any_max_t / data_sets, any_holm / data_sets


def recorded() -> list[dict[str, str]]:
    """The rows of the recorded study."""
    with RECORDED.open(encoding="utf-8", newline="") as file:
        file.readline()
        return list(csv.DictReader(file))


def table() -> str:
    """Family-wise error in per cent as Markdown."""
    lines = ["| K | h | correlation | max-T | Holm over the verdict's p |", "| --- " * 5 + "|"]
    for row in recorded():
        shares = (f"{100 * float(row[name]):.1f}" for name in COLUMNS[-2:])
        lines.append("| " + " | ".join((row["treated"], row["sd_ratio"], row["correlation"], *shares)) + " |")
    return "\n".join(lines)


def lines() -> Iterator[Sequence[object]]:
    """The rows of the record, cell by cell."""
    for cell, design in enumerate(cells()):
        yield cell, *design, *(f"{rate:.4f}" for rate in rates(cell, *design))


if __name__ == "__main__":
    record(RECORDED, HEADER, COLUMNS, lines(), table)
