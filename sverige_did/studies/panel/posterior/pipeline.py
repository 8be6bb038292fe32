"""From a study's data to the records and draws of one likelihood: prepared, checked, fitted and read alike by all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from sverige_did.bayes.sampling.sample import Compiled, Fit, compile_model, structure
from sverige_did.errors import RefusedError
from sverige_did.studies.fitting import sampled, seed_of, settings_of
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.studies.panel.posterior.protocol import Fitted, Job, StudyData, refused
from sverige_did.studies.panel.posterior.record import prior_checks, records

if TYPE_CHECKING:
    from sverige_did.results.posteriors import PosteriorRecord
    from sverige_did.studies.panel.posterior.priors import PriorPredictiveCheck
    from sverige_did.study.study import PanelStudy

type Progress = Callable[[int, int, str], None]
"""Hears which fit begins, of how many, and its name."""


class Posteriors(NamedTuple):
    """A record for each outcome of the plan that the likelihood takes, in the plan's order; the draws by their name.

    ``aside`` are fits that did not converge, by their outcomes.
    """

    records: tuple[PosteriorRecord, ...]
    fits: dict[str, Fit]
    aside: dict[str, Fit]


def posteriors(data: StudyData, likelihood: str, cores: int, progress: Progress = lambda *_: None) -> Posteriors:
    """Sample all that the plan asks of one likelihood.

    No outcome stops another. A prior that believes in what the plan calls absurd, before anything is sampled from it,
    draws that do not converge, and data that cannot have come of the fitted model in what the answer rests on refuse
    their own outcomes, with the reason.
    """
    ready = MODELS[likelihood].prepare()(data, likelihood)
    found, fits, aside = list(ready.refused), dict[str, Fit](), dict[str, Fit]()
    checked: list[tuple[Job, dict[str, PriorPredictiveCheck]]] = []
    for job in ready.jobs:
        try:
            checked.append((job, prior_checks(job)))
        except RefusedError as refusal:
            found += [refused(item.outcome, likelihood, refusal) for item in job.outcomes]
    fitted_of = fitter(tuple(job for job, _ in checked), data.study, cores, progress)
    for job, prior_check in checked:
        try:
            fitted = fitted_of(job)
            found += records(fitted, prior_check)
        except RefusedError as refusal:
            found += [refused(item.outcome, likelihood, refusal) for item in job.outcomes]
            if isinstance(refusal.fit, Fit):
                aside["+".join(item.outcome for item in job.outcomes)] = refusal.fit
        else:
            fits |= {names.fit: fitted.fits[part] for part, names in job.parts.items()}
    order = {wanted.outcome: at for at, wanted in enumerate(data.study.outcomes)}
    return Posteriors(tuple(sorted(found, key=lambda one: order[one.outcome])), fits, aside)


def fitter(
    jobs: tuple[Job, ...], study: PanelStudy, cores: int, progress: Progress = lambda *_: None
) -> Callable[[Job], Fitted]:
    """A function that samples every part of one of the jobs; models of the same structure are compiled once."""
    plan, code = settings_of(study, cores), dict[str, Compiled]()
    at, every = count(1), sum(len(job.parts) for job in jobs)

    def fit(job: Job, part: str, seed: str) -> Fit:
        model = job.model(part)
        key = structure(model)
        if key not in code:
            code[key] = compile_model(model)
        return sampled(model, code[key], seed_of(study, seed), job.settings(plan, part))

    def again(name: str, part: str, job: Job) -> Fit:
        return fit(job, part, f"{job.parts[part].stem}.{name}")

    def fitted(job: Job) -> Fitted:
        fits = {}
        for part, names in job.parts.items():
            progress(next(at), every, names.fit)
            fits[part] = fit(job, part, names.main)
        return Fitted(job, fits, again)

    return fitted
