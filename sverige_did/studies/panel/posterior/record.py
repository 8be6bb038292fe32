"""From the draws of a job to what is reported of its outcomes: one way for every model.

Effects on every scale, the same under other priors (by weights on the draws, or sampled again where the weights cannot
be trusted), how far the answer rests on its priors, what was learned, and whether the model's data look like the real
ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sverige_did.bayes.draws.prior_sensitivity import other_priors, power_sensitivity
from sverige_did.bayes.priors import log_density
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.studies.fitting import seed_of
from sverige_did.studies.panel.posterior.priors import PriorPredictiveCheck, prior_check_of
from sverige_did.studies.panel.posterior.protocol import EffectJob
from sverige_did.studies.panel.posterior.summaries import (
    alternative_prior_of,
    checks_of,
    estimate_of,
    learned_of,
    scale_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.draws.prior_sensitivity import Weights
    from sverige_did.results.posteriors import AlternativePrior, Learned
    from sverige_did.studies.panel.posterior.protocol import Alternative, Fits, Fitted, Job, Quantity
    from sverige_did.study.study import Outcome

    Floats = NDArray[np.float64]


def prior_checks(job: Job) -> dict[str, PriorPredictiveCheck]:
    """By outcome, how the prior alone stands to what the plan calls admissible.

    Raises RefusedError (``posterior_prior_absurd``) where too little of it is: a fault of the plan, and nothing may be
    sampled from it.
    """
    required = job.study.posterior.admissible_share if job.study.posterior else 0.0
    rng = np.random.default_rng(seed_of(job.study, job.prior_seed))
    found = {}
    for outcome, levels in job.prior_levels(rng).items():
        thresholds = job.thresholds(outcome)
        assert thresholds is not None, "an outcome without thresholds was refused"
        found[outcome] = prior_check_of(levels, thresholds, required)
        found[outcome].require(outcome)
    return found


def records(fitted: Fitted, prior_checks: Mapping[str, PriorPredictiveCheck]) -> tuple[PosteriorRecord, ...]:
    """One record for each outcome of a job.

    Raises RefusedError (``posterior_impossible``) where the data cannot have come of the fitted model in what the
    answer rests on.
    """
    job, fits = fitted.job, fitted.fits
    rng = np.random.default_rng(seed_of(job.study, f"{job.name}.told"))
    quantities, found = job.quantities(fits, rng), job.checks(fits, rng)
    more = job.more(fitted, rng)
    likelihood = _log_likelihood(job, fits)
    made = []
    for wanted in job.outcomes:
        effects, prior_check = quantities[wanted.outcome], prior_checks.get(wanted.outcome)
        made.append(
            PosteriorRecord(
                outcome=wanted.outcome,
                likelihood=job.likelihood,
                estimates=tuple(estimate_of(wanted, one, job.study.level, **job.basis) for one in effects),
                scales=tuple(scale_of(wanted, one) for one in effects),
                alternative_priors=tuple(
                    _alternative_prior(fitted, wanted, other) for other in job.alternatives(wanted.outcome)
                ),
                learned=tuple(_learned(job, fits, wanted)),
                power=_power(job, fits, wanted, effects, likelihood),
                prior_level=(prior_check.low, prior_check.median, prior_check.high) if prior_check else None,
                prior_share=prior_check.share if prior_check else None,
                checks=checks_of(found[wanted.outcome], wanted, job.study),
                **more,
            )
        )
    return tuple(made)


def _alternative_prior(fitted: Fitted, wanted: Outcome, other: Alternative) -> AlternativePrior:
    """The ratio under other priors: every part by weights on its draws, or sampled again where these cannot be
    trusted.
    """
    fits, weights = dict(fitted.fits), {}
    for part, fit in fitted.fits.items():
        weights[part] = other_priors(fit.values, fitted.job.priors_of(part), other.job.priors_of(part))
        if not weights[part].usable:
            fits[part] = fitted.again(other.name, part, other.job)
    ratio = other.job.ratio(wanted.outcome, fits)
    made = alternative_prior_of(
        wanted, ratio, _joint(weights, other.job.rows(fits), len(ratio)), fitted.job.study.level
    )
    worst = max(one.pareto_k for one in weights.values())
    how = {
        "sampled": not all(one.usable for one in weights.values()),
        "pareto_k": float(worst) if np.isfinite(worst) else None,
    }
    return made.model_copy(update=how | dict(other.said))


def _joint(weights: Mapping[str, Weights], rows: Mapping[str, NDArray[np.int64] | slice], size: int) -> Floats:
    """Of draws that take one of each part, (size,): the parts share no parameter, so their weights multiply; draws of a
    part that was sampled again weigh alike.
    """
    values = [one.values[rows[part]] for part, one in weights.items() if one.usable]
    if len(weights) == len(values) == 1:
        return values[0]
    product = np.prod([np.ones(size), *values], axis=0)
    return np.asarray(product / product.sum())


def _learned(job: Job, fits: Fits, wanted: Outcome) -> Iterator[Learned]:
    """Every scalar parameter of every part beside its prior, by the name that it has in the record."""
    for part, fit in fits.items():
        named = {name: job.label(part, name, wanted.outcome) for name in job.priors_of(part)}
        priors = {name: prior for name, prior in job.priors_of(part).items() if named[name] is not None}
        for one in learned_of(priors, fit):
            yield one.model_copy(update={"parameter": named[one.parameter]})


def _log_likelihood(job: Job, fits: Fits) -> dict[str, Floats]:
    """By part, of every draw; empty where no outcome of the job has its priors scaled."""
    if not isinstance(job, EffectJob) or not any(job.scaled(wanted.outcome) for wanted in job.outcomes):
        return {}
    return {part: job.log_likelihood(part, fit) for part, fit in fits.items()}


def _power(
    job: Job, fits: Fits, wanted: Outcome, effects: tuple[Quantity, ...], likelihood: Mapping[str, Floats]
) -> dict[str, float]:
    """Power scaling of each prior and of the likelihood; those of all parts are scaled together."""
    if not isinstance(job, EffectJob) or not (scaled := job.scaled(wanted.outcome)):
        return {}
    effect, rows = job.scaled_effect(effects), job.rows(fits)
    chains = next(iter(fits.values())).settings.chains
    shape = (chains, len(effect) // chains)

    def by_chain(values: Floats) -> Floats:
        return values[: shape[0] * shape[1]].reshape(shape)

    def log_prior(parameter: str) -> Floats:
        each = [log_density(job.priors_of(part)[parameter], fits[part].values(parameter)[rows[part]]) for part in fits]
        return np.asarray(np.sum(each, axis=0))

    joint = np.asarray(np.sum([likelihood[part][rows[part]] for part in fits], axis=0))
    priors = {name: by_chain(log_prior(parameter)) for name, parameter in scaled.items()}
    return power_sensitivity(by_chain(effect), priors, by_chain(joint))
