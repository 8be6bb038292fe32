"""A workbook to a table of cells: every part is looked through before any is understood.

What a workbook says of itself is not believed: how large its parts are when unpacked, which cells its sheet spans.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.cpr import holds_cpr
from sverige_did.sources.files.raw_table import (
    MAX_COLUMNS,
    Assumption,
    HeaderCheck,
    RawTable,
    check_header_of,
    too_large,
    too_wide,
    without_empty_rows,
)

_CHUNK = 1 << 20
_DOCTYPE = (b"<!DOCTYPE", b"<!ENTITY")
MAX_PARTS = 2_000

UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, SyntaxError,
              zipfile.BadZipFile, zlib.error, EOFError)  # fmt: skip
"""What openpyxl and the archive raise for a damaged workbook, of which neither says all; SyntaxError is broken XML."""


MAX_ROWS, MAX_SHEET_CELLS = 1_048_576, 20_000_000
"""The rows that a sheet can have, and the cells that are held at once: one stray cell stretches a sheet to its end."""


def read_excel(path: Path, check_header: HeaderCheck | None, max_bytes: int) -> RawTable:
    """The one sheet with content. Raises InputError as :func:`sverige_did.sources.files.read_table.read_raw` does."""
    file = path.name
    _check_archive(path, max_bytes)
    header = ["" if cell is None else str(cell).strip() for cell in _first_row(path)]
    if not header:
        raise InputError(Problem("reg_empty_file", file=file))
    check_header_of(header, file, check_header)
    name, written = _only_sheet(path)
    _, values = _only_sheet(path, computed=True)
    computed = [*values[1:], *([()] * len(written))]  # a row whose last cells are empty ends before them
    rows = enumerate(zip(written[1:], computed, strict=False), 2)
    problems = [one for row, (cells, saved) in rows for one in _formulas(cells, saved, header, row, file)]
    width = max(len(header), *map(len, values))
    if width * len(values) > MAX_SHEET_CELLS:
        widest = max(range(len(values)), key=lambda row: len(values[row])) + 1
        found, expected = f"{len(values)} × {width}", f"≤ {MAX_SHEET_CELLS}"
        raise InputError(Problem("reg_stretched", file=file, row=widest, found=found, expected=expected))
    body = [[*cells, *[None] * (width - len(cells))] for cells in values[1:]]
    index = pd.RangeIndex(2, len(body) + 2, name="row")
    named = pd.Index(header + [""] * (width - len(header)))
    frame = pd.DataFrame(body, columns=named, index=index, dtype=object)
    return without_empty_rows(
        RawTable(file, frame, (Assumption("sheet", name),), tuple(problems), tuple(_beside_cells(path)))
    )


_PARTS_BESIDE = re.compile(r"xl/(?:comments|threadedComments/|persons/|drawings/|workbook\.xml|tables/).*|docProps/.*")
"""Parts of a workbook with text of people that is no cell: notes, text boxes, names and properties."""


def _beside_cells(path: Path) -> Iterator[str]:
    """The text and the attributes of those parts, each by itself; numbers of colours and ids of parts hold no words."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if _PARTS_BESIDE.fullmatch(name) and name.endswith((".xml", ".rels")):
                try:
                    root = ElementTree.fromstring(archive.read(name))  # noqa: S314 - expat refuses to expand without end
                except (ElementTree.ParseError, LookupError, ValueError):  # broken, or of an encoding that is none
                    continue
                for one in root.iter():
                    yield from (one.text or "", one.tail or "", *(one.attrib[key] for key in _NAMED & set(one.attrib)))


_NAMED = {"name", "displayName", "title", "descr", "ref"}
"""Attributes in which people write."""


def _workbook(path: Path, *, computed: bool) -> Any:
    """The workbook with its formulas, or with the values that they had when it was saved."""
    try:
        return openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=computed)
    except UNREADABLE:
        raise InputError(Problem("reg_broken", file=path.name)) from None


def _first_row(path: Path) -> tuple[Any, ...]:
    """The first row of the first sheet that has one; nothing below it is read."""
    first = (next(_rows(sheet, path.name), ()) for sheet in _workbook(path, computed=False).worksheets)
    return next((row for row in first if row), ())


def _only_sheet(path: Path, *, computed: bool = False) -> tuple[str, list[tuple[Any, ...]]]:
    """Name and rows of the one sheet with content."""
    sheets = {one.title: list(_rows(one, path.name)) for one in _workbook(path, computed=computed).worksheets}
    filled = [name for name, rows in sheets.items() if any(rows)]
    if any(holds_cpr(name) for name in filled):
        raise InputError(Problem("reg_cpr_in_name", file=path.name))
    if len(filled) > 1:
        raise InputError(Problem("reg_several_sheets", file=path.name, found=", ".join(filled)))
    return filled[0], sheets[filled[0]]


def _rows(sheet: Any, file: str) -> Iterator[tuple[Any, ...]]:
    """Every row to its last cell with content, wherever the sheet says that it ends: rows below would be lost unseen.

    Raises InputError with the row where a cell cannot be read, or lies where no table reaches.
    """
    sheet.reset_dimensions()
    found = sheet.iter_rows(values_only=True)
    for row in range(1, MAX_ROWS + 2):
        try:
            cells = next(found, None)
        except UNREADABLE:
            raise InputError(Problem("reg_unreadable_row", file=file, row=row)) from None
        if cells is None:
            return
        width = next((at for at in range(len(cells), 0, -1) if cells[at - 1] is not None), 0)
        if width > MAX_COLUMNS:
            raise InputError(too_wide(file, width, row))
        yield cells[:width]
    raise InputError(Problem("reg_unreadable_row", file=file, row=MAX_ROWS + 1))


def _check_archive(path: Path, max_bytes: int) -> None:
    """Refuse an archive that is no workbook, is damaged anywhere, or unpacks to more than the limit.

    Every part is unpacked once, a piece at a time: only then is it known how large it is, and that it is whole. No
    workbook has a document type; with one, a part could name other files, or ten parts that each stand for ten.
    """
    damaged = InputError(Problem("reg_broken", file=path.name))
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" not in names:
                raise InputError(Problem("reg_not_a_table", file=path.name))
            if len(names) > MAX_PARTS or len(set(names)) < len(names):
                raise damaged
            size = 0
            for name in names:
                with archive.open(name) as part:
                    last = b""
                    while piece := part.read(_CHUNK):
                        size += len(piece)
                        if size > max_bytes:
                            raise InputError(too_large(path.name, size, max_bytes))
                        seen = (last + piece).replace(b"\0", b"")  # UTF-16 without its zeros reads as ASCII
                        if name.endswith((".xml", ".rels")) and any(sign in seen for sign in _DOCTYPE):
                            raise damaged
                        last = piece[-2 * max(map(len, _DOCTYPE)) :]
    except UNREADABLE:
        raise damaged if zipfile.is_zipfile(path) else InputError(Problem("reg_not_a_table", file=path.name)) from None


def _formulas(
    cells: tuple[Any, ...], saved: tuple[Any, ...], header: list[str], row: int, file: str
) -> Iterator[Problem]:
    """The formulas in one row of a workbook: the value that was saved is used, and said; without one it is an error."""
    for name, cell, value in zip(header, cells, [*saved, *[None] * len(cells)], strict=False):
        if isinstance(cell, str) and cell.startswith("="):
            if value is None:
                yield Problem("reg_formula_unsaved", file=file, row=row, column=name)
            else:
                yield Problem("reg_formula_computed", file=file, row=row, column=name, severity="warning")
