"""No civil registration number comes in: one anywhere in a file stops the reading, and is never repeated.

A CPR number is a date of birth, ddmmyy, and four digits, with or without a hyphen. Replacement numbers add 60 to the
day. The control digit is not asked for: numbers without a valid one have been issued since 2007.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sverige_did.errors import InputError, Problem

_CPR = re.compile(r"(?<!\d)(\d\d)(\d\d)\d\d ?[-–]? ?\d{4}(?!\d)")
_CPR_WITHOUT_ITS_ZERO = re.compile(r"([1-9])(\d\d)\d{6}(?:\.0)?")
_COARSE = r"[0-9]{6} ?[-–]? ?[0-9]{4}"
_COARSE_WITHOUT_ITS_ZERO = r"^[0-9]{9}(?:\.0)?$"
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def holds_cpr(text: str, *, lost_zero: bool = False) -> bool:
    """Whether a plausible CPR number stands anywhere in the text.

    With ``lost_zero``, nine digits that fill the whole text count too: a spreadsheet removes a leading zero.
    """
    found = [match.groups() for match in _CPR.finditer(text)]
    bare = _CPR_WITHOUT_ITS_ZERO.fullmatch(text)
    if lost_zero and bare:
        found.append(bare.groups())
    return any(_is_date(int(day), int(month)) for day, month in found)


def refuse_cpr(frame: pd.DataFrame, file: str, *, amounts: Collection[str] = ()) -> None:
    """Stop when any header or cell holds a CPR number.

    ``frame`` is a table as read, its index the row of the spreadsheet (the header is row 1). Nine-digit numbers are
    looked at too, except in the columns named in ``amounts``.
    Raises InputError that names file, column (by its position where the header is at fault) and the first row; never
    the value.
    """
    for position, header in enumerate(frame.columns, start=1):
        if holds_cpr(str(header), lost_zero=True):
            raise InputError(Problem("reg_cpr", file=file, row=1, column=f"#{position}", values={"count": 1}))
    for position, header in enumerate(frame.columns):
        rows = _rows(frame.iloc[:, position], lost_zero=header not in amounts)
        if rows:
            row = int(frame.index[rows[0]])
            raise InputError(Problem("reg_cpr", file=file, row=row, column=str(header), values={"count": len(rows)}))


def _rows(column: pd.Series[str], *, lost_zero: bool) -> list[int]:
    """Positions of the cells that hold a CPR number: a fast coarse look first, then the exact one."""
    cells = pa.array(column.astype("str"), from_pandas=True)
    coarse = f"{_COARSE}|{_COARSE_WITHOUT_ITS_ZERO}" if lost_zero else _COARSE
    shaped = pc.fill_null(pc.match_substring_regex(cells, coarse), False)
    return [row for row in pc.indices_nonzero(shaped).to_pylist() if holds_cpr(cells[row].as_py(), lost_zero=lost_zero)]


def _is_date(day: int, month: int) -> bool:
    day -= 60 * (day > 60)
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
