"""Tell the release of a study of cases as one page a language, and its sentences for the index of studies."""

from __future__ import annotations

from sverige_did.disclosure.cases import CaseRelease
from sverige_did.files import read_model, write_model, write_text
from sverige_did.report.cases import case_answers, render
from sverige_did.tasks import File, Files, Filled
from sverige_did.words import LANGUAGES


def run(release: File, out: Files, answers: Files) -> Filled:
    """Write, for each language, the page and what it answers; the pages."""
    released = read_model(release, CaseRelease)
    for language, page, said in zip(LANGUAGES, out, answers, strict=True):
        write_text(page, render(released, language))
        write_model(said, case_answers(released, language))
    return {"page": ", ".join(map(str, out))}
