"""The formats of exports that are known, and which of them a file is: by its name, else by its headers."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pandas as pd
import yaml
from pydantic import TypeAdapter

from sverige_did.errors import InputError, Problem
from sverige_did.sources.exports.l201_xml import is_xml, read_l201
from sverige_did.sources.files.cpr import holds_cpr
from sverige_did.sources.files.raw_table import RawTable
from sverige_did.sources.files.read_table import read_raw
from sverige_did.sources.files.synthetic_mark import MARK_FILE
from sverige_did.sources.registers.headers import fold, match_headers
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.validate import LOCK, has_tables, not_looked_into, tables_in


def _read() -> tuple[Register, ...]:
    source = (files("sverige_did.sources.exports") / "export_schemas.yaml").read_text("utf-8")
    return TypeAdapter(tuple[Register, ...]).validate_python(yaml.load(source, Loader=yaml.CSafeLoader))


EXPORTS = _read()
PLACEMENT_EVENTS, MEASURES_L201, OS2BOS_CASES, OS2BOS_PAYMENTS = EXPORTS

_VERSION = re.compile(r"[_ -]\d+$")
"""How the name of a file ends that is one of several versions: ``granted_payments_3``."""


def files_in(folder: Path) -> list[Path]:
    """Every file of a folder that may be a table or a delivery in XML, ``l201_2`` before ``l201_10``."""
    xml = [path for path in folder.iterdir() if path.is_file() and is_xml(path) and not path.name.startswith(LOCK)]
    return sorted([*tables_in(folder), *xml], key=_as_counted)


def left_behind(folder: Path) -> list[Problem]:
    """Folders inside a delivery and files that are no table: named as not read, unless the name is an identifier."""
    problems = [not_looked_into(path, folder) for path in sorted(folder.iterdir()) if has_tables(path)]
    read = {*files_in(folder), folder / MARK_FILE}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path not in read and not path.name.startswith((LOCK, ".")):
            named = holds_cpr(path.name)
            problems.append(Problem("reg_cpr_in_name", file=folder.name) if named else
                            Problem("pseudo_left_file", file=path.name, severity="warning"))  # fmt: skip
    return problems


def _as_counted(path: Path) -> tuple[list[tuple[int, str]], str]:
    """The name with its numbers as numbers: a later delivery counts before an earlier one, so order matters."""
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [(int(part), "") if part.isascii() and part.isdecimal() else (-1, part) for part in parts], path.name


def export_named(path: Path) -> Register | None:
    """The export that the file's name means, in any of its versions; None for another name."""
    owner = {fold(stem): export for export in EXPORTS for stem in export.stems}
    return MEASURES_L201 if is_xml(path) else owner.get(fold(_VERSION.sub("", path.stem)))


def export_of(path: Path) -> Register | None:
    """The export that a file is: by its name, else the only one whose every required column it has."""
    named = export_named(path)
    if named:
        return named
    try:
        header = _header(path)
    except InputError:
        return None
    fitting = [one for one in EXPORTS if not match_headers(header, one).missing]
    return fitting[0] if len(fitting) == 1 else None


class _Seen(Exception):  # noqa: N818 - ends the reading at the header; it is no error
    """The header has been met; nothing below it is read."""


def _header(path: Path) -> list[str]:
    found: list[str] = []

    def note(header: list[str]) -> None:
        found.extend(header)
        raise _Seen

    with suppress(_Seen):
        read_raw(path, note)
    return found


def raw_export(path: Path) -> RawTable:
    """The cells of an export under its own headers, whatever kind of file it is."""
    return read_l201(path) if is_xml(path) else read_raw(path)


def empty_frame(register: Register) -> pd.DataFrame:
    """No rows under the Danish headers of a register."""
    return pd.DataFrame(columns=pd.Index([column.da for column in register.columns]))
