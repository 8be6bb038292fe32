"""Look for what would overturn each finding of a study of registers."""

from __future__ import annotations

from pathlib import Path

from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import Panel, read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.sources.registers.validate import find_registers
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled, Folder


def run(plan: File, panel: File, designs: File, data: Folder, out: File) -> Filled:
    """Write the checks; their number."""
    study = read_model(plan, PanelStudy)
    requested = study.registers is not None and study.registers.residence.rule != "on_the_day"
    known = requested and "residences" in {register.name for register in find_registers(data, study)[0].values()}
    found = sensitivity_analyses(
        read_panel(panel),
        study,
        read_models(designs, OutcomeDesign),
        elsewhere=_elsewhere(study, data) if requested and known else None,
        homes_unknown=requested and not known,
    )
    write_models(out, found)
    return {"checks": len(found)}


def _elsewhere(study: PanelStudy, data: Path) -> Panel:
    """The panel with children counted where they live on each day."""
    rules = study.register_rules
    residence = rules.residence.model_copy(update={"rule": "on_the_day"})
    moved = study.model_copy(update={"registers": rules.model_copy(update={"residence": residence})})
    return panel_of(data, moved).panel
