"""A file's cells as they stand, and the bounds that every form of table is held to before its cells are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sverige_did import words
from sverige_did.errors import UNSEEN, InputError, Problem
from sverige_did.words import Language

MAX_BYTES = 200_000_000
MAX_COLUMNS = 1_000
"""Columns of a table: registers have a dozen, a public table with a column a year a hundred."""

MAX_CELLS = 100_000_000
LONGEST_CELL = 32_767
"""Characters of a cell, as many as a workbook can hold in one."""

_UNSEEN = UNSEEN.pattern.replace("\ud800-\udfff", "")  # of UTF-8 no surrogate is a part, and Arrow says so itself


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


def too_large(file: str, size: int, limit: int) -> Problem:
    """A file of more bytes than the limit, as it lies there or when it is unpacked."""
    return Problem("reg_too_large", file=file, found=f"{size / 1e6:.0f} MB", expected=f"≤ {limit / 1e6:.0f} MB")


def check_header_of(header: Sequence[str], file: str, check_header: HeaderCheck | None) -> None:
    """Refuse a header without names, or with more than any table has; then ask whoever wants the table."""
    if not any(name.strip() for name in header):
        raise InputError(Problem("reg_no_header", file=file, row=1))
    if len(header) > MAX_COLUMNS:
        raise InputError(too_wide(file, len(header)))
    if check_header:
        check_header(list(header))


def too_wide(file: str, columns: int, row: int | None = None) -> Problem:
    """A row with cells further to the right than any table has."""
    return Problem("reg_too_wide", file=file, row=row, found=f"{columns}", expected=f"≤ {MAX_COLUMNS}")


def unseen_rows(text: pd.Series[Any]) -> list[int]:
    """The rows of a column of text whose cells hold signs that are not seen."""
    cells = pa.array(text, from_pandas=True)
    odd = pc.fill_null(pc.match_substring_regex(cells, _UNSEEN), False).to_numpy(zero_copy_only=False)
    return [int(row) for row in text.index[odd]]


def refuse_long_cells(frame: pd.DataFrame, file: str) -> None:
    """Stop where a cell holds more text than a workbook could: InputError with row and column, and never the text."""
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if column.dtype == object:
            lengths = column.map(lambda cell: len(cell) if isinstance(cell, str | bytes) else 0)
        elif pd.api.types.is_string_dtype(column):
            lengths = column.str.len()
        else:
            continue
        if len(lengths) and (longest := lengths.max()) > LONGEST_CELL:
            row = int(frame.index[int(np.argmax(lengths.fillna(0).to_numpy()))])
            expected = f"≤ {LONGEST_CELL}"
            raise InputError(
                Problem(
                    "reg_long_cell", file=file, row=row, column=str(name), found=f"{longest:.0f}", expected=expected
                )
            )


def refuse_no_text(frame: pd.DataFrame, file: str) -> None:
    """Stop where a cell holds bytes that are no text: InputError with row and column."""
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        for row, cell in column.items() if column.dtype == object else ():
            if isinstance(cell, bytes) and not _is_utf8(cell):
                raise InputError(Problem("encoding", file=file, row=int(str(row)), column=str(name), expected="UTF-8"))


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True


def without_empty_rows(raw: RawTable) -> RawTable:
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
