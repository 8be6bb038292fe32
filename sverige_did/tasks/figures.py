"""Read the published figures and lay them in the panel."""

from __future__ import annotations

from sverige_did.files import read_model, write_models
from sverige_did.panel import write_panel
from sverige_did.sources.published.facts import read_facts
from sverige_did.sources.published.panel import to_panel
from sverige_did.study.study import PublishedStudy
from sverige_did.tasks import File, Filled


def run(plan: File, source: File, reported: File, panel: File) -> Filled:
    """Write the figures and the panel; the number of figures and of cells."""
    study = read_model(plan, PublishedStudy)
    facts = read_facts(source, hard_stop=study.periods.hard_stop)
    cells = to_panel(facts, study)
    write_models(reported, facts)
    write_panel(panel, cells)
    return {"facts": len(facts), "cells": len(cells.cells)}
