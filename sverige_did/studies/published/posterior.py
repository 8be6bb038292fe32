"""Posteriors for a study of published figures: one small model a table, compiled once for each likelihood."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pymc as pm
from numpy.typing import NDArray

from sverige_did.bayes.models.closed_form import NormalPrior, Sampling, posterior
from sverige_did.bayes.models.effects import Effect
from sverige_did.bayes.models.group_totals import (
    TotalsPriors,
    build_group_rates,
    build_group_totals,
    effect_on_rates,
    effect_on_shares,
)
from sverige_did.bayes.models.hidden_districts import shock_factor
from sverige_did.bayes.priors import HalfNormal, Normal
from sverige_did.bayes.sampling.sample import Compiled, Fit, compile_model
from sverige_did.results.estimates import Estimate, Finding
from sverige_did.studies.fitting import attempted, seed_of, settings_of
from sverige_did.studies.published.equal_districts import hidden
from sverige_did.studies.published.estimators import bounded
from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.group_tables import GroupTable, middle_table
from sverige_did.studies.published.plan_parts import assumed, prior
from sverige_did.studies.published.unit_prices import spending_before, spending_change_variance
from sverige_did.study.areas import not_tried
from sverige_did.study.priors import SHOCK_OF_AREAS
from sverige_did.study.study import Outcome, PublishedStudy

NEUTRAL = "effect"
TRIPLET = ("effect_sceptical", "effect", "effect_enthusiastic")


@dataclass(frozen=True, slots=True)
class Job:
    """One fit: a table and a prior on the effect."""

    table: GroupTable
    prior: str

    @property
    def name(self) -> str:
        """Unique within a study; the group of the draws in the store."""
        return f"{self.table.outcome}.{self.table.reading}.{self.prior}"


@dataclass(frozen=True, slots=True)
class Family:
    """How one likelihood is built and what its draws say about the effect."""

    build: Callable[..., pm.Model]
    effect: Callable[[Fit], Effect]
    level_prior: str
    difference: str | None


FAMILIES: dict[str, Family] = {
    "binomial": Family(build_group_totals, effect_on_shares, "baseline_share", "pp"),
    "poisson": Family(build_group_rates, effect_on_rates, "baseline_count", None),
}


def jobs(evidence: Evidence) -> tuple[Job, ...]:
    """Every outcome with a difference-in-differences in every reading; the primary question with the prior triplet."""
    found = []
    for outcome in evidence.outcomes:
        for at, tables in enumerate(evidence.tables_of(outcome.outcome).values()):
            doubted = at == 0 and _of_primary_question(evidence.study, outcome)
            found += [Job(middle_table(tables), key) for key in (_others(evidence.study) if doubted else (NEUTRAL,))]
    return tuple(found)


def _of_primary_question(study: PublishedStudy, outcome: Outcome) -> bool:
    """Whether the outcome answers the primary question on the scale that priors of the effect are stated on."""
    primary = {wanted.question for wanted in study.outcomes if wanted.role == "primary"}
    return outcome.question in primary and "log_odds" in outcome.scales


def _others(study: PublishedStudy) -> tuple[str, ...]:
    """The three priors of the effect, and the main one with shocks as in other areas, where those are others."""
    known = {item.key for item in study.priors}
    if SHOCK_OF_AREAS in known:
        areas, own = (float(prior(study, key).sd or 0) for key in (SHOCK_OF_AREAS, "shock_sd"))
        known -= {SHOCK_OF_AREAS} if not not_tried(areas, [own]) else set()
    return tuple(key for key in (*TRIPLET, SHOCK_OF_AREAS) if key == NEUTRAL or key in known)


def fit_all(
    evidence: Evidence, cores: int, progress: Callable[[int, int, str], None] = lambda *_: None
) -> Iterator[tuple[Job, Fit]]:
    """Sample every job, in order. Each has a seed of its own, so that no fit depends on which others are run.

    A fit that did not converge stops no other: its report says so, and nothing may be told of its draws.
    ``progress`` hears which fit begins, of how many, and its name.
    """
    study = evidence.study
    settings = settings_of(study, cores)
    compiled: dict[str, Compiled] = {}
    wanted = jobs(evidence)
    for at, job in enumerate(wanted, start=1):
        progress(at, len(wanted), job.name)
        family = FAMILIES[job.table.family]
        model = family.build(job.table.events, job.table.totals, hidden(study), priors_of(study, family, job.prior))
        if job.table.family not in compiled:
            compiled[job.table.family] = compile_model(model)
        yield job, attempted(model, compiled[job.table.family], seed_of(study, job.name), settings)


def priors_of(study: PublishedStudy, family: Family, effect: str) -> TotalsPriors:
    """The plan's priors as the model takes them; ``effect`` is the key of the prior that is tried."""
    shock = prior(study, SHOCK_OF_AREAS if effect == SHOCK_OF_AREAS else "shock_sd")
    return TotalsPriors(
        level=_normal(study, family.level_prior),
        baseline_difference=_normal(study, "group_gap"),
        period_sd=_normal(study, "period_change"),
        effect=_normal(study, NEUTRAL if effect == SHOCK_OF_AREAS else effect),
        shock=HalfNormal(float(shock.sd or 0), shock.unit, "priors.plan"),
    )


