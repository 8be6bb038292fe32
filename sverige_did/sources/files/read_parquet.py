"""Parquet to a table of cells: how much it unpacks to is worked out from a small part of it, before all of it is read.

A text that is repeated stands once in the file, and a thousand times where it is read: two megabytes can ask for twelve
gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.raw_table import (
    LONGEST_CELL,
    MAX_BYTES,
    MAX_CELLS,
    HeaderCheck,
    RawTable,
    check_header_of,
    refuse_no_text,
    too_large,
)

UNPACKED = 10
"""How many times larger than a file that may be read its cells may become."""

UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What pyarrow and pandas raise for a file that is damaged, or written by nothing that writes tables."""


def read_parquet(path: Path, check_header: HeaderCheck | None, max_bytes: int) -> RawTable:
    """The table. Raises InputError as :func:`sverige_did.sources.files.read_table.read_raw` does."""
    frame = _looked_through(path, check_header, max_bytes, lambda file: file.read().to_pandas(date_as_object=False))
    for name in frame.columns[[isinstance(kind, pd.CategoricalDtype) for kind in frame.dtypes]]:
        frame[name] = frame[name].astype(object)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    refuse_no_text(frame, path.name)
    return RawTable(path.name, frame)


def refuse_larger(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Stop where a file is no table, or unpacks to more than one may: InputError, before any of it is read whole."""
    _looked_through(path, None, max_bytes, lambda _: None)


def _looked_through[T](path: Path, check_header: HeaderCheck | None, max_bytes: int, read: Callable[[Any], T]) -> T:
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            check_header_of(list(file.schema_arrow.names), path.name, check_header)
            _refuse_large(file, path, max_bytes)
            return read(file)
    except pa.ArrowInvalid:
        raise InputError(Problem("reg_not_a_table", file=path.name)) from None
    except UNREADABLE:
        raise InputError(Problem("reg_broken", file=path.name)) from None


def _refuse_large(file: Any, path: Path, max_bytes: int) -> None:
    """Refuse more values, or more bytes when all are written out, than a table of the largest size has."""
    told = file.metadata
    chunks = [
        told.row_group(at).column(place) for at in range(told.num_row_groups) for place in range(told.num_columns)
    ]
    size = sum(one.total_uncompressed_size for one in chunks)
    cells = max(sum(one.num_values for one in chunks), told.num_rows * told.num_columns)
    limit = UNPACKED * max_bytes
    if cells > MAX_CELLS:
        found, expected = f"{cells} cells", f"≤ {MAX_CELLS}"
        raise InputError(Problem("reg_too_large", file=path.name, found=found, expected=expected))
    if size > limit:
        raise InputError(too_large(path.name, size, limit))
    texts = [one.name for one in file.schema_arrow if _is_text(one.type)]
    size = 0
    with pyarrow.parquet.ParquetFile(path, read_dictionary=texts) as once:
        for group in range(told.num_row_groups if texts else 0):
            row = sum(told.row_group(before).num_rows for before in range(group)) + 2
            table = once.read_row_group(group, columns=texts)
            for name, column in zip(table.column_names, table.columns, strict=True):
                for part in column.chunks:
                    size += _size(part, path.name, name, row)
                    if size > limit:
                        raise InputError(too_large(path.name, size, limit))


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary,
                                       pa.types.is_large_binary))  # fmt: skip


def _size(part: Any, file: str, column: str, row: int) -> int:
    """The bytes of texts when each is written out; ``part`` holds every text once, and where it stands."""
    if not pa.types.is_dictionary(part.type):
        return int(part.nbytes)
    part.dictionary.validate(full=True)
    lengths = pc.binary_length(part.dictionary)
    if len(lengths) and pc.max(lengths).as_py() is not None and pc.max(lengths).as_py() > 4 * LONGEST_CELL:
        expected = f"≤ {LONGEST_CELL}"
        raise InputError(Problem("reg_long_cell", file=file, row=row, column=column, expected=expected))
    return int(pc.sum(pc.take(lengths, part.indices)).as_py() or 0)
