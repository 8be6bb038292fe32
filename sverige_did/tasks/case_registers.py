"""Check the registers of a study of cases; an error stops here."""

from __future__ import annotations

from sverige_did.errors import InputError
from sverige_did.files import read_model, write_text
from sverige_did.report.problems import problems_json
from sverige_did.sources.cases.delivery import problems_of
from sverige_did.study.cases import CaseStudy
from sverige_did.tasks import File, Filled, Folder


def run(plan: File, data: Folder, out: File) -> Filled:
    """Write the problems as JSON; the number of warnings. Raises InputError on any error."""
    problems = problems_of(data, read_model(plan, CaseStudy))
    write_text(out, problems_json(problems))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise InputError(*errors)
    return {"warnings": len(problems)}
