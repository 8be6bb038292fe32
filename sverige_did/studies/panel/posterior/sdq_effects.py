"""From the draws of the growth model to what is told of SDQ scores: the effect in points, and all that it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats
from scipy.special import expit

from sverige_did.bayes.draws.missing_waves import (
    effect_under_delta,
    expected_scores,
    jump_to_reference,
    prob_benefit,
    tipping_delta,
)
from sverige_did.bayes.draws.prior_sensitivity import other_prior, power_sensitivity
from sverige_did.bayes.draws.replicate import evenly
from sverige_did.bayes.draws.replicate_sdq import score_checks, score_predictor, simulate_scores
from sverige_did.bayes.models.sdq_growth import HIGHEST, development_in_points
from sverige_did.bayes.priors import log_density
from sverige_did.results.posteriors import Learned, PosteriorRecord, Unrated
from sverige_did.studies.panel.posterior.fitting import seed_of
from sverige_did.studies.panel.posterior.priors import EFFECT
from sverige_did.studies.panel.posterior.sdq import NAME, ScoreFit, ScoreJob
from sverige_did.studies.panel.posterior.summaries import (
    Quantity,
    checks_of,
    estimate_of,
    learned_of,
    scale_of,
    stance_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.results.estimates import Estimate
    from sverige_did.results.posteriors import PredictiveCheck, Stance
    from sverige_did.study.study import Study

REPLICATIONS = 2000
DELTAS = (0.0, 1.0, 2.0, 3.0, 5.0)
"""Points that the children who were not rated again may be worse (method, section 5.7)."""

MORE_LIKELY = 0.5
"""A benefit is more likely than none above this probability."""


def score_record(fitted: ScoreFit, study: Study) -> PosteriorRecord:
    """All that is told of the outcome.

    Raises RefusedError (``posterior_impossible``) where the data cannot have come of the fitted model in what the
    answer rests on.
    """
    job, fit = fitted.job, fitted.fit
    told = _quantities(job, fit)
    return PosteriorRecord(
        outcome=job.wanted.outcome,
        likelihood=NAME,
        estimates=tuple(_estimate(job, one, study) for one in told),
        scales=tuple(scale_of(job.wanted, one) for one in told),
        stances=(*_effect_stances(fitted, study), *_shock_stances(fitted, study)),
        learned=_learned(job, fit),
        power=_power(job, fit),
        prior_level=(job.gate.low, job.gate.median, job.gate.high),
        prior_share=job.gate.share,
        checks=_checks(job, fit, study),
        unrated=_unrated(job, fit),
    )


def _ratio(job: ScoreJob, fit: Fit) -> NDArray[np.float64]:
    """Mean score of the children under the programme over what it would be without it, (draws,)."""
    helped = np.flatnonzero(job.rated.scores.dose > 0)
    with_it = HIGHEST * expit(fit.values("eta")[:, helped]).mean(axis=1)
    return np.asarray(with_it / (with_it - development_in_points(fit, job.rated.scores)))


def _quantities(job: ScoreJob, fit: Fit) -> tuple[Quantity, ...]:
    """The effect in points, as a ratio of mean scores, and on the log-odds scale."""
    return (
        Quantity(development_in_points(fit, job.rated.scores), "att", "level", 0.0, job.bearing),
        Quantity(_ratio(job, fit), "att", "ratio", 1.0, None),
        Quantity(fit.values("tau"), "att", "log_odds", 0.0, None),
    )


def _estimate(job: ScoreJob, told: Quantity, study: Study) -> Estimate:
    places, scores = job.rated.places, job.rated.scores
    seen = np.unique(places.district[scores.child])
    return estimate_of(
        job.wanted,
        told,
        study.level,
        estimator="bayes_sdq",
        n_units=len(seen),
        n_treated=int(places.treated[seen].sum()),
        assumptions=("parallel_trends_log_odds", "answers_as_modelled", f"prior_{EFFECT}"),
    )


def _effect_stances(fitted: ScoreFit, study: Study) -> Iterator[Stance]:
    job = fitted.job
    for key, prior in job.stances.items():
        other = replace(job, priors=replace(job.priors, effect=prior))
        made = _stance(fitted, other, "tau", job.priors.effect, prior, f"prior.{key}", study)
        yield made.model_copy(update={"prior": key})


def _shock_stances(fitted: ScoreFit, study: Study) -> Iterator[Stance]:
    job, old = fitted.job, fitted.job.place_priors.shock
    for sd in study.posterior.shock_prior_sd if study.posterior else ():
        other = replace(job, place_priors=replace(job.place_priors, shock=replace(old, sd=sd)))
        made = _stance(fitted, other, "sigma_s", old, other.place_priors.shock, f"shock.{sd}", study)
        yield made.model_copy(update={"kind": "shock", "prior": "shock_sd", "value": sd})


def _stance(
    fitted: ScoreFit, other: ScoreJob, parameter: str, old: Prior, new: Prior, name: str, study: Study
) -> Stance:
    """The ratio under another prior: by weights on the draws, or sampled anew where the weights cannot be trusted."""
    weights = other_prior(fitted.fit.values(parameter), old, new)
    fit = fitted.fit if weights.usable else fitted.again(name, other)
    return stance_of(other.wanted, _ratio(other, fit), weights, study.level)


def _learned(job: ScoreJob, fit: Fit) -> tuple[Learned, ...]:
    return tuple(
        one.model_copy(update={"parameter": "score_noise"}) if one.parameter == "log_kappa" else one
        for one in learned_of(job.named, fit)
    )


def _power(job: ScoreJob, fit: Fit) -> dict[str, float]:
    scores, shape = job.rated.scores, (fit.settings.chains, fit.settings.draws)
    kappa, share = np.exp(fit.values("log_kappa"))[:, None], expit(fit.values("eta"))
    log_likelihood = np.asarray(stats.betabinom.logpmf(scores.total, HIGHEST, kappa * share, kappa * (1 - share)))
    log_priors = {
        "effect": log_density(job.priors.effect, fit.values("tau")),
        "shock_sd": log_density(job.place_priors.shock, fit.values("sigma_s")),
    }
    return power_sensitivity(
        development_in_points(fit, scores).reshape(shape),
        {name: values.reshape(shape) for name, values in log_priors.items()},
        log_likelihood.sum(axis=1).reshape(shape),
    )


def _checks(job: ScoreJob, fit: Fit, study: Study) -> tuple[PredictiveCheck, ...]:
    scores, places, _ = job.rated
    rng = np.random.default_rng(seed_of(study, f"{NAME}.told"))
    kept = evenly(fit, REPLICATIONS)
    values = {name: fit.values(name)[kept] for name in job.named}
    replicated = simulate_scores(score_predictor(values, scores, places, rng), values["log_kappa"], rng)
    found = score_checks(scores.total, replicated, scores, places)
    return checks_of(found, job.wanted, study)


def _unrated(job: ScoreJob, fit: Fit) -> Unrated | None:
    """The effect when children who were not rated again are worse; None where all were."""
    scores, places, missing = job.rated
    if missing is None:
        return None
    expected = expected_scores(fit, scores, missing, places)
    sided = job.wanted.benefit == "lower"
    tipping = tipping_delta(expected, MORE_LIKELY)
    return Unrated(
        answered=expected.n_answered,
        unanswered=len(missing.child),
        delta=DELTAS,
        median=tuple(float(np.median(effect_under_delta(expected, delta))) for delta in DELTAS),
        prob_benefit=tuple(prob_benefit(expected, delta) for delta in DELTAS) if sided else (),
        reference=float(np.median(jump_to_reference(expected))),
        tipping=tipping if sided and np.isfinite(tipping) else None,
    )
