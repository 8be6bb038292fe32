"""Tell all studies of a folder on one page: their answers, and where what the sources evaluate is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sverige_did.files import read_model, write_text
from sverige_did.report.index import render_index
from sverige_did.results.answers import StudyAnswers
from sverige_did.study.evaluations import read_evaluations
from sverige_did.tasks import File, Filled
from sverige_did.words import Language


def run(
    out: File,
    page_language: Annotated[Language, typer.Option()],
    answers: Annotated[list[Path], typer.Option(dir_okay=False)],
    evaluations: Annotated[Path | None, typer.Option(dir_okay=False)] = None,
) -> Filled:
    """Write the index in one language from the answers of every study; the number of studies."""
    studies = tuple(read_model(path, StudyAnswers) for path in answers)
    write_text(out, render_index(studies, read_evaluations(evaluations) if evaluations else None, page_language))
    return {"page": out, "studies": len(studies)}
