"""What a rule about registers is asked with and how it answers: one problem for each row or cell that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.registers.converting import each_value, shown
from sverige_did.sources.registers.tables import RegisterTable
from sverige_did.study.study import PanelStudy


class Delivery(NamedTuple):
    """Everything a rule may look at: the tables by register name, the plan, and the mapping of measures."""

    tables: Mapping[str, RegisterTable]
    study: PanelStudy
    codes: MeasureCodes


Severity = Literal["error", "warning"]
Rule = Callable[[RegisterTable, Delivery], Iterator[Problem]]


def where(cells: pd.Series[Any], holds: Callable[[Any], bool]) -> pd.Series[bool]:
    """In which rows something holds of the cell; of a missing one nothing does. Each different cell is asked once."""
    return each_value(cells, holds).eq(True)


def strangers(cells: pd.Series[Any], known: pd.Series[Any]) -> pd.Series[bool]:
    """Which cells name somebody whom another table does not know; one that is missing names nobody."""
    place = pd.Index(known.dropna().unique()).get_indexer(pd.Index(cells))
    return pd.Series(place < 0, index=cells.index) & cells.notna()


def at_rows(
    table: RegisterTable, where: pd.Series[bool], key: str, column: str | None = None, severity: Severity = "error"
) -> Iterator[Problem]:
    """One problem for each row picked by ``where``."""
    for row in where.index[where]:
        yield Problem(key, file=table.file, row=int(row), column=column, severity=severity)


def at_cells(
    table: RegisterTable,
    key: str,
    column: str,
    where: pd.Series[bool],
    expected: Callable[[str], str | None] = lambda _: None,
    severity: Severity = "error",
) -> Iterator[Problem]:
    """One problem for each cell of the column picked by ``where``, with what was found and what was expected."""
    cells = table.frame[column][where]
    kind = table.register.column(column)
    for row, cell in zip(cells.index.tolist(), cells.tolist(), strict=True):
        yield Problem(key, file=table.file, row=row, column=column, found=shown(cell, kind), expected=expected(cell),
                      severity=severity)  # fmt: skip
