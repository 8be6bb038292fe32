"""What printed figures say of leaving each rung of the ladder."""

from __future__ import annotations

from sverige_did.files import write_models
from sverige_did.studies.published.ladder import ladder
from sverige_did.tasks import File, Filled
from sverige_did.tasks.evidence import load


def run(plan: File, reported: File, designs: File, tables: File, feasible: File, out: File) -> Filled:
    """Write the ladder, in a list that is empty where no moves are printed; the number of its rows."""
    found = ladder(load(plan, reported, designs, tables, feasible))
    write_models(out, [] if found is None else [found])
    return {"rows": 0 if found is None else len(found.printed)}
