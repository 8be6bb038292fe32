"""Tell the release of a study of cases as one page."""

from __future__ import annotations

from typing import Annotated

import typer

from sverige_did.disclosure.cases import CaseRelease
from sverige_did.files import read_model, write_text
from sverige_did.report.cases import render
from sverige_did.tasks import File, Filled
from sverige_did.words import Language


def run(release: File, out: File, page_language: Annotated[Language, typer.Option()]) -> Filled:
    """Write the page in one language."""
    write_text(out, render(read_model(release, CaseRelease), page_language))
    return {"page": out}
