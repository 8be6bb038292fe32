"""No civil registration number comes in: one anywhere in a file stops the reading, and is never repeated.

A CPR number is a date of birth, ddmmyy, and four digits, with or without a hyphen. It is looked for after every width
and kind of digit, dash and space is written in one way and signs that are not seen are gone, with any sign between date
and digits, and with a year of four digits. Replacement numbers add 60 to the day. The control digit is not asked for:
numbers without a valid one have been issued since 2007.

Pseudonyms are not mistaken for it. Digits inside a longer word (a hash, a UUID) are none, unless it says CPR just
before them or they have the hyphen and no hexadecimal digit beside them (``barn010100-0000``); and where cells are bare
digits, also with separators of thousands, one number in fourteen is a date by chance: such a column is refused only
when at least half of its numbers are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sverige_did.errors import InputError, Problem

BETWEEN = "[-./_ ]?"
TAIL = "[^0-9A-Za-z,;()]{0,3}"
"""What may stand between day, month and year, and before the last digits; ``01-08-2013 (2013/14)`` is none."""

_DATE = rf"(\d\d){BETWEEN}(\d\d){BETWEEN}(?:(?:18|19|20)\d\d|\d\d)"
_CPR = re.compile(rf"(?:(?<![0-9A-Za-z])|(?<=[Cc][Pp][Rr])){_DATE}{TAIL}\d{{4}}(?![0-9A-Za-z])")
_IN_PAIRS = re.compile(r"(?<![0-9A-Za-z])(\d\d) (\d\d) \d\d \d\d \d\d(?![0-9A-Za-z])")
_INSIDE_A_WORD = re.compile(r"(?<![0-9A-Fa-f])(\d\d)(\d\d)(?:(?:18|19|20)\d\d|\d\d)-\d{4}(?![0-9A-Fa-f-])")
_WRITTEN = (_CPR, _IN_PAIRS, _INSIDE_A_WORD)
_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
"""One UUID in 130,000 has a date, a year and four digits in its first two groups."""

_BEHIND_LETTERS = re.compile(r"[^\W\d_]{1,8}(\d{10})")
_BARE = re.compile(r"(?:\d{10}|\d{12})(?:\.0)?")
_CPR_WITHOUT_ITS_ZERO = re.compile(r"([1-9])(\d\d)\d\d(?:\d{4}(?:\.0)?|[- ]\d{4})")
_THOUSANDS = re.compile(r"\d{1,3}([. '])\d{3}\1\d{3}(?:\1\d{3})?")
_COARSE = r"[0-9]{2}[-./_ ]?[0-9]{2}[-./_ ]?[0-9]{2,4}[^0-9A-Za-z,;()]{0,3}(?:[0-9]{4}|[0-9]{2} [0-9]{2})"
_COARSE_WITHOUT_ITS_ZERO = r"^[0-9]{9}(?:\.0)?$|^[0-9]{5}[- ][0-9]{4}$|^[0-9]{1,3}(?:[. '][0-9]{3}){2,3}$"
_DASH = "[\u00ad\u2043\u2053\u2212\u30fb\u00b7\\p{Pd}]"
_UNSEEN, _SPACE, _NOT_ASCII = r"\p{Cf}", r"[\s\pZ]", r"[^\x00-\x7f]"
_OTHER_SIGN = r"[^\x00-\x7f\p{L}\p{M}\p{P}\p{S}\p{Z}\p{No}\p{Nl}\p{Cc}]"
"""What is neither ASCII nor a letter nor a mark: digits of other scripts."""

_PLAIN_SIGN = {"Pd": "-", "Cf": "", "Zs": " ", "Zl": " ", "Zp": " "}
_PLAIN = {"\u00ad": "-", "\u2043": "-", "\u2053": "-", "\u2212": "-", "\u30fb": "-", "\u00b7": "-"}
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

BY_CHANCE = 0.5
"""Share of the bare numbers of a column that must be dates: of random digits 7.4 % are, of CPR numbers all."""

FEWEST = 15
"""So many random numbers are mostly dates less often than once in ten thousand columns."""


def plainly(text: str) -> str:
    """The text with every kind of digit, dash and space written in one way, and without signs that are not seen."""
    composed = unicodedata.normalize("NFKC", text)
    return composed if composed.isascii() and composed.isprintable() else "".join(map(_plain, composed))


def _plain(sign: str) -> str:
    if sign in _PLAIN:
        return _PLAIN[sign]
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return " " if sign.isspace() else _PLAIN_SIGN.get(unicodedata.category(sign), sign)


def holds_cpr(text: str, *, lost_zero: bool = False) -> bool:
    """Whether a plausible CPR number stands anywhere in the text.

    With ``lost_zero``, nine digits that fill the whole text count too: a spreadsheet removes a leading zero.
    """
    return bool(_found(plainly(text), lost_zero))


def masked(text: str) -> str:
    """The text with every CPR number in it replaced by ``[CPR]``: the last door before a screen, a page or a log."""
    plain = plainly(text)
    if not _found(plain, lost_zero=False):
        return text
    for pattern in _WRITTEN:
        plain = pattern.sub(lambda match: "[CPR]" if _is_date(int(match[1]), int(match[2])) else match[0], plain)
    return plain


def _found(plain: str, lost_zero: bool) -> bool:
    """Whether a text that is plain already holds a number."""
    rest = _UUID.sub("x", plain)
    found = [match.groups() for pattern in _WRITTEN for match in pattern.finditer(rest)]
    if lost_zero:
        whole = plain.strip()
        grouped = re.sub(r"[. ']", "", whole) if _THOUSANDS.fullmatch(whole) else whole
        bare = _CPR_WITHOUT_ITS_ZERO.fullmatch(grouped)
        found += [bare.groups()] if bare else []
        found += [(grouped[:2], grouped[2:4])] if grouped != whole and len(grouped) == 10 else []
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
        if pd.api.types.is_datetime64_any_dtype(frame.dtypes.iloc[position]):
            continue  # days that came as days hold no digits of anybody
        rows = _rows(frame.iloc[:, position], lost_zero=header not in amounts)
        if rows:
            row = int(frame.index[rows[0]])
            raise InputError(Problem("reg_cpr", file=file, row=row, column=str(header), values={"count": len(rows)}))


def _rows(column: pd.Series[Any], *, lost_zero: bool) -> list[int]:
    """Positions of the cells that hold a CPR number: a fast coarse look first, then the exact one.

    Cells that are nothing but digits are judged together: as many of them as chance makes are dates, or most.
    """
    codes, different = pd.factorize(column.astype("str"))
    held = _held(pa.array(different, from_pandas=True), lost_zero=lost_zero)
    return np.flatnonzero(np.isin(codes, held)).tolist() if held else []


def _held(cells: Any, *, lost_zero: bool) -> list[int]:
    """Positions among different cells of those that hold a number."""
    cells = pc.utf8_normalize(cells, "NFKC")
    odd = _matches(cells, _NOT_ASCII).any()
    for pattern, plain in ((_DASH, "-"), (_UNSEEN, ""), (_SPACE, " "))[0 if odd else 2 :]:
        cells = pc.replace_substring_regex(cells, pattern, plain)
    shaped = _matches(cells, f"{_COARSE}|{_COARSE_WITHOUT_ITS_ZERO}" if lost_zero else _COARSE)
    looked = np.flatnonzero(shaped | _matches(cells, _OTHER_SIGN) if odd else shaped).tolist()
    held = {at: plainly(cells[at].as_py()).strip() for at in looked}
    held = {at: text for at, text in held.items() if _is_bare(text, lost_zero) or _found(text, lost_zero)}
    bare = {text for text in held.values() if _is_bare(text, lost_zero)}
    dated = {text for text in bare if holds_cpr(text.removesuffix(".0"), lost_zero=lost_zero)}
    meant = dated if len(dated) >= BY_CHANCE * len(bare) else set()
    held = {at: text for at, text in held.items() if text in meant or text not in bare}
    return sorted({*held, *_behind_letters(cells, looked)})


def _behind_letters(cells: Any, looked: list[int]) -> list[int]:
    """Positions of numbers with letters before them (``B0101000000``), where most of :data:`FEWEST` are dates."""
    pairs = {at: match[1] for at in looked if (match := _BEHIND_LETTERS.fullmatch(cells[at].as_py().strip()))}
    numbers = set(pairs.values())
    dated = {number for number in numbers if holds_cpr(number)}
    meant = dated if len(numbers) >= FEWEST and len(dated) >= BY_CHANCE * len(numbers) else set()
    return [at for at, number in pairs.items() if number in meant]


def _matches(cells: Any, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(pc.match_substring_regex(cells, pattern), False).to_numpy(zero_copy_only=False))


def _is_bare(text: str, lost_zero: bool) -> bool:
    """Whether the text is nothing but digits: an account, a pseudonym or an amount may be that by chance."""
    if _BARE.fullmatch(text):
        return True
    return lost_zero and bool(_THOUSANDS.fullmatch(text) or (text.isdecimal() and _CPR_WITHOUT_ITS_ZERO.fullmatch(text))
                              or _CPR_WITHOUT_ITS_ZERO.fullmatch(text.removesuffix(".0")))  # fmt: skip


def _is_date(day: int, month: int) -> bool:
    day -= 60 * (day > 60)
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
