"""Turn the registers of a study into its panel, and read off what they cover."""

from __future__ import annotations

from sverige_did.files import read_model, write_models
from sverige_did.panel import write_panel
from sverige_did.results.estimates import remarks_of
from sverige_did.sources.panel.coverage import coverage as covered
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled, Folder


def run(plan: File, data: Folder, out: File, coverage: File, left_out: File) -> Filled:
    """Write the panel, its coverage and what was left out; the number of cells and of outcomes."""
    built = panel_of(data, read_model(plan, PanelStudy))
    write_panel(out, built.panel)
    write_models(coverage, covered(built.panel))
    write_models(left_out, {remark.model_dump_json(): remark for remark in remarks_of(built.remarks)}.values())
    return {"cells": len(built.panel.cells), "outcomes": built.panel.cells["outcome"].nunique()}
