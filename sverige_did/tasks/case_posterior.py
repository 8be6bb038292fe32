"""Sample one posterior of a study of cases: of the waits, or of the answers."""

from __future__ import annotations

from typing import Annotated

import typer

from sverige_did.bayes.sampling.sample import Fit
from sverige_did.bayes.sampling.store import keep_aside, write_draws
from sverige_did.disclosure.draws import kept_draws
from sverige_did.files import read_model, write_model
from sverige_did.sources.cases.delivery import read_cases
from sverige_did.studies.cases.posterior import ModelName, posterior_of
from sverige_did.study.cases import CaseStudy
from sverige_did.tasks import Cores, File, Filled, Folder, refused_fits


def run(
    plan: File,
    data: Folder,
    model: Annotated[ModelName, typer.Option(help="waits or survey")],
    out: File,
    draws: File,
    cores: Cores = 1,
) -> Filled:
    """Write the record and the draws without values of persons and municipalities; whether there is a posterior."""
    study = read_model(plan, CaseStudy)
    record, fit = posterior_of(read_cases(data, study), study, model, cores)
    write_model(out, record)
    kept: dict[str, Fit] = {} if fit is None else {model: kept_draws(fit)}
    told, aside = (kept, {}) if record.diagnostics else ({}, kept)
    write_draws(draws, told, study.sha256)
    refused_fits(aside, keep_aside(draws, aside, study.sha256))
    return {"model": model, "ratios": len(record.ratios)}
