"""A model that leaves out the districts' own shocks must be seen to fail: how often a true null is rejected.

    python tests/validation/shocks_ignored.py     # writes recorded/shocks_ignored.csv; some ten minutes

Twelve districts, three of them treated, two periods before and two after, and some hundred children in each. Nothing
was done to anybody; districts swing by themselves, with sd ``shock`` on the log-odds scale, independently from period
to period. The binomial model is fitted as it is, and with the sd of the shocks believed to be zero. A null is
rejected when the central 95 % interval of the average effect on the log-odds does not hold zero.
"""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import expit

from sverige_did.bayes.models.binomial import SHARES, build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.priors import HalfNormal
from sverige_did.bayes.sampling.sample import Settings, compile_model, sample

RECORD = Path(__file__).parent / "recorded" / "shocks_ignored.csv"
ROUNDS, SEED, SHOCKS = 200, 20141231, (0.0, 0.4)
SETTINGS = Settings(draws=1000, tune=500, chains=1, cores=1, target_accept=0.9)
PRIORS: dict[str, PanelPriors] = {
    "as_it_is": SHARES,
    "shocks_ignored": replace(SHARES, shock=HalfNormal(1e-3, "log_odds_sd", "priors.shock")),
}
COLUMNS = ("shock", "model", "rounds", "rejected", "std_error", "mean_width")

GROUPS, PERIODS = 12, 4
DISTRICT, PERIOD = np.divmod(np.arange(GROUPS * PERIODS), PERIODS)
TREATED = np.arange(GROUPS) < 3
DOSE = np.where(TREATED[DISTRICT] & (PERIOD >= 2), 1.0, 0.0)


def made_up(shock: float, rng: np.random.Generator) -> Cells:
    """Counts without any effect."""
    size = rng.integers(80, 160, DISTRICT.size).astype(float)
    eta = -1.1 + rng.normal(0, 0.3, GROUPS)[DISTRICT] + rng.normal(0, 0.1, PERIODS)[PERIOD]
    count = rng.binomial(size.astype(int), expit(eta + rng.normal(0, shock, DISTRICT.size))).astype(float)
    return Cells(DISTRICT, PERIOD, TREATED, DOSE, count, count, size)


def intervals(shock: float, rounds: int, seed: int) -> dict[str, np.ndarray]:
    """Central 95 % intervals of tau (rounds, 2) by model; both models are given the same data."""
    rng = np.random.default_rng([seed, round(100 * shock)])
    code, found = None, {name: np.empty((rounds, 2)) for name in PRIORS}
    for at in range(rounds):
        cells = made_up(shock, rng)
        for name, priors in PRIORS.items():
            model = build_binomial(cells, priors)
            code = code or compile_model(model)
            fit = sample(model, seed=at, settings=SETTINGS, criteria=None, compiled=code, progress=False)
            found[name][at] = np.quantile(fit.values("tau"), [0.025, 0.975])
    return found


def summary(shock: float, found: dict[str, np.ndarray]) -> list[tuple[object, ...]]:
    """One row a model."""
    rows: list[tuple[object, ...]] = []
    for name, limits in found.items():
        rate = float(((limits[:, 0] > 0) | (limits[:, 1] < 0)).mean())
        error = np.sqrt(rate * (1 - rate) / len(limits))
        width = (limits[:, 1] - limits[:, 0]).mean()
        rows.append((shock, name, len(limits), f"{rate:.4f}", f"{error:.4f}", f"{width:.4f}"))
    return rows


def main() -> None:
    """Write the record."""
    rows = [row for shock in SHOCKS for row in summary(shock, intervals(shock, ROUNDS, SEED))]
    with RECORD.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# python tests/validation/shocks_ignored.py: seed [{SEED}, 100 shock]; {os.cpu_count()} cores\n")
        file.write(f"# {SETTINGS.draws} draws after {SETTINGS.tune}, one chain\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
