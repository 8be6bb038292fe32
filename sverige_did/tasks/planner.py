"""Write the page on how much data a new evaluation takes, in both languages, simulated anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sverige_did.files import write_text
from sverige_did.report.planner import render_planner
from sverige_did.studies.planner import review, simulated
from sverige_did.words import LANGUAGES


def run(folder: Path, simulations: int, seed: int, told: Callable[[int, int], None]) -> list[Path]:
    """Write ``planner.da.html`` and ``planner.en.html``; where they lie."""
    found, cases = simulated(simulations, seed, told), review()
    pages = [folder / f"planner.{language}.html" for language in LANGUAGES]
    for language, page in zip(LANGUAGES, pages, strict=True):
        write_text(page, render_planner(found, cases, simulations, language))
    return pages
