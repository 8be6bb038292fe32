"""Many districts with one sum before and one after: do the draws meet the criteria, and what do they cost?

    python tests/validation/many_districts.py     # writes recorded/many_districts.csv; some six minutes
    python tests/validation/many_districts.py --table     # prints the table of docs/calibration.md

Every panel is made up: a fifth of the districts are treated, levels differ with sd 0.4 and swing by 0.3 with a
persistence of 0.5, effects differ by 0.15. *Rotated* is the model as it is (``bayes/models/two_windows.py``), *path*
the same with levels and shocks sampled one by one, as panels of more periods have them. The settings are those of a
plan that names none; a fit that misses a criterion gets no second attempt here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pymc as pm
from recording import record
from scipy.special import expit

from sverige_did.bayes.models import district_effects
from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.models.poisson import build_poisson
from sverige_did.bayes.priors import Normal
from sverige_did.bayes.sampling.sample import Compiled, Settings, compile_model, sample, structure

RECORD = Path(__file__).parent / "recorded" / "many_districts.csv"
SEED = 300
SETTINGS = Settings(draws=1000, tune=1000, chains=4, cores=1, target_accept=0.95)
RATES = PanelPriors(level=Normal(-1.0, 1.0, "log_rate", "priors.total_rate"))
MODELS = {"binomial": build_binomial, "poisson": lambda cells: build_poisson(cells, RATES)}
WAYS = ("rotated", "path")
COLUMNS = (
    "likelihood", "districts", "children", "data_set", "way", "rhat", "ess_bulk", "ess_tail", "bfmi", "divergences",
    "passed", "seconds",
)  # fmt: skip


class Design(NamedTuple):
    """How many districts, the mean number of children in each, and which of the made-up data sets."""

    likelihood: str
    districts: int
    children: int
    data_set: int


DESIGNS = (
    Design("binomial", 300, 90, 1),
    Design("binomial", 300, 90, 2),
    Design("binomial", 300, 900, 1),
    Design("binomial", 100, 90, 1),
    Design("binomial", 20, 90, 1),
    Design("poisson", 300, 90, 1),
)


def made_up(design: Design) -> Cells:
    """A panel of two periods, no number of it real."""
    rng, n = np.random.default_rng([SEED, design.data_set, design.districts]), design.districts
    district, period = np.divmod(np.arange(2 * n), 2)
    treated = np.arange(n) < n // 5
    dose = np.where(treated[district] & (period == 1), 1.0, 0.0)
    level, first, other = rng.normal(size=(3, n))
    swing = np.stack([first, 0.5 * first + np.sqrt(0.75) * other], axis=1).ravel()
    effect = -0.4 + 0.15 * rng.normal(size=n)
    eta = -1.2 + 0.4 * level[district] - 0.1 * period + 0.3 * swing + effect[district] * dose
    size = np.round(design.children * rng.uniform(1 / 3, 5 / 3, n))[district]
    drawn = {
        "binomial": lambda: rng.binomial(size.astype(int), expit(eta)),
        "poisson": lambda: rng.poisson(size * np.exp(eta)),
    }
    count = drawn[design.likelihood]().astype(float)
    return Cells(district, period, treated, dose, count, count, size)


@contextmanager
def sampled_as(way: str) -> Iterator[None]:
    """In the ``path`` no panel has the number of periods that is rotated."""
    periods = district_effects.PERIODS
    district_effects.PERIODS = periods if way == "rotated" else 0
    try:
        yield
    finally:
        district_effects.PERIODS = periods


def model_of(design: Design, way: str) -> pm.Model:
    """The model of a made-up panel, sampled in one of the two ways."""
    with sampled_as(way):
        return MODELS[design.likelihood](made_up(design))


def row(design: Design, way: str, compiled: dict[str, Compiled]) -> tuple[object, ...]:
    """One fit; ``seconds`` are of a processor, without compilation."""
    model = model_of(design, way)
    key = structure(model)
    if key not in compiled:
        compiled[key] = compile_model(model)
    started = time.process_time()
    fit = sample(model, seed=SEED, settings=SETTINGS, criteria=None, compiled=compiled[key], progress=False)
    seconds, report = time.process_time() - started, fit.report
    numbers = f"{report.rhat:.3f}", f"{report.ess_bulk:.0f}", f"{report.ess_tail:.0f}", f"{report.bfmi:.2f}"
    return *design, way, *numbers, report.divergences, not report.failed, f"{seconds:.1f}"


def table() -> str:
    """The table of the page."""
    found = pd.read_csv(RECORD, comment="#")
    head = "| likelihood | districts | children in each | sampled as | R-hat | ESS | tail ESS | met | seconds |"
    lines = [head, "| --- " * 9 + "|"]
    for one in found.itertuples():
        met = "yes" if one.passed else "no"
        told = (one.likelihood, one.districts, one.children, one.way, f"{one.rhat:.3f}", one.ess_bulk, one.ess_tail)
        lines.append(f"| {' | '.join(str(value) for value in (*told, met, f'{one.seconds:.0f}'))} |")
    return "\n".join(lines)


def main() -> None:
    """Write the record, or print its table."""
    compiled: dict[str, Compiled] = {}
    header = (
        f"# python tests/validation/many_districts.py: seed {SEED}; made-up panels\n"
        f"# {SETTINGS.draws} draws after {SETTINGS.tune}, {SETTINGS.chains} chains, target {SETTINGS.target_accept}\n"
    )
    rows = (row(design, way, compiled) for design in DESIGNS for way in WAYS)
    record(RECORD, header, COLUMNS, rows, table)


if __name__ == "__main__":
    main()
