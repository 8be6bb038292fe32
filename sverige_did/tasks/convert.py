"""Make registers of what the systems of a municipality write out, whole or not at all."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from sverige_did.errors import InputError, Problem
from sverige_did.files import write_folder
from sverige_did.sources.exports.convert import Converted, converted, in_headers
from sverige_did.sources.exports.others import CodeRow, read_codes
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.study.read import read_text
from sverige_did.tasks.new import vacant
from sverige_did.words import default_language

HEADER = "kode;foranstaltning;fra;til;kilde"


def run(source: Path, out: Path, codes: Path | None = None) -> tuple[Converted, ...]:
    """Write every export of ``source`` as a register into ``out``, the registers beside them unchanged; what was done.

    ``codes`` is a mapping of the municipality's own for codes of preventive measures. ``out`` must be new, empty, or as
    ``new`` laid it out. Raises InputError with every problem; then nothing is in ``out``.
    """
    if not vacant(out):
        raise InputError(Problem("new_not_empty", file=out.name))
    if out.resolve().is_relative_to(source.resolve()):
        raise InputError(Problem("pseudo_out_inside", file=out.name))
    own, language = own_codes(codes) if codes else (), default_language()
    try:
        done = converted(source, own)
    except InputError as refusal:
        raise InputError(*in_headers(refusal.problems, source, language)) from None
    write_folder(out, {one.file: one.content for one in done if one.content is not None})
    return tuple(replace(one, warnings=tuple(in_headers(one.warnings, source, language))) for one in done)


def own_codes(path: Path) -> tuple[CodeRow, ...]:
    """A mapping of the municipality's own. Raises InputError where a row is none, or names a code of no measure."""
    text = read_text(path)
    try:
        rows = read_codes(text)
    except (KeyError, ValueError, TypeError, csv.Error):
        raise InputError(Problem("export_bad_codes", file=path.name, expected=HEADER)) from None
    lacking = standard_codes().unknown({row.measure for row in rows if row.measure})
    if lacking:
        raise InputError(*(Problem("reg_unknown_code", file=path.name, found=code, expected=near)
                           for code, near in sorted(lacking.items())))  # fmt: skip
    return rows
