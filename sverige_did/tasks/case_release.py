"""Release what disclosure control allows of a study of cases: the release for the pages, the estimates for machines."""

from __future__ import annotations

from sverige_did.disclosure.cases import release_cases
from sverige_did.disclosure.release import findings_csv
from sverige_did.files import read_model, write_model, write_models, write_text
from sverige_did.results.cases import CaseEstimates, CasePosterior, SurveyAnswers
from sverige_did.study.cases import CaseStudy
from sverige_did.tasks import File, Filled


def run(
    plan: File, estimates: File, survey: File, waits: File, answers: File, out: File, csv: File, json: File
) -> Filled:
    """Write the release and its estimates; the number of estimates and of municipalities withheld."""
    study = read_model(plan, CaseStudy)
    posteriors = [read_model(path, CasePosterior) for path in (waits, answers)]
    released = release_cases(study, read_model(estimates, CaseEstimates), posteriors, read_model(survey, SurveyAnswers))
    write_model(out, released)
    write_text(csv, findings_csv(released.findings, synthetic=released.synthetic))
    write_models(json, released.findings)
    return {"findings": len(released.findings), "withheld": len(released.withheld)}
