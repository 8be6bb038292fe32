"""Tell a release as one page, and its sentences for the index of studies."""

from __future__ import annotations

from typing import Annotated

import typer

from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, write_model, write_text
from sverige_did.report import render
from sverige_did.report.answers import study_answers
from sverige_did.tasks import File, Filled
from sverige_did.words import Language


def run(release: File, out: File, answers: File, page_language: Annotated[Language, typer.Option()]) -> Filled:
    """Write the page in one language, and what it answers."""
    released = read_model(release, Release)
    write_text(out, render(released, page_language))
    write_model(answers, study_answers(released, page_language))
    return {"page": out}
