"""Check the registers of studies, for people and for the workflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from sverige_did.errors import InputError, Problem, SverigeDidError
from sverige_did.files import read_model, write_text
from sverige_did.report.problems import problems_html, problems_json
from sverige_did.sources.cases import delivery as cases
from sverige_did.sources.files.cpr import masked
from sverige_did.sources.interviews.statements import read_statements
from sverige_did.sources.panel.delivery import NOT_DUE, assumed_in_headers, checked, in_headers_of, problems_of
from sverige_did.sources.published.panel import figure_problems
from sverige_did.sources.registers.schemas import CASE_REGISTERS, REGISTERS
from sverige_did.sources.registers.validate import Assumed, Checked
from sverige_did.study.placeholders import left_in
from sverige_did.study.study import AnyPlan, CaseStudy, PanelStudy, PublishedStudy, Study
from sverige_did.tasks import File, Filled, Folder
from sverige_did.tasks.plan import checked_plan
from sverige_did.words import Language, default_language
from sverige_did.workflow.discover import StudyFiles, find_studies, statements_of

__all__ = ["NOT_DUE", "registers", "run", "write"]


def run(folder: Path, language: Language, today: date) -> Checked:
    """Every problem of every study in the folder: of its plan, of every file that a run reads, and of what its panel
    leaves out; and what was assumed while files were read.

    Columns are named as deliveries in that language do. A study whose registers are not due ``today`` is called
    planned. Raises InputError when the folder holds no plan; a plan that cannot be read is a problem like others.
    """
    studies = find_studies(folder)
    if not studies:
        raise InputError(Problem("check_no_plan", file=str(folder)))
    problems: list[Problem] = []
    assumed: list[Assumed] = []
    for files in studies.values():
        try:
            study = checked_plan(folder / files.plan)
            problems += left_in(study, files.plan.name)
            found = _data(folder / files.data, study, language, today)
            problems += found.problems
            assumed += found.assumed
            problems += _statements(folder, files, study)
        except SverigeDidError as error:
            problems += error.problems
    return Checked(tuple(map(_masked, problems)), tuple(assumed))


def _masked(problem: Problem) -> Problem:
    """The same problem without any number, also one in the name of a file: it goes to a screen, a page and a log."""

    def without(text: str | None) -> str | None:
        return None if text is None else masked(text)

    return replace(
        problem,
        file=without(problem.file),
        column=without(problem.column),
        found=without(problem.found),
        expected=without(problem.expected),
        values={name: masked(value) if isinstance(value, str) else value for name, value in problem.values.items()},
    )


def _data(data: Path, study: AnyPlan, language: Language, today: date) -> Checked:
    """What is wrong with the files of one study, and what was assumed, in the headers of that language."""
    if isinstance(study, PublishedStudy):
        return Checked(figure_problems(data, study))
    if isinstance(study, CaseStudy):
        found, registers = cases.checked(data, study), CASE_REGISTERS
    else:
        found, registers = checked(data, study, today), REGISTERS
    return Checked(
        in_headers_of(found.problems, language, registers), assumed_in_headers(found.assumed, language, registers)
    )


def _statements(folder: Path, files: StudyFiles, study: AnyPlan) -> tuple[Problem, ...]:
    """What is wrong with the coded statements of interviews beside a plan, where there are any."""
    if not isinstance(study, Study):
        return ()
    try:
        for path in statements_of(folder, files):
            read_statements(folder / path, study)
    except SverigeDidError as error:
        return error.problems
    return ()


def write(problems: tuple[Problem, ...], json: Path | None, html: Path | None, language: Language) -> None:
    """The same problems as files: JSON for machines, HTML for the people who made the registers."""
    if json:
        write_text(json, problems_json(problems))
    if html:
        write_text(html, problems_html(problems, language))


def registers(plan: File, data: Folder, out: File) -> Filled:
    """The rule of the workflow: write the problems as JSON; the number of warnings. Raises InputError on any error, and
    for a study that is only planned: nothing can be estimated yet."""
    study = read_model(plan, PanelStudy)
    problems = (*left_in(study, "study.yaml"), *problems_of(data, study, date.today()))
    write_text(out, problems_json(problems))
    errors = [replace(one, severity="error") for one in problems if one.severity == "error" or one.key == NOT_DUE]
    if errors:
        # What stops the workflow is told in the headers of the delivery, as ``run`` tells it.
        raise InputError(*in_headers_of(errors, default_language(), REGISTERS))
    return {"warnings": len(problems)}
