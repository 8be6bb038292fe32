"""A folder of exports to a folder of registers: whole or not at all, with what was made of each file and what not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.exports.events import spells_of
from sverige_did.sources.exports.formats import (
    EXPORTS,
    MEASURES_L201,
    OS2BOS_CASES,
    OS2BOS_PAYMENTS,
    PLACEMENT_EVENTS,
    export_of,
    files_in,
    left_behind,
    raw_export,
)
from sverige_did.sources.exports.l201_xml import is_xml
from sverige_did.sources.exports.others import CodeRow, cases_of, measures_of, postings_of
from sverige_did.sources.files.cpr import holds_cpr, refuse_cpr
from sverige_did.sources.files.read_table import read_raw, refuse_cpr_beside
from sverige_did.sources.files.synthetic_mark import MARK_COLUMN, MARK_FILE, MARK_VALUE, is_marked
from sverige_did.sources.registers.codes import MeasureCodes, standard_codes
from sverige_did.sources.registers.converting import without_identifiers
from sverige_did.sources.registers.headers import fold, match_headers
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.schemas import CASES, CHILDREN, PLACEMENTS, POSTINGS, REGISTERS
from sverige_did.sources.registers.tables import RegisterTable, convert, identifiers_of, in_danish_alone, read_register
from sverige_did.words import Language

TARGETS = {
    PLACEMENT_EVENTS: PLACEMENTS, MEASURES_L201: PLACEMENTS, OS2BOS_PAYMENTS: POSTINGS, OS2BOS_CASES: CASES,
}  # fmt: skip
"""The register that each export becomes, or becomes a part of."""

_MANY = frozenset({PLACEMENT_EVENTS.name, MEASURES_L201.name})
"""Exports that are delivered month by month, so that there are several files; others come in versions of the same."""

_FILE = 10**9
"""How far the rows of one file lie from those of the next while they are read as one table."""

AT_MOST = 50
"""Of one fault in one file this many are named."""

_EXTENDS = frozenset({MEASURES_L201.name})
"""Exports whose rows stand beside those of a delivered register; those of others would be counted twice."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of one file. ``content`` is written under the name ``file``; None where nothing is.

    ``export``: it was one, and no register that is passed on as it is. ``rows`` were read and ``made`` were written,
    of all files of the export under its ``first``; ``told`` counts what was left out, by the key of its sentence.
    """

    source: str
    file: str
    content: bytes | None
    rows: int
    made: int
    export: bool = False
    first: bool = True
    told: tuple[tuple[str, int], ...] = ()
    warnings: tuple[Problem, ...] = ()


def converted(folder: Path, own_codes: tuple[CodeRow, ...] = ()) -> tuple[Converted, ...]:
    """Every file of the folder as a register.

    Raises InputError with every problem: no export at all, a file that is neither register nor export, an identifier, a
    fault of a cell, events that do not follow from each other, two files that would count the same twice.
    """
    paths, problems = _sorted(folder)
    delivered = {register.name: path for path, register in paths.items() if register in REGISTERS}
    codes, homes = standard_codes(), _homes(delivered.get(CHILDREN.name))
    read: dict[str, list[RegisterTable]] = {}
    for path, register in paths.items():
        try:
            if register in EXPORTS:
                table = read_export(path, register)
                read.setdefault(register.name, []).append(table)
            else:
                _without_numbers(path, register)
        except InputError as error:
            problems += error.problems
    made: dict[str, list[_Made]] = {}
    for tables in read.values():
        register, target = tables[0].register, TARGETS[tables[0].register]
        found, wrong, counts = _rows(together(tables), codes, homes, own_codes)
        said = [*(one for table in tables for one in table.problems), *in_files(wrong, tables)]
        problems += [one for one in said if one.severity == "error"]
        if target.name in delivered and register.name not in _EXTENDS:
            problems.append(Problem("export_twice", file=tables[0].file, found=delivered[target.name].name))
        warned = tuple(one for one in said if one.severity == "warning")
        made.setdefault(target.name, []).append(_Made(tuple(tables), found, counts, warned))
    if problems:
        held = (identifiers_of(table) for tables in read.values() for table in tables)
        raise InputError(*without_identifiers(_limited(problems), held))
    marked = is_marked(folder)
    done = [*_kept(paths, made), *_written(made, delivered, marked=marked)]
    if marked:
        done.append(Converted(MARK_FILE, MARK_FILE, b"synthetic\n", 0, 0))
    return tuple(done)


class _Made(NamedTuple):
    """What became of all files of one export: the rows of its register, what was counted, and warnings."""

    tables: tuple[RegisterTable, ...]
    found: pd.DataFrame
    counts: dict[str, int]
    warned: tuple[Problem, ...]


def together(tables: Sequence[RegisterTable]) -> RegisterTable:
    """Several deliveries of one export as one table, in the order of their names; see :func:`in_files`."""
    frames = [table.frame.set_axis(table.frame.index + at * _FILE) for at, table in enumerate(tables)]
    return replace(tables[0], frame=pd.concat(frames))


def in_files(problems: Iterable[Problem], tables: Sequence[RegisterTable]) -> Iterator[Problem]:
    """Problems of :func:`together` at the files and rows where they stand."""
    for one in problems:
        if one.row is None:
            yield one
            continue
        file, row = divmod(one.row, _FILE)
        values = dict(one.values)
        if "earlier" in values:
            other, earlier = divmod(int(str(values["earlier"])), _FILE)
            values["earlier"] = earlier if other == file else f"{earlier} ({tables[other].file})"
        yield replace(one, file=tables[file].file, row=row, values=values)


def _limited(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The first :data:`AT_MOST` of each fault in each file, and the number of the others."""
    seen: Counter[tuple[str, str | None, str | None]] = Counter()
    for one in problems:
        fault = (one.key, one.file, one.column)
        seen[fault] += 1
        if seen[fault] <= AT_MOST:
            yield one
    for (key, file, column), count in seen.items():
        if count > AT_MOST:
            yield Problem("reg_more", file=file, column=column, values={"count": count - AT_MOST, "key": key})


