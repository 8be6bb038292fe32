"""From the draws of one outcome to what is told of them: effects on every scale, probabilities, doubts, misfits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from sverige_did.bayes.draws import leave_one_out as one_out
from sverige_did.bayes.draws.predictive_checks import predictive_checks
from sverige_did.bayes.draws.prior_sensitivity import other_prior, power_sensitivity, smoothed, weighted_quantiles
from sverige_did.bayes.draws.replicate import evenly, posterior_draws, predictor
from sverige_did.bayes.models.effects import Effect, effect_in_new_district, effect_on_treated
from sverige_did.bayes.priors import Normal, log_density
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import Curve, Estimate
from sverige_did.results.posteriors import LeftOut, PosteriorRecord, PredictiveCheck, Stance
from sverige_did.studies.panel.posterior.counts import Fitted, Job, with_effect, with_shock
from sverige_did.studies.panel.posterior.fitting import seed_of
from sverige_did.studies.panel.posterior.priors import EFFECT
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

    from sverige_did.bayes.models.families import Floats
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.study.study import Study

REPLICATIONS = 4000
POINTS = 121
SPAN = 3.0
"""Half the width of the figure of densities, in sds of the prior of the effect: nearly all of the prior."""

ASSUMED = {"log_odds": "parallel_trends_log_odds", "log_ratio": "parallel_trends_log"}


def record(fitted: Fitted, study: Study) -> PosteriorRecord:
    """All that is told of one outcome.

    Raises RefusedError (``posterior_impossible``) where the data cannot have come of the fitted model in what the
    answer rests on.
    """
    job, fit = fitted.job, fitted.fit
    rng = np.random.default_rng(seed_of(study, f"{job.name}.told"))
    att = effect_on_treated(fit, job.panel.cells, job.family.outcome, job.panel.weights)
    new = effect_in_new_district(fit, job.panel.cells, job.family.outcome, rng)
    told = (*_quantities(job, "att", att), *_quantities(job, "new_district", new))
    return PosteriorRecord(
        outcome=job.wanted.outcome,
        likelihood=job.panel.likelihood,
        estimates=tuple(_estimate(job, one, study) for one in told),
        scales=tuple(scale_of(job.wanted, one) for one in told),
        densities=_densities(job, att),
        stances=(*_effect_stances(fitted, att, study), *_shock_stances(fitted, att, study)),
        learned=learned_of(job.priors.named() | dict(job.own), fit),
        power=_power(job, fit, att),
        prior_level=(job.gate.low, job.gate.median, job.gate.high),
        prior_share=job.gate.share,
        checks=_checks(job, fit, study, rng),
        left_out=_left_out(fitted, rng),
    )


def _quantities(job: Job, estimand: str, effect: Effect) -> tuple[Quantity, ...]:
    """The effect on every scale, that of the outcome's own unit first."""
    return (
        Quantity(effect.difference, estimand, CATALOGUE[job.wanted.outcome].scale, 0.0, job.bearing),
        Quantity(effect.ratio, estimand, "ratio", 1.0, None),
        Quantity(effect.log_contrast, estimand, job.family.log_scale, 0.0, None),
    )


def _estimate(job: Job, told: Quantity, study: Study) -> Estimate:
    return estimate_of(
        job.wanted,
        told,
        study.level,
        estimator="bayes",
        n_units=len(job.panel.cells.treated),
        n_treated=int(job.panel.cells.treated.sum()),
        weights="equal" if np.ptp(job.panel.weights) == 0 else "baseline",
        assumptions=(ASSUMED[job.family.log_scale], f"prior_{EFFECT}"),
    )


def _densities(job: Job, att: Effect) -> tuple[Curve, ...]:
    """Prior and posterior of the effect on the link's scale, on one grid."""
    prior = job.priors.effect
    grid = np.linspace(prior.mean - SPAN * prior.sd, prior.mean + SPAN * prior.sd, POINTS)
    curves = {"prior": np.exp(log_density(prior, grid)), "posterior": stats.gaussian_kde(att.log_contrast)(grid)}
    x_name = f"posterior.axis.{job.family.log_scale}"
    return tuple(
        Curve(name=name, x_name=x_name, y_name="posterior.axis.density", x=tuple(grid), y=tuple(density))
        for name, density in curves.items()
    )


def _effect_stances(fitted: Fitted, att: Effect, study: Study) -> Iterator[Stance]:
    job = fitted.job
    for key, prior in job.stances.items():
        other = with_effect(job, prior)
        yield _stance(fitted, att, other, "tau", job.priors.effect, prior, f"prior.{key}", study).model_copy(
            update={"prior": key}
        )


