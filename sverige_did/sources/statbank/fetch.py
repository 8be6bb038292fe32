"""A study's tables fetched whole or not at all: written beside its data folder, which they then replace in one step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.files import write_text
from sverige_did.results.sources import SourceFile
from sverige_did.sources.files.provenance import read_provenance, write_provenance
from sverige_did.sources.files.read_table import read_raw
from sverige_did.sources.files.synthetic_mark import MARK_FILE
from sverige_did.sources.registers.converting import as_text
from sverige_did.sources.statbank.client import LICENCE, PUBLISHER, StatBank
from sverige_did.sources.statbank.formats import read_separated
from sverige_did.sources.statbank.recipe import Adopters, Asked, Recipe, Take
from sverige_did.sources.statbank.tables import Selection, TableInfo, selection
from sverige_did.sources.statbank.unfinished import put_in_place, unfinished_beside

MADE = frozenset({MARK_FILE, "truth.json"})
"""Files of made-up data that do not stay when real ones come."""

type Told = Callable[..., None]
"""Hears of progress: the key of a sentence, and its values."""


def fetch(bank: StatBank, recipe: Recipe, plan: Path, data: Path, today: date, told: Told, *, command: str) -> int:
    """Put the tables of the recipe into the folder ``data``; the number of files written.

    ``plan`` is the folder of the plan and ``command`` what the record says that wrote the files. Files of ``data`` that
    are neither of an earlier record nor made up stay. Nothing changes before every table is complete.

    Raises InputError where StatBank has not what is asked for, its answer cannot be used, or a table was updated
    while it was fetched, and RefusedError while another fetch into ``data`` is at work.
    """
    with unfinished_beside(data) as unfinished:
        records = [_table(bank, asked, unfinished, today, told, command) for asked in recipe.tables]
        if recipe.adopters is not None:
            records.append(_adopters(bank, recipe.adopters, plan, unfinished, today, command))
        write_provenance(unfinished, records)
        _keep_others(data, unfinished)
        put_in_place(data, unfinished)
    return len(records) + 1


def _table(bank: StatBank, asked: Asked, folder: Path, today: date, told: Told, command: str) -> SourceFile:
    info = bank.tableinfo(asked.table)
    chosen = selection(info, {take.variable: _wanted(take, info) for take in asked.take})
    told("statbank.asking", table=info.id, title=info.text, updated=info.updated[:10], cells=chosen.cells)
    frame = _answer(bank, chosen, info)
    if (later := bank.tableinfo(asked.table)).updated != info.updated:
        raise InputError(Problem("sb_updated", file=info.id, found=later.updated, expected=info.updated))
    lost = int((frame["sign"] != "").sum())
    write_text(folder / asked.file, _as_file(frame, asked, info).to_csv(sep=";", index=False, lineterminator="\n"))
    told("statbank.written", table=info.id, file=asked.file, rows=len(frame), lost=lost)
    return SourceFile(
        file=asked.file,
        sha256="",
        table=info.id,
        title=info.text,
        updated=info.updated,
        retrieved=today,
        address=bank.address,
        request=json.dumps(chosen.body("CSV"), ensure_ascii=False),
        licence=LICENCE,
        credit=f"{PUBLISHER}, statistikbanken.dk/{info.id}",
        made_by=command,
    )


def _wanted(take: Take, info: TableInfo) -> tuple[str, ...]:
    if take.between is None:
        return (*take.listed, *take.years)
    found = info.variable(take.variable).between(*take.between)
    if not found:
        low, high = take.between
        raise InputError(Problem("sb_no_value", file=info.id, column=take.variable, found=f"{low}-{high}"))
    return found


def _answer(bank: StatBank, chosen: Selection, info: TableInfo) -> pd.DataFrame:
    """Every cell of a selection, in parts where it is above the limit of cells."""
    parts = chosen.within()
    frames = []
    for body, part in zip(bank.data(chosen, info), parts, strict=True):
        try:
            frames.append(read_separated(body, info, part))
        except InputError:
            bank.forget(part, info)  # kept, it would be as wrong in every later run
            raise
    return pd.concat(frames, ignore_index=True)


def _as_file(frame: pd.DataFrame, asked: Asked, info: TableInfo) -> pd.DataFrame:
    """The columns that the recipe names, periods as years, and numbers with a point or the sign in their place."""
    columns: dict[str, pd.Series[str]] = {}
    for take in asked.take:
        if take.column is not None:
            codes = frame[info.variable(take.variable).id]
            columns[take.column] = codes.map(take.years) if take.years else codes
    number = frame["value"].map(lambda value: f"{value:.15g}")
    return pd.DataFrame({**columns, asked.value: frame["sign"].where(frame["sign"] != "", number)})


def _adopters(bank: StatBank, adopters: Adopters, plan: Path, folder: Path, today: date, command: str) -> SourceFile:
    """The adopters with the codes of their names; nobody whose name the table does not know is left out in silence."""
    path = plan / adopters.source
    if not path.is_file():
        raise InputError(Problem("missing_file", file=adopters.source))
    raw = read_raw(path)
    if wrong := [problem for problem in raw.problems if problem.severity == "error"]:
        raise InputError(*wrong)
    frame = raw.frame
    if adopters.column not in frame:
        raise InputError(Problem("missing_column", file=adopters.source, column=adopters.column))
    variable = bank.tableinfo(adopters.table).variable(adopters.variable)
    names = as_text(frame[adopters.column]).fillna("")
    codes = [variable.code_of(name, adopters.table) for name in names]
    coded = frame.assign(**{adopters.column: codes})
    coded.insert(1, "navn", names, allow_duplicates=True)
    write_text(folder / adopters.file, coded.to_csv(sep=";", index=False, lineterminator="\n"))
    return SourceFile(
        file=adopters.file, sha256="", retrieved=today, credit=adopters.credit, licence="–", made_by=command
    )


def _keep_others(data: Path, unfinished: Path) -> None:
    """Copy what lies in the data folder and is neither of an earlier record nor made up."""
    replaced = {one.file for one in read_provenance(data)} | MADE
    for path in sorted(data.iterdir()) if data.is_dir() else ():
        beside = unfinished / path.name
        if path.name not in replaced and not beside.exists():
            if path.is_dir():
                shutil.copytree(path, beside)
            else:
                shutil.copy2(path, beside)
