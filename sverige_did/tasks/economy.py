"""Work out the net benefit a year of a study, from printed figures or from a panel."""

from __future__ import annotations

from pathlib import Path

from sverige_did.files import read_model, write_models
from sverige_did.panel import read_panel
from sverige_did.results.economy import EconomyRecord
from sverige_did.studies.panel.economy import economy as of_panel
from sverige_did.studies.published.economy import economy as of_figures
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled
from sverige_did.tasks.evidence import load


def published(plan: File, reported: File, designs: File, tables: File, feasible: File, out: File) -> Filled:
    """Write the net benefit of printed figures; how many ways to it there are."""
    return _written(out, of_figures(load(plan, reported, designs, tables, feasible)))


def panel(plan: File, panel: File, out: File) -> Filled:
    """Write the net benefit of a panel; how many ways to it there are."""
    return _written(out, of_panel(read_panel(panel), read_model(plan, PanelStudy)))


def _written(out: Path, record: EconomyRecord | None) -> Filled:
    write_models(out, [] if record is None else [record])
    return {"benefits": 0 if record is None else len(record.benefits)}
