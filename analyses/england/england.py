"""English areas that adopted a reform of children's social care, by every district method (docs/england.md).

The tables are read from outside the repository (contrasts.yaml says where). Numbers that disclosure control hides are
carried to both ends of what they can be.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import yaml

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.collapse import Collapsed, Window, collapse, collapsed_did
from sverige_did.did.hidden import HiddenRange, hidden_range
from sverige_did.did.imputation import imputation
from sverige_did.did.staggered import group_time_effects
from sverige_did.inference.districts import districts
from sverige_did.inference.methods_table import Labels, MethodsTable, methods_table
from sverige_did.inference.permutation import PermutationTest
from sverige_did.inference.staggered import staggered_permutation_test
from sverige_did.panel import Panel
from sverige_did.sources.aggregates.crosswalk import read_crosswalk
from sverige_did.sources.aggregates.plan import read_aggregate_plan
from sverige_did.sources.aggregates.read import read_aggregates
from sverige_did.studies.panel.arrays import district_panel, period_number
from sverige_did.study.blocks import Plan

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Measure(Plan):
    """One outcome: a series of tables.yaml, its scale and its windows."""

    key: str
    label: str
    series: str
    out_of: str | None = None
    unit: str
    per: float
    before: tuple[str, ...]
    after: tuple[str, ...]


class Contrast(Plan):
    """Which adopters are compared with whom. ``collapse``: whether all of them began between the two windows."""

    key: str
    label: str
    models: tuple[str, ...]
    controls: Literal["never", "others"]
    collapse: bool


class Contrasts(Plan):
    """contrasts.yaml."""

    folder: str
    seed: int
    level: float
    draws: int
    outcomes: tuple[Measure, ...]
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything about one outcome in one contrast.

    ``collapsed``, ``staggered``, ``imputed``: the range that the hidden numbers allow. ``methods_tables`` and
    ``exchanged``: the methods at both ends of it, or once where nothing is hidden. ``left_out``: areas that began
    before the first period, and areas that lack a period, by name of the reason.
    """

    measure: Measure
    contrast: Contrast
    panel: DistrictPanel
    left_out: dict[str, tuple[str, ...]]
    collapsed: HiddenRange | None
    methods_tables: tuple[MethodsTable, ...]
    staggered: HiddenRange
    exchanged: tuple[PermutationTest, ...]
    imputed: HiddenRange


def settings() -> Contrasts:
    """The checked contrasts.yaml."""
    return Contrasts.model_validate(yaml.safe_load((HERE / "contrasts.yaml").read_text("utf-8")))


def folder() -> Path:
    """Where the tables lie."""
    return Path(os.environ.get("SVERIGE_DID_ENGLAND", ROOT / settings().folder))


@cache
def panel() -> Panel:
    """The panel of all series, with the adopters of every model."""
    return read_aggregates(folder(), read_aggregate_plan(HERE / "tables.yaml"), read_crosswalk(HERE / "crosswalk.csv"))


@cache
def models() -> dict[str, str]:
    """The model of every adopter."""
    listed = pd.read_csv(folder() / "adoption.csv", dtype=str, keep_default_na=False)
    units = read_crosswalk(HERE / "crosswalk.csv").unit_of(listed["area_code"])
    return dict(zip(units[units.notna()], listed["model"][units.notna()], strict=True))


def cells_of(measure: Measure, contrast: Contrast) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """The cells of a contrast in the periods of both windows and between, and the areas that cannot be in it."""
    cells = panel().outcome(measure.series)
    if measure.out_of:
        cells = _with_denominator(cells, panel().outcome(measure.out_of))
    cells = cells[cells["period"].between(measure.before[0], measure.after[-1])]
    adopted = cells["unit"].map(models())
    mine = adopted.isin(contrast.models)
    others = adopted.isna() if contrast.controls == "never" else ~mine
    cells = cells.assign(treated_from=cells["treated_from"].where(mine))[mine | others]
    first = cells["start"].min()
    begun = sorted(set(cells.loc[cells["treated_from"] <= first, "unit"]))
    lacking = sorted(set(cells.loc[cells["status"] == "missing", "unit"]))
    return cells[~cells["unit"].isin([*begun, *lacking])], {"begun": tuple(begun), "lacking": tuple(lacking)}


def _with_denominator(cells: pd.DataFrame, source: pd.DataFrame) -> pd.DataFrame:
    key = ["unit", "period"]
    names = ["denominator", "denominator_low", "denominator_high"]
    return cells.drop(columns=names).merge(source[[*key, *names]], on=key, validate="one_to_one")


def _window(measure: Measure) -> Window:
    return Window(*(tuple(map(period_number, side)) for side in (measure.before, measure.after)))


def answer(measure: Measure, contrast: Contrast, plan: Contrasts) -> Answer:
    """Estimate one outcome in one contrast by every method that its dates allow."""
    cells, left_out = cells_of(measure, contrast)
    low, high = (district_panel(cells, partial="intention", end=end, per=measure.per) for end in ("low", "high"))
    alpha = 1 - plan.level

    def collapsed_att(one: DistrictPanel) -> float:
        return collapsed_did(collapse(one, _window(measure)), scale=measure.unit).estimate

    collapsed = hidden_range(collapsed_att, low, high) if contrast.collapse else None
    staggered = hidden_range(simple_att, low, high)
    return Answer(
        measure=measure,
        contrast=contrast,
        panel=low,
        left_out=left_out,
        collapsed=collapsed,
        methods_tables=tuple(
            _methods_table(collapse(end, _window(measure)), measure, plan, alpha) for end in _ends(collapsed)
        ),
        staggered=staggered,
        exchanged=tuple(_exchange(end, plan, alpha) for end in _ends(staggered)),
        imputed=hidden_range(imputed_att, low, high),
    )


def simple_att(one: DistrictPanel) -> float:
    """Callaway and Sant'Anna's simple average, not-yet treated areas among the controls."""
    return aggregate(group_time_effects(one, "not_yet"), "simple").overall


def imputed_att(one: DistrictPanel) -> float:
    """Borusyak, Jaravel and Spiess' average over all treated areas and periods."""
    return float(imputation(one).estimate[0])


def _ends(found: HiddenRange | None) -> tuple[DistrictPanel, ...]:
    """The panels at both ends; one of them where nothing is hidden, none where nothing was estimated."""
    if found is None:
        return ()
    return (found.at_lower, found.at_upper) if found.hidden else (found.at_lower,)


def _methods_table(changes: Collapsed, measure: Measure, plan: Contrasts, alpha: float) -> MethodsTable:
    sample = districts(changes.change, changes.treated)
    return methods_table(sample, Labels(measure.unit, "att"), rng=np.random.default_rng(plan.seed), alpha=alpha)


def _exchange(end: DistrictPanel, plan: Contrasts, alpha: float) -> PermutationTest:
    rng = np.random.default_rng(plan.seed)
    # Bare: where a cohort is one area, there is no variance by cohort.
    return staggered_permutation_test(end, simple_att, rng=rng, studentise="none", alpha=alpha, draws=plan.draws)


def answers() -> list[Answer]:
    """Every outcome in every contrast."""
    plan = settings()
    return [answer(measure, contrast, plan) for measure in plan.outcomes for contrast in plan.contrasts]
