"""How often the district models' intervals hold the true effect: made-up municipalities, from registers to posterior.

    python tests/validation/bayes_recovery.py     # writes recorded/bayes_recovery.csv; about half an hour on one core

The municipalities are those of recovery.py: twenty districts, four treated, drawn from sources/synthetic_model.py,
which knows children and moves and none of the models' parameters. What is fitted are the models that the workflow
fits: the share among the placed as binomial, the rate per resident as Poisson, with the package's priors. The true
effect is counted in the worlds with and without the programme.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from recovery import plan

from sverige_did.bayes.binomial import SHARES
from sverige_did.bayes.effects import effect_on_treated
from sverige_did.bayes.families import FAMILIES
from sverige_did.bayes.panel_cells import panel_cells
from sverige_did.bayes.priors import Normal
from sverige_did.bayes.sample import Compiled, Settings, compile_model, sample
from sverige_did.bayes.structure import PanelPriors
from sverige_did.panel import Panel
from sverige_did.sources.delivery import panel_of
from sverige_did.sources.synthetic import modelled_municipality
from sverige_did.sources.synthetic_model import Model
from sverige_did.sources.synthetic_truth import truth
from sverige_did.sources.synthetic_writing import write_delivery
from sverige_did.study import Study

RECORD = Path(__file__).parent / "recorded" / "bayes_recovery.csv"
MUNICIPALITIES, FIRST_SEED = 100, 43_000
SETTINGS = Settings(draws=1000, tune=500, chains=1, cores=1, target_accept=0.9)
NEEDED = frozenset({"districts", "children", "residences", "placements"})
"""Registers that the outcomes are counted from; the others are not delivered."""
RATES = PanelPriors(level=Normal(float(np.log(3.0)), 1.0, "log_rate", "priors.total_rate"))
OUTCOMES = {"institution_share": ("pp", SHARES), "institution_per_1000": ("rate_per_1000", RATES)}
"""Outcome: the scale of its truth, and the priors."""

LEVELS = (0.5, 0.8, 0.95)
COLUMNS = ("outcome", "level", "fits", "coverage", "std_error", "mean_error", "mean_width", "diverged")


class Interval(NamedTuple):
    """One central interval and the effect that it should hold."""

    outcome: str
    level: float
    median: float
    lower: float
    upper: float
    true: float
    diverged: bool


def panel_and_truth(seed: int, study: Study) -> tuple[Panel, dict[tuple[str, str], float]]:
    """The panel of one municipality, by way of its registers, and its true effects."""
    made = modelled_municipality(Model(), seed)
    true = {(one.outcome, one.scale): float(one.att) for one in truth(made) if one.att is not None}
    with tempfile.TemporaryDirectory() as folder:
        for path in write_delivery(Path(folder), made.delivered.registers, "en"):
            if path.stem not in NEEDED:
                path.unlink()
        return panel_of(Path(folder), study).panel, true


def intervals(seed: int, study: Study, compiled: dict[str, Compiled]) -> Iterator[Interval]:
    """Every interval for one municipality; ``compiled`` is kept from one municipality to the next."""
    panel, true = panel_and_truth(seed, study)
    for outcome, (scale, priors) in OUTCOMES.items():
        given = panel_cells(panel, study, outcome)
        family = FAMILIES[given.likelihood]
        model = family.model(given.cells, priors, {})
        if outcome not in compiled:
            compiled[outcome] = compile_model(model)
        fit = sample(model, seed=seed, settings=SETTINGS, gates=None, compiled=compiled[outcome], progress=False)
        effect = effect_on_treated(fit, given.cells, family.outcome, given.weights).difference
        for level in LEVELS:
            lower, median, upper = np.quantile(effect, [(1 - level) / 2, 0.5, (1 + level) / 2])
            diverged = fit.report.divergences > 0
            yield Interval(outcome, level, median, lower, upper, true[outcome, scale], diverged)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row an outcome and level, and one for both outcomes together; errors and widths in the outcome's unit."""
    counted = found.assign(
        held=(found["lower"] <= found["true"]) & (found["true"] <= found["upper"]),
        error=found["median"] - found["true"],
        width=found["upper"] - found["lower"],
    )
    both = counted.assign(outcome="both", error=np.nan, width=np.nan)
    groups = pd.concat([counted, both]).groupby(["outcome", "level"], sort=False)
    table = groups.agg(
        fits=("held", "size"),
        coverage=("held", "mean"),
        mean_error=("error", "mean"),
        mean_width=("width", "mean"),
        diverged=("diverged", "sum"),
    )
    table["std_error"] = np.sqrt(table["coverage"] * (1 - table["coverage"]) / table["fits"])
    return table.reset_index()[list(COLUMNS)]


def many(seeds: range) -> pd.DataFrame:
    """Every interval for every seed."""
    study, compiled = plan(), dict[str, Compiled]()
    return pd.DataFrame([one for seed in seeds for one in intervals(seed, study, compiled)])


def main() -> None:
    """Write the record."""
    table = summary(many(range(FIRST_SEED, FIRST_SEED + MUNICIPALITIES)))
    last = FIRST_SEED + MUNICIPALITIES - 1
    with RECORD.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# python tests/validation/bayes_recovery.py: seeds {FIRST_SEED} to {last}\n")
        file.write(f"# {SETTINGS.draws} draws after {SETTINGS.tune}, one chain; {os.cpu_count()} cores\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in table.itertuples(index=False):
            writer.writerow([f"{value:.4f}" if isinstance(value, float) else value for value in row])


if __name__ == "__main__":
    main()
