"""Estimate the difference between cases before and during, and count what caseworkers answered."""

from __future__ import annotations

from sverige_did.files import read_model, write_model
from sverige_did.sources.cases.delivery import read_cases
from sverige_did.studies.cases.estimate import estimate_cases
from sverige_did.studies.cases.survey import answers_of
from sverige_did.study.cases import CaseStudy
from sverige_did.tasks import File, Filled, Folder


def run(plan: File, data: Folder, out: File, survey: File) -> Filled:
    """Write the estimates and the answers; the number of estimates and of groups of answers."""
    study = read_model(plan, CaseStudy)
    delivered = read_cases(data, study)
    estimates, answers = estimate_cases(delivered, study), answers_of(delivered, study)
    write_model(out, estimates)
    write_model(survey, answers)
    return {"findings": len(estimates.findings), "groups": len(answers.groups)}
