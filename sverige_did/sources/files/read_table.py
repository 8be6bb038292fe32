"""Files as they come (CSV of any dialect, Excel, Parquet) to a table of cells; every assumption is reported.

A file is looked at before it is read: its size, its first bytes and its header decide whether the rest is opened.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sverige_did import words
from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.cpr import holds_cpr
from sverige_did.words import Language

MAX_BYTES = 200_000_000
_HEAD = 65_536
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""How a file of Excel before 2007 begins (.xls), and one that is locked by a password."""

COMMENT = "# "
"""How a line above the header begins that is for people only."""

_SEPARATORS = ";,\t|"
_SAMPLE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that was assumed while reading. ``key`` names its sentence in ``reading.yaml``."""

    key: str
    value: str
    column: str | None = None

    def say(self, language: Language | None = None) -> str:
        """The assumption as a sentence."""
        return words.text(f"reading.{self.key}", language, value=self.value, column=self.column)


@dataclass(frozen=True)
class RawTable:
    """A file's cells under its own headers: text from CSV, native values from Excel and Parquet.

    The frame's index is the row of the spreadsheet, so the first row below the header is 2. ``beside`` is text of the
    file that stands in no cell: lines above the header, notes and properties of a workbook. It is searched for
    identifiers and never shown.
    """

    file: str
    frame: pd.DataFrame
    assumptions: tuple[Assumption, ...] = ()
    problems: tuple[Problem, ...] = ()
    beside: tuple[str, ...] = ()


HeaderCheck = Callable[[list[str]], None]


def read_raw(path: Path, check_header: HeaderCheck | None = None, *, max_bytes: int = MAX_BYTES) -> RawTable:
    """Read a file of at most ``max_bytes``. ``check_header`` may raise before anything below the header is read.

    Raises InputError when the file is missing, too large, empty, no table, or has ragged rows.
    """
    file = path.name
    size = path.stat().st_size if path.is_file() else None
    if size is None:
        raise InputError(Problem("missing_file", file=file))
    if size > max_bytes:
        raise InputError(_too_large(file, size, max_bytes))
    if size == 0:
        raise InputError(Problem("reg_empty_file", file=file))
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if head.startswith(b"PAR1"):
        return _read_parquet(path, check_header)
    if head.startswith(_OLD_EXCEL):
        raise InputError(Problem("reg_old_excel", file=file))
    if head.startswith(b"PK\x03\x04"):
        return _read_excel(path, check_header, max_bytes)
    if path.suffix.casefold() in _NO_TEXT:
        raise InputError(Problem("reg_damaged", file=file, values={"kind": path.suffix.casefold()}))
    return _read_csv(path, head, check_header)


_NO_TEXT = frozenset({".xlsx", ".xls", ".parquet"})
"""Endings of files that are never text: one that does not begin as they do is damaged, or was renamed."""


def _too_large(file: str, size: int, limit: int) -> Problem:
    return Problem("reg_too_large", file=file, found=f"{size / 1e6:.0f} MB", expected=f"≤ {limit / 1e6:.0f} MB")


def _check(header: list[str], file: str, check_header: HeaderCheck | None) -> None:
    if not any(name.strip() for name in header):
        raise InputError(Problem("reg_no_header", file=file, row=1))
    if check_header:
        check_header(header)


# CSV


def _encoding(sample: bytes, *, final: bool) -> str | None:
    """The encoding of the bytes: marked, else UTF-8 if they are, else Windows-1252; None when they are no text."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        names: tuple[str, ...] = ("utf-16",)
    elif b"\0" in sample:
        return None
    else:
        names = ("utf-8-sig" if sample.startswith(codecs.BOM_UTF8) else "utf-8", "cp1252")
    for name in names:
        try:
            codecs.getincrementaldecoder(name)().decode(sample, final)
        except UnicodeDecodeError:
            continue
        return name
    return None


def _separator(text: str) -> str | None:
    """The separator under which most of the first rows have as many fields as the header; None for a single column."""

    def score(separator: str) -> tuple[float, int]:
        lines = io.StringIO(text, newline="")
        rows = [row for row, _ in zip(csv.reader(lines, delimiter=separator), range(_SAMPLE_ROWS), strict=False) if row]
        width = len(rows[0]) if rows else 0
        same = sum(len(row) == width for row in rows) / max(len(rows), 1)
        return (same if width > 1 else 0.0), width

    best = max(_SEPARATORS, key=score)
    return best if score(best)[1] > 1 else None


