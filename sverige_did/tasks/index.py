"""Tell all studies of a folder on one page: their answers, and where what the sources evaluate is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sverige_did.files import read_model, write_text
from sverige_did.report.index import render_index
from sverige_did.results.answers import StudyAnswers
from sverige_did.study.evaluations import read_evaluations
from sverige_did.tasks import Files, Filled
from sverige_did.words import LANGUAGES


def run(
    out: Files,
    answers: Files,
    evaluations: Annotated[Path | None, typer.Option(dir_okay=False)] = None,
) -> Filled:
    """Write the index in each language from what every study answers in it; the pages and the number of studies."""
    studies = tuple(read_model(path, StudyAnswers) for path in answers)
    known = read_evaluations(evaluations) if evaluations else None
    for language, page in zip(LANGUAGES, out, strict=True):
        write_text(page, render_index(tuple(one for one in studies if one.language == language), known, language))
    return {"page": ", ".join(map(str, out)), "studies": len({one.study for one in studies})}
