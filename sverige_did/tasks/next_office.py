"""Write what the next office takes over from a release: the investment sheet and the draft of a declaration."""

from __future__ import annotations

from typing import Annotated

import typer

from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, write_text
from sverige_did.report.next_office import investment_sheet, knowledge_declaration
from sverige_did.tasks import File, Filled
from sverige_did.words import Language


def run(release: File, sheet: File, declaration: File, page_language: Annotated[Language, typer.Option()]) -> Filled:
    """Write the sheet as CSV and the declaration as Markdown, in one language."""
    released = read_model(release, Release)
    write_text(sheet, investment_sheet(released, page_language))
    write_text(declaration, knowledge_declaration(released, page_language))
    return {"sheet": sheet}
