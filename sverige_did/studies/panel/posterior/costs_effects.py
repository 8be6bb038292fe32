"""From the draws of both parts of the model of costs to what is told: the treated group's spending a year, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats
from scipy.special import expit

from sverige_did.bayes.draws.leave_one_out import INTEGRATED, district_likelihood
from sverige_did.bayes.draws.prior_sensitivity import (
    Weights,
    other_prior,
    power_sensitivity,
    smoothed,
    weighted_quantiles,
)
from sverige_did.bayes.draws.replicate import evenly, posterior_draws
from sverige_did.bayes.models.families import FAMILIES
from sverige_did.bayes.models.two_part_costs import (
    CostEffect,
    Totals,
    effect_of_pairs,
    effect_of_pairs_in_new_district,
    pairs,
)
from sverige_did.bayes.priors import log_density
from sverige_did.results.posteriors import Learned, LeftOut, PosteriorRecord, SpendingParts
from sverige_did.sources.panel.placements import MILLION
from sverige_did.studies.panel.posterior.costs import NAME, PARTS, CostFit
from sverige_did.studies.panel.posterior.costs_replicate import cost_checks
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

    from numpy.typing import NDArray

    from sverige_did.bayes.draws.replicate import PanelDraws
    from sverige_did.bayes.models.district_effects import PanelPriors
    from sverige_did.bayes.models.two_part_costs import Pairs
    from sverige_did.bayes.sampling.sample import Fit
    from sverige_did.results.estimates import Estimate
    from sverige_did.results.posteriors import Stance
    from sverige_did.study.study import Study

REPLICATIONS = 2000
OWN = "mio_dkk"
PARAMETER = {"effect": "tau", "shock": "sigma_s"}
"""The fields of the priors that are tried with other values, and their names in the draws."""


def cost_record(fitted: CostFit, study: Study) -> PosteriorRecord:
    """All that is told of the outcome.

    Raises RefusedError (``posterior_impossible``) where the data cannot have come of the fitted model in what the
    answer rests on.
    """
    job = fitted.job
    kept = _paired(fitted.fits, study)
    effect = _effect(fitted, fitted.fits, kept)
    per = job.spent.children / MILLION
    rng = np.random.default_rng(seed_of(study, f"{NAME}.told"))
    use, amount = (fitted.fits[part] for part in PARTS)
    new = effect_of_pairs_in_new_district(use, amount, job.spent.totals, kept, rng)
    told = (
        Quantity(per * effect.per_child, "att", OWN, 0.0, job.bearing),
        Quantity(effect.ratio, "att", "ratio", 1.0, None),
        # A new district has its own number of children, so only the ratio says something to it.
        Quantity(new.ratio, "new_district", "ratio", 1.0, None),
    )
    by_use, by_amount = (
        scale_of(job.wanted, Quantity(per * draws, "att", OWN, 0.0, None))
        for draws in (effect.by_use, effect.by_amount)
    )
    return PosteriorRecord(
        outcome=job.wanted.outcome,
        likelihood=NAME,
        estimates=tuple(_estimate(fitted, one, study) for one in told),
        scales=tuple(scale_of(job.wanted, one) for one in told),
        stances=(*_effect_stances(fitted, study), *_shock_stances(fitted, study)),
        learned=tuple(_learned(fitted)),
        power=_power(fitted, effect, kept),
        prior_level=(job.gate.low, job.gate.median, job.gate.high),
        prior_share=job.gate.share,
        checks=checks_of(cost_checks(fitted, REPLICATIONS, rng), job.wanted, study),
        left_out=left_out(fitted, rng),
        spending=SpendingParts(children=job.spent.fewest, by_use=by_use, by_amount=by_amount),
    )


def _paired(fits: Mapping[str, Fit], study: Study) -> Pairs:
    """The same pairs whenever the fits have as many draws."""
    return pairs(fits["use"], fits["amount"], np.random.default_rng(seed_of(study, f"{NAME}.pairs")))


def _effect(fitted: CostFit, fits: Mapping[str, Fit], kept: Pairs) -> CostEffect:
    spent = fitted.job.spent
    return effect_of_pairs(fits["use"], fits["amount"], spent.totals, kept, spent.weights)


def _estimate(fitted: CostFit, told: Quantity, study: Study) -> Estimate:
    job = fitted.job
    treated = job.spent.totals.use.treated
    return estimate_of(
        job.wanted,
        told,
        study.level,
        estimator="bayes_costs",
        n_units=len(treated),
        n_treated=int(treated.sum()),
        weights="equal" if np.ptp(job.spent.weights) == 0 else "baseline",
        assumptions=("parallel_trends_log_odds", "parallel_trends_log", f"prior_{EFFECT}"),
    )


def _effect_stances(fitted: CostFit, study: Study) -> Iterator[Stance]:
    job = fitted.job
    for key, effect in job.stances.items():
        priors = {part: replace(job.priors[part], effect=effect[part]) for part in PARTS}
        yield _stance(fitted, priors, "effect", f"prior.{key}", study).model_copy(update={"prior": key})


def _shock_stances(fitted: CostFit, study: Study) -> Iterator[Stance]:
    job = fitted.job
    for sd in study.posterior.shock_prior_sd if study.posterior else ():
        priors = {part: replace(one, shock=replace(one.shock, sd=sd)) for part, one in job.priors.items()}
        made = _stance(fitted, priors, "shock", f"shock.{sd}", study)
        yield made.model_copy(update={"kind": "shock", "prior": "shock_sd", "value": sd})


def _stance(fitted: CostFit, priors: Mapping[str, PanelPriors], field: str, name: str, study: Study) -> Stance:
    """The ratio under other priors of both parts: each by weights on its draws, or sampled anew where the weights
    cannot be trusted.
    """
    fits, weights = dict(fitted.fits), {}
    for part, prior in priors.items():
        old, new = getattr(fitted.job.priors[part], field), getattr(prior, field)
        weights[part] = other_prior(fits[part].values(PARAMETER[field]), old, new)
        if not weights[part].usable:
            fits[part] = fitted.again(name, part, prior)
    kept = _paired(fits, study)
    of_pairs = np.ones(len(kept.use))
    for part, draws in zip(PARTS, kept, strict=True):
        of_pairs = of_pairs * (weights[part].values[draws] if weights[part].usable else 1.0)
    worst = max(one.pareto_k for one in weights.values())
    told = stance_of(
        fitted.job.wanted, _effect(fitted, fits, kept).ratio, Weights(of_pairs / of_pairs.sum(), 0.0), study.level
    )
    anew = not all(one.usable for one in weights.values())
    return told.model_copy(update={"sampled": anew, "pareto_k": float(worst) if np.isfinite(worst) else None})


def _learned(fitted: CostFit) -> Iterator[Learned]:
    """The parameters of each part, its name before theirs."""
    for part in PARTS:
        for one in learned_of(fitted.job.named(part), fitted.fits[part]):
            yield one.model_copy(update={"parameter": f"{part}_{one.parameter}"})


def _power(fitted: CostFit, effect: CostEffect, kept: Pairs) -> dict[str, float]:
    """Priors and likelihoods of both parts are scaled together: the effect rests on both."""
    totals, draws = fitted.job.spent.totals, dict(zip(PARTS, kept, strict=True))
    chains = fitted.fits["use"].settings.chains
    shape = (chains, len(kept.use) // chains)

    def laid(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[: shape[0] * shape[1]].reshape(shape)

    def log_prior(field: str) -> NDArray[np.float64]:
        return np.sum(
            [
                log_density(getattr(fitted.job.priors[part], field), fitted.fits[part].values(PARAMETER[field])[rows])
                for part, rows in draws.items()
            ],
            axis=0,
        )

    log_likelihood = np.sum(
        [log_likelihood_of(part, fitted.fits[part], totals)[rows] for part, rows in draws.items()], axis=0
    )
    log_priors = {"effect": laid(log_prior("effect")), "shock_sd": laid(log_prior("shock"))}
    return power_sensitivity(laid(np.log(effect.ratio)), log_priors, laid(log_likelihood))


def left_out(fitted: CostFit, rng: np.random.Generator) -> LeftOut | None:
    """The common effect with each district left out, each part by its own weights; the parts share no parameter.

    A district for which the weights of a part cannot be trusted is left out of the count.
    """
    totals, draws, logs = fitted.job.spent.totals, {}, {}
    for part, fit in fitted.fits.items():
        draws[part] = posterior_draws(fit, INTEGRATED)
        logs[part] = district_likelihood(
            draws[part], totals.use, terms_of(part, fit, totals, evenly(fit, INTEGRATED)), rng
        )
    common, medians = _common_ratio(draws), []
    for district in range(len(totals.use.treated)):
        weights = [smoothed(-log[:, district]) for log in logs.values()]
        if all(one.usable for one in weights):
            both = np.prod([one.values for one in weights], axis=0)
            medians.append(float(weighted_quantiles(common, both / both.sum(), np.array([0.5]))[0]))
    if not medians:
        return None
    return LeftOut(districts=len(medians), refitted=0, lowest=min(medians), highest=max(medians))


def _common_ratio(draws: Mapping[str, PanelDraws]) -> NDArray[np.float64]:
    """Spending with the programme over spending without in a district in the middle of the treated, (S,)."""
    use, amount = (draws[part].scalars for part in PARTS)
    level = use["mu"] + use["gamma"]
    return np.asarray(expit(level + use["tau"]) / expit(level) * np.exp(amount["tau"]))


def terms_of(
    part: str, fit: Fit, totals: Totals, kept: NDArray[np.int64] | slice
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The log-likelihood (S, N) of a part's cells as a function of their predictor (S, N), for the draws ``kept``."""
    if part == "use":
        return partial(use_terms, totals)
    return partial(amount_terms, totals, fit.values("log_cv")[kept])


def use_terms(totals: Totals, eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the children with spending among the residents."""
    return np.asarray(FAMILIES["binomial"].log_likelihood(eta, totals.use.low, totals.use.size, {}))


def amount_terms(totals: Totals, log_cv: NDArray[np.float64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the totals, for ``log_cv`` (S,); nought where nobody has spending."""
    some = totals.use.low > 0
    squared, terms = np.exp(2 * log_cv)[:, None], np.zeros_like(eta)
    scale = np.exp(eta[:, some]) * squared
    terms[:, some] = stats.gamma.logpdf(totals.total[some], totals.use.low[some] / squared, scale=scale)
    return terms


def log_likelihood_of(part: str, fit: Fit, totals: Totals) -> NDArray[np.float64]:
    """Of every draw of a part, (S,)."""
    return np.asarray(terms_of(part, fit, totals, slice(None))(fit.values("eta")).sum(axis=1))
