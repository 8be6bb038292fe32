"""Follow the children of a study of registers on the ladder: where they go, how long they stay, and who arrives."""

from __future__ import annotations

from sverige_did.files import read_model, write_models
from sverige_did.sources.panel.delivery import codes_of, tables_of
from sverige_did.sources.panel.frame import children_by_number
from sverige_did.studies.panel.ladder import ladder
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled, Folder

REGISTERS = ("districts", "children", "residences", "placements", "cases")
"""Those that a path on the ladder is made of."""


def run(plan: File, data: Folder, out: File) -> Filled:
    """Write the ladder, none for a study of public tables, which hold no child; the number of its numbers."""
    study = read_model(plan, PanelStudy)
    if study.registers is None:
        write_models(out, ())
        return {"rows": 0}
    found = ladder(children_by_number(tables_of(data, study, REGISTERS)), study, codes_of(data, study))
    write_models(out, [found])
    return {"rows": len(found.cells)}
