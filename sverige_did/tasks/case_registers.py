"""Check the registers of a study of cases; an error stops here."""

from __future__ import annotations

from sverige_did.errors import InputError
from sverige_did.files import read_model, write_text
from sverige_did.report.problems import problems_json
from sverige_did.sources.cases.delivery import problems_of
from sverige_did.sources.panel.delivery import in_headers_of
from sverige_did.sources.registers.schemas import CASE_REGISTERS
from sverige_did.study.cases import CaseStudy
from sverige_did.tasks import File, Filled, Folder
from sverige_did.words import default_language


def run(plan: File, data: Folder, out: File) -> Filled:
    """Write the problems as JSON; the number of warnings. Raises InputError on any error."""
    problems = problems_of(data, read_model(plan, CaseStudy))
    write_text(out, problems_json(problems))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        # What stops the workflow is told in the headers of the delivery, as `check` tells it.
        raise InputError(*in_headers_of(errors, default_language(), CASE_REGISTERS))
    return {"warnings": len(problems)}
