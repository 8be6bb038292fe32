"""The plan's priors as the district models take them, and whether they believe anything absurd before any data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.bayes.draws.replicate import PanelDraws
from sverige_did.bayes.models.composition import TypePriors
from sverige_did.bayes.models.district_effects import (
    BASELINE_DIFFERENCE,
    DISTRICT,
    EFFECT_SD,
    PERIOD_WALK,
    PERSISTENCE,
    PanelPriors,
)
from sverige_did.bayes.priors import SHOCK, TRIPLET, Beta, HalfNormal, Normal, Prior, draw
from sverige_did.errors import refuse
from sverige_did.results.estimates import EFFECT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sverige_did.bayes.models.families import Family
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.study.blocks import DecisionThresholds
    from sverige_did.study.study import PanelStudy, PriorSpec

CENTRAL = 1.959963984540054
"""Standard normal quantile: 95 % lie within so many sds of the mean."""

EFFECT = "effect"
ALTERNATIVE_PRIORS = {"effect_sceptical": "sceptical", "effect": "neutral", "effect_enthusiastic": "enthusiastic"}
"""Keys of a plan's priors of the effect, and what the package uses where the plan does not say."""


@dataclass(frozen=True, slots=True)
class PriorPredictiveCheck:
    """How far the prior alone is to be believed: 95 % range of the level of all districts, in the outcome's unit.

    ``share`` is the share of prior draws whose level lies within the plan's admissible range.
    """

    low: float
    median: float
    high: float
    share: float
    required: float

    @property
    def passed(self) -> bool:
        """Whether enough of the prior is admissible."""
        return self.share >= self.required

    def require(self, outcome: str) -> None:
        """Raises RefusedError (``posterior_prior_absurd``) where it did not pass: a fault of the plan, and nothing may
        be sampled from it.
        """
        if not self.passed:
            found, expected = f"{self.share:.3f}", f">= {self.required}"
            raise refuse("posterior_prior_absurd", found=found, expected=expected, outcome=outcome)


def thresholds_of(study: PanelStudy, designs: tuple[OutcomeDesign, ...], outcome: str) -> DecisionThresholds:
    """What the plan holds a posterior of the outcome against.

    Raises RefusedError: ``posterior_design`` (no effect can be computed), ``posterior_staggered`` (the models
    know one common start), ``posterior_no_thresholds``.
    """
    classes = {design.outcome: design.design_class for design in designs}
    if classes.get(outcome) not in EFFECT_CLASSES:
        raise refuse("posterior_design", found=str(classes.get(outcome)))
    if classes[outcome] == "D5":
        raise refuse("posterior_staggered")
    for thresholds in study.posterior.decision_thresholds if study.posterior else ():
        if thresholds.outcome == outcome:
            return thresholds
    raise refuse("posterior_no_thresholds")


def from_plan(spec: PriorSpec) -> Prior:
    """A prior of the plan as the models take it."""
    if spec.a is not None and spec.b is not None:
        return Beta(spec.a, spec.b, spec.unit, "priors.plan")
    spread = float(spec.sd or 0.0)
    if spec.family == "half_normal":
        return HalfNormal(spread, spec.unit, "priors.plan")
    return Normal(spec.mean, spread, spec.unit, "priors.plan")


