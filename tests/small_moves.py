"""Children who move on the ladder in a small municipality, and draws of the model of moves without sampling."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import small_registers as small
from small_posterior import checked, fit_of, given

from sverige_did.bayes.priors import draw
from sverige_did.bayes.sampling.sample import Fit
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.build import build
from sverige_did.sources.panel.frame import PanelFrame, make_panel_frame
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.studies.panel.posterior.transitions import MoveJob, prepare
from sverige_did.study.study import Study

MOVES = "transitions"
DOWN, UP = "moved_down_share", "moved_up_share"
CHAINS, DRAWS = 2, 250
KIN, FOSTER, INSTITUTION = "ANBAAR 1", "ANBAAR 24", "ANBAAR 9"
RUNGS = {KIN: 1, FOSTER: 2, INSTITUTION: 3}
BOUNDS = [date(2013, 1, 1), date(2013, 7, 1), date(2014, 1, 1), date(2014, 7, 1), date(2015, 1, 1)]


def thresholds(outcome: str, **changes: Any) -> dict[str, Any]:
    return {
        "outcome": outcome, "plausible": [1.0, 30.0], "admissible": [0.05, 90.0], "worthwhile": 2.0, "negligible": 0.5,
        "reason": small.both("Made up"),
    } | changes  # fmt: skip


def plan(
    *, decision_thresholds: tuple[dict[str, Any], ...] = (thresholds(DOWN), thresholds(UP)), **changes: Any
) -> Study:
    outcomes = [
        {"outcome": DOWN, "question": "all", "role": "primary", "benefit": "higher", "scales": ["pp"]},
        {"outcome": UP, "question": "all", "role": "secondary", "benefit": "lower", "scales": ["pp"]},
    ]
    made: dict[str, Any] = {
        "outcomes": outcomes,
        "sampling": {"seed": 3, "draws": 400, "tune": 500, "chains": 2, "target_accept": 0.95},
    }
    if decision_thresholds:
        made["posterior"] = {"decision_thresholds": list(decision_thresholds), "shock_prior_sd": [0.1, 0.6]}
    return small.study(**made | changes)


def delivery(up: float = 0.15, down: float = 0.2, helped: float = 1.0, size: int = 10, seed: int = 2) -> Any:
    """Children of every district on three rungs, whose rung is settled anew in the middle of each half-year.

    A child moves a rung down or up with these probabilities; under the programme down is ``helped`` times as likely.
    """
    rng = np.random.default_rng(seed)
    children, rows = [], []
    for d, k in ((d, k) for d in range(6) for k in range(size)):
        name = f"k{d}-{k}"
        children.append((name, "2004H1", "girl" if k % 2 else "boy", small.DISTRICTS[d]))
        rung, since = int(rng.integers(0, 3)), date(2012, 1, 1)
        for first in BOUNDS[:-1]:
            likely = down * (helped if d < 3 and first >= BOUNDS[2] else 1.0)
            step = rng.choice([-1, 0, 1], p=[likely, 1 - likely - up, up])
            if step and 0 <= rung + step < 3:
                moved = first + timedelta(days=90)
                rows.append((name, list(RUNGS)[rung], str(since), str(moved - timedelta(days=1)), None, None))
                rung, since = rung + int(step), moved
        rows.append((name, list(RUNGS)[rung], str(since), None, None, None))
    placed = pd.DataFrame(rows, columns=["child", "measure", "start", "end", "end_reason", "price"])
    who = pd.DataFrame(children, columns=["child", "birth_half_year", "sex", "district"])
    return {"districts": small.districts(), "children": who, "placements": placed}


def prepared(
    folder: Path, frames: Any, requested: Study | None = None
) -> tuple[MoveJob | None, tuple[PosteriorRecord, ...], PanelFrame]:
    requested = requested or plan()
    tables = small.tables(folder, frames)
    panel_frame = make_panel_frame(tables, requested)
    small.write(folder, frames)
    ready = prepare(given(build(tables, requested, standard_codes()).panel, requested, folder), MOVES)
    job = next((one for one in checked(ready) if isinstance(one, MoveJob)), None)
    return job, ready.refused, panel_frame


def from_the_prior(job: MoveJob, seed: int = 1, effect: float | None = None) -> Fit:
    """Draws of the right form without sampling: scalars of the prior, and districts that are all alike."""
    rng, size = np.random.default_rng(seed), CHAINS * DRAWS
    moves = job.counted.moves
    drawn = {name: draw(prior, size, rng) for name, prior in job.priors.named().items()}
    if effect is not None:
        drawn["tau_down"] = np.full(size, effect)
    ladder, shape = moves.ladder, moves.ladder.possible.shape
    tau = drawn["tau_down"][:, None, None] * ladder.down + drawn["tau_up"][:, None, None] * ladder.up
    found = drawn | {
        "mu_move": np.tile(np.log(np.where(ladder.stay, 8.0, 1.0)), (size, 1, 1)),
        "gamma_move": np.zeros((size, *shape)),
        "tau_move": tau,
        "alpha_move": np.zeros((size, len(moves.treated), shape[1])),
        "lambda_move": np.zeros((size, moves.n_periods, shape[1])),
    }
    return fit_of(found, CHAINS, DRAWS, seed)


def job_of(folder: Path) -> MoveJob:
    """The usual delivery, ready to sample."""
    ready, told, _ = prepared(folder, delivery())
    assert told == ()
    assert ready is not None
    return ready
