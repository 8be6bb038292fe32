"""What a register is: named columns with a kind, a unit, allowed values and what a blank cell means.

One description makes the pandera schema that checks a table, and the page that tells people how to make one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd
import pandera.pandas as pa

Kind = Literal["text", "identifier", "code", "count", "number", "money", "date", "half_year", "period", "year"]
"""``identifier`` names a child, a case or a person: it is never shown in a message. ``code`` and ``text`` are read as
written. ``count`` is a whole number. ``money`` is DKK. ``half_year`` is ``2013H1``; ``period`` is a year, half-year,
quarter or month (``2013``, ``2013H2``, ``2013Q4``, ``2013-11``)."""

Missing = Literal["refused", "unknown", "still_open", "never", "not_done", "not_answered", "not_recorded"]
"""What a blank cell means. ``refused``: there must be a value."""

DTYPES: dict[Kind, str] = {
    "count": "float64",
    "number": "float64",
    "money": "float64",
    "year": "float64",
    "date": "datetime64[us]",
}
_PATTERNS: dict[Kind, str] = {
    "half_year": r"[0-9]{4}H[12]",
    "period": r"[0-9]{4}(H[12]|Q[1-4]|-(0[1-9]|1[0-2]))?",
}
_WHOLE: frozenset[Kind] = frozenset({"count", "year"})


@dataclass(frozen=True, slots=True)
class Value:
    """One allowed value: the name used inside, its Danish name, and other spellings found in files."""

    name: str
    da: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its English and Danish header, kind, unit and limits. ``low`` and ``high`` are inclusive.

    ``unit`` and ``note`` are keys of ``words/<language>/schemas.yaml``; the note is the column's name unless given.
    """

    name: str
    da: str
    kind: Kind
    missing: Missing = "refused"
    unit: str = ""
    allowed: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False
    aliases: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_sum(self) -> bool:
        """Whether the column holds sums of kroner: only there may nine digits be an amount."""
        return self.kind == "money" and self.unit == "dkk"

    @property
    def names(self) -> tuple[str, ...]:
        """Every header that means this column."""
        return (self.name, self.da, *self.aliases)

    def schema(self) -> pa.Column:
        """The pandera column."""
        checks = []
        if self.allowed:
            checks.append(pa.Check.isin([value.name for value in self.allowed], error="allowed"))
        if self.kind in _PATTERNS:
            checks.append(pa.Check.str_matches(f"^{_PATTERNS[self.kind]}$", error="pattern"))
        if self.kind in _WHOLE:
            checks.append(pa.Check(_is_whole, error="whole"))
        if self.low is not None:
            checks.append(pa.Check.ge(self.low, error="low"))
        if self.high is not None:
            checks.append(pa.Check.le(self.high, error="high"))
        dtype = DTYPES.get(self.kind, "str")
        return pa.Column(dtype, checks, nullable=self.missing != "refused", required=not self.optional)


@dataclass(frozen=True, slots=True)
class Register:
    """One table that a municipality delivers. ``key``: columns that together name a row once.

    ``da`` and ``name`` are the file's stem in Danish and English (``anbringelser.csv``, ``placements.xlsx``).
    """

    name: str
    da: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def stems(self) -> tuple[str, ...]:
        """Every file name, without its ending, that means this register."""
        return (self.name, self.da, *self.aliases)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]

    def schema(self) -> pa.DataFrameSchema:
        """The pandera schema of the table as it is used inside: English names, typed, no other columns."""
        return pa.DataFrameSchema(
            {column.name: column.schema() for column in self.columns},
            unique=list(self.key) or None,
            report_duplicates="exclude_first",
            strict=True,
            name=self.name,
        )


def _is_whole(numbers: pd.Series[float]) -> pd.Series[bool]:
    return numbers == numbers.round()