def read_export(path: Path, register: Register) -> RegisterTable:
    """One export as a typed table. Raises InputError as :func:`~...registers.tables.read_register` does."""
    if not is_xml(path):
        return read_register(path, register)
    raw = raw_export(path)
    headers = [str(name) for name in raw.frame.columns]
    known = match_headers(headers, register).known
    refuse_cpr(raw.frame.rename(columns=known), raw.file)
    return convert(raw, register)


def register_of(path: Path) -> Register | None:
    """The register that a file is by its name, else the export that it is; a name that is a register's goes first."""
    owner = {fold(stem): register for register in REGISTERS for stem in register.stems}
    return (None if is_xml(path) else owner.get(fold(path.stem))) or export_of(path)


def in_headers(problems: Iterable[Problem], folder: Path, language: Language) -> Iterator[Problem]:
    """The same problems with columns under the headers that a delivery in that language has."""
    for one in problems:
        path = folder / one.file if one.file else None
        register = register_of(path) if path is not None and path.is_file() else None
        danish = {column.name: column.da for column in register.columns} if register and language == "da" else {}
        expected = in_danish_alone(one) if language == "da" else one.expected
        yield replace(one, column=danish.get(one.column or "", one.column), expected=expected)


def _sorted(folder: Path) -> tuple[dict[Path, Register], list[Problem]]:
    """Each file with the register or the export that it is, and what is wrong with the rest."""
    found: dict[Path, Register] = {}
    problems = [one for one in left_behind(folder) if one.severity == "error"]
    for path in files_in(folder):
        if holds_cpr(path.name):
            problems.append(Problem("reg_cpr_in_name", file=folder.name))
        elif path.name == MARK_FILE:
            continue
        elif register := register_of(path):
            if register in found.values() and register.name not in _MANY:
                problems.append(Problem("reg_file_twice", file=path.name, found=register.name))
            found[path] = register
        else:
            known = ", ".join(one.da for one in (*REGISTERS, *EXPORTS))
            problems.append(Problem("export_unknown_file", file=path.name, expected=known))
    if not problems and not any(register in EXPORTS for register in found.values()):
        problems.append(Problem("export_none", file=folder.name, expected=", ".join(one.da for one in EXPORTS)))
    return found, problems


