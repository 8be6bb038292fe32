"""A folder of public tables for a plan: read for the panel, or checked down to what the panel would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from sverige_did.errors import InputError, Problem, SverigeDidError
from sverige_did.panel import Panel
from sverige_did.sources.aggregates.crosswalk import Crosswalk, no_changes, read_crosswalk
from sverige_did.sources.aggregates.read import read_aggregates
from sverige_did.sources.aggregates.text_tables import TextTables
from sverige_did.sources.files.provenance import provenance_problems, read_provenance
from sverige_did.sources.panel.build import Built
from sverige_did.sources.registers.rules_of_plan import window_problems
from sverige_did.sources.registers.validate import Checked
from sverige_did.study.aggregates import AggregatePlan
from sverige_did.study.study import PanelStudy


def tables_panel(folder: Path, study: PanelStudy, tables: TextTables | None = None) -> Built:
    """The panel of a study of public tables, without the areas that lack a number of an outcome in some period, and
    without those that began before its first period ended: they are never seen without the programme.

    Raises InputError as :func:`~sverige_did.sources.aggregates.read.read_aggregates`, and where a file is not there.
    """
    plan = tables_of_plan(study)
    lacking = [file for file in plan.files if not (folder / file).is_file()]
    if lacking:
        raise InputError(*(Problem("missing_table", file=file) for file in lacking))
    panel = read_aggregates(folder, plan, _crosswalk(folder, plan), tables)
    complete, remarks = [], list[Problem]()
    for outcome in panel.cells["outcome"].unique():
        cells = panel.outcome(str(outcome))
        left_out, begun = _incomplete(cells), _begun(cells)
        complete.append(cells[~cells["unit"].isin([*left_out, *begun])])
        # Outcomes of one table lack the same areas: that is said once.
        said = [*_left_out("agg_incomplete", cells, left_out), *_left_out("agg_begun", cells, begun)]
        remarks += [one for one in said if one not in remarks]
    return Built(Panel.of(pd.concat(complete, ignore_index=True), synthetic=panel.synthetic), tuple(remarks))


def checked_tables(folder: Path, study: PanelStudy) -> Checked:
    """Everything wrong with the tables of a study, what would be left out of its panel, and what was assumed."""
    plan, tables = tables_of_plan(study), TextTables(folder)
    windows = tuple(window_problems(study))
    try:
        changed = tuple(provenance_problems(read_provenance(folder)))
        built = tables_panel(folder, study, tables)
    except SverigeDidError as refusal:
        return Checked((*windows, *refusal.problems), tables.assumed)
    begun = tuple(_first_start(built.panel, study, plan))
    return Checked((*windows, *changed, *begun, *built.remarks), tables.assumed)


def _first_start(panel: Panel, study: PanelStudy, plan: AggregatePlan) -> Iterator[Problem]:
    """The first start of the areas where it is not the plan's: each is compared by its own, but windows go by that."""
    first = panel.cells["treated_from"].min()
    if pd.isna(first):
        yield Problem("agg_nobody_treated", file=plan.adoption.file, column=plan.adoption.date)
    elif first != pd.Timestamp(study.periods.treatment_start):
        yield Problem("agg_treatment_not_first", file=plan.adoption.file, column=plan.adoption.date, severity="warning",
                      found=f"{first.date()}", expected=f"{study.periods.treatment_start}")  # fmt: skip


def tables_of_plan(study: PanelStudy) -> AggregatePlan:
    """What the plan says of its tables. Raises InputError where it is a study of registers."""
    if study.tables is None:
        raise InputError(Problem("plan_no_tables", file="study.yaml", column="tables"))
    return study.tables


def _crosswalk(folder: Path, plan: AggregatePlan) -> Crosswalk:
    return no_changes() if plan.crosswalk is None else read_crosswalk(folder / plan.crosswalk)


def _incomplete(cells: pd.DataFrame) -> list[str]:
    """The areas without a number, or without what it is out of, in some period of the outcome."""
    lost = cells["status"] == "missing"
    if cells["denominator"].notna().any():
        lost |= cells["denominator"].isna()
    fewer = cells.groupby("unit")["period"].transform("nunique") < cells["period"].nunique()
    return sorted(set(cells.loc[lost | fewer, "unit"]))


def _begun(cells: pd.DataFrame) -> list[str]:
    """The areas that have begun by the end of the outcome's first period."""
    return sorted(set(cells.loc[cells["treated_from"] <= cells["end"].min(), "unit"]))


def _left_out(key: str, cells: pd.DataFrame, units: list[str]) -> Iterator[Problem]:
    if not units:
        return
    group = cells.drop_duplicates("unit").set_index("unit")["group"].loc[units]
    values: dict[str, object] = {
        "areas": len(units), "treated": int((group == "treated").sum()), "names": ", ".join(units),
        "all": cells["unit"].nunique(),
    }  # fmt: skip
    file = str(cells["source"].iloc[0])
    yield Problem(key, file=file, severity="warning", values=values | {"file": file})
