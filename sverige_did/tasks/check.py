"""Check the registers of studies, for people and for the workflow."""

from __future__ import annotations

from pathlib import Path

from sverige_did.errors import InputError, Problem
from sverige_did.files import read_model, write_text
from sverige_did.report.problems import problems_html, problems_json
from sverige_did.sources.cases import delivery as cases
from sverige_did.sources.interviews.statements import read_statements
from sverige_did.sources.panel.delivery import in_headers_of, problems_of
from sverige_did.sources.registers.schemas import CASE_REGISTERS, REGISTERS
from sverige_did.study.study import CaseStudy, PanelStudy, PublishedStudy, Study
from sverige_did.tasks import File, Filled, Folder
from sverige_did.tasks.plan import checked_plan
from sverige_did.words import Language, default_language
from sverige_did.workflow.discover import StudyFiles, find_studies, statements_of


def run(folder: Path, language: Language) -> tuple[Problem, ...]:
    """Every problem of every study of registers in the folder: of its plan, its files and what its panel leaves out.

    Columns are named as deliveries in that language do. Raises InputError when the folder holds no plan; a plan that
    cannot be read is a problem like others.
    """
    studies = find_studies(folder)
    if not studies:
        raise InputError(Problem("check_no_plan", file=str(folder)))
    found: list[Problem] = []
    for files in studies.values():
        try:
            study = checked_plan(folder / files.plan)
            if isinstance(study, PanelStudy | PublishedStudy):
                found += _of_statements(folder, files, study)
            if isinstance(study, PanelStudy):
                found += in_headers_of(problems_of(folder / files.data, study), language, REGISTERS)
            if isinstance(study, CaseStudy):
                found += in_headers_of(cases.problems_of(folder / files.data, study), language, CASE_REGISTERS)
        except InputError as error:
            found += error.problems
    return tuple(found)


def _of_statements(folder: Path, files: StudyFiles, study: Study) -> tuple[Problem, ...]:
    """What is wrong with the coded statements beside the plan, where there are any."""
    try:
        for path in statements_of(folder, files):
            read_statements(folder / path, study)
    except InputError as error:
        return error.problems
    return ()


def write(problems: tuple[Problem, ...], json: Path | None, html: Path | None, language: Language) -> None:
    """The same problems as files: JSON for machines, HTML for the people who made the registers."""
    if json:
        write_text(json, problems_json(problems))
    if html:
        write_text(html, problems_html(problems, language))


def registers(plan: File, data: Folder, out: File) -> Filled:
    """The rule of the workflow: write the problems as JSON; the number of warnings. Raises InputError on any error."""
    problems = problems_of(data, read_model(plan, PanelStudy))
    write_text(out, problems_json(problems))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        # What stops the workflow is told in the headers of the delivery, as ``run`` tells it.
        raise InputError(*in_headers_of(errors, default_language(), REGISTERS))
    return {"warnings": len(problems)}
