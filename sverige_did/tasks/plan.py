"""Check ``study.yaml`` and write the plan as JSON."""

from __future__ import annotations

from pathlib import Path

from sverige_did.errors import InputError, Problem
from sverige_did.files import write_model
from sverige_did.outcomes import require_known
from sverige_did.study.read import read_study


def run(name: str, source: Path, out: Path) -> str:
    """Write the checked plan and return its SHA-256; the folder and the plan must agree on the study's name."""
    study = read_study(source)
    if study.study != name:
        raise InputError(Problem("plan_name", file=str(source), column="study", found=study.study, expected=name))
    require_known((wanted.outcome for wanted in study.outcomes), str(source))
    write_model(out, study)
    return study.sha256
