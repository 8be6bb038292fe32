"""Read the coded statements of interviews, where a study has any."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sverige_did.files import read_model, write_models
from sverige_did.results.statements import Statement
from sverige_did.sources.interviews.statements import read_statements
from sverige_did.study.study import Study
from sverige_did.tasks import File, Filled


def run(plan: File, out: File, source: Annotated[Path | None, typer.Option(dir_okay=False)] = None) -> Filled:
    """Write the statements as JSON, none where there is no file; the number of statements."""
    statements: tuple[Statement, ...] = read_statements(source, read_model(plan, Study)) if source else ()
    write_models(out, statements)
    return {"statements": len(statements)}
