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

    The study is named after the folder. Raises InputError when that is no plain name, or the folder is not empty.
    """
    name = folder.resolve().name
    if not NAME.fullmatch(name):
        raise InputError(Problem("new_name", found=name, rule="plain_name"))
    if folder.exists() and any(folder.iterdir()):
        raise InputError(Problem("new_not_empty", file=str(folder)))
    own, templates, registers = LAID_OUT[kind]
    for place, template, laid in (*((own, one, one) for one in templates), ("scaffold", "gitignore", ".gitignore")):
        text = files("sverige_did.tasks").joinpath(place, template).read_text("utf-8")
        mark = SHOWN_BY_SPREADSHEETS if template.endswith(".csv") else ""
        write_text(folder / laid, mark + text.replace("STUDY_NAME", name).replace("WRITTEN", today.isoformat()))
    headers = {register.da: tuple(column.da for column in register.columns) for register in registers} or TABLES
    for file, header in headers.items():
        write_text(folder / "data" / f"{file}.csv", f"{SHOWN_BY_SPREADSHEETS}{SEPARATOR.join(header)}\n")
    return len(headers)