def _above_the_header(text: str) -> tuple[int, str | None]:
    """How many lines stand above the header (blank ones, comments after ``# ``, and the line ``sep=;``), and the
    separator that line names.
    """
    named = None
    for above, line in enumerate(text.splitlines()):
        if line.removeprefix("\ufeff").startswith(COMMENT):
            continue
        told = re.fullmatch(r"sep=(.|\\t)", line.strip('\ufeff" '))
        if told:
            named = told.group(1).replace("\\t", "\t")
        elif line.strip('\ufeff ";,\t|'):
            # A line without a letter is no header either: then the first one was meant to be.
            return (above, named) if any(map(str.isalpha, line)) else (0, None)
    return 0, named


def _below(text: str, lines: int) -> str:
    return "".join(text.splitlines(keepends=True)[lines:]) if lines else text


def _rows_end_in_a_separator(text: str, width: int, separator: str) -> bool:
    """Whether every row has one field more than the header, and nothing in it."""
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row][1:]
    return bool(rows) and all(len(row) == width + 1 and not row[-1].strip() for row in rows)


def _read_csv(path: Path, head: bytes, check_header: HeaderCheck | None) -> RawTable:
    file = path.name
    whole = len(head) < _HEAD
    guess = _encoding(head, final=whole)
    if guess is None:
        raise InputError(Problem("reg_not_a_table", file=file))
    sample = codecs.getincrementaldecoder(guess)().decode(head, whole)
    cut = sample if whole else sample[: sample.rfind("\n") + 1] or sample
    above, named = _above_the_header(cut)
    cut = _below(cut, above)
    separator = named or _separator(cut)
    if separator is None:
        raise InputError(Problem("reg_one_column", file=file))
    header = next(csv.reader(io.StringIO(cut, newline=""), delimiter=separator), [])
    _check(header, file, check_header)
    data = path.read_bytes()
    encoding = _encoding(data, final=True)
    if encoding is None:
        raise InputError(Problem("reg_not_a_table", file=file))
    text = data.decode(encoding)
    if text.count('"') % 2:  # the rest of the file would hide in one cell
        odd = next(row for row, line in enumerate(text.splitlines(), 1) if line.count('"') % 2)
        raise InputError(Problem("reg_quotes", file=file, row=odd))
    text = _below(text, above)
    if _rows_end_in_a_separator(cut, len(header), separator):
        header = [*header, ""]
    frame, problems = _parse_csv(text, header, separator, file)
    frame.index += above
    problems = tuple(replace(problem, row=problem.row + above) for problem in problems if problem.row is not None)
    assumptions = (
        Assumption("encoding", encoding.removesuffix("-sig").upper().replace("CP1252", "Windows-1252")),
        Assumption("separator", separator.replace("\t", "TAB")),
    )
    beside = tuple(data.decode(encoding).splitlines()[:above])
    return _without_empty_rows(RawTable(file, frame, assumptions, problems, beside))


def _parse_csv(text: str, header: list[str], separator: str, file: str) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    problems: list[Problem] = []

    def ragged(row: pyarrow.csv.InvalidRow) -> str:
        values: dict[str, object] = {"fields": row.actual_columns, "columns": row.expected_columns}
        problems.append(Problem("reg_ragged_row", file=file, row=row.number, values=values))
        return "skip"

    places = [f"{position}" for position in range(len(header))]
    options = pyarrow.csv.ParseOptions(
        delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=ragged
    )
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader((text if text.endswith("\n") else f"{text}\n").encode()),
            # One thread: only then does pyarrow number the rows that it refuses.
            pyarrow.csv.ReadOptions(use_threads=False, column_names=places, skip_rows_after_names=1),
            options,
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # a row longer than any register has
        raise InputError(Problem("reg_not_a_table", file=file)) from None
    frame = table.to_pandas().astype("str")
    frame.columns = pd.Index(header)
    skipped = {problem.row for problem in problems}
    frame.index = pd.Index([row for row in range(2, len(frame) + len(skipped) + 2) if row not in skipped], name="row")
    return frame, tuple(problems)


