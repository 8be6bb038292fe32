"""Look for what would overturn each finding of a study of registers."""

from __future__ import annotations

from pathlib import Path

from sverige_did.checks.panel_doubts import doubts
from sverige_did.design import OutcomeDesign
from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import Panel, read_panel
from sverige_did.sources.delivery import panel_of
from sverige_did.study import Study


def run(plan: Path, panel: Path, designs: Path, data: Path, out: Path) -> int:
    """Write the checks; their number."""
    study = read_model(plan, Study)
    found = doubts(read_panel(panel), study, read_models(designs, OutcomeDesign), _elsewhere(study, data))
    write_models(out, found)
    return len(found)


def _elsewhere(study: Study, data: Path) -> Panel | None:
    """The panel with children counted where they live on each day; None where that is the plan's rule already."""
    rules = study.registers
    if rules is None or rules.residence.rule == "on_the_day":
        return None
    residence = rules.residence.model_copy(update={"rule": "on_the_day"})
    moved = study.model_copy(update={"registers": rules.model_copy(update={"residence": residence})})
    return panel_of(data, moved).panel
