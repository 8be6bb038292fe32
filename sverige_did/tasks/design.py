"""Derive the design class of every outcome from the panel."""

from __future__ import annotations

from collections import Counter

from sverige_did.design import designs
from sverige_did.files import read_model, write_models
from sverige_did.panel import read_panel
from sverige_did.study.study import Study
from sverige_did.tasks import File, Filled


def run(plan: File, panel: File, out: File) -> Filled:
    """Write the designs; how many outcomes have each class, as text."""
    found = designs(read_panel(panel), read_model(plan, Study))
    write_models(out, found)
    counts = Counter(design.design_class or "–" for design in found)
    return {"classes": ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))}