def _without_empty_rows(raw: RawTable) -> RawTable:
    """Leave out rows and unnamed columns without any content; say how many rows, and name content without a name."""
    blank = raw.frame.isna() | (raw.frame == "")
    nameless = pd.Series([not str(name).strip() for name in raw.frame.columns])
    filled = ~blank.all().reset_index(drop=True)
    empty = blank.all(axis=1)
    assumptions = (*raw.assumptions, *([Assumption("empty_rows", f"{int(empty.sum())}")] if empty.any() else []))
    stray = blank.loc[:, (nameless & filled).to_numpy()].all(axis=1)
    rows = stray.index[~stray] if (nameless & filled).any() else stray.index[:0]
    problems = (*raw.problems, *(Problem("reg_unnamed_column", file=raw.file, row=int(row)) for row in rows))
    return replace(
        raw, frame=raw.frame.loc[~empty, (filled | ~nameless).to_numpy()], assumptions=assumptions, problems=problems
    )


# Excel and Parquet


def _read_excel(path: Path, check_header: HeaderCheck | None, max_bytes: int) -> RawTable:
    file = path.name
    _check_archive(path, max_bytes)
    header = ["" if cell is None else str(cell).strip() for cell in _first_row(path)]
    if not header:
        raise InputError(Problem("reg_empty_file", file=file))
    _check(header, file, check_header)
    name, written = _only_sheet(path)
    _, values = _only_sheet(path, computed=True)
    computed = [*values[1:], *([()] * len(written))]  # a row whose last cells are empty ends before them
    rows = enumerate(zip(written[1:], computed, strict=False), 2)
    problems = [one for row, (cells, saved) in rows for one in _formulas(cells, saved, header, row, file)]
    width = max(map(len, values))
    body = [[*cells, *[None] * (width - len(cells))] for cells in values[1:]]
    index = pd.RangeIndex(2, len(body) + 2, name="row")
    named = pd.Index(header + [""] * (width - len(header)))
    frame = pd.DataFrame(body, columns=named, index=index, dtype=object)
    return _without_empty_rows(
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
                except ElementTree.ParseError:
                    continue
                for one in root.iter():
                    yield from (one.text or "", one.tail or "", *(one.attrib[key] for key in _NAMED & set(one.attrib)))


_NAMED = {"name", "displayName", "title", "descr", "ref"}
"""Attributes in which people write."""


def refuse_cpr_beside(raw: RawTable) -> None:
    """Stop where a number stands in the file, though in no cell: InputError, and never the value."""
    if any(holds_cpr(text) for text in raw.beside):
        raise InputError(Problem("reg_cpr_beside", file=raw.file))


def _workbook(path: Path, *, computed: bool) -> Any:
    """The workbook with its formulas, or with the values that they had when it was saved."""
    try:
        return openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=computed)
    except (KeyError, ValueError, ElementTree.ParseError):
        raise InputError(Problem("reg_not_a_table", file=path.name)) from None


def _first_row(path: Path) -> tuple[Any, ...]:
    """The first row of the first sheet that has one; nothing below it is read."""
    book = _workbook(path, computed=False)
    first = (next(book[name].iter_rows(values_only=True), ()) for name in book.sheetnames)
    return next((row for row in first if any(cell is not None for cell in row)), ())


def _only_sheet(path: Path, *, computed: bool = False) -> tuple[str, list[tuple[Any, ...]]]:
    """Name and rows of the one sheet with content."""
    book = _workbook(path, computed=computed)
    sheets = {name: list(book[name].iter_rows(values_only=True)) for name in book.sheetnames}
    filled = [name for name, rows in sheets.items() if any(cell is not None for row in rows for cell in row)]
    if any(holds_cpr(name) for name in filled):
        raise InputError(Problem("reg_cpr_in_name", file=path.name))
    if len(filled) > 1:
        raise InputError(Problem("reg_several_sheets", file=path.name, found=", ".join(filled)))
    return filled[0], sheets[filled[0]]


def _check_archive(path: Path, max_bytes: int) -> None:
    """Refuse an archive that is no workbook, or that would unpack to more than the limit."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            is_workbook = "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        raise InputError(Problem("reg_not_a_table", file=path.name)) from None
    if not is_workbook:
        raise InputError(Problem("reg_not_a_table", file=path.name))
    if size > max_bytes:
        raise InputError(_too_large(path.name, size, max_bytes))


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


def _read_parquet(path: Path, check_header: HeaderCheck | None) -> RawTable:
    try:
        table = pyarrow.parquet.ParquetFile(path)
    except pa.ArrowInvalid:
        raise InputError(Problem("reg_not_a_table", file=path.name)) from None
    _check(list(table.schema_arrow.names), path.name, check_header)
    frame = table.read().to_pandas()
    for name in frame.columns[[isinstance(kind, pd.CategoricalDtype) for kind in frame.dtypes]]:
        frame[name] = frame[name].astype(object)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return RawTable(path.name, frame)
