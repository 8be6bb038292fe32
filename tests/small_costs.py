"""Placements with prices in a small municipality, and draws of the model of costs without sampling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import small_registers as small
from small_posterior import checked, fit_of, given

from sverige_did.bayes.draws.replicate import PanelDraws, predictor
from sverige_did.bayes.priors import draw
from sverige_did.bayes.sampling.sample import Fit
from sverige_did.panel import Panel
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.build import build
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.studies.panel.posterior.costs import OUTCOME, CostJob, prepare
from sverige_did.studies.panel.posterior.priors import prior_draws
from sverige_did.study.study import Study

COSTS = "costs"
CHAINS, DRAWS = 2, 250
THRESHOLDS = {
    "outcome": OUTCOME, "plausible": [4.0, 60.0], "admissible": [0.05, 4000.0], "worthwhile": 2.0, "negligible": 0.5,
    "reason": small.both("Made up"),
}  # fmt: skip
STILL = dict.fromkeys(("gamma", "sigma_alpha", "sigma_lambda", "sigma_s"), 0.0)
"""Districts and periods that are all alike."""


def placed(**prices: float) -> pd.DataFrame:
    """Two years in each district, one child in the first half-year and two in the last year; ``prices`` by child."""
    early = [(f"c{k}", "ANBAAR 9", "2013-01-01", "2013-07-01", None, 1000.0 + k) for k in range(6)]
    late = [(f"c{k}", "ANBAAR 9", "2014-01-01", None, None, 900.0 + k) for k in range(12)]
    rows = pd.DataFrame([*early, *late], columns=["child", "measure", "start", "end", "end_reason", "price"])
    return rows.assign(price=rows["child"].map(prices).fillna(rows["price"]))


def plan(thresholds: dict[str, Any] | None = THRESHOLDS, **changes: Any) -> Study:
    outcomes = [{"outcome": OUTCOME, "question": "all", "role": "primary", "benefit": "lower", "scales": ["mio_dkk"]}]
    posterior = {"posterior": {"decision_thresholds": [thresholds], "shock_prior_sd": [0.1, 0.6]}} if thresholds else {}
    return small.study(**{"outcomes": outcomes, "weights": "children", **posterior, **changes})


def unstoppable() -> Study:
    """A plan under which no misfit stops: these draws are not of the data."""
    return plan(posterior={"decision_thresholds": [THRESHOLDS], "shock_prior_sd": [0.1, 0.6], "impossible": 0.0})


def panel(folder: Path, rows: pd.DataFrame, requested: Study) -> Panel:
    return build(registers(folder, rows), requested, standard_codes()).panel


def registers(folder: Path, rows: pd.DataFrame) -> dict[str, RegisterTable]:
    usual = small.delivery()
    return small.tables(folder, {name: usual[name] for name in ("districts", "children")} | {"placements": rows})


def prepared(folder: Path, rows: pd.DataFrame, requested: Study | None = None) -> CostJob | PosteriorRecord | None:
    requested = requested or plan()
    made = panel(folder, rows, requested)
    small.write(folder, {name: small.delivery()[name] for name in ("districts", "children")} | {"placements": rows})
    (found,) = checked(prepare(given(made, requested, folder), COSTS)) or [None]
    assert found is None or isinstance(found, CostJob | PosteriorRecord)
    return found


def from_the_prior(job: CostJob, part: str, seed: int = 1, **fixed: Any) -> Fit:
    """Draws of the right form without sampling: those of the prior, some scalars within a hair of a ``fixed`` value."""
    rng, size, use = np.random.default_rng(seed), CHAINS * DRAWS, job.spent.totals.use
    scalars = {**prior_draws(job.priors[part], rng, size).scalars}
    scalars |= {name: draw(prior, size, rng) for name, prior in job.priors_of(part).items() if name not in scalars}
    scalars |= {name: value + 1e-4 * np.abs(rng.standard_normal(size)) for name, value in fixed.items()}
    walk = np.stack([np.zeros(size), scalars["sigma_lambda"] * rng.standard_normal(size)], axis=1)
    own = np.repeat(scalars["tau"][:, None], int(use.treated.sum()), axis=1)
    eta = predictor(PanelDraws(scalars, walk, own), use, rng)
    found = scalars | {"eta": eta, "lambda": walk, "tau_district": own}
    return fit_of(found, CHAINS, DRAWS, seed)


def never(name: str, part: str, priors: object) -> Fit:
    """Stands in for sampling where none is needed, or none wanted: the draws as they are."""
    raise AssertionError(f"{name} of {part} need not be sampled under {priors}")


def job_of(folder: Path) -> CostJob:
    """The usual delivery, ready to sample."""
    ready = prepared(folder, placed())
    assert isinstance(ready, CostJob)
    return ready
