"""Hold a plan's targets against the figures of each evaluation, printed or from registers."""

from __future__ import annotations

from functools import cache

from sverige_did.files import read_model, write_model
from sverige_did.panel import read_panel
from sverige_did.sources.panel.delivery import codes_of, tables_of
from sverige_did.sources.panel.events import FOLLOWED
from sverige_did.sources.panel.frame import make_panel_frame
from sverige_did.studies.panel.targets import Registers
from sverige_did.studies.panel.targets import target_records as of_panel
from sverige_did.studies.published.targets import target_records as of_figures
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled, Folder
from sverige_did.tasks.evidence import load


def published(plan: File, reported: File, designs: File, tables: File, feasible: File, out: File) -> Filled:
    """Write the targets held against printed figures; their number."""
    found = of_figures(load(plan, reported, designs, tables, feasible))
    write_model(out, found)
    return {"targets": len(found.targets)}


def panel(plan: File, panel: File, data: Folder, out: File) -> Filled:
    """Write the targets held against registers; their number."""
    study = read_model(plan, PanelStudy)

    @cache
    def registers() -> Registers:
        tables = tables_of(data, study, FOLLOWED)
        return Registers(tables, make_panel_frame(tables, study), codes_of(data, study))

    found = of_panel(read_panel(panel), study, registers)
    write_model(out, found)
    return {"targets": len(found.targets)}