def _shock_stances(fitted: Fitted, att: Effect, study: Study) -> Iterator[Stance]:
    job = fitted.job
    for sd in study.posterior.shock_prior_sd if study.posterior else ():
        other = with_shock(job, sd)
        name = f"shock.{sd}"
        made = _stance(fitted, att, other, "sigma_s", job.priors.shock, other.priors.shock, name, study)
        yield made.model_copy(update={"kind": "shock", "prior": "shock_sd", "value": sd})


def _stance(
    fitted: Fitted, att: Effect, other: Job, parameter: str, old: Prior, new: Prior, name: str, study: Study
) -> Stance:
    """The effect under another prior: by weights on the draws, or sampled anew where the weights cannot be trusted."""
    weights, effect = other_prior(fitted.fit.values(parameter), old, new), att.ratio
    if not weights.usable:
        fit = fitted.again(name, other)
        effect = effect_on_treated(fit, other.panel.cells, other.family.outcome, other.panel.weights).ratio
    return stance_of(other.wanted, effect, weights, study.level)


def _power(job: Job, fit: Fit, att: Effect) -> dict[str, float]:
    shape = (fit.settings.chains, fit.settings.draws)
    cells = job.panel.cells
    own = job.own_values(fit, slice(None))
    log_likelihood = job.family.log_likelihood(fit.values("eta"), cells.low, cells.size, own).sum(axis=1)
    log_priors = {
        "effect": log_density(job.priors.effect, fit.values("tau")),
        "shock_sd": log_density(job.priors.shock, fit.values("sigma_s")),
    }
    return power_sensitivity(
        att.log_contrast.reshape(shape),
        {name: values.reshape(shape) for name, values in log_priors.items()},
        log_likelihood.reshape(shape),
    )


def _checks(job: Job, fit: Fit, study: Study, rng: np.random.Generator) -> tuple[PredictiveCheck, ...]:
    cells = job.panel.cells
    kept = evenly(fit, REPLICATIONS)
    eta = predictor(posterior_draws(fit, REPLICATIONS), cells, rng)
    replicated = job.family.simulate(eta, cells.size, job.own_values(fit, kept), rng)
    found = predictive_checks((cells.low + cells.high) / 2, replicated, cells, job.panel.weights)
    return checks_of(found, job.wanted, study)


def _left_out(fitted: Fitted, rng: np.random.Generator) -> LeftOut | None:
    """The common effect with each district left out: by weights, or sampled anew where they cannot be trusted.

    Sampling anew is for the primary outcome, and not for a share: its trials are whole, and cannot be next to none.
    Anywhere else a district whose weights fail is left out of the count.
    """
    job, fit = fitted.job, fitted.fit
    log = _districts(job, fit, rng)
    effect = np.exp(posterior_draws(fit, one_out.INTEGRATED).scalars["tau"])
    medians, refitted, primary = [], 0, job.wanted.role == "primary"
    for district in range(log.shape[1]):
        weights = smoothed(-log[:, district])
        if weights.usable:
            medians.append(float(weighted_quantiles(effect, weights.values, np.array([0.5]))[0]))
        elif primary and job.panel.likelihood != "binomial":
            medians.append(_refitted(fitted, district))
            refitted += 1
    if not medians:
        return None
    gain, error = _gain(fitted, log, rng) if primary else (None, None)
    return LeftOut(
        districts=len(medians),
        refitted=refitted,
        lowest=min(medians),
        highest=max(medians),
        gain=gain,
        gain_error=error,
    )


def _districts(job: Job, fit: Fit, rng: np.random.Generator) -> Floats:
    cells = job.panel.cells
    kept = evenly(fit, one_out.INTEGRATED)
    own = job.own_values(fit, kept)

    def log_likelihood(eta: Floats) -> Floats:
        return job.family.log_likelihood(eta, cells.low, cells.size, own)

    return one_out.district_likelihood(posterior_draws(fit, one_out.INTEGRATED), cells, log_likelihood, rng)


def _refitted(fitted: Fitted, district: int) -> float:
    job = fitted.job
    other = replace(job, panel=replace(job.panel, cells=one_out.without(job.panel.cells, district)))
    return float(np.exp(np.median(fitted.again(f"without.{district}", other).values("tau"))))


NO_EFFECT = 0.01
"""The sd of a prior that leaves no room for an effect: one per cent of the log scale."""


def _gain(fitted: Fitted, log: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """How much better the left-out districts are foretold with an effect than without; the error is over districts."""
    job = fitted.job
    none = with_effect(job, Normal(0.0, NO_EFFECT, job.priors.effect.unit, "priors.plan"))
    without = _districts(none, fitted.again("no_effect", none), rng)
    each = one_out.log_density_left_out(log) - one_out.log_density_left_out(without)
    return float(each.sum()), float(np.sqrt(len(each)) * each.std(ddof=1))
