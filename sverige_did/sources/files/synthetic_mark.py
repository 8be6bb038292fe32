"""The mark of made-up data: in the folder, in every file and pseudonym, so that no single deletion takes it off."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow.parquet

from sverige_did.sources.files import read_excel, read_parquet
from sverige_did.sources.files.raw_table import MAX_BYTES

MARK_FILE: Final = "SYNTHETIC.txt"
MARK_COLUMN: Final = {"da": "syntetisk", "en": "synthetic"}
"""The first column of every CSV file, by the language of its headers."""

MARK_VALUE: Final = {"da": "ja", "en": "yes"}
MARK_METADATA: Final = (b"synthetic", b"true")
MARK_COMMENT: Final = b"<!-- syntetisk / synthetic"
"""How the first comment of a made-up file in XML begins."""

PSEUDONYM: Final = "SYN-"
"""How every pseudonym of a made-up child or case begins."""

_HEAD = 65_536
_PIECE = 1 << 20
_LONGEST_SIGN = 64


def is_marked(folder: Path) -> bool:
    """Whether anything in the folder says that it is made up: the marker file, a column, a pseudonym or metadata."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return any(path.name == MARK_FILE or _file_is_marked(path) for path in files)


def _file_is_marked(path: Path) -> bool:
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if head.startswith(b"PAR1"):
        return _parquet_is_marked(path)
    if head.startswith(b"PK\x03\x04"):
        return _workbook_is_marked(path)
    if path.suffix.casefold() == ".xml":
        return MARK_COMMENT in head
    if path.suffix.casefold() not in {".csv", ".tsv", ".txt"}:
        return False
    text = head.replace(b"\0", b"").lower()  # UTF-16 without its zeros reads as ASCII
    header = text.split(b"\n", 1)[0]
    return any(name.encode() in header for name in MARK_COLUMN.values()) or PSEUDONYM.lower().encode() in text


def _parquet_is_marked(path: Path) -> bool:
    try:
        schema = pyarrow.parquet.read_schema(path)
    except read_parquet.UNREADABLE:  # no table at all: whoever reads it says so
        return False
    key, value = MARK_METADATA
    return (schema.metadata or {}).get(key) == value or bool({*MARK_COLUMN.values()} & set(schema.names))


def _workbook_is_marked(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [name for name in archive.namelist() if name.startswith("xl/") and name.endswith(".xml")]
            signs = [PSEUDONYM.encode(), *(f">{name}<".encode() for name in MARK_COLUMN.values())]
            return any(sign in piece for piece in _pieces(archive, parts) for sign in signs)
    except read_excel.UNREADABLE:  # damaged, or locked by a password: whoever reads it says so
        return False


def _pieces(archive: zipfile.ZipFile, parts: list[str]) -> Iterator[bytes]:
    """The parts, a piece at a time and no more than a workbook may hold; the end of each piece begins the next."""
    size = 0
    for name in parts:
        with archive.open(name) as part:
            last = b""
            while piece := part.read(_PIECE):
                size += len(piece)
                if size > MAX_BYTES:
                    return
                yield last + piece
                last = piece[-_LONGEST_SIGN:]
