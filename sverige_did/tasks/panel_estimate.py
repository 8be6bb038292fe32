"""Estimate every outcome of a panel in the class that its design allows."""

from __future__ import annotations

from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.methods_tables import DesignSize
from sverige_did.studies.panel.estimate import estimate_panel
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled


def run(plan: File, panel: File, designs: File, sizes: File, out: File, methods_tables: File, doses: File) -> Filled:
    """Write the findings, what stands beside the methods tables, and the doses; the number of findings."""
    study, classes = read_model(plan, PanelStudy), read_models(designs, OutcomeDesign)
    found = estimate_panel(read_panel(panel), study, classes, read_models(sizes, DesignSize))
    write_models(out, found.findings)
    write_models(methods_tables, found.methods_tables)
    write_models(doses, found.doses)
    return {"findings": len(found.findings)}
