"""Turn the registers or public tables of a study into its panel, and read off what they cover."""

from __future__ import annotations

from sverige_did.files import read_model, write_models
from sverige_did.panel import write_panel
from sverige_did.results.estimates import remarks_of
from sverige_did.sources.files.provenance import read_provenance
from sverige_did.sources.panel.coverage import coverage as covered
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled, Folder


def run(plan: File, data: Folder, out: File, coverage: File, left_out: File, sources: File) -> Filled:
    """Write the panel, its coverage, what was left out and where the files come from; how many cells and outcomes."""
    built = panel_of(data, read_model(plan, PanelStudy))
    write_panel(out, built.panel)
    write_models(coverage, covered(built.panel))
    write_models(left_out, {remark.model_dump_json(): remark for remark in remarks_of(built.remarks)}.values())
    write_models(sources, read_provenance(data))
    return {"cells": len(built.panel.cells), "outcomes": built.panel.cells["outcome"].nunique()}
