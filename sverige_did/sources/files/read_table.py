"""Files as they come (CSV of any dialect, Excel, Parquet) to a table of cells; every assumption is reported.

A file is looked at before it is read: its size, its first bytes and its header decide whether the rest is opened.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.cpr import holds_cpr
from sverige_did.sources.files.raw_table import (
    MAX_BYTES,
    Assumption,
    HeaderCheck,
    RawTable,
    check_header_of,
    refuse_long_cells,
    too_large,
    without_empty_rows,
)
from sverige_did.sources.files.read_excel import read_excel
from sverige_did.sources.files.read_parquet import read_parquet

_HEAD = 65_536
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""How a file of Excel before 2007 begins (.xls), and one that is locked by a password."""

COMMENT = "# "
"""How a line above the header begins that is for people only."""

_SEPARATORS = ";,\t|"
_SAMPLE_ROWS = 50


def read_raw(path: Path, check_header: HeaderCheck | None = None, *, max_bytes: int = MAX_BYTES) -> RawTable:
    """Read a file of at most ``max_bytes``. ``check_header`` may raise before anything below the header is read.

    Raises InputError when the file is missing, too large, empty, no table, or has ragged rows.
    """
    raw = _read(path, check_header, max_bytes)
    refuse_long_cells(raw.frame, raw.file)
    return raw


def _read(path: Path, check_header: HeaderCheck | None, max_bytes: int) -> RawTable:
    file = path.name
    size = path.stat().st_size if path.is_file() else None
    if size is None:
        raise InputError(Problem("missing_file", file=file))
    if size > max_bytes:
        raise InputError(too_large(file, size, max_bytes))
    if size == 0:
        raise InputError(Problem("reg_empty_file", file=file))
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if head.startswith(b"PAR1"):
        return read_parquet(path, check_header, max_bytes)
    if head.startswith(_OLD_EXCEL):
        raise InputError(Problem("reg_old_excel", file=file))
    if head.startswith(b"PK\x03\x04"):
        return read_excel(path, check_header, max_bytes)
    if path.suffix.casefold() in _NO_TEXT:
        raise InputError(Problem("reg_damaged", file=file, values={"kind": path.suffix.casefold()}))
    return _read_csv(path, head, check_header)


_NO_TEXT = frozenset({".xlsx", ".xls", ".parquet"})
"""Endings of files that are never text: one that does not begin as they do is damaged, or was renamed."""


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
    check_header_of(header, file, check_header)
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
    return without_empty_rows(RawTable(file, frame, assumptions, problems, beside))


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
    except pa.ArrowInvalid:  # a row longer than the megabyte that is parsed at once
        longest = max(enumerate(text.splitlines(), 1), key=lambda one: len(one[1]), default=(None, ""))[0]
        raise InputError(Problem("reg_long_row", file=file, row=longest)) from None
    frame = table.to_pandas().astype("str")
    frame.columns = pd.Index(header)
    skipped = {problem.row for problem in problems}
    frame.index = pd.Index([row for row in range(2, len(frame) + len(skipped) + 2) if row not in skipped], name="row")
    return frame, tuple(problems)


def refuse_cpr_beside(raw: RawTable) -> None:
    """Stop where a number stands in the file, though in no cell: InputError, and never the value."""
    if any(holds_cpr(text) for text in raw.beside):
        raise InputError(Problem("reg_cpr_beside", file=raw.file))
