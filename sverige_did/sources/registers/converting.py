"""Text as Danes write it (1.234,5 and 31-12-2014) to numbers, dates and names; what is ambiguous is refused by row."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sverige_did.errors import Problem
from sverige_did.periods import period_label
from sverige_did.sources.files.cpr import holds_cpr
from sverige_did.sources.files.raw_table import Assumption, unseen_rows
from sverige_did.sources.registers.headers import fold
from sverige_did.sources.registers.register import Column

_LONGEST_SHOWN = 40
_LONGEST_NUMBER = 40
HOME = "Europe/Copenhagen"
"""The zone whose midnights are days of a Danish register."""
_ODD_SIGNS = {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-"}  # spaces in numbers, and a printed minus
# Digits are 0 to 9: those of other scripts are no numbers here.
_PLAIN = r"[+-]?[0-9]+"
_SPACED = r"[+-]?[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?"
_SIGNED = r"[+-]?[0-9.,\s]+"
_SCIENTIFIC = r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+"
_ANY_NUMBER = r"[+-]?[0-9]+(?:[.,][0-9]+)*"
# What only one decimal sign explains; one sign before exactly three digits (1.234) is explained by both.
_ONLY_COMMA = (
    r"[+-]?(?:[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+|[0-9]{4,},[0-9]{3}"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,})"
)
_ONLY_DOT = (
    r"[+-]?(?:[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|0\.[0-9]+|[0-9]{4,}\.[0-9]{3}"
    r"|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,})"
)
_GROUPED = {
    ",": r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)(?:,[0-9]+)?",
    ".": r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?",
}
_DATES = {
    "yyyy-mm-dd": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T]00:00(?::00)?)?", "%Y-%m-%d"),
    "dd-mm-yyyy": (r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}", "%d-%m-%Y"),
    "dd.mm.yyyy": (r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    "dd/mm/yyyy": (r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", "%d/%m/%Y"),
    "yyyymmdd": (r"[0-9]{8}", "%Y%m%d"),
}


@dataclass(frozen=True)
class Converted:
    """One column in its type; a cell that could not be read is missing and has a problem."""

    cells: pd.Series[Any]
    assumptions: tuple[Assumption, ...] = ()
    problems: tuple[Problem, ...] = ()


_MEASURED = frozenset({"count", "number", "money", "year", "date", "period", "half_year"})
"""Kinds of columns whose cells have no words."""

_MONTH = r"(?:JAN|FEB|MA[RJY]|APR|JU[NL]|AUG|SEP|O[KC]T|NOV|DE[CZ])"
_NO_WORD = re.compile(
    r"[\W\d_]*|[0-9]{1,4}[HKQSUM][0-9]{1,2}|[+-]?[0-9.,]+E[+-]?[0-9]+|[0-9-]+T[0-9:.]+Z?|[+-]?(?:NAN|INF)|NULL|NONE|N/?A"
    r"|TRUE|FALSE|JA|NEJ|YES|NO|UKENDT|UNKNOWN|CA\.?|[0-9]*(?:KR|DKK)\.?"
    rf"|(?:[0-9]+[-./]?)?{_MONTH}(?:[-./]?[0-9]+)?\.?",
    re.IGNORECASE,
)
_CODE = re.compile(r"[^\W\d_]{0,3}[\W\d_]+[^\W\d_]{0,3}|[A-ZÆØÅ]{1,8}|[a-zæøå]|stk\.?|nr\.?|pkt\.?|kap\.?")
_MOST_WORDS = 4
"""A place, a team or a group is named by as many words at most; more are a sentence, and may be about somebody."""


def shown(text: object, column: Column | None = None) -> str | None:
    """What a message may show of a cell: nothing of an identifier, no words where none belong, and never much.

    A remark that was written into a column of numbers or codes is about a child, and so may be a cell of another
    column that a missing separator has moved.
    """
    cell = f"{text:.0f}" if isinstance(text, float) and text.is_integer() else str(text)
    if (column and column.kind == "identifier") or holds_cpr(cell, lost_zero=True):
        return None
    words = cell.split()
    if column and column.kind in _MEASURED:
        words = ["…" if not _NO_WORD.fullmatch(word) else word for word in words]
    elif column and (column.kind == "code" or column.allowed) and len(words) > 1:
        words = ["…" if not _CODE.fullmatch(word) else word for word in words]
    elif len(words) > _MOST_WORDS:
        words = ["…"]
    if "…" in words:
        cell = re.sub(r"…(?: …)+", "…", " ".join(words))
    return cell if len(cell) <= _LONGEST_SHOWN else cell[:_LONGEST_SHOWN] + "…"


def each_value(cells: pd.Series[Any], make: Callable[[Any], Any]) -> pd.Series[Any]:
    """``make`` of every cell, called once for each different one; what is missing stays missing."""
    codes, different = pd.factorize(cells)
    made = np.full(len(different) + 1, np.nan, dtype=object)
    for at, one in enumerate(different.to_numpy(dtype=object)):
        made[at] = make(one)
    return pd.Series(made[codes], index=cells.index, name=cells.name)


def without_identifiers(problems: Iterable[Problem], frames: Iterable[pd.DataFrame]) -> tuple[Problem, ...]:
    """The problems without anything that is an identifier in a column of them in one of the frames."""
    problems = tuple(problems)
    if not problems:
        return ()
    held = {cell for frame in frames for name in frame for cell in frame[name].dropna().unique()}
    held -= {cell for cell in held if len(cell) < _SHORTEST_ID and cell.isdecimal()}

    def without(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        if text in held:
            return "…"
        return "".join("…" if part in held else part for part in re.split(r"([\s,;:()]+)", text))

    def told(one: Problem) -> Problem:
        column, found, expected = map(without, (one.column, one.found, one.expected))
        values = {name: without(value) for name, value in dict(one.values).items()}
        return replace(one, column=column, found=found, expected=expected, values=values)

    return tuple(map(told, problems)) if held else problems


_SHORTEST_ID = 4
"""Digits of a number that is taken for an identifier, where an identifier is the same; a shorter one is an age or a
number of children as often."""


def as_text(cells: pd.Series[Any]) -> pd.Series[Any]:
    """The cells as trimmed text; blank is missing. Whole numbers lose the ``.0`` that a spreadsheet gives them."""
    if cells.dtype == object or not pd.api.types.is_string_dtype(cells):
        cells = cells.astype(object).map(_native_text).astype("str")
    text = pc.utf8_normalize(pa.array(cells, from_pandas=True), "NFC")
    for odd, plain in _ODD_SIGNS.items():
        text = pc.replace_substring(text, odd, plain)
    text = pc.utf8_trim_whitespace(text)
    text = pc.if_else(pc.equal(text, ""), None, text)
    return pd.Series(pd.array(text, dtype="str"), index=cells.index, name=cells.name)


def _native_text(cell: Any) -> str:
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, float) and math.isnan(cell):
        return ""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def problems_at(
    rows: Iterable[int], key: str, file: str, column: Column, text: pd.Series[Any], expected: str | None = None
) -> list[Problem]:
    """One problem a row, with as much of the cell as may be shown."""
    return [
        Problem(key, file=file, row=int(row), column=column.name, found=shown(text[row], column), expected=expected)
        for row in rows
    ]


def decimal_sign(columns: Sequence[pd.Series[Any]]) -> str | None:
    """The decimal sign that some number in the file settles; None when none does or when they disagree."""
    comma, dot = (any(column.str.fullmatch(only).any() for column in columns) for only in (_ONLY_COMMA, _ONLY_DOT))
    if comma == dot:
        return None
    return "," if comma else "."


def to_numbers(cells: pd.Series[Any], column: Column, file: str, *, in_file: str | None = None) -> Converted:
    """Numbers with a decimal comma or point and thousands separators.

    ``in_file``: the decimal sign that other columns settle; it is used only where this column leaves it open. Where
    that is open too, 1.234 is read as thousands in a count, which never has decimals, and refused elsewhere.
    """
    if pd.api.types.is_numeric_dtype(cells):
        return Converted(cells.astype("float64"))
    native = _is_native(cells)
    written = as_text(cells.where(~native))
    if not native.any() and written.dropna().str.fullmatch(_PLAIN).all() and not is_too_long(written).any():
        return Converted(pd.to_numeric(written).astype("float64"))
    spaced = written.str.fullmatch(_SPACED).fillna(False).astype(bool)
    text = written.where(~spaced, written.str.replace(" ", ""))
    if column.kind == "money":  # ledgers write a credit as 1.234,50-
        text = text.str.replace(r"^([0-9.,]+)-$", r"-\g<1>", regex=True)
    numeric = text.str.fullmatch(_ANY_NUMBER).fillna(False).astype(bool) & ~is_too_long(text)
    problems = problems_at(text.index[text.notna() & ~numeric], "reg_not_a_number", file, column, text)
    sign, assumptions, refused = _settle(text[numeric], column, in_file)
    values = pd.to_numeric(cells.where(native), errors="coerce").astype("float64")
    fits = numeric & text.str.fullmatch(_GROUPED[sign]).fillna(False).astype(bool) & ~text.index.isin(refused)
    problems += problems_at(refused, "reg_ambiguous_number", file, column, text)
    odd = text.index[numeric & ~fits & ~text.index.isin(refused)]
    problems += problems_at(odd, "reg_mixed_decimals", file, column, text, expected=f"1234{sign}5")
    thousands = "." if sign == "," else ","
    plain = text[fits].str.replace(thousands, "").str.replace(",", ".")
    values.loc[fits] = pd.to_numeric(plain).astype("float64")
    return Converted(values, assumptions, tuple(problems))


def is_too_long(text: pd.Series[Any]) -> pd.Series[bool]:
    """Which texts have more digits than a number can; of thousands of them nothing could be made at all."""
    return (text.str.len() > _LONGEST_NUMBER).fillna(False).astype(bool)


def _is_native(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Which cells came as numbers, not as text."""
    if cells.dtype != object:
        return pd.Series(False, index=cells.index)
    return cells.map(lambda cell: isinstance(cell, int | float) and not isinstance(cell, bool)).astype(bool)