def _homes(path: Path | None) -> dict[str, str]:
    """The district of each child of the delivered register of children; what is wrong with it is told by ``check``."""
    if path is None:
        return {}
    try:
        frame = read_register(path, CHILDREN).frame
    except InputError:
        return {}
    return dict(zip(frame["child"], frame["district"], strict=True))


def _without_numbers(path: Path, register: Register) -> None:
    """Stop where a register that is passed on as it is holds a civil registration number."""
    raw = read_raw(path, lambda header: refuse_cpr(pd.DataFrame(columns=pd.Index(header)), path.name))
    known = match_headers([str(name) for name in raw.frame.columns], register).known
    amounts = [header for header, name in known.items() if register.column(name).is_sum]
    refuse_cpr(raw.frame, raw.file, amounts=amounts)
    refuse_cpr_beside(raw)


def _rows(
    table: RegisterTable, codes: MeasureCodes, homes: dict[str, str], own: tuple[CodeRow, ...]
) -> tuple[pd.DataFrame, tuple[Problem, ...], dict[str, int]]:
    if table.register == PLACEMENT_EVENTS:
        return spells_of(table, codes)
    if table.register == MEASURES_L201:
        return measures_of(table, codes, own, lambda row: row // _FILE)
    return postings_of(table) if table.register == OS2BOS_PAYMENTS else cases_of(table, homes)


def _kept(paths: dict[Path, Register], made: dict[str, list[_Made]]) -> Iterator[Converted]:
    """The registers that are passed on as they are."""
    for path, register in paths.items():
        if register in REGISTERS and register.name not in made:
            yield Converted(path.name, path.name, path.read_bytes(), 0, 0)


def _written(made: dict[str, list[_Made]], delivered: dict[str, Path], *, marked: bool) -> Iterator[Converted]:
    """The registers that were made, the rows of a delivered one among them; the first file of an export tells all."""
    by_name = {register.name: register for register in REGISTERS}
    for name, parts in made.items():
        register, frames = by_name[name], [one.found for one in parts]
        if name in delivered:
            frames.insert(0, read_register(delivered[name], register).usable())
        whole = pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
        content = _csv(whole, register, marked=marked) if len(whole) else None
        file = f"{register.da}.csv"
        for part in parts:
            told = tuple((key, count) for key, count in part.counts.items() if count)
            for at, table in enumerate(part.tables):
                rows = len(table.frame)
                if at:
                    yield Converted(table.file, file, None, rows, 0, export=True, first=False)
                else:
                    yield Converted(
                        table.file, file, content, rows, len(part.found), export=True, told=told, warnings=part.warned
                    )
            content = None


def _csv(frame: pd.DataFrame, register: Register, *, marked: bool) -> bytes:
    """The register as a Danish spreadsheet opens it: semicolons, days as 2014-12-31, a point for decimals."""
    columns = {}
    for column in register.columns:
        cells = frame[column.name] if column.name in frame else pd.Series(None, index=frame.index, dtype=object)
        if column.kind == "date":
            cells = pd.to_datetime(cells).dt.strftime("%Y-%m-%d")
        if column.kind in {"money", "number"}:  # two decimals: three could be taken for thousands
            cells = pd.to_numeric(cells).map(lambda cell: "" if pd.isna(cell) else f"{cell:.2f}")
        columns[column.da] = cells
    table = pd.DataFrame(columns)
    if marked:
        table.insert(0, MARK_COLUMN["da"], MARK_VALUE["da"])
    text = "\ufeff" + table.to_csv(sep=";", index=False, na_rep="", lineterminator="\n")
    return text.encode("utf-8")
