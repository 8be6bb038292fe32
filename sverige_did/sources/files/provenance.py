"""The file that says where the others come from, and whether they are still as they came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from sverige_did.errors import InputError, Problem
from sverige_did.files import read_models, write_models
from sverige_did.results.sources import SourceFile

PROVENANCE: Final = "provenance.json"


def write_provenance(folder: Path, records: Iterable[SourceFile]) -> None:
    """Write the records beside the files that they are about, with the hash of each as it lies there."""
    write_models(
        folder / PROVENANCE,
        [one.model_copy(update={"sha256": file_hash(folder / one.file), "changed": False}) for one in records],
    )


def read_provenance(folder: Path) -> tuple[SourceFile, ...]:
    """The records of a folder, each told apart where its file is not the one that was written; none without the file.

    Raises InputError where the file is not one of records.
    """
    path = folder / PROVENANCE
    if not path.is_file():
        return ()
    try:
        records = read_models(path, SourceFile)
    except InputError as error:
        raise InputError(Problem("provenance_unreadable", file=path.name)) from error
    return tuple(one.model_copy(update={"changed": _changed(folder, one)}) for one in records)


def provenance_problems(records: Iterable[SourceFile]) -> Iterator[Problem]:
    """A warning for each file that was changed, or is gone, since it came."""
    for one in records:
        if one.changed:
            yield Problem("provenance_changed", file=one.file, severity="warning")


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _changed(folder: Path, record: SourceFile) -> bool:
    path = folder / record.file
    return not path.is_file() or file_hash(path) != record.sha256
