"""One register's file to its typed table: headers matched, cells converted, the schema checked, every fault named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.cpr import refuse_cpr
from sverige_did.sources.files.raw_table import MAX_BYTES, Assumption, RawTable
from sverige_did.sources.files.read_table import read_raw, refuse_cpr_beside
from sverige_did.sources.files.synthetic_mark import MARK_COLUMN
from sverige_did.sources.registers.converting import (
    Converted,
    as_text,
    decimal_sign,
    shown,
    text_problems,
    to_dates,
    to_names,
    to_numbers,
    to_periods,
)
from sverige_did.sources.registers.headers import match_headers, nearest
from sverige_did.sources.registers.register import DTYPES, Column, Register, Value

AT_MOST = 50
"""Of the rows of a file that cannot be used at all, this many are named."""

_NUMBERS = frozenset({"count", "number", "money", "year"})
_PERIODS = frozenset({"period", "half_year"})


@dataclass(frozen=True)
class RegisterTable:
    """A register as read: English column names, typed cells, the spreadsheet's row as index.

    Optional columns that the file lacks are there and missing throughout. A cell with a problem is missing.
    """

    register: Register
    file: str
    frame: pd.DataFrame
    assumptions: tuple[Assumption, ...]
    problems: tuple[Problem, ...]

    def usable(self) -> pd.DataFrame:
        """The frame, when nothing but warnings was found. Raises InputError with every error otherwise."""
        errors = [problem for problem in self.problems if problem.severity == "error"]
        if errors:
            raise InputError(*errors)
        return self.frame


def read_register(path: Path, register: Register, *, max_bytes: int = MAX_BYTES) -> RegisterTable:
    """Read one register.

    Raises InputError when the file as a whole cannot be this register (missing, too large, empty, another table, a
    column missing or claimed twice) and at once when any cell holds a CPR number. Faults of cells are returned.
    """

    def check_header(header: list[str]) -> None:
        refuse_cpr(pd.DataFrame(columns=pd.Index(header)), path.name)
        structure = header_problems(header, register, path.name)
        if any(problem.severity == "error" for problem in structure):
            raise InputError(*structure)

    raw = read_raw(path, check_header, max_bytes=max_bytes)
    match = match_headers([str(name) for name in raw.frame.columns], register)
    amounts = [header for header, name in match.known.items() if register.column(name).is_sum]
    refuse_cpr(raw.frame, raw.file, amounts=amounts)
    refuse_cpr_beside(raw)
    if raw.frame.empty and raw.problems:
        raise InputError(*raw.problems[:AT_MOST])
    if raw.frame.empty:
        raise InputError(Problem("reg_no_rows", file=raw.file))
    return convert(raw, register)


def identifiers_of(table: RegisterTable) -> pd.DataFrame:
    """The columns of a register that hold identifiers: of children, cases, caseworkers, respondents."""
    return table.frame[[column.name for column in table.register.columns if column.kind == "identifier"]]


def header_problems(header: Sequence[str], register: Register, file: str) -> list[Problem]:
    """What is wrong with a header: another table altogether, columns missing or claimed twice, columns not used."""
    match = match_headers(header, register)
    if not match.known:
        expected = ", ".join(column.name for column in register.columns if not column.optional)
        return [Problem("reg_wrong_table", file=file, row=1, expected=expected, values={"register": register.name})]
    suggested = {column: foreign for foreign, column in match.unknown if column in match.missing}
    problems = [Problem("missing_column", file=file, column=name, found=suggested.get(name)) for name in match.missing]
    problems += [Problem("reg_column_twice", file=file, row=1, column=name) for name in match.twice]
    problems += [
        Problem("reg_unknown_column", file=file, row=1, column=foreign, expected=column, severity="warning")
        for foreign, column in match.unknown
        if foreign not in MARK_COLUMN.values()
    ]
    return problems


def convert(raw: RawTable, register: Register) -> RegisterTable:
    """The typed table of a raw one whose headers were found to fit."""
    match = match_headers([str(name) for name in raw.frame.columns], register)
    columns = {header: register.column(name) for header, name in match.known.items()}
    problems = [*raw.problems, *header_problems([str(name) for name in raw.frame.columns], register, raw.file)]
    # Days that came as days have nothing of a text that could be odd.
    written = [name for name in columns if not pd.api.types.is_datetime64_any_dtype(raw.frame[name])]
    texts = {header: as_text(raw.frame[header]) for header in written}
    problems += [one for header, text in texts.items() for one in text_problems(text, columns[header], raw.file)]
    sign = decimal_sign([text for header, text in texts.items() if columns[header].kind in _NUMBERS])
    read = {column.name: _convert(raw.frame[header], column, raw.file, sign) for header, column in columns.items()}
    frame = pd.DataFrame({name: converted.cells for name, converted in read.items()}, index=raw.frame.index)
    assumptions = raw.assumptions + tuple(one for converted in read.values() for one in converted.assumptions)
    problems += [problem for converted in read.values() for problem in converted.problems]
    problems += _schema_problems(frame, register, raw.file, problems)
    return RegisterTable(register, raw.file, _completed(frame, register), assumptions, tuple(problems))


def _completed(frame: pd.DataFrame, register: Register) -> pd.DataFrame:
    """All columns of the register in its order; one that the file lacks is missing throughout."""
    lacking = {
        column.name: pd.Series(index=frame.index, dtype=DTYPES.get(column.kind, "str"))
        for column in register.columns
        if column.name not in frame
    }
    return frame.assign(**lacking)[[column.name for column in register.columns]]


def _convert(cells: pd.Series[Any], column: Column, file: str, sign: str | None) -> Converted:
    if column.kind in _NUMBERS:
        return to_numbers(cells, column, file, in_file=sign)
    if column.kind == "date":
        return to_dates(cells, column, file)
    converted = to_periods(cells) if column.kind in _PERIODS else to_names(cells, column)
    return replace(converted, cells=converted.cells.astype("str"))


_KEYS = {
    "allowed": "reg_unknown_value",
    "low": "reg_out_of_range",
    "high": "reg_out_of_range",
    "pattern": "reg_not_a_period",
    "whole": "reg_not_whole",
}
_EXAMPLES = {"half_year": "2013H1", "period": "2013, 2013H1, 2013Q1, 2013-01"}


def _schema_problems(frame: pd.DataFrame, register: Register, file: str, known: Sequence[Problem]) -> list[Problem]:
    """The faults that the schema finds, in the words of this package; cells already at fault are not named again."""
    try:
        register.schema().validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    named = {(problem.row, problem.column) for problem in known}
    problems = []
    for check, name, row in zip(cases["check"], cases["column"], cases["index"], strict=True):
        # A repeated key is reported once for each of its columns.
        where = (int(row), None if check == "multiple_fields_uniqueness" else str(name))
        if where not in named:
            named.add(where)
            problems.append(_schema_problem(str(check), register, file, frame, *where))
    return problems


def _schema_problem(
    check: str, register: Register, file: str, frame: pd.DataFrame, row: int, name: str | None
) -> Problem:
    if name is None:
        return Problem("reg_duplicate_key", file=file, row=row, values={"key": ", ".join(register.key)})
    if check == "not_nullable":
        return Problem("reg_blank_cell", file=file, row=row, column=name)
    column = register.column(name)
    cell = frame[name].loc[row]
    key = "reg_negative_amount" if check == "low" and column.kind == "money" else _KEYS[check]
    return Problem(key, file=file, row=row, column=name, found=shown(cell, column), expected=_expected(column, cell))


def _expected(column: Column, cell: object) -> str | None:
    """What the column allows, in signs that read the same in both languages; the nearest allowed value if one is."""
    if column.allowed:
        pairs = {value.name: _written(value) for value in column.allowed}
        owner = {name: value.name for value in column.allowed for name in (value.name, value.da, *value.aliases)}
        near = nearest(str(cell), owner)
        return pairs[owner[near]] if near else ", ".join(pairs.values())
    if column.low is not None and column.high is not None:
        return f"{column.low:g}–{column.high:g}"
    if column.low is not None:
        return f"≥ {column.low:g}"
    return _EXAMPLES.get(column.kind)


def _written(value: Value) -> str:
    """How an allowed value is written in both languages, with its number in a value set."""
    number = next((f" ({name})" for name in value.aliases if name.isdecimal()), "")
    return f"{value.da}{number} / {value.name}"


def in_danish_alone(problem: Problem) -> str | None:
    """What was expected, without the English names of allowed words."""
    if problem.key != "reg_unknown_value" or problem.expected is None:
        return problem.expected
    return re.sub(r" / [a-z_0-9]+(?=$|, )", "", problem.expected)
