"""StatBank's answers (CSV, BULK, JSON-stat) as one table: a row a cell, with its codes and its number, or a sign.

StatBank writes codes or texts in its columns, whatever was asked for, a comma before decimals in Danish, and signs
where there is no number. Everything is led back to the codes of ``tableinfo``; what does not fit it is refused.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, Final

import numpy as np
import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.registers.headers import fold
from sverige_did.sources.statbank.tables import Selection, TableInfo, Variable
from sverige_did.study.aggregates import Meaning

VALUE: Final = "INDHOLD"
"""The name of the last column: the numbers."""

SIGNS: Final[dict[str, Meaning]] = {
    "..": "not_available", "…": "not_available", "...": "not_available", ".": "not_applicable", "·": "not_applicable",
}  # fmt: skip
"""What stands in the place of a number. ``..``: not known, too uncertain, or kept back because they are few."""

NOTHING: Final = frozenset({"-", "–"})
"""How StatBank writes a number that is nought."""

PROVISIONAL: Final = "*"


def read_separated(
    body: bytes, info: TableInfo, chosen: Selection, *, complete: bool = True
) -> pd.DataFrame:  # fmt: skip
    """CSV or BULK as a frame: a column of codes a variable (by its id), ``value`` and ``sign``.

    ``complete``: the format has a row for every cell, so that one that is missing is lost.

    Raises InputError: ``sb_encoding``, ``sb_header``, ``sb_row``, ``sb_unknown_value``, ``sb_number``, ``sb_twice``,
    ``sb_incomplete``.
    """
    rows = _rows(body, chosen.table)
    header = next(rows, [])
    variables = [info.variable(name) for name, _ in chosen.codes]
    order = _columns(header, variables, chosen.table)
    records = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(Problem("sb_row", file=chosen.table, row=number, found=";".join(row)[:80],
                                     expected=str(len(header))))  # fmt: skip
        records.append([row[at] for at in order])
    columns = list(zip(*records, strict=True)) or [()] * len(order)
    frame = pd.DataFrame(
        {
            variable.id: _codes(column, variable, chosen.table)
            for variable, column in zip(variables, columns[:-1], strict=True)
        },
        dtype="str",
    )
    return _checked(frame.join(_numbers(columns[-1], chosen.table)), chosen, complete=complete)


def read_jsonstat(body: bytes, info: TableInfo, chosen: Selection) -> pd.DataFrame:
    """JSON-stat (1.x, or 2.0 without the class around it) as the same frame; a null is a number that is not there.

    Raises InputError ``sb_jsonstat`` where its parts do not fit each other, and those of :func:`read_separated`.
    """
    try:
        tree: dict[str, Any] = json.loads(body)
        tree = tree.get("dataset", tree)
        dimension = tree["dimension"]
        names = [str(name) for name in dimension.get("id", tree.get("id"))]
        sides = [_ordered(dimension[name]["category"]["index"]) for name in names]
        kept = [(name, side) for name, side in zip(names, sides, strict=True) if _is_variable(name, info)]
        inert = [side for name, side in zip(names, sides, strict=True) if not _is_variable(name, info)]
        values, status = tree["value"], tree.get("status", {})
        number = prod(len(side) for _, side in kept)
        if any(len(side) != 1 for side in inert) or len(values) != number:
            raise ValueError(f"{len(values)} != {number}")
        cells = list(product(*(side for _, side in kept)))
        numbers = [np.nan if value is None else float(value) for value in values]
        signs = [str(_at(status, at) or "..") if value is None else "" for at, value in enumerate(values)]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(Problem("sb_jsonstat", file=chosen.table, found=str(error)[:80])) from error
    variables = [info.variable(name) for name, _ in kept]
    frame = pd.DataFrame(
        {
            variable.id: _codes([cell[at] for cell in cells], variable, chosen.table)
            for at, variable in enumerate(variables)
        },
        dtype="str",
    )
    told = pd.DataFrame({"value": numbers, "sign": pd.Series(signs, dtype="str")})
    return _checked(frame[[name for name, _ in chosen.codes]].join(told), chosen, complete=True)


def _rows(body: bytes, table: str) -> Iterator[list[str]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Problem("sb_encoding", file=table, found=f"0x{body[error.start]:02x}")) from error
    if not text.endswith("\n"):
        raise InputError(Problem("sb_last_row", file=table, found=text.rsplit("\n", 1)[-1][:80]))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        yield from (row for row in rows if row)
    except csv.Error as error:
        raise InputError(Problem("sb_row", file=table, row=rows.line_num)) from error


def _columns(header: Sequence[str], variables: Sequence[Variable], table: str) -> list[int]:
    """Where each variable and, last, the number stands in a row: by id or text, whatever the capitals."""
    expected = ";".join([*(variable.id for variable in variables), VALUE])
    if len(header) != len(variables) + 1:
        raise InputError(Problem("sb_header", file=table, found=";".join(header)[:80], expected=expected))
    found = []
    for variable in variables:
        at = [i for i, name in enumerate(header) if fold(name) in {fold(variable.id), fold(variable.text)}]
        found += at[:1]
    if len(found) != len(variables):
        raise InputError(Problem("sb_header", file=table, found=";".join(header)[:80], expected=expected))
    return [*found, (set(range(len(header))) - set(found)).pop()]


def _codes(column: Iterable[str], variable: Variable, table: str) -> list[str]:
    """The codes of a column of codes or texts."""
    cells = list(column)
    known = {value.text: value.id for value in reversed(variable.every)}
    known |= {value.id: value.id for value in variable.every}
    unknown = sorted(set(cells) - known.keys())
    if unknown:
        raise InputError(Problem("sb_unknown_value", file=table, column=variable.id, found=", ".join(unknown[:5])))
    return [known[cell] for cell in cells]


def _numbers(column: Iterable[str], table: str) -> pd.DataFrame:
    """``value``, and ``sign`` where there is none."""
    values, signs = [], []
    for row, cell in enumerate(column, start=2):
        text = cell.strip().removesuffix(PROVISIONAL)
        sign = text if text in SIGNS else ""
        values.append(np.nan if sign else _number(text, table, row))
        signs.append(sign)
    return pd.DataFrame({"value": np.array(values, dtype=float), "sign": pd.Series(signs, dtype="str")})


def _number(text: str, table: str, row: int) -> float:
    if text in NOTHING:
        return 0.0
    try:
        value = float(text.replace(",", ".")) if text.count(",") + text.count(".") <= 1 else np.nan
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(Problem("sb_number", file=table, row=row, column=VALUE, found=text[:20]))
    return value


def _checked(frame: pd.DataFrame, chosen: Selection, *, complete: bool) -> pd.DataFrame:
    """The frame, if it holds what was asked for, each cell once, and all of it where the format promises that."""
    names = [name for name, _ in chosen.codes]
    for name, codes in chosen.codes:
        astray = sorted(set(frame[name]) - set(codes))
        if astray:
            raise InputError(Problem("sb_not_asked", file=chosen.table, column=name, found=", ".join(astray[:5])))
    if frame.duplicated(names).any():
        raise InputError(Problem("sb_twice", file=chosen.table, row=int(frame.index[frame.duplicated(names)][0]) + 2))
    if complete and len(frame) != chosen.cells:
        raise InputError(Problem("sb_incomplete", file=chosen.table, found=str(len(frame)), expected=str(chosen.cells)))
    return frame


def _is_variable(name: str, info: TableInfo) -> bool:
    """Whether a dimension is one of the table's variables: StatBank adds one for what is counted."""
    return any(fold(name) in {fold(one.id), fold(one.text)} for one in info.variables)


def _ordered(index: dict[str, int] | list[str]) -> list[str]:
    """The codes of a dimension in their order: JSON-stat gives a list, or places by code."""
    return list(index) if isinstance(index, list) else sorted(index, key=lambda code: index[code])


def _at(status: Any, at: int) -> Any:
    """The sign of one cell: JSON-stat gives one for all, a list, or signs by place."""
    if isinstance(status, dict):
        return status.get(str(at))
    return status[at] if isinstance(status, list) else status
