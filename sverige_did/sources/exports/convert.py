"""A folder of exports to a folder of registers: whole or not at all, with what was made of each file and what not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    raw_export,
)
from sverige_did.sources.exports.l201_xml import is_xml
from sverige_did.sources.exports.others import CodeRow, cases_of, measures_of, postings_of
from sverige_did.sources.files.cpr import holds_cpr, refuse_cpr
from sverige_did.sources.files.read_table import read_raw
from sverige_did.sources.files.synthetic_mark import MARK_COLUMN, MARK_FILE, MARK_VALUE, is_marked
from sverige_did.sources.registers.codes import MeasureCodes, standard_codes
from sverige_did.sources.registers.headers import fold, match_headers
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.schemas import CASES, CHILDREN, PLACEMENTS, POSTINGS, REGISTERS
from sverige_did.sources.registers.tables import RegisterTable, convert, read_register

TARGETS = {
    PLACEMENT_EVENTS: PLACEMENTS, MEASURES_L201: PLACEMENTS, OS2BOS_PAYMENTS: POSTINGS, OS2BOS_CASES: CASES,
}  # fmt: skip
"""The register that each export becomes, or becomes a part of."""

_EXTENDS = frozenset({MEASURES_L201.name})
"""Exports whose rows stand beside those of a delivered register; those of others would be counted twice."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of one file. ``content`` is written under the name ``file``; None where nothing is.

    ``export``: it was one, and no register that is passed on as it is. ``rows`` were read and ``made`` were written;
    ``told`` counts what was left out, by the key of its sentence.
    """

    source: str
    file: str
    content: bytes | None
    rows: int
    made: int
    export: bool = False
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
    parts: dict[str, list[tuple[Path, RegisterTable, pd.DataFrame, dict[str, int], tuple[Problem, ...]]]] = {}
    for path, register in paths.items():
        try:
            if register not in EXPORTS:
                _without_numbers(path)
                continue
            table = read_export(path, register)
            found, wrong, counts = _rows(table, codes, homes, own_codes)
        except InputError as error:
            problems += error.problems
            continue
        problems += [one for one in (*table.problems, *wrong) if one.severity == "error"]
        warned = tuple(one for one in (*table.problems, *wrong) if one.severity == "warning")
        target = TARGETS[register]
        if target.name in delivered and register.name not in _EXTENDS:
            problems.append(Problem("export_twice", file=path.name, found=delivered[target.name].name))
        parts.setdefault(target.name, []).append((path, table, found, counts, warned))
    if problems:
        raise InputError(*problems)
    marked = is_marked(folder)
    done = [*_kept(paths, parts), *_made(parts, delivered, marked=marked)]
    if marked:
        done.append(Converted(MARK_FILE, MARK_FILE, b"synthetic\n", 0, 0))
    return tuple(done)


def read_export(path: Path, register: Register) -> RegisterTable:
    """One export as a typed table. Raises InputError as :func:`~...registers.tables.read_register` does."""
    if not is_xml(path):
        return read_register(path, register)
    raw = raw_export(path)
    headers = [str(name) for name in raw.frame.columns]
    known = match_headers(headers, register).known
    refuse_cpr(raw.frame.rename(columns=known), raw.file)
    return convert(raw, register)


def _sorted(folder: Path) -> tuple[dict[Path, Register], list[Problem]]:
    """Each file with the register or the export that it is, and what is wrong with the rest."""
    owner = {fold(stem): register for register in REGISTERS for stem in register.stems}
    found: dict[Path, Register] = {}
    problems: list[Problem] = []
    for path in files_in(folder):
        if holds_cpr(path.name):
            problems.append(Problem("reg_cpr_in_name", file=folder.name))
        elif path.name == MARK_FILE:
            continue
        elif register := (None if is_xml(path) else owner.get(fold(path.stem))) or export_of(path):
            if register in found.values():
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


def _without_numbers(path: Path) -> None:
    """Stop where a register that is passed on as it is holds a civil registration number."""
    raw = read_raw(path, lambda header: refuse_cpr(pd.DataFrame(columns=pd.Index(header)), path.name))
    refuse_cpr(raw.frame, raw.file)


def _rows(
    table: RegisterTable, codes: MeasureCodes, homes: dict[str, str], own: tuple[CodeRow, ...]
) -> tuple[pd.DataFrame, tuple[Problem, ...], dict[str, int]]:
    if table.register == PLACEMENT_EVENTS:
        return spells_of(table, codes)
    if table.register == MEASURES_L201:
        return measures_of(table, codes, own)
    return postings_of(table) if table.register == OS2BOS_PAYMENTS else cases_of(table, homes)


def _kept(paths: dict[Path, Register], parts: dict[str, Any]) -> Iterator[Converted]:
    """The registers that are passed on as they are."""
    for path, register in paths.items():
        if register in REGISTERS and register.name not in parts:
            yield Converted(path.name, path.name, path.read_bytes(), 0, 0)


def _made(
    parts: dict[str, list[tuple[Path, RegisterTable, pd.DataFrame, dict[str, int], tuple[Problem, ...]]]],
    delivered: dict[str, Path],
    *,
    marked: bool,
) -> Iterator[Converted]:
    """The registers that were made, the rows of a delivered one among them; each is told by its first export."""
    by_name = {register.name: register for register in REGISTERS}
    for name, made in parts.items():
        register, frames = by_name[name], [found for _, _, found, _, _ in made]
        if name in delivered:
            frames.insert(0, read_register(delivered[name], register).usable())
        whole = pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
        content = _csv(whole, register, marked=marked) if len(whole) else None
        for at, (path, table, found, counts, warned) in enumerate(made):
            told = tuple((key, count) for key, count in counts.items() if count)
            file = f"{register.da}.csv"
            yield Converted(
                path.name, file, content if at == 0 else None, len(table.frame), len(found), True, told, warned
            )  # fmt: skip


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
