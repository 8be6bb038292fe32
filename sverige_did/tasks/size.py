"""How often each method rejects a true null in a study's own design: its districts, weights, swings and periods."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sverige_did.errors import InputError, Problem, refuse
from sverige_did.files import read_model, read_models
from sverige_did.inference.methods_table import Labels, methods_table
from sverige_did.inference.simulated.design import OwnDesign, simulated_sizes
from sverige_did.inference.simulated.size import Rejections
from sverige_did.panel import read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.studies.panel.design_size import own_design_of
from sverige_did.studies.panel.outcome_data import OutcomeData, outcome_data_of
from sverige_did.study.study import PanelStudy, Study


class OwnSize(NamedTuple):
    """The question of one outcome: ``p`` by method on the data at hand, and the design to simulate."""

    outcome: str
    p: dict[str, float]
    design: OwnDesign
    alpha: float
    seed: int

    @property
    def counts(self) -> dict[str, int]:
        """Treated and all districts, periods before and after."""
        treated, before = self.design.sample.treated, self.design.data.before
        return {
            "treated": int(treated.sum()),
            "groups": treated.size,
            "before": int(before.sum()),
            "after": int((~before).sum()),
        }

    @property
    def shocks(self) -> dict[str, float]:
        """How a control district of middling size swings in a period, as a share of its level; and its memory."""
        return swings(self.design, fitted=True) | {"autocorrelation": self.design.memory}

    def simulate(self, simulations: int) -> Iterator[Rejections]:
        """The rejection rates over all data sets so far, block by block."""
        rng = np.random.default_rng(self.seed)
        return simulated_sizes(self.design, rng=rng, simulations=simulations, alpha=self.alpha)


def swings(design: OwnDesign, *, fitted: bool) -> dict[str, float]:
    """What moves a district, as shares of its level: its own swings apart from the chance of its children, or the two
    ``together`` where they were fitted to levels, which cannot tell them apart where districts are alike in size."""
    shock, chance = design.relative_shock, design.relative_chance
    if fitted and design.data.family == "normal":
        return {"together": math.hypot(shock, chance)}
    return {"shock": shock, "chance": chance}


def run(folder: Path, outcome: str | None = None) -> OwnSize:
    """Read the study's results and its design; ``outcome`` is the plan's primary one unless another is named.

    Raises as :func:`read_design`.
    """
    data, design = read_design(folder, outcome)
    alpha = 1 - data.study.level
    _, sample = own_design_of(data)
    found = methods_table(sample, Labels("level", "att"), rng=data.rng(), alpha=alpha)
    p = {one.inference: one.p_value for one in found.estimates if one.p_value is not None}
    return OwnSize(data.wanted.outcome, p, design, alpha, data.study.sampling.seed)


def read_design(folder: Path, outcome: str | None) -> tuple[OutcomeData, OwnDesign]:
    """What an outcome of a study that was run is estimated from, and its own design.

    Raises InputError ``study_not_run`` before the workflow has run; RefusedError ``size_no_registers`` for a study of
    another kind, ``size_dates_apart`` where districts begin at different dates, and ``size_no_districts`` where the
    outcome compares no districts before and after.
    """
    for name in ("plan.json", "panel.parquet", "designs.json"):
        if not (folder / name).is_file():
            raise InputError(Problem("study_not_run", file=str(folder / name)))
    study = read_model(folder / "plan.json", Study)
    if not isinstance(study, PanelStudy):
        raise refuse("size_no_registers", found=study.kind, expected="panel")
    wanted = outcome or next(
        (one.outcome for one in study.outcomes if one.role == "primary"), study.outcomes[0].outcome
    )
    designs = read_models(folder / "designs.json", OutcomeDesign)
    every = outcome_data_of(read_panel(folder / "panel.parquet"), study, designs)
    able = {data.wanted.outcome: data for data in every if data.design_class == "D1"}
    if any(one.outcome == wanted and one.design_class == "D5" for one in designs):
        raise refuse("size_dates_apart", found=wanted, expected=", ".join(able) or "-")
    if wanted not in able:
        raise refuse("size_no_districts", found=wanted, expected=", ".join(able) or "-")
    return able[wanted], own_design_of(able[wanted])[0]