def _settle(
    text: pd.Series[Any], column: Column, in_file: str | None
) -> tuple[str, tuple[Assumption, ...], pd.Index[Any]]:
    """The decimal sign of one column, what was assumed, and the rows that stay ambiguous."""
    nothing = text.index[:0]
    marked = text[~text.str.fullmatch(_PLAIN).astype(bool)]
    if marked.empty:
        return ".", (), nothing
    comma, dot = int(marked.str.fullmatch(_ONLY_COMMA).sum()), int(marked.str.fullmatch(_ONLY_DOT).sum())
    if comma or dot:
        sign = "," if comma >= dot else "."
    elif in_file:
        sign = in_file
    elif column.kind in {"count", "year"}:
        sign = "," if marked.str.contains(".", regex=False).any() else "."
    else:
        return ".", (), marked.index
    return sign, (Assumption("decimal", sign, column.name),), nothing


def to_dates(cells: pd.Series[Any], column: Column, file: str) -> Converted:
    """Dates in one format. A column in several is refused: each row outside the commonest format is named."""
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return _local_days(cells, column, file)
    if pd.api.types.is_datetime64_any_dtype(cells):
        return Converted(cells.astype("datetime64[us]"))
    text = as_text(cells)
    formats = {name: text.str.fullmatch(pattern).fillna(False).astype(bool) for name, (pattern, _) in _DATES.items()}
    used = {name: int(where.sum()) for name, where in formats.items() if where.any()}
    none = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    if not used:
        return Converted(none, (), tuple(_not_dates(text, text.notna(), column, file)))
    name = max(used, key=lambda format_name: used[format_name])
    mine = formats[name]
    other = pd.concat(formats, axis=1).any(axis=1) & ~mine
    # Dates repeat: each different one is parsed once.
    codes, different = pd.factorize(text[mine].str[:10])
    none.loc[mine] = pd.to_datetime(different, format=_DATES[name][1], errors="coerce").as_unit("us").take(codes)
    problems = problems_at(text.index[other], "reg_mixed_dates", file, column, text, expected=name)
    problems += _not_dates(text, text.notna() & ~other & none.isna(), column, file)
    return Converted(none, (Assumption("date_format", name, column.name),), tuple(problems))


