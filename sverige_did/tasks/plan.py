"""Check ``study.yaml`` and write the plan as JSON."""

from __future__ import annotations

from pathlib import Path

from sverige_did import words
from sverige_did.errors import InputError, Problem
from sverige_did.files import write_model, write_text
from sverige_did.outcomes import require_known
from sverige_did.sources.files.cpr import refuse_cpr_in
from sverige_did.study.cases import CaseStudy
from sverige_did.study.read import PARTS, READINGS, read_plan, read_text
from sverige_did.study.study import AnyPlan, PanelStudy, PublishedStudy, Study
from sverige_did.tasks import File, Filled

NEVER = "NEVER-SEND.txt"
"""The file that says of the folder of results that it never leaves, before anything of a child lies in it."""


def run(study: str, source: File, out: File) -> Filled:
    """Write the checked plan and tell its SHA-256; the folder and the plan must agree on the study's name."""
    plan = checked_plan(source)
    if plan.study != study:
        raise InputError(Problem("plan_name", file=str(source), column="study", found=plan.study, expected=study))
    if isinstance(plan, CaseStudy) or (isinstance(plan, PanelStudy) and plan.registers is not None):
        said = (words.text("cli.never_send", language, study=study) for language in words.LANGUAGES)
        write_text(out.with_name(NEVER), "\n".join(said) + "\n")
    write_model(out, plan)
    return {"sha": plan.sha256[:12]}


def checked_plan(source: Path) -> AnyPlan:
    """The plan, with nothing of a child in its texts and no outcome that is not in the catalogue. Raises InputError."""
    for path in (source, *map(source.with_name, (READINGS, *(name for name, _ in PARTS.values())))):
        if path.is_file():
            refuse_cpr_in(read_text(path), path.name)
    plan = read_plan(source)
    known_outcomes(plan, str(source))
    return plan


def known_outcomes(plan: AnyPlan, file: str) -> None:
    """Raises InputError naming each outcome of the plan and of its readings that the catalogue does not hold."""
    if isinstance(plan, Study):
        require_known((wanted.outcome for wanted in plan.outcomes), file)
    if isinstance(plan, PublishedStudy):
        require_known(plan.reconstructed, READINGS)
