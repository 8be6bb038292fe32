"""A panel of 16 made-up districts with a known effect, and a plan that holds its posteriors against something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from small_panel_study import both, study

from sverige_did.bayes.sampling.diagnostics import STANDARD, ConvergenceReport
from sverige_did.bayes.sampling.sample import Fit, Settings
from sverige_did.design import designs
from sverige_did.panel import Panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.frame import to_cells, windows_of
from sverige_did.studies.panel.posterior.protocol import Job, Ready, StudyData
from sverige_did.studies.panel.posterior.record import prior_checks
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Study

LABELS = windows_of(Grid(first="2011H1", last="2015H2")).labels
AFTER = np.array([label >= "2014" for label in LABELS])
SIDE = np.array(["treated"] * 4 + ["control"] * 12)
PARTS = ("home_based", "network", "family", "institution")
WANTED = ("institution_per_1000", "institution_share", "breakdowns", "wellbeing_sdq", "caseload")
DECISION_THRESHOLDS = {
    "institution_per_1000": ([1.0, 40.0], [0.1, 400.0]),
    "institution_share": ([5.0, 60.0], [0.1, 95.0]),
    "breakdowns": ([1.0, 40.0], [0.05, 400.0]),
}


def thresholds(outcome: str, **changes: Any) -> dict[str, Any]:
    plausible, admissible = DECISION_THRESHOLDS[outcome]
    return {
        "outcome": outcome, "plausible": plausible, "admissible": admissible, "worthwhile": 2.0, "negligible": 0.5,
        "reason": both("Made up"),
    } | changes  # fmt: skip


def plan(wanted: tuple[str, ...] = WANTED, **changes: Any) -> Study:
    outcomes = [
        {
            "outcome": name, "question": "all", "role": "primary" if at == 0 else "secondary", "benefit": "lower",
            "scales": ["ratio"],
        }
        for at, name in enumerate(wanted)
    ]  # fmt: skip
    prior = {"key": "effect", "family": "normal", "mean": 0.0, "sd": 0.75, "unit": "log_odds", "reason": both("Flat")}
    made = {
        "outcomes": outcomes,
        "priors": [prior],
        "posterior": {
            "decision_thresholds": [thresholds(name) for name in wanted if name in DECISION_THRESHOLDS],
            "shock_prior_sd": [0.1, 0.6],
        },
        "sampling": {"seed": 3, "draws": 400, "tune": 500, "chains": 2, "target_accept": 0.9},
    }
    return study(**made | changes)


def units() -> pd.DataFrame:
    since = pd.to_datetime(pd.Series(np.where(SIDE == "treated", "2013-08-01", None)))
    return pd.DataFrame(
        {"unit": [f"distrikt-{k:02}" for k in range(16)], "unit_kind": "district", "group": SIDE,
         "treated_from": since, "stratum": None}
    )  # fmt: skip


def panel(effect: float = 1.0, seed: int = 5) -> Panel:
    """About 6 of 600 residents in institutions and 12 elsewhere in each district; ``effect`` is a ratio of rates."""
    rng = np.random.default_rng(seed)
    shape = (16, len(LABELS))
    rate = np.where((SIDE == "treated")[:, None] & AFTER, effect, 1.0) * rng.gamma(20, 1 / 20, (16, 1))
    inside = rng.poisson(6 * rate) / 2
    parts = {name: rng.poisson(4.0, shape) / 2 for name in PARTS[:3]} | {"institution": inside}
    placed, residents = sum(parts.values()), np.full(shape, 300.0)
    events = rng.poisson(0.1 * 2 * placed).astype(float)
    cells = [to_cells("placed_per_1000", "person_years", units(), LABELS, placed, residents, "f")]
    for name, value in parts.items():
        cells.append(to_cells(f"{name}_share", "person_years", units(), LABELS, value, placed, "f"))
        cells.append(to_cells(f"{name}_per_1000", "person_years", units(), LABELS, value, residents, "f"))
    cells.append(to_cells("breakdowns", "events", units(), LABELS, events, 2 * placed, "f"))
    cells.append(to_cells("wellbeing_sdq", "mean", units(), LABELS, rng.normal(14, 2, shape), np.full(shape, 8.0), "f"))
    return Panel.of(pd.concat(cells), synthetic=True)


def classes(cells: Panel, requested: Study) -> tuple[OutcomeDesign, ...]:
    return designs(cells, requested)


def fit_of(values: dict[str, Any], chains: int, draws: int, seed: int = 1) -> Fit:
    """Draws ``values`` (chains x draws, ...) by name in the form of a fit, without sampling."""
    blocks = {
        name: (
            ("chain", "draw", *(f"{name}_{at}" for at in range(block.ndim - 1))),
            block.reshape(chains, draws, *block.shape[1:]),
        )
        for name, block in values.items()
    }
    report = ConvergenceReport(1.0, "tau", 600.0, "tau", 600.0, 1.0, 0, STANDARD)
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(blocks)})
    return Fit(tree, report, Settings(draws, draws, chains, 1), seed, "0" * 64, 0.0)


def given(panel: Panel, requested: Study, folder: Path = Path("none")) -> StudyData:
    """The data of a study whose panel is at hand; its registers, if any, are those of the folder."""
    data = StudyData(requested, designs(panel, requested), Path("none"), folder)
    vars(data)["panel"] = panel  # as if it had been read
    return data


def checked(ready: Ready) -> list[Job | PosteriorRecord]:
    """What is ready, held against the prior gate, and the records of what is not."""
    for job in ready.jobs:
        prior_checks(job)
    return [*ready.jobs, *ready.refused]
