"""Simulation-based calibration of the models for two group totals.

    python tests/validation/sbc_totals.py

writes tests/validation/recorded/sbc_totals.csv, in about five minutes on two cores.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from sverige_did.bayes.calibrate import calibrate, uniformity
from sverige_did.bayes.group_totals import build_group_rates, build_group_totals, districts

SEED = 20133
REPLICATIONS = 200
RECORDED = Path(__file__).parent / "recorded" / "sbc_totals.csv"
COLUMNS = ("family", "parameter", "p_uniform", "mean_rank", "refused", "diverged")

# Reconstructed mid-term counts among the placed (docs/methods.md); in tens of placed children as an exposure.
COUNTS = np.array([[17, 8], [75, 75]])
PLACED = np.array([[67, 58], [300, 300]])
HIDDEN = districts([1] * 4, [1] * 16)
NAMES = ("level", "gap", "drift", "tau", "s")
FAMILIES = {"binomial": (build_group_totals, PLACED), "poisson": (build_group_rates, PLACED / 10)}


def rows(family: str, replications: int, seed: list[int]) -> list[tuple[object, ...]]:
    """One row a parameter."""
    build, sizes = FAMILIES[family]
    rng = np.random.default_rng(seed)
    found = calibrate(
        build(COUNTS, sizes, HIDDEN), lambda y: build(y.reshape(2, 2), sizes, HIDDEN), NAMES, replications, rng
    )
    told, mean = uniformity(found, rng), found.ranks.mean(axis=0) / found.size
    return [
        (family, name, f"{told[name]:.4f}", f"{rank:.3f}", found.refused, found.diverged)
        for name, rank in zip(NAMES, mean, strict=True)
    ]


if __name__ == "__main__":
    with RECORDED.open("w", encoding="utf-8", newline="") as file:
        file.write(
            f"# python tests/validation/sbc_totals.py: {REPLICATIONS} data sets a family, seed [{SEED}, family]\n"
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for at, name in enumerate(FAMILIES):
            writer.writerows(rows(name, REPLICATIONS, [SEED, at]))
