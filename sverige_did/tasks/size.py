"""How often each method rejects a true null in a study's own design: its districts, sizes, swings and periods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.collapse import collapse
from sverige_did.errors import InputError, Problem, refuse
from sverige_did.files import read_model, read_models
from sverige_did.inference.districts import Floats, districts
from sverige_did.inference.methods_table import Labels, methods_table
from sverige_did.inference.simulated.design import own_design, simulated_sizes
from sverige_did.inference.simulated.size import Outcome, Rejections, SimulatedDesign
from sverige_did.panel import WHOLE, read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.studies.panel.arrays import district_panel, study_window
from sverige_did.study.study import PanelStudy
from sverige_did.windows import cells_before, partial_of


class OwnSize(NamedTuple):
    """The question of one outcome: ``p`` by method on the data at hand, the design to simulate, the controls' level."""

    outcome: str
    p: dict[str, float]
    design: SimulatedDesign
    level: float
    alpha: float
    seed: int

    @property
    def counts(self) -> dict[str, int]:
        """Treated and all districts, periods before and after."""
        design = self.design
        return {"treated": design.treated, "groups": design.groups, "before": design.before, "after": design.after}

    @property
    def shocks(self) -> dict[str, float]:
        """How a control district of middling size swings in a period, as a share of its level; and its memory."""
        design = self.design
        spread = {
            "normal": np.hypot(design.shock_sd, design.level / np.sqrt(np.median(design.children))) / abs(self.level),
            "binomial": design.shock_sd * (1 - design.level),
            "poisson": np.sqrt(np.expm1(design.shock_sd**2)),
        }[design.outcome]
        return {"shock": float(spread), "autocorrelation": design.autocorrelation}

    def simulate(self, simulations: int) -> Iterator[Rejections]:
        """The rejection rates over all data sets so far, block by block."""
        rng = np.random.default_rng(self.seed)
        return simulated_sizes(self.design, rng=rng, simulations=simulations, alpha=self.alpha)


def run(folder: Path, outcome: str | None = None) -> OwnSize:
    """Read the study's results and its design; ``outcome`` is the plan's primary one unless another is named.

    Districts are weighed equally in both. Raises InputError ``missing_file`` before the workflow has run, RefusedError
    ``size_no_districts`` where the outcome compares no districts before and after.
    """
    for name in ("plan.json", "panel.parquet", "designs.json"):
        if not (folder / name).is_file():
            raise InputError(Problem("missing_file", file=str(folder / name)))
    study = read_model(folder / "plan.json", PanelStudy)
    data = outcome or next((one.outcome for one in study.outcomes if one.role == "primary"), study.outcomes[0].outcome)
    classes = {one.outcome: one.design_class for one in read_models(folder / "designs.json", OutcomeDesign)}
    if classes.get(data) != "D1":
        able = ", ".join(name for name, design_class in classes.items() if design_class == "D1")
        raise refuse("size_no_districts", found=data, expected=able or "-")
    return _own_size(read_panel(folder / "panel.parquet").outcome(data), study, data)


def _own_size(cells: pd.DataFrame, study: PanelStudy, outcome: str) -> OwnSize:
    alpha = 1 - study.level
    window = study_window(cells, study.periods)
    if (cells["kind"] == "money").all() and cells["denominator"].notna().all():
        cells = cells.assign(value=cells["value"] / cells["denominator"])
    panel = district_panel(cells, partial=partial_of(study.periods))
    changes = collapse(panel, window)
    found = methods_table(
        districts(changes.change, changes.treated, smallest_arm=1),
        Labels("level", "att"),
        rng=np.random.default_rng(study.sampling.seed),
        alpha=alpha,
    )
    before = cells_before(cells, study.periods)
    design = own_design(panel, window, _children(before, panel), _simulated_as(cells))
    level = float(panel.level[~panel.ever_treated[panel.unit]].mean())
    p = {one.inference: one.p_value for one in found.estimates if one.p_value is not None}
    return OwnSize(outcome, p, design, level, alpha, study.sampling.seed)


def _children(before: pd.DataFrame, panel: DistrictPanel) -> Floats:
    """(U,) the harmonic mean of each district's denominators in the cells before; 1 where the outcome has none."""
    mean = 1 / (1 / before.set_index("unit")["denominator"]).groupby("unit").mean().reindex(list(panel.labels))
    return np.ones(panel.n_units) if mean.isna().any() else mean.to_numpy()


def _simulated_as(cells: pd.DataFrame) -> Outcome:
    """Counts out of their denominator are binomial, other counts Poisson, anything else normal."""
    if not cells["kind"].isin(WHOLE).all() or cells["denominator"].isna().all():
        return "normal"
    return "binomial" if (cells["value"] <= cells["denominator"]).all() else "poisson"
