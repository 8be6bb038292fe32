"""Tell a release as an answer page, its annex and what could overturn it, and in sentences for the index of studies."""

from __future__ import annotations

from typing import Annotated

import typer

from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, write_model, write_text
from sverige_did.report import render
from sverige_did.report.answers import study_answers
from sverige_did.report.doubt.page import render_doubt
from sverige_did.report.front import render_front
from sverige_did.tasks import File, Filled
from sverige_did.words import Language


def run(
    release: File,
    out: File,
    annex: File,
    doubt: File,
    answers: File,
    page_language: Annotated[Language, typer.Option()],
) -> Filled:
    """Write the answer page, the annex and the page of doubt in one language, and what they answer."""
    released = read_model(release, Release)
    write_text(annex, render(released, page_language))
    write_text(doubt, render_doubt(released, page_language))
    write_text(out, render_front(released, page_language))
    write_model(answers, study_answers(released, page_language))
    return {"page": out}
