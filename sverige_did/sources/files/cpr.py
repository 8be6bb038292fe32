"""No civil registration number comes in: one anywhere in a file stops the reading, and is never repeated.

A CPR number is a date of birth, ddmmyy, and four digits, with or without a hyphen. It is looked for after every width,
dash and space is written in one way, with dots, slashes or underscores between its parts, and with a year of four
digits. Replacement numbers add 60 to the day. The control digit is not asked for: numbers without a valid one have been
issued since 2007.

Pseudonyms are not mistaken for it. Digits inside a longer word (a hash, a UUID) are none, unless it says CPR just
before them; and where cells are bare digits, one number in fourteen is a date by chance: such a column is refused only
when at least half of its numbers are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sverige_did.errors import InputError, Problem

_BETWEEN = "[-./_ ]?"
_TAIL = "[-./_ ]{0,3}"
_CPR = re.compile(
    rf"(?:(?<![0-9A-Za-z])|(?<=[Cc][Pp][Rr]))(\d\d){_BETWEEN}(\d\d){_BETWEEN}(?:(?:18|19|20)\d\d|\d\d){_TAIL}\d{{4}}(?![0-9A-Za-z])"
)
_BARE = re.compile(r"(?:\d{10}|\d{12})(?:\.0)?")
_CPR_WITHOUT_ITS_ZERO = re.compile(r"([1-9])(\d\d)\d{6}(?:\.0)?")
_COARSE = r"[0-9]{2}[-./_ ]?[0-9]{2}[-./_ ]?[0-9]{2,4}[-./_ ]{0,3}[0-9]{4}"
_COARSE_WITHOUT_ITS_ZERO = r"^[0-9]{9}(?:\.0)?$"
_DASHES = dict.fromkeys(map(ord, "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), "-")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

BY_CHANCE = 0.5
"""Share of the bare numbers of a column that must be dates: of random digits 7.4 % are, of CPR numbers all."""


def plainly(text: str) -> str:
    """The text with every width of digit, every dash and every space written in one way."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split(" "))


def holds_cpr(text: str, *, lost_zero: bool = False) -> bool:
    """Whether a plausible CPR number stands anywhere in the text.

    With ``lost_zero``, nine digits that fill the whole text count too: a spreadsheet removes a leading zero.
    """
    plain = plainly(text)
    found = [match.groups() for match in _CPR.finditer(plain)]
    bare = _CPR_WITHOUT_ITS_ZERO.fullmatch(plain)
    if lost_zero and bare:
        found.append(bare.groups())
    return any(_is_date(int(day), int(month)) for day, month in found)


def refuse_cpr_in(text: str, file: str) -> None:
    """Stop when a CPR number stands anywhere in a text: InputError with the file and the row, and never the value."""
    for row, line in enumerate(text.splitlines(), start=1):
        if holds_cpr(line):
            raise InputError(Problem("reg_cpr_in_text", file=file, row=row))


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


def _rows(column: pd.Series[Any], *, lost_zero: bool) -> list[int]:
    """Positions of the cells that hold a CPR number: a fast coarse look first, then the exact one.

    Cells that are nothing but digits are judged together: as many of them as chance makes are dates, or most.
    """
    cells = pc.utf8_normalize(pa.array(column.astype("str"), from_pandas=True), "NFKC")
    for odd, plain in _DASHES.items():
        cells = pc.replace_substring(cells, chr(odd), plain)
    coarse = f"{_COARSE}|{_COARSE_WITHOUT_ITS_ZERO}" if lost_zero else _COARSE
    shaped = pc.fill_null(pc.match_substring_regex(cells, coarse), False)
    held = {at: cells[at].as_py() for at in pc.indices_nonzero(shaped).to_pylist()}
    held = {at: text for at, text in held.items() if _is_bare(text, lost_zero) or holds_cpr(text)}
    bare = {text for text in held.values() if _is_bare(text, lost_zero)}
    dated = {text for text in bare if holds_cpr(text.removesuffix(".0"), lost_zero=lost_zero)}
    meant = dated if len(dated) >= BY_CHANCE * len(bare) else set()
    return [at for at, text in held.items() if text in meant or text not in bare]


def _is_bare(text: str, lost_zero: bool) -> bool:
    return bool(_BARE.fullmatch(text) or (lost_zero and _CPR_WITHOUT_ITS_ZERO.fullmatch(text)))


def _is_date(day: int, month: int) -> bool:
    day -= 60 * (day > 60)
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