def _normal(study: PublishedStudy, key: str) -> Normal:
    found = prior(study, key)
    return Normal(found.mean, float(found.sd or 0), found.unit, "priors.plan")


def findings(evidence: Evidence, job: Job, fit: Fit) -> tuple[Finding, ...]:
    """The effect of one fit on every scale that its likelihood has."""
    family = FAMILIES[job.table.family]
    effect = family.effect(fit)
    outcome = {wanted.outcome: wanted for wanted in evidence.study.outcomes}[job.table.outcome]
    scales = {"ratio": effect.ratio, "log_odds": effect.log_contrast, family.difference or "": effect.difference}
    made = [
        evidence.finding(
            outcome.outcome, _summary(values, scale, effect, outcome, job, evidence.study), job.table.reading
        )
        for scale, values in scales.items()
        if scale in outcome.scales and (scale != "log_odds" or job.table.family == "binomial")
    ]
    return tuple(finding for finding in made if finding is not None)


def _summary(
    values: NDArray[np.float64], scale: str, effect: Effect, outcome: Outcome, job: Job, study: PublishedStudy
) -> Estimate:
    tail = (1 - study.level) / 2
    low, middle, high = np.quantile(values, [tail, 0.5, 1 - tail])
    return bounded(
        float(middle),
        (float(low), float(high)),
        scale,
        study.level,
        estimator="bayes",
        inference="posterior",
        std_error=float(values.std(ddof=1)),
        prob_benefit=_benefit(effect.log_contrast, outcome),
        assumptions=("parallel_trends", "equal_districts", f"prior_{job.prior}", *job.table.assumptions),
    )


def _benefit(log_contrast: NDArray[np.float64], outcome: Outcome) -> float | None:
    sign = {"lower": -1.0, "higher": 1.0}.get(outcome.benefit)
    return None if sign is None else float((sign * log_contrast > 0).mean())


def closed_forms(evidence: Evidence) -> tuple[Finding, ...]:
    """The same posteriors from the normal closed form, where the table has no empty cell; and that of spending.

    They must agree with the draws as far as a normal likelihood can (a test says how far), and need no sampler.
    """
    made = []
    for job in jobs(evidence):
        contrast = _contrast(job.table)
        if contrast is not None and job.prior == NEUTRAL:
            log_scale = job.table.family == "binomial"
            estimate = _closed(evidence, job.table.outcome, *contrast, None if log_scale else "ratio", "shock_sd")
            made.append(evidence.finding(job.table.outcome, estimate, job.table.reading))
    base, variance = spending_before(evidence), spending_change_variance(evidence)
    change = _spending_change(evidence)
    shock = assumed(evidence.study, "shock_sd_log_money")
    if base and variance and shock and change is not None:
        estimate = _closed(
            evidence, "placement_spending", math.log1p(change / base), variance / base**2, "ratio", shock.value
        )
        made.append(evidence.finding("placement_spending", estimate))
    return tuple(finding for finding in made if finding is not None)


def _contrast(table: GroupTable) -> tuple[float, float] | None:
    """Log ratio of odds ratios (or of rate ratios) and its sampling variance; None with an empty cell."""
    y, n = np.array(table.events, dtype=float), np.array(table.totals, dtype=float)
    rest = n - y if table.family == "binomial" else np.ones_like(y)
    if (y <= 0).any() or (rest <= 0).any():
        return None
    scale = np.log(y / rest) if table.family == "binomial" else np.log(y / n)
    variance = 1 / y + (1 / rest if table.family == "binomial" else 0)
    signs = np.array([[-1.0, 1.0], [1.0, -1.0]])
    return float((signs * scale).sum()), float(variance.sum())


def _spending_change(evidence: Evidence) -> float | None:
    treated, control = (evidence.change("placement_spending", group) for group in ("treated", "control"))
    size = assumed(evidence.study, "control_to_treated")
    if treated is None or control is None or size is None:
        return None
    return treated.point - control.point / size.value


def _closed(
    evidence: Evidence, outcome: str, theta: float, variance: float, scale: str | None, shock: str | float
) -> Estimate:
    """The posterior of the contrast, on the log(-odds) scale or as a ratio; the shock sd from the plan's prior."""
    study = evidence.study
    before = prior(study, NEUTRAL)
    spread = float(prior(study, shock).sd or 0) if isinstance(shock, str) else shock
    data = Sampling(theta, variance, shock_factor(hidden(study)))
    found = posterior(data, NormalPrior(before.mean, float(before.sd or 0)), spread, study.level)
    shown = np.array([found.mean, found.lower, found.upper])
    middle, low, high = np.exp(shown) if scale == "ratio" else shown
    benefit = {wanted.outcome: wanted.benefit for wanted in study.outcomes}[outcome]
    prob = {"lower": found.prob_negative, "higher": 1 - found.prob_negative}.get(benefit)
    return bounded(
        float(middle),
        (float(low), float(high)),
        scale or "log_odds",
        study.level,
        estimator="closed_form",
        inference="posterior",
        std_error=None if scale else found.sd,
        prob_benefit=prob,
        assumptions=("parallel_trends", "equal_districts", f"prior_{NEUTRAL}"),
    )