def _local_days(cells: pd.Series[Any], column: Column, file: str) -> Converted:
    """Days of times with a zone: midnights there, or midnights in Denmark; any other time names no day: refused."""
    zones = {str(zone): cells.dt.tz_convert(zone) for zone in (cells.dt.tz, HOME)}
    days = {zone: times.dt.tz_localize(None).astype("datetime64[us]") for zone, times in zones.items()}
    odd = {zone: local.index[local.notna() & (local != local.dt.normalize())] for zone, local in days.items()}
    zone = min(odd, key=lambda name: len(odd[name]))
    problems = problems_at(odd[zone], "reg_time_zone", file, column, days[zone].astype("str"), expected="2014-12-31")
    read = days[zone].where(~days[zone].index.isin(odd[zone]))
    return Converted(read, (Assumption("time_zone", zone, column.name),), tuple(problems))


def _not_dates(text: pd.Series[Any], where: pd.Series[bool], column: Column, file: str) -> list[Problem]:
    return problems_at(text.index[where], "reg_not_a_date", file, column, text, expected="2014-12-31")


def to_names(cells: pd.Series[Any], column: Column) -> Converted:
    """Text; an allowed value in either language and any spelling becomes its inside name, other text stays."""
    text = as_text(cells)
    if not column.allowed:
        return Converted(text)
    inside = {fold(name): value.name for value in column.allowed for name in (value.name, value.da, *value.aliases)}
    return Converted(each_value(text, lambda cell: inside.get(fold(cell), cell)))


def to_periods(cells: pd.Series[Any]) -> Converted:
    """Labels of periods in one spelling."""
    return Converted(each_value(as_text(cells), period_label))


def text_problems(text: pd.Series[Any], column: Column, file: str) -> list[Problem]:
    """What is odd about cells as :func:`as_text` gives them, whatever their column means.

    A cell that a spreadsheet would run is kept as text, with a warning. A line break is an error: a lone quote makes
    one cell of all the rows up to the next. So is a sign that is not seen: two districts would look alike.
    """
    begins = text[text.str.match(r"[=+\-@].").fillna(False).astype(bool)]
    rows = [row for row, cell in zip(begins.index.tolist(), begins, strict=True) if not re.fullmatch(_SIGNED, cell)]
    risky = problems_at(rows, "reg_formula_cell", file, column, text)
    broken = text.index[text.str.contains("\n", regex=False).fillna(False).astype(bool)]
    lines = [Problem("reg_line_break", file=file, row=int(row), column=column.name) for row in broken]
    is_rounded = text.str.fullmatch(_SCIENTIFIC).fillna(False).astype(bool) & (column.kind == "identifier")
    lost = problems_at(text.index[is_rounded], "reg_rounded_id", file, column, text)
    hidden = [Problem("text_unseen", file=file, row=row, column=column.name) for row in unseen_rows(text)]
    return [replace(one, severity="warning") for one in risky] + lines + lost + hidden