def level_prior(thresholds: DecisionThresholds, family: Family) -> Normal:
    """Normal on the link's scale with 95 % of its mass on the plan's plausible range.

    Raises RefusedError (``posterior_plausible``) where the range leaves the outcome's own, as a share above 100 %.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = family.link(np.asarray(thresholds.plausible))
    if not np.isfinite([low, high]).all():
        raise refuse("posterior_plausible", found=f"{thresholds.plausible[0]:g}, {thresholds.plausible[1]:g}")
    return Normal(float(low + high) / 2, float(high - low) / (2 * CENTRAL), family.log_scale, "priors.plan")


def panel_priors(
    study: PanelStudy, thresholds: DecisionThresholds, family: Family, benefit: str, apart: float = 1.0
) -> PanelPriors:
    """The priors of one outcome of a family under the plan's main prior of the effect.

    Raises RefusedError as :func:`structure_priors`.
    """
    return structure_priors(study, level_prior(thresholds, family), benefit, apart)


def structure_priors(study: PanelStudy, level: Normal, benefit: str, apart: float = 1.0) -> PanelPriors:
    """The plan's priors of the shared structure about a level, under its main prior of the effect.

    The plan's drift is that of one period; over ``apart`` of them a walk goes as the square root.
    Raises RefusedError (``posterior_prior_family``) where a prior of the plan has another family than the model's.
    """
    given = {spec.key: from_plan(spec) for spec in study.priors}
    period_sd = given_prior(given, "period_sd", PERIOD_WALK)
    return PanelPriors(
        level=level,
        baseline_difference=given_prior(given, "group_gap", BASELINE_DIFFERENCE),
        district=given_prior(given, "district_sd", DISTRICT),
        period_sd=replace(period_sd, sd=period_sd.sd * float(np.sqrt(apart))),
        shock=given_prior(given, "shock_sd", SHOCK),
        persistence=given_prior(given, "shock_persistence", PERSISTENCE),
        effect=effect_priors(study, benefit)[EFFECT],
        effect_sd=given_prior(given, "effect_sd", EFFECT_SD),
    )


def type_priors(study: PanelStudy) -> TypePriors:
    """The plan's priors for all kinds of placement at once; of terms that sum to zero over the kinds, only the sd.

    Raises RefusedError (``posterior_prior_family``) where a prior of the plan has another family than the model's.
    """
    given = {spec.key: from_plan(spec) for spec in study.priors}
    usual = TypePriors()
    return TypePriors(
        baseline_difference=replace(given_prior(given, "group_gap", usual.baseline_difference), mean=0.0),
        effect=replace(given_prior(given, EFFECT, usual.effect), mean=0.0),
        district=given_prior(given, "district_sd", usual.district),
        period_sd=given_prior(given, "period_sd", usual.period_sd),
    )


def given_prior[Kind: (Normal, HalfNormal, Beta)](given: Mapping[str, Prior], key: str, default: Kind) -> Kind:
    """The plan's prior of that key, or the package's where the plan has none; of the package's family in any case."""
    prior = given.get(key, default)
    if not isinstance(prior, type(default)):
        raise refuse("posterior_prior_family", found=key, expected=type(default).__name__)
    return prior


def own_priors(study: PanelStudy, family: Family) -> dict[str, Prior]:
    """The plan's priors of the likelihood's own parameters; those it leaves out have the package's."""
    return {spec.key: from_plan(spec) for spec in study.priors if spec.key in family.own}


def effect_priors(study: PanelStudy, benefit: str) -> Mapping[str, Normal]:
    """The three priors of the effect. The enthusiast's is written for an outcome that is better lower, and is turned
    round where higher is better; where neither direction is better there is none, and the main prior leans neither way.
    """
    given = {spec.key: from_plan(spec) for spec in study.priors}
    found: dict[str, Normal] = {}
    for key, name in ALTERNATIVE_PRIORS.items():
        prior = given_prior(given, key, TRIPLET[name])
        if benefit == "none" and prior.mean != 0:
            if key == EFFECT:
                found[key] = replace(prior, mean=0.0)
            continue
        found[key] = replace(prior, mean=-prior.mean) if benefit == "higher" else prior
    return found


def prior_check_of(
    levels: NDArray[np.float64], thresholds: DecisionThresholds, required: float
) -> PriorPredictiveCheck:
    """Levels drawn from the prior (S,) against the plan's admissible range."""
    low, median, high = np.quantile(levels, [0.025, 0.5, 0.975])
    least, most = thresholds.admissible
    share = float(np.mean((levels >= least) & (levels <= most)))
    return PriorPredictiveCheck(float(low), float(median), float(high), share, required)


SIMULATIONS = 4000


def prior_draws(priors: PanelPriors, rng: np.random.Generator, size: int = SIMULATIONS) -> PanelDraws:
    """Independent draws of the scalar parameters from their priors."""
    values: dict[str, NDArray[np.float64]] = {name: draw(prior, size, rng) for name, prior in priors.named().items()}
    return PanelDraws(values, walk=None, effect=None)
