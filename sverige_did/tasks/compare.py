"""Put two releases side by side: what differs in run, plan, data and answers."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from sverige_did.disclosure.cases import CaseRelease
from sverige_did.disclosure.release import Release
from sverige_did.errors import InputError, Problem
from sverige_did.files import write_text
from sverige_did.report.compare import Section, compared
from sverige_did.words import Language

NAME = "release.json"


def run(first: Path, second: Path, language: Language, out: Path | None = None) -> tuple[Section, ...]:
    """The sections; also as JSON in ``out`` where that is given.

    Raises InputError: ``missing_file``, ``compare_no_release`` for a file that is not one of this version, and
    ``compare_kinds``.
    """
    found = compared(_release(first), _release(second), language)
    if out is not None:
        told = [
            {"section": one.key, "same": one.same, "differ": [pair._asdict() for pair in one.pairs]} for one in found
        ]
        write_text(out, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return found


def _release(place: Path) -> Release | CaseRelease:
    """The release in a folder, or in a file."""
    path = place / NAME if place.is_dir() else place
    if not path.is_file():
        raise InputError(Problem("missing_file", file=str(path)))
    try:
        text = path.read_text("utf-8")
        kind = json.loads(text)["study"]["kind"]
        return (CaseRelease if kind == "cases" else Release).model_validate_json(text)
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError):
        raise InputError(Problem("compare_no_release", file=str(path), found=path.name)) from None
