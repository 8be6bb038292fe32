"""Estimate every outcome without a prior."""

from __future__ import annotations

from sverige_did.files import write_models
from sverige_did.studies.published.estimate import findings
from sverige_did.tasks import File, Filled
from sverige_did.tasks.evidence import load


def run(plan: File, reported: File, designs: File, tables: File, feasible: File, out: File) -> Filled:
    """Write the findings; their number."""
    found = findings(load(plan, reported, designs, tables, feasible))
    write_models(out, found)
    return {"findings": len(found)}
