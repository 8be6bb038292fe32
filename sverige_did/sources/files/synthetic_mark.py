"""The mark of made-up data: in the folder, in every file and pseudonym, so that no single deletion takes it off."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet

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
    except pa.ArrowInvalid:  # no table at all: whoever reads it says so
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
            return any(sign in archive.read(part) for part in parts for sign in signs)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):  # damaged, or locked by a password
        return False
