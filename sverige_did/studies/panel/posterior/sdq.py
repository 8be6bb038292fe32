"""Children's SDQ scores, questionnaire by questionnaire: the growth model of a study's register."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy
from scipy.special import expit, logit

from sverige_did.bayes.draws.missing_waves import (
    effect_under_delta,
    expected_scores,
    jump_to_reference,
    prob_benefit,
    tipping_delta,
)
from sverige_did.bayes.draws.replicate import evenly
from sverige_did.bayes.draws.replicate_sdq import score_checks, score_predictor, simulate_scores
from sverige_did.bayes.models.district_effects import BASELINE_DIFFERENCE, DISTRICT, PERIOD_WALK
from sverige_did.bayes.models.sdq_districts import DistrictPriors
from sverige_did.bayes.models.sdq_growth import HIGHEST, ScorePriors, build_sdq, development_in_points
from sverige_did.bayes.priors import SHOCK, Normal, draw
from sverige_did.errors import refuse
from sverige_did.results.posteriors import NonResponse
from sverige_did.sources.panel.wellbeing import comparable_forms
from sverige_did.sources.panel.wellbeing_bands import sex_of
from sverige_did.studies.panel.posterior.priors import (
    CENTRAL,
    EFFECT,
    SIMULATIONS,
    effect_priors,
    from_plan,
    given_prior,
    thresholds_of,
)
from sverige_did.studies.panel.posterior.protocol import (
    PLACED,
    EffectJob,
    Fits,
    Fitted,
    Part,
    Quantity,
    Ready,
    StudyData,
    one_by_one,
)
from sverige_did.studies.panel.posterior.questionnaires import Respondents, respondents

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit, Settings
    from sverige_did.study.blocks import DecisionThresholds
    from sverige_did.study.study import Outcome, PanelStudy

    Floats = NDArray[np.float64]

OUTCOME = "wellbeing_sdq"
REPLICATIONS = 2000

DRAWS, TUNE = 1500, 500
"""At most so many a chain: a gradient takes ten times that of a district model, and children's levels mix well. With
half as many the spread of districts can fall just short of the criteria, and a second attempt takes thrice as long.
"""

DELTAS = (0.0, 1.0, 2.0, 3.0, 5.0)
"""Points that the children who were not rated again may be worse (method, section 5.7)."""

MORE_LIKELY = 0.5
"""A benefit is more likely than none above this probability."""


def prepare(data: StudyData, likelihood: str) -> Ready:
    """The outcome ready to sample, or a record with the reason why it is not; nothing where no form was delivered."""
    wanted = data.wanted((OUTCOME,))
    if not wanted:
        return Ready()
    tables, frame = data.registers(PLACED | {"sdq_waves"})
    if "sdq_waves" not in tables:
        return Ready()

    def job(item: Outcome) -> ScoreJob:
        thresholds = thresholds_of(data.study, data.designs, OUTCOME)
        sex = sex_of(tables, frame)
        girl = None if (sex == "unknown").any() else sex == "girls"
        found = respondents(comparable_forms(tables, frame), girl, frame, data.study)
        alternative_priors = effect_priors(data.study, item.benefit)
        priors = ScorePriors(level=score_level(thresholds), effect=alternative_priors[EFFECT])
        return ScoreJob(
            data.study, likelihood, (item,), {OUTCOME: alternative_priors}, found, priors, district_priors(data.study)
        )

    return one_by_one(likelihood, wanted, job)


def district_priors(study: PanelStudy) -> DistrictPriors:
    """The plan's priors of districts.

    Raises RefusedError (``posterior_prior_family``) where a prior of the plan has another family than the model's.
    """
    given = {spec.key: from_plan(spec) for spec in study.priors}
    return DistrictPriors(
        baseline_difference=given_prior(given, "group_gap", BASELINE_DIFFERENCE),
        district=given_prior(given, "district_sd", DISTRICT),
        shock=given_prior(given, "shock_sd", SHOCK),
        period_sd=given_prior(given, "period_sd", PERIOD_WALK),
    )


def score_level(thresholds: DecisionThresholds) -> Normal:
    """Normal on the log-odds scale with 95 % of its mass on the mean scores that the plan calls plausible.

    Raises RefusedError (``sdq_score``) when these lie beyond the scale.
    """
    if thresholds.plausible[1] >= HIGHEST:
        raise refuse("sdq_score")
    low, high = logit(np.asarray(thresholds.plausible) / HIGHEST)
    return Normal(float(low + high) / 2, float(high - low) / (2 * CENTRAL), "log_odds", "priors.plan")


@dataclass(frozen=True, eq=False)
class ScoreJob(EffectJob):
    """The outcome made ready: its questionnaires and its priors."""

    respondents: Respondents
    priors: ScorePriors
    district_priors: DistrictPriors

    @property
    def parts(self) -> Mapping[str, Part]:
        """One fit."""
        return {"": Part(f"{OUTCOME}.{self.name}", self.name, f"{self.name}.main")}

    @property
    def basis(self) -> Mapping[str, object]:
        """The districts of the children who were rated."""
        places = self.respondents.places
        seen = np.unique(places.district[self.respondents.scores.child])
        return {
            "estimator": "bayes_sdq",
            "n_units": len(seen),
            "n_treated": int(places.treated[seen].sum()),
            "assumptions": ("parallel_trends_log_odds", "answers_as_modelled", f"prior_{EFFECT}"),
        }

    def model(self, _part: str) -> pm.Model:
        """The growth model with districts."""
        return build_sdq(self.respondents.scores, self.priors, self.respondents.places, self.district_priors)

    def settings(self, plan: Settings, _part: str) -> Settings:
        """No more draws than it takes."""
        return replace(plan, draws=min(plan.draws, DRAWS), tune=min(plan.tune, TUNE))

    def priors_of(self, _part: str) -> Mapping[str, Prior]:
        """Of children and of districts."""
        return self.priors.named(self.respondents.scores) | self.district_priors.named(self.respondents.places)

    def label(self, _part: str, parameter: str, _outcome: str) -> str:
        """``log_kappa`` means something else in other models."""
        return "score_noise" if parameter == "log_kappa" else parameter

    def prior_levels(self, rng: np.random.Generator) -> Mapping[str, Floats]:
        """The mean score of all questionnaires."""
        values = {name: draw(prior, SIMULATIONS, rng) for name, prior in self.priors_of("").items()}
        eta = score_predictor(values, self.respondents.scores, self.respondents.places, rng)
        return {OUTCOME: HIGHEST * expit(eta).mean(axis=1)}

    def quantities(self, fits: Fits, _rng: np.random.Generator) -> Mapping[str, tuple[Quantity, ...]]:
        """In points, as a ratio of mean scores, and on the log-odds scale."""
        points = development_in_points(fits[""], self.respondents.scores)
        reported = (
            Quantity(points, "att", "level", 0.0, self.thresholds(OUTCOME)),
            Quantity(self.ratio(OUTCOME, fits), "att", "ratio", 1.0, None),
            Quantity(fits[""].values("tau"), "att", "log_odds", 0.0, None),
        )
        return {OUTCOME: reported}

    def ratio(self, _outcome: str, fits: Fits) -> Floats:
        """Mean score of the children under the programme over what it would be without it."""
        fit, helped = fits[""], np.flatnonzero(self.respondents.scores.dose > 0)
        with_it = HIGHEST * expit(fit.values("eta")[:, helped]).mean(axis=1)
        return np.asarray(with_it / (with_it - development_in_points(fit, self.respondents.scores)))

    def with_effect(self, _outcome: str, prior: Normal) -> ScoreJob:
        """With another prior of the effect."""
        return replace(self, priors=replace(self.priors, effect=prior))

    def with_shock(self, sd: float) -> ScoreJob:
        """With another prior of districts' own shocks."""
        return replace(
            self, district_priors=replace(self.district_priors, shock=replace(self.district_priors.shock, sd=sd))
        )

    def log_likelihood(self, _part: str, fit: Fit) -> Floats:
        """Of all questionnaires."""
        kappa, share = np.exp(fit.values("log_kappa"))[:, None], expit(fit.values("eta"))
        terms = scipy.stats.betabinom.logpmf(self.respondents.scores.total, HIGHEST, kappa * share, kappa * (1 - share))
        return np.asarray(np.asarray(terms).sum(axis=1))

    def checks(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Predictive, ...]]:
        """The same questionnaires in districts and of children never seen."""
        scores, places, _ = self.respondents
        kept = evenly(fits[""], REPLICATIONS)
        values = {name: fits[""].values(name)[kept] for name in self.priors_of("")}
        replicated = simulate_scores(score_predictor(values, scores, places, rng), values["log_kappa"], rng)
        return {OUTCOME: score_checks(scores.total, replicated, scores, places)}

    def more(self, fitted: Fitted, _rng: np.random.Generator) -> Mapping[str, object]:
        """The effect when children who were not rated again are worse; None where all were."""
        return {"non_response": self._non_response(fitted.fits[""])}

    def _non_response(self, fit: Fit) -> NonResponse | None:
        scores, places, missing = self.respondents
        if missing is None:
            return None
        expected = expected_scores(fit, scores, missing, places)
        sided = self.wanted.benefit == "lower"
        tipping = tipping_delta(expected, MORE_LIKELY)
        return NonResponse(
            answered=expected.n_answered,
            unanswered=len(missing.child),
            delta=DELTAS,
            median=tuple(float(np.median(effect_under_delta(expected, delta))) for delta in DELTAS),
            prob_benefit=tuple(prob_benefit(expected, delta) for delta in DELTAS) if sided else (),
            reference=float(np.median(jump_to_reference(expected))),
            tipping=tipping if sided and np.isfinite(tipping) else None,
        )
