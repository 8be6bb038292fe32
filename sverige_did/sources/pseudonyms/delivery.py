"""A folder of registers with civil registration numbers to one without: pseudonyms, and columns that are asked for.

Nothing is written unless all of it can be: every identifier becomes a keyed pseudonym, names and addresses and all
else that no register asks for stays behind, and what is left is searched once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.exports.convert import register_of
from sverige_did.sources.exports.formats import EXPORTS, files_in, left_behind, raw_export
from sverige_did.sources.files.cpr import holds_cpr, refuse_cpr
from sverige_did.sources.files.raw_table import RawTable
from sverige_did.sources.files.synthetic_mark import MARK_FILE, is_marked
from sverige_did.sources.pseudonyms.civil_number import person, ten_digits
from sverige_did.sources.pseudonyms.key import pseudonym
from sverige_did.sources.registers.chart import account_of
from sverige_did.sources.registers.converting import as_text
from sverige_did.sources.registers.headers import fold
from sverige_did.sources.registers.register import Column, Register
from sverige_did.sources.registers.schemas import REGISTERS

CIVIL = frozenset(map(fold, ("cpr", "cpr-nr", "cpr-nummer", "cprnr", "personnummer", "civil registration number")))
"""Headers of a column of civil registration numbers: the child, where a register is about children."""

ACCOUNT = "account"
BORN, SEX = "birth_half_year", "sex"
_NUMBERS = frozenset({"count", "number", "money", "year"})


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """One file: its new name and text, and what was done to it. Headers are told; cells never."""

    file: str
    text: str
    rows: int
    replaced: tuple[str, ...]
    derived: tuple[str, ...]
    dropped: tuple[str, ...]
    register: str = ""


def pseudonymised(folder: Path, key: bytes) -> tuple[Pseudonymised, ...]:
    """Every register of the folder with pseudonyms.

    Raises InputError with every problem: no register at all, a file that is none, a column without a header, a child
    without a number, a number anywhere else than in a column of identifiers.
    """
    names = ", ".join(one.da for one in (*REGISTERS, *EXPORTS))
    done: list[Pseudonymised] = []
    problems = [one for one in left_behind(folder) if one.severity == "error"]
    for path in files_in(folder):
        if holds_cpr(path.name):
            problems.append(Problem("reg_cpr_in_name", file=folder.name))
            continue
        if path.name == MARK_FILE:
            continue
        register = register_of(path)
        if register is None:
            problems.append(Problem("pseudo_unknown_file", file=path.name, expected=names))
            continue
        alike = sum(one.register == register.name for one in done)
        if alike and register not in EXPORTS:
            problems.append(Problem("reg_file_twice", file=path.name, found=register.da))
            continue
        try:
            done.append(_one(raw_export(path), register, key, f"_{alike + 1}" if alike else ""))
        except InputError as error:
            problems += error.problems
    if not done and not problems:
        problems.append(Problem("reg_no_registers", file=folder.name, expected=", ".join(r.da for r in REGISTERS)))
    if problems:
        raise InputError(*problems)
    if is_marked(folder):  # the column that says so is among those that no register asks for
        done.append(Pseudonymised(MARK_FILE, "synthetic\n", 0, (), (), ()))
    return tuple(done)


def exports_among(done: tuple[Pseudonymised, ...]) -> bool:
    """Whether any file is an export, which becomes a register by ``convert``."""
    return bool({one.name for one in EXPORTS} & {one.register for one in done})


def _one(raw: RawTable, register: Register, key: bytes, version: str = "") -> Pseudonymised:
    errors = [problem for problem in raw.problems if problem.severity == "error"]
    if errors:
        raise InputError(*errors)
    columns, dropped = _columns(raw.frame, register, raw.file)
    cells = {column.da: _text(raw.frame.iloc[:, at], column) for at, column in columns.items()}
    replaced = [column for column in columns.values() if column.kind == "identifier"]
    derived: dict[str, pd.Series[Any]] = {}
    problems: list[Problem] = []
    for column in replaced:
        text = cells[column.da]
        digits = text.map(ten_digits, na_action="ignore")
        problems += _not_numbers(text, digits, column, raw.file)
        known = digits.where(digits.notna(), text)
        cells[column.da] = known.map(lambda one, kind=column.name: pseudonym(key, kind, one), na_action="ignore")
        if register.name == "children" and digits.notna().all() and len(digits):
            derived = _derived(digits, register, cells)
    if problems:
        raise InputError(*problems)
    frame = pd.DataFrame({**cells, **derived})
    numbers = [column.da for column in columns.values() if column.is_sum]
    problems += _numbers_left(frame, raw, columns, numbers)
    if problems:
        raise InputError(*problems)
    return Pseudonymised(
        file=f"{register.da}{version}.csv",
        register=register.name,
        text="\ufeff" + frame.to_csv(sep=";", index=False, na_rep="", lineterminator="\n"),
        rows=len(frame),
        replaced=tuple(column.da for column in replaced),
        derived=tuple(derived),
        dropped=tuple(dropped),
    )


def _numbers_left(
    frame: pd.DataFrame, raw: RawTable, columns: dict[int, Column], numbers: list[str]
) -> Iterator[Problem]:
    """Numbers in columns that hold none, told as this command must: it is no use to run it again."""
    try:
        refuse_cpr(frame.set_axis(raw.frame.index), raw.file, amounts=numbers)
    except InputError as refusal:
        for one in refusal.problems:
            yield replace(one, key="pseudo_cpr")
        return
    for column in columns.values():
        if column.name == ACCOUNT:  # among many accounts a bare number would pass for one that nobody knows
            cells = frame[column.da].set_axis(raw.frame.index).dropna()
            held = cells[cells.map(lambda cell: account_of(cell) is None and holds_cpr(cell, lost_zero=True))]
            if len(held):
                yield Problem("pseudo_cpr", file=raw.file, row=int(held.index[0]), column=column.da,
                              values={"count": len(held)})  # fmt: skip


def _columns(frame: pd.DataFrame, register: Register, file: str) -> tuple[dict[int, Column], list[str]]:
    """The columns that the register asks for, by position, and the headers of the rest.

    A header that is itself an identifier stops the reading; it is told by its position.
    """
    spellings = {fold(name): column for column in register.columns for name in column.names}
    children = next((column for column in register.columns if column.name == "child"), None)
    if children:
        spellings |= dict.fromkeys(CIVIL, children)
    try:
        refuse_cpr(frame.iloc[:0], file)
    except InputError as refusal:
        raise InputError(*(replace(one, key="pseudo_cpr") for one in refusal.problems)) from None
    found: dict[int, Column] = {}
    dropped = []
    for at, header in enumerate(map(str, frame.columns)):
        column = spellings.get(fold(header))
        if column is None:
            dropped.append(header)
        elif column in found.values():
            raise InputError(Problem("reg_column_twice", file=file, row=1, column=column.da))
        else:
            found[at] = column
    missing = [c for c in register.columns if not c.optional and c not in found.values() and c.name not in {BORN, SEX}]
    if missing:
        raise InputError(*(Problem("missing_column", file=file, column=column.da) for column in missing))
    return found, dropped


def _not_numbers(
    text: pd.Series[Any], digits: pd.Series[Any], column: Column, file: str
) -> Iterator[Problem]:  # fmt: skip
    """The cells of a column of numbers that are none: mistyped, or somebody's name. A column of other ids has none."""
    if digits.notna().sum() * 2 < text.notna().sum():
        return
    for row in text.index[text.notna() & digits.isna()].tolist():
        yield Problem("pseudo_not_a_number", file=file, row=int(row), column=column.da)


def _derived(digits: pd.Series[Any], register: Register, cells: dict[str, pd.Series[Any]]) -> dict[str, pd.Series[Any]]:
    """Half-year of birth and sex from the numbers, where the file does not say them itself."""
    people = digits.map(person)
    made = {BORN: people.map(lambda one: one.born), SEX: people.map(lambda one: one.sex)}
    return {register.column(name).da: made[name] for name in made if register.column(name).da not in cells}


def _text(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    """The cells as text; a number that came as one gets a fourth decimal where three could be taken for thousands."""
    text = as_text(cells)
    if column.name == ACCOUNT:  # of a string of segments only the account stays: a number may stand in another one
        return text.map(lambda string: str(account_of(string) or string), na_action="ignore")
    if column.kind not in _NUMBERS:
        return text
    native = cells.map(lambda cell: isinstance(cell, float)).astype(bool)
    return text.where(~native, text.str.replace(r"(\.\d{3})$", r"\g<1>0", regex=True))
