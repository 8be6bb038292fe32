"""Look for what would overturn each finding."""

from __future__ import annotations

from sverige_did.files import write_models
from sverige_did.studies.published.sensitivity import sensitivity_analyses
from sverige_did.tasks import File, Filled
from sverige_did.tasks.evidence import load


def run(plan: File, reported: File, designs: File, tables: File, feasible: File, out: File) -> Filled:
    """Write the checks; their number."""
    found = sensitivity_analyses(load(plan, reported, designs, tables, feasible))
    write_models(out, found)
    return {"checks": len(found)}
