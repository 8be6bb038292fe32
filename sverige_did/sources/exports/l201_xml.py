"""The XML of preventive measures (L201) as Statistics Denmark receives it, to a table of its measures.

Nothing outside the file is ever read: a document type, and with it every entity, is refused before parsing.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.parsers import expat

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.files.raw_table import MAX_BYTES, RawTable

NAMESPACE = "http://rep.oio.dk/dst.dk/xml/schemas/2010/04/16/"
ROOT = "UdsatteBoernOgUngeLeveranceL201U1Struktur"
MEASURE = "ForanstaltningStruktur"
FIELDS = (
    "UdsatBarnCPRidentifikator", "ForanstaltningId", "ForanstaltningKode", "ForanstaltningStartDato",
    "ForanstaltningSlutDato",
)  # fmt: skip
"""The elements of a measure that are read; the number of a guardian is passed over."""

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T00:00:00(?:\.0+)?)?(?:Z|[+-]\d\d:\d\d)?")
"""A day of XML Schema: an offset behind it moves no day, for the day is the one that was written."""


class _RefusedXmlError(Exception):
    """Ends the parsing: the key of a problem."""


class _Measures:
    """What the parser has met: a row a measure, and the line on which each begins."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        self.lines: list[int] = []
        self.path: list[str] = []
        self.text: list[str] = []

    def begin(self, name: str, line: int) -> None:
        if not self.path and name != f"{NAMESPACE} {ROOT}":
            raise _RefusedXmlError("export_xml_namespace" if name.split(" ")[-1] == ROOT else "export_xml_root")
        self.path.append(name)
        self.text = []
        if name == f"{NAMESPACE} {MEASURE}":
            self.rows.append({})
            self.lines.append(line)

    def end(self, name: str) -> None:
        self.path.pop()
        local = name.removeprefix(f"{NAMESPACE} ")
        if local in FIELDS and self.path and self.path[-1] == f"{NAMESPACE} {MEASURE}":
            if local in self.rows[-1]:
                raise _RefusedXmlError("export_xml_twice")
            text = "".join(self.text).strip()
            day = _DAY.fullmatch(text) if local.endswith("Dato") else None
            self.rows[-1][local] = day[1] if day else text


def read_l201(path: Path, *, max_bytes: int = MAX_BYTES) -> RawTable:
    """The measures of a delivery, one row each; the index is the line of the file on which each begins.

    Raises InputError when the file is too large, is no XML to its end, names another delivery or namespace, has a
    document type or an entity, or has no measure. What it holds is never repeated.
    """
    if path.stat().st_size > max_bytes:
        found, limit = f"{path.stat().st_size / 1e6:.0f} MB", f"≤ {max_bytes / 1e6:.0f} MB"
        raise InputError(Problem("reg_too_large", file=path.name, found=found, expected=limit))
    met = _Measures()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, _: met.begin(name, parser.CurrentLineNumber)
    parser.EndElementHandler = met.end
    parser.CharacterDataHandler = lambda text: met.text.append(text)
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.EntityDeclHandler = _no_doctype
    parser.ExternalEntityRefHandler = _no_doctype
    try:
        parser.Parse(path.read_bytes(), True)
    except _RefusedXmlError as refusal:
        key = str(refusal)
        wanted = {"export_xml_namespace": NAMESPACE, "export_xml_root": ROOT}.get(key)
        raise InputError(Problem(key, file=path.name, row=parser.CurrentLineNumber, expected=wanted)) from None
    except (expat.ExpatError, ValueError, LookupError):
        raise InputError(Problem("export_xml_broken", file=path.name, row=parser.CurrentLineNumber)) from None
    if not met.rows:
        raise InputError(Problem("export_xml_empty", file=path.name, expected=MEASURE))
    rows = [[row.get(name, "") for name in FIELDS] for row in met.rows]
    frame = pd.DataFrame(rows, columns=list(FIELDS), index=pd.Index(met.lines, name="row"), dtype="str")
    return RawTable(path.name, frame)


def _no_doctype(*_: object) -> int:
    raise _RefusedXmlError("export_xml_doctype")


def is_xml(path: Path) -> bool:
    """Whether the file is called XML."""
    return bool(re.fullmatch(r"\.xml", path.suffix, re.IGNORECASE))
