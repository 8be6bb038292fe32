"""Look for what would overturn each finding."""

from __future__ import annotations

from pathlib import Path

from sverige_did.files import write_models
from sverige_did.studies.published.sensitivity import doubts
from sverige_did.tasks.evidence import load


def run(plan: Path, reported: Path, designs: Path, tables: Path, out: Path) -> int:
    """Write the checks; their number."""
    found = doubts(load(plan, reported, designs, tables))
    write_models(out, found)
    return len(found)
