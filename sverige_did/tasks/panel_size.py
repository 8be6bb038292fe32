"""Simulate how often the verdict of every outcome is wrong in its own design."""

from __future__ import annotations

from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.studies.panel.design_size import design_sizes
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled, progress


def run(plan: File, panel: File, designs: File, out: File) -> Filled:
    """Write the sizes; the number of designs, and of those that bar a verdict."""
    study, classes = read_model(plan, PanelStudy), read_models(designs, OutcomeDesign)
    found = design_sizes(read_panel(panel), study, classes, progress)
    write_models(out, found)
    return {"designs": len(found), "barred": sum(one.barred for one in found)}
