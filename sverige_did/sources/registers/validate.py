"""Everything that is wrong with a folder of registers, in one list: file, row, column, what was found, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.cpr import holds_cpr, refuse_cpr
from sverige_did.sources.files.raw_table import MAX_BYTES, Assumption
from sverige_did.sources.files.read_table import read_raw, refuse_cpr_beside
from sverige_did.sources.files.synthetic_mark import MARK_FILE
from sverige_did.sources.registers.codes import MeasureCodes, standard_codes
from sverige_did.sources.registers.converting import without_identifiers
from sverige_did.sources.registers.headers import fold, nearest
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.rule import Delivery
from sverige_did.sources.registers.rules import problems_between
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.tables import RegisterTable, identifiers_of, read_register
from sverige_did.study.blocks import RegisterFile
from sverige_did.study.study import PanelStudy

ENDINGS = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".xls", ".parquet"})
LOCK = "~$"
"""How the file begins that Excel lays beside a workbook while somebody has it open."""


class Assumed(NamedTuple):
    """What was assumed while a file was read; columns by their names inside."""

    file: str
    assumption: Assumption


class Checked(NamedTuple):
    """What is wrong with a folder, and what was assumed while it was read."""

    problems: tuple[Problem, ...]
    assumed: tuple[Assumed, ...] = ()


class ReadFolder(NamedTuple):
    """A folder that was checked, and its registers as they were read, by name: the faulty ones too."""

    checked: Checked
    tables: Mapping[str, RegisterTable] = MappingProxyType({})


def read_folder(
    folder: Path,
    study: PanelStudy,
    *,
    codes: MeasureCodes | None = None,
    at_most: int = 50,
    max_bytes: int = MAX_BYTES,
) -> ReadFolder:
    """Read every register in ``folder`` and check it against its schema, the other registers and the plan.

    Never raises for what is in a file: everything found is returned, errors and warnings, ordered by file and row.
    Beyond ``at_most`` of one fault in one column, a single problem says how many more there are. A CPR number ends the
    check: then it is all that is returned.
    """
    return read_registers(
        folder,
        REGISTERS,
        study.register_rules.files,
        lambda tables: problems_between(Delivery(tables, study, codes or standard_codes())),
        at_most=at_most,
        max_bytes=max_bytes,
    )


def read_registers(
    folder: Path,
    registers: tuple[Register, ...],
    named: tuple[RegisterFile, ...],
    between: Callable[[dict[str, RegisterTable]], Iterable[Problem]],
    *,
    at_most: int = 50,
    max_bytes: int = MAX_BYTES,
) -> ReadFolder:
    """As :func:`read_folder` for any registers; ``between`` finds what is wrong within and between the tables read."""
    if not folder.is_dir():
        return ReadFolder(Checked((Problem("reg_no_folder", file=folder.name),)))
    found, problems = files_of(folder, registers, named)
    nameless = [one for one in problems if one.key == "reg_cpr_in_name"]
    if nameless:  # what is said of a file names it
        return ReadFolder(Checked(tuple(nameless)))
    tables: dict[str, RegisterTable] = {}
    for path in tables_in(folder):
        register = found.get(path)
        try:
            table = _read(path, register, max_bytes)
        except InputError as error:
            if any(problem.key in {"reg_cpr", "reg_cpr_beside"} for problem in error.problems):
                return ReadFolder(Checked(error.problems))
            problems += error.problems if register else ()
        else:
            if table:
                tables[table.register.name] = table
                problems += table.problems
    problems += between(tables)
    assumed = tuple(Assumed(one.file, each) for one in tables.values() for each in one.assumptions)
    told = without_identifiers(_limited(problems, at_most), map(identifiers_of, tables.values()))
    return ReadFolder(Checked(_in_order(list(told)), assumed), tables)


def tables_in(folder: Path) -> list[Path]:
    """Every file of a folder that may be a table, by the ending of its name."""
    files = (path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(LOCK))
    return [path for path in files if path.suffix.casefold() in ENDINGS]


def find_registers(folder: Path, study: PanelStudy) -> tuple[dict[Path, Register], list[Problem]]:
    """The files that are registers, by the plan or by their Danish or English names, and what is odd about the rest."""
    return files_of(folder, REGISTERS, study.register_rules.files)


def files_of(
    folder: Path, registers: tuple[Register, ...], files: tuple[RegisterFile, ...]
) -> tuple[dict[Path, Register], list[Problem]]:
    """As :func:`find_registers` for any registers; ``files`` are those that a plan names."""
    owner = {fold(stem): register for register in registers for stem in register.stems}
    named = {one.file: owner.get(fold(one.name)) for one in files}
    present = {path.name for path in tables_in(folder)}
    found: dict[Path, Register] = {}
    problems = [Problem("missing_file", file=file) for file in named if file not in present]
    problems += [not_looked_into(path, folder) for path in sorted(folder.iterdir()) if has_tables(path)]
    problems += [one for path in sorted(folder.iterdir()) if (one := _odd_place(path, folder))]
    for path in tables_in(folder):
        register = named.get(path.name, owner.get(fold(path.stem)))
        if holds_cpr(path.stem):
            problems.append(Problem("reg_cpr_in_name", file=folder.name))
        elif path.name == MARK_FILE:
            continue
        elif register is None:
            near = nearest(path.stem, [stem for one in registers for stem in one.stems])
            problems.append(Problem("reg_unknown_file", file=path.name, expected=near, severity="warning"))
        elif register in found.values():
            problems.append(Problem("reg_file_twice", file=path.name, found=register.name))
        else:
            found[path] = register
    if not found:
        problems.append(Problem("reg_no_registers", file=folder.name, expected=", ".join(r.da for r in registers)))
    return found, problems


def _odd_place(path: Path, folder: Path) -> Problem | None:
    """What is called a table and is none, or lies elsewhere; a name that is an identifier is refused for that."""
    if path.suffix.casefold() not in ENDINGS or path.name.startswith(LOCK) or holds_cpr(path.stem):
        return None
    if not path.is_file():
        return None if path.is_dir() else Problem("reg_no_file", file=path.name)
    outside = path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())
    return Problem("reg_link_outside", file=path.name, severity="warning") if outside else None


def has_tables(path: Path) -> bool:
    """Whether a path is a folder with tables in it; hidden ones are the business of programs."""
    return (
        path.is_dir()
        and not path.name.startswith(".")
        and any(one.suffix.casefold() in ENDINGS for one in path.rglob("*"))
    )


def not_looked_into(path: Path, folder: Path) -> Problem:
    """A folder inside the delivery: it is named, unless its name is an identifier."""
    if holds_cpr(path.name):
        return Problem("reg_cpr_in_name", file=folder.name)
    return Problem("reg_subfolder", file=path.name, severity="warning")


def _read(path: Path, register: Register | None, max_bytes: int) -> RegisterTable | None:
    """The register; of a file that is none, nothing but the certainty that no CPR number stands in it."""
    if register:
        return read_register(path, register, max_bytes=max_bytes)
    raw = read_raw(
        path, lambda header: refuse_cpr(pd.DataFrame(columns=pd.Index(header)), path.name), max_bytes=max_bytes
    )
    refuse_cpr(raw.frame, raw.file)
    refuse_cpr_beside(raw)
    return None


def _limited(problems: list[Problem], at_most: int) -> list[Problem]:
    """The first of each fault in each column, and the number of the others."""
    seen: Counter[tuple[str, str | None, str | None]] = Counter()
    kept = []
    for problem in problems:
        fault = (problem.key, problem.file, problem.column)
        seen[fault] += 1
        if seen[fault] <= at_most:
            kept.append(problem)
    for (key, file, column), count in seen.items():
        if count > at_most:
            severity = next(one.severity for one in problems if (one.key, one.file, one.column) == (key, file, column))
            values: dict[str, object] = {"count": count - at_most, "key": key}
            kept.append(Problem("reg_more", file=file, column=column, severity=severity, values=values))
    return kept


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    last = 10**12  # what concerns a whole file or column stands below its rows
    return tuple(sorted(problems, key=lambda one: (one.file or "", one.row or last, one.column or "", one.key)))
