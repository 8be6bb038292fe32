"""Collect what may be sent out of a study in a folder that stands apart, with an audit and the hash of each file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from sverige_did.disclosure.cases import CaseRelease
from sverige_did.disclosure.outside import outside
from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, read_whole, write_folder
from sverige_did.report.figures import figures_of
from sverige_did.report.machines import for_machines
from sverige_did.tasks import File, Filled, Folder


class _Kind(BaseModel):
    kind: str


class _OfStudy(BaseModel):
    """A release as far as it says of what kind of study it is."""

    study: _Kind


def run(
    release: File,
    csv: File,
    json: File,
    page: Annotated[list[Path], typer.Option(dir_okay=False)],
    out: Folder,
    sheet: Annotated[list[Path] | None, typer.Option(dir_okay=False)] = None,
) -> Filled:
    """Write the folder whole: pages and their figures, the release, the estimates, what the next office takes over,
    the same for machines, an audit and the hashes."""
    kind = read_model(release, _OfStudy).study.kind
    released = read_model(release, CaseRelease) if kind == "cases" else read_model(release, Release)
    contents = {path.name: path.read_bytes() for path in (release, csv, json, *page, *(sheet or ()))}
    for path in page:
        language = path.name.split(".")[-2]
        for name, figure in figures_of(read_whole(path)).items():
            contents[f"figures/{language}/{name}.svg"] = figure.encode()
    written = outside(released, contents | for_machines(released, contents))
    write_folder(out, written)
    return {"folder": out, "files": len(written)}
