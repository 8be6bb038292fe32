"""Tell a release: answers, annexes, what could overturn it, sentences for the index, what the next office takes."""

from __future__ import annotations

from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, write_model, write_text
from sverige_did.report import render
from sverige_did.report.answers import study_answers
from sverige_did.report.doubt.page import render_doubt
from sverige_did.report.front import render_front
from sverige_did.report.next_office import investment_sheet, knowledge_declaration
from sverige_did.tasks import File, Files, Filled
from sverige_did.words import LANGUAGES


def run(
    release: File, out: Files, annex: Files, doubt: Files, answers: Files, sheet: Files, declaration: Files
) -> Filled:
    """Write, for each language, a file of each kind in the order of the languages; the pages.

    One command for all languages: reading the release and its parts takes longer than telling it.
    """
    released = read_model(release, Release)
    for language, *files in zip(LANGUAGES, out, annex, doubt, answers, sheet, declaration, strict=True):
        page, beside, overturn, said, investment, draft = files
        write_text(beside, render(released, language))
        write_text(overturn, render_doubt(released, language))
        write_text(page, render_front(released, language))
        write_model(said, study_answers(released, language))
        write_text(investment, investment_sheet(released, language))
        write_text(draft, knowledge_declaration(released, language))
    return {"page": ", ".join(map(str, out))}
