"""The tables of a folder as text, each read once; and numbers as Danes write them, with a point before decimals."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.cpr import refuse_cpr
from sverige_did.sources.files.raw_table import Assumption, unseen_rows
from sverige_did.sources.files.read_table import read_raw
from sverige_did.sources.registers.converting import as_text, decimal_sign
from sverige_did.sources.registers.validate import Assumed


class TextTables:
    """The published tables in one folder. Reading raises InputError, at once where a CPR number stands in a table."""

    def __init__(self, folder: Path) -> None:
        self._assumed: list[Assumed] = []
        self._read = cache(lambda file: _text_table(folder / file, self._assumed))

    @property
    def assumed(self) -> tuple[Assumed, ...]:
        """What was assumed while the tables were read."""
        return tuple(self._assumed)

    def with_columns(self, file: str, columns: Iterable[str]) -> tuple[pd.DataFrame, list[Problem]]:
        """The table, and the columns that it lacks."""
        table = self._read(file)
        return table, [Problem("missing_column", file=file, column=str(name)) for name in columns if name not in table]

    def settles(self, file: str, column: str, text: pd.Series[Any]) -> None:
        """Remember the sign before decimals that a column settles by itself, where it has any."""
        sign = decimal_sign([text])
        if sign is not None:
            found = Assumed(file, Assumption("decimal", sign, column))
            self._assumed += [] if found in self._assumed else [found]

    def values_of(self, column: str, files: Collection[str]) -> frozenset[str]:
        """Everything that stands in a column of these files."""
        tables = (self._read(file) for file in files)
        return frozenset(value for table in tables if column in table for value in table[column])


def _text_table(path: Path, assumed: list[Assumed]) -> pd.DataFrame:
    raw = read_raw(path)
    refuse_cpr(raw.frame, raw.file)
    assumed += [Assumed(raw.file, one) for one in raw.assumptions]
    if raw.problems:
        raise InputError(*raw.problems)
    table = raw.frame.apply(as_text).fillna("")
    hidden = [
        Problem("text_unseen", file=raw.file, row=row, column=str(name))
        for name in table
        for row in unseen_rows(table[name])
    ]
    if hidden:
        raise InputError(*hidden)
    return table


def plain_number(
    text: pd.Series[Any], decimal: Literal[".", ","] | None, file: str, column: str, *, whole: bool
) -> tuple[pd.Series[Any], list[Problem]]:
    """The text with a point before decimals; and where a sign for thousands would be read as one before decimals.

    ``decimal`` is the sign before decimals; None: the one that the column settles, a point where nothing does.

    A count is whole, so three digits after such a sign are thousands, or a mistake: which of them, nobody can tell.
    """
    decimal = decimal or ("," if decimal_sign([text]) == "," else ".")
    sign = "\\" + decimal
    grouped = text.str.fullmatch(rf"-?[0-9]{{1,3}}({sign}[0-9]{{3}})+") if whole else pd.Series(False, index=text.index)
    problems = [
        Problem("agg_thousands", file=file, row=row, column=column, found=found[:20])
        for row, found in zip(text.index[grouped].tolist(), text[grouped], strict=True)
    ]
    if decimal == ".":
        return text, problems
    danish = text.str.fullmatch(r"-?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)(?:,[0-9]+)?")
    return text.where(~danish, text.str.replace(".", "").str.replace(",", ".")), problems
