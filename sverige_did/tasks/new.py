"""Lay out a folder for a new study: a plan to fill in, empty registers or tables with their headers, and a guide."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Literal

from sverige_did.errors import InputError, Problem
from sverige_did.files import write_text
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.schemas import CASE_REGISTERS, REGISTERS
from sverige_did.study.blocks import NAME

SEPARATOR = ";"
DATA = "data"

Kind = Literal["panel", "cases", "tables"]
LAID_OUT: dict[Kind, tuple[str, tuple[str, ...], tuple[Register, ...]]] = {
    "panel": ("scaffold", ("study.yaml", "README.md", "statements.csv"), REGISTERS),
    "cases": ("scaffold_cases", ("study.yaml", "README.md"), CASE_REGISTERS),
    "tables": ("scaffold_tables", ("study.yaml", "README.md"), ()),
}
"""Each kind of study that registers or tables are delivered to: where its templates lie, which it has, and its
registers.

``statements.csv`` is a guide to coded interviews, which a study of cases has no questions for; it counts as none until
it is filled in."""

TABLES = {
    "anbragte": ("område", "år", "sted", "antal"),
    "befolkning": ("område", "år", "antal"),
    "indsats": ("område", "start", "kilde"),
}
"""The tables that the plan of public tables is laid out with, and their columns."""

SHOWN_BY_SPREADSHEETS = "\ufeff"
"""The mark that lets a spreadsheet show æ, ø and å."""


def run(folder: Path, today: date, kind: Kind = "panel") -> int:
    """Write the folder of a study of that kind; the number of registers or tables laid out in it.

    The study is named after the folder. A folder that holds nothing but ``data/`` with a delivery keeps it, and no
    empty register is laid beside it. Raises InputError when the name is no plain one, or anything else lies there.
    """
    name = folder.resolve().name
    if not NAME.fullmatch(name):
        raise InputError(Problem("new_name", found=name, rule="plain_name"))
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    delivered = [one.name for one in inside] == [DATA] and inside[0].is_dir() and any(inside[0].iterdir())
    if folder.exists() and (not folder.is_dir() or (inside and not delivered)):
        raise InputError(Problem("new_not_empty", file=str(folder)))
    own, templates, registers = LAID_OUT[kind]
    for place, template, laid in (*((own, one, one) for one in templates), ("scaffold", "gitignore", ".gitignore")):
        text = files("sverige_did.tasks").joinpath(place, template).read_text("utf-8")
        mark = SHOWN_BY_SPREADSHEETS if template.endswith(".csv") else ""
        write_text(folder / laid, mark + text.replace("STUDY_NAME", name).replace("WRITTEN", today.isoformat()))
    if delivered:
        return 0
    empty = empty_tables(registers)
    for file, text in empty.items():
        write_text(folder / DATA / file, text)
    return len(empty)


def empty_tables(registers: tuple[Register, ...]) -> dict[str, str]:
    """The empty files that a study is laid out with, by name; with no registers, those of public tables."""
    headers = {register.da: tuple(column.da for column in register.columns) for register in registers} or TABLES
    return {f"{file}.csv": f"{SHOWN_BY_SPREADSHEETS}{SEPARATOR.join(header)}\n" for file, header in headers.items()}


def vacant(folder: Path) -> bool:
    """Whether nothing would be lost in the folder: it is new, or empty, or as it was laid out with empty registers."""
    if not folder.exists():
        return True
    laid = {file: text.encode("utf-8") for file, text in empty_tables(REGISTERS).items()}
    return folder.is_dir() and all(one.is_file() and laid.get(one.name) == one.read_bytes() for one in folder.iterdir())
