"""Made-up registers and public tables to files: CSV as Danes deliver and publish them, marked in every file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sverige_did.files import write_text
from sverige_did.results.sources import SourceFile
from sverige_did.sources.files.provenance import write_provenance
from sverige_did.sources.files.synthetic_mark import MARK_COLUMN, MARK_FILE, MARK_VALUE
from sverige_did.sources.registers.register import Column, Register
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.words import Language

_ASCII = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})
NOTICE = """Alt i denne mappe er syntetisk: ingen af børnene, sagerne eller distrikterne findes.
Everything in this folder is synthetic: none of the children, cases or districts exists.
"""

NOTICE_OF_TABLES = """Alle tal i denne mappe er syntetiske: intet er en kommunes, heller ikke hvor navnet er virkeligt.
Every number in this folder is synthetic: none is that of any municipality, also where the name is a real one.
"""


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame], made_by: str) -> None:
    """Public tables as CSV with semicolons, each marked in its first column, and the record of how they were made."""
    write_text(folder / MARK_FILE, NOTICE_OF_TABLES)
    for name, frame in tables.items():
        marked = pd.DataFrame({MARK_COLUMN["da"]: MARK_VALUE["da"]}, index=frame.index).join(frame)
        write_text(folder / name, marked.to_csv(sep=";", index=False, lineterminator="\n"))
    write_provenance(
        folder, [SourceFile(file=name, sha256="", synthetic=True, made_by=made_by) for name in tables]
    )  # fmt: skip


def write_delivery(
    folder: Path,
    registers: Mapping[str, pd.DataFrame],
    language: Language = "da",
    registers_of: tuple[Register, ...] = REGISTERS,
) -> tuple[Path, ...]:
    """Every register as CSV with semicolons, decimal commas and dates as dd-mm-yyyy, and the marker file."""
    write_text(folder / MARK_FILE, NOTICE)
    paths = []
    for register in (one for one in registers_of if one.name in registers):
        text = as_text(registers[register.name], register, language)
        path = folder / f"{file_stem(register, language)}.csv"
        write_text(path, text.to_csv(sep=";", index=False, lineterminator="\n"))
        paths.append(path)
    return tuple(paths)


def file_stem(register: Register, language: Language) -> str:
    """The register's name in the language, in letters that every file system keeps as they are."""
    return (register.da if language == "da" else register.name).translate(_ASCII)


def as_text(frame: pd.DataFrame, register: Register, language: Language) -> pd.DataFrame:
    """The register as it is written: the mark, then every column the frame has, in the words of the language."""
    cells: dict[str, Any] = {MARK_COLUMN[language]: MARK_VALUE[language]}
    for column in register.columns:
        if column.name in frame:
            cells[column.da if language == "da" else column.name] = _cells(frame[column.name], column, language)
    return pd.DataFrame(cells, index=frame.index)


def _cells(values: pd.Series[Any], column: Column, language: Language) -> pd.Series[Any]:
    if column.kind == "date":
        days = values.to_numpy().astype("datetime64[D]")
        codes, different = pd.factorize(days)
        written = np.array([*(day.strftime("%d-%m-%Y") for day in pd.DatetimeIndex(different)), ""], dtype=object)
        return pd.Series(written[codes], index=values.index)
    if column.allowed:
        names = {value.name: value.da if language == "da" else value.name for value in column.allowed}
        return values.map(names)
    if column.kind in {"count", "number", "money", "year"}:
        numbers = values.map(lambda number: "" if pd.isna(number) else f"{number:.15g}")
        return numbers.str.replace(".", ",") if language == "da" else numbers
    return values
