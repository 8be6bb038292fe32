"""Load what a study of published figures has to go on: shared by the rules of published figures."""

from __future__ import annotations

from pathlib import Path

from sverige_did.files import read_model, read_models
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.published import Feasible, Reported
from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.group_tables import GroupTable
from sverige_did.study.study import PublishedStudy


def load(plan: Path, reported: Path, designs: Path, tables: Path, feasible: Path) -> Evidence:
    """The evidence from the files that the earlier rules wrote."""
    return Evidence(
        study=read_model(plan, PublishedStudy),
        facts=read_models(reported, Reported),
        designs=read_models(designs, OutcomeDesign),
        tables=read_models(tables, GroupTable),
        feasible=read_models(feasible, Feasible),
    )
