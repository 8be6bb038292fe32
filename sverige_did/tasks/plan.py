"""Check ``study.yaml`` and write the plan as JSON."""

from __future__ import annotations

from sverige_did.errors import InputError, Problem
from sverige_did.files import write_model
from sverige_did.outcomes import require_known
from sverige_did.study.read import READINGS, read_plan
from sverige_did.study.study import AnyPlan, PublishedStudy, Study
from sverige_did.tasks import File, Filled


def run(study: str, source: File, out: File) -> Filled:
    """Write the checked plan and tell its SHA-256; the folder and the plan must agree on the study's name."""
    plan = read_plan(source)
    if plan.study != study:
        raise InputError(Problem("plan_name", file=str(source), column="study", found=plan.study, expected=study))
    known_outcomes(plan, str(source))
    write_model(out, plan)
    return {"sha": plan.sha256[:12]}


def known_outcomes(plan: AnyPlan, file: str) -> None:
    """Raises InputError naming each outcome of the plan and of its readings that the catalogue does not hold."""
    if isinstance(plan, Study):
        require_known((wanted.outcome for wanted in plan.outcomes), file)
    if isinstance(plan, PublishedStudy):
        require_known(plan.reconstructed, READINGS)
