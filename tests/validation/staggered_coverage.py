"""How often nominal 95 % intervals of the staggered estimators cover, by the number of districts a cohort.

    python tests/validation/staggered_coverage.py     # writes recorded/staggered_coverage.csv; some minutes

Two cohorts of K districts and 4 K never treated, seven years, district and year effects, an effect of 1, and either
independent normal noise or AR(1) noise with memory .5, the same sd everywhere.
"""

import csv
from pathlib import Path

import numpy as np

from sverige_did.did.aggregate import aggregate, overall_estimate
from sverige_did.did.arrays import panel_from_rows
from sverige_did.did.imputation import imputation, imputed_estimate
from sverige_did.did.staggered import group_time_effects
from sverige_did.results.estimates import Estimate

RECORD = Path(__file__).parent / "recorded" / "staggered_coverage.csv"
ROUNDS, YEARS, EFFECT, SEED = 4000, 7, 1.0, 20150831
SIZES, MEMORY = (2, 4, 8, 16, 32), (0.0, 0.5)


def estimates(k: int, memory: float, rng: np.random.Generator) -> dict[str, Estimate]:
    """Both estimators on one made-up data set."""
    start = np.concatenate([np.full(k, 2.0), np.full(k, 4.0), np.full(4 * k, np.inf)])
    noise = rng.normal(size=(6 * k, YEARS))
    for t in range(1, YEARS):
        noise[:, t] = memory * noise[:, t - 1] + np.sqrt(1 - memory**2) * noise[:, t]
    year = np.arange(float(YEARS))
    under = year >= start[:, None]
    y = rng.normal(size=(6 * k, 1)) + rng.normal(size=YEARS) + EFFECT * under + noise
    panel = panel_from_rows(np.repeat(np.arange(6 * k), YEARS), np.tile(year, 6 * k), y.ravel(), under.ravel())
    return {
        "callaway_santanna": overall_estimate(aggregate(group_time_effects(panel), "simple"), scale="sd"),
        "imputation": imputed_estimate(imputation(panel), scale="sd"),
    }


def coverage(k: int, memory: float, rounds: int, rng: np.random.Generator) -> dict[str, float]:
    """Share of data sets whose interval holds the effect."""
    hits: dict[str, int] = {}
    for _ in range(rounds):
        for name, found in estimates(k, memory, rng).items():
            assert found.lower is not None
            assert found.upper is not None
            hits[name] = hits.get(name, 0) + (found.lower <= EFFECT <= found.upper)
    return {name: count / rounds for name, count in hits.items()}


def main() -> None:
    """Run every cell and write the record."""
    with RECORD.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# python tests/validation/staggered_coverage.py: {ROUNDS} data sets a cell, seed [{SEED}, cell]\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["cell", "districts_a_cohort", "memory", "estimator", "coverage", "std_error"])
        for cell, (k, memory) in enumerate((k, memory) for k in SIZES for memory in MEMORY):
            rates = coverage(k, memory, ROUNDS, np.random.default_rng([SEED, cell]))
            for name, rate in rates.items():
                error = np.sqrt(rate * (1 - rate) / ROUNDS)
                writer.writerow([cell, k, memory, name, f"{rate:.4f}", f"{error:.4f}"])


if __name__ == "__main__":
    main()
