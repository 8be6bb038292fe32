"""SDQ questionnaires of a register made ready for the growth model: who was rated when, and who was not rated again.

The questionnaires are those of the panel's cell means: by the kind of informant who answered first, in the plan's
periods before and after. A child belongs to the district of its first questionnaire, whatever becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit, logit

from sverige_did.bayes.draws.missing_waves import Unanswered
from sverige_did.bayes.draws.replicate_sdq import score_predictor
from sverige_did.bayes.models.district_effects import DISTRICT, DRIFT, GAP
from sverige_did.bayes.models.sdq_districts import PlacePriors, Places
from sverige_did.bayes.models.sdq_growth import HIGHEST, ScorePriors, Scores, build_sdq
from sverige_did.bayes.priors import SHOCK, Normal, draw
from sverige_did.bayes.sampling.sample import compile_model
from sverige_did.errors import RefusedError, refuse
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.wellbeing import FORM
from sverige_did.sources.sdq.scores import AGES
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT
from sverige_did.studies.panel.posterior.cells import windows_of_setting
from sverige_did.studies.panel.posterior.counts import refused
from sverige_did.studies.panel.posterior.fitting import sampled, seed_of, settings_of
from sverige_did.studies.panel.posterior.priors import (
    CENTRAL,
    EFFECT,
    SIMULATIONS,
    PriorGate,
    bearing_of,
    effect_priors,
    from_plan,
    gate_of,
    given_prior,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Compiled, Fit
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.sources.panel.frame import Setting
    from sverige_did.sources.panel.wellbeing import Forms
    from sverige_did.study.blocks import Bearing
    from sverige_did.study.study import Outcome, Study

NAME = "sdq"
OUTCOME = "wellbeing_sdq"
REGISTERS = frozenset({"districts", "children", "residences", "placements", "sdq_waves"})
"""The registers that questionnaires and districts are read from."""

DRAWS, TUNE = 750, 500
"""At most so many a chain: a gradient takes ten times that of a district model, and children's levels mix well."""

YEAR = 365.25


class Rated(NamedTuple):
    """The questionnaires as the model takes them; ``unanswered`` is None where every child was rated again."""

    scores: Scores
    places: Places
    unanswered: Unanswered | None


@dataclass(frozen=True, slots=True, eq=False)
class ScoreJob:
    """The outcome made ready: its questionnaires, its priors, and how the prior alone stands to what is admissible."""

    wanted: Outcome
    bearing: Bearing
    rated: Rated
    priors: ScorePriors
    place_priors: PlacePriors
    stances: Mapping[str, Normal]
    gate: PriorGate

    @property
    def named(self) -> dict[str, Prior]:
        """The priors of the scalar parameters by name."""
        return self.priors.named(self.rated.scores) | self.place_priors.named(self.rated.places)


def prepare_sdq(
    forms: Forms,
    girl: NDArray[np.bool_] | None,
    setting: Setting,
    study: Study,
    designs: tuple[OutcomeDesign, ...],
) -> ScoreJob | PosteriorRecord | None:
    """The outcome ready to sample, a record with the reason why it is not, or None where the plan does not ask for it.

    ``girl`` (C,) is about the setting's children; None where it is not known of all. Raises RefusedError
    (``posterior_prior_absurd``) where the prior believes in what the plan calls absurd.
    """
    wanted = next((item for item in study.outcomes if item.outcome == OUTCOME), None)
    if wanted is None:
        return None
    try:
        bearing = bearing_of(study, designs, OUTCOME)
        job = _job(study, wanted, bearing, rated(forms, girl, setting, study))
    except RefusedError as refusal:
        return refused(OUTCOME, NAME, refusal)
    job.gate.require(OUTCOME)
    return job


def rated(forms: Forms, girl: NDArray[np.bool_] | None, setting: Setting, study: Study) -> Rated:
    """The questionnaires in the plan's periods; ``girl`` as in :func:`prepare_sdq`.

    Raises RefusedError: ``posterior_no_cells``, and those of ``sdq.Scores`` and ``sdq_places.Places``.
    """
    after, forms, period = _in_windows(forms, setting, study)
    _, first, child = np.unique(forms.child, return_index=True, return_inverse=True)
    home = setting.district_on(forms.child[first], forms.day[first])
    known = (home != UNKNOWN_DISTRICT)[child]
    forms, period = forms.rows(known), period[known]
    if not len(period):
        raise refuse("posterior_no_cells")
    _, first, child = np.unique(forms.child, return_index=True, return_inverse=True)
    home, treated = home[home != UNKNOWN_DISTRICT], (setting.units["group"] == "treated").to_numpy()
    time = (forms.day - forms.day.min()) / YEAR
    kinds, informant = np.unique(forms.informant, return_inverse=True)
    scores = Scores(
        child=child,
        informant=informant,
        time=time,
        dose=(treated[home[child]] & after[period]).astype(float),
        total=forms.scores.total,
        age=(forms.scores.age - time)[first],
        girl=None if girl is None else girl[forms.child[first]],
    )
    places = Places(home, np.unique(period, return_inverse=True)[1], treated)
    oldest = np.array([AGES[FORM[str(kind)]][1] for kind in kinds])
    age = (forms.day.min() - setting.born[forms.child[first]]) / YEAR
    return Rated(scores, places, unanswered(scores, places, age, oldest))


def _in_windows(forms: Forms, setting: Setting, study: Study) -> tuple[NDArray[np.bool_], Forms, NDArray[np.int64]]:
    """Which periods (T,) lie after go-live, the questionnaires in the plan's windows, and the period of each."""
    windows = windows_of_setting(setting, study)
    inside = np.flatnonzero(windows.inside)
    period = np.searchsorted(setting.windows.bounds, forms.day, side="right") - 1
    kept = np.isin(period, inside)
    return windows.after, forms.rows(kept), period[kept]


def unanswered(
    scores: Scores, places: Places, age: NDArray[np.float64], oldest: NDArray[np.int64]
) -> Unanswered | None:
    """The questionnaires under the programme of children who were rated before it and not again; None where there are
    none. ``age`` (C,) is each child's age at time nought, ``oldest`` (I,) that up to which an informant's form is made.

    One a child and period in which other treated children were rated, on the mean day of those, unless the child was
    too old by then.
    """
    last = {int(child): row for row, child in enumerate(scores.child) if scores.dose[row] == 0}  # rows are by day
    treated = [child for child in last if places.treated[places.district[child]]]
    missing = []
    for period in np.unique(places.period[scores.dose > 0]):
        there = (places.period == period) & (scores.dose > 0)
        time, answered = float(scores.time[there].mean()), set(scores.child[there].tolist())
        for child in treated:
            row = last[child]
            who = int(scores.informant[row])
            if child not in answered and np.floor(age[child] + time) <= oldest[who]:
                missing.append((child, who, time, int(period)))
    if not missing:
        return None
    children, informants, times, periods = (np.array(column) for column in zip(*missing, strict=True))
    return Unanswered(children, informants, times, np.ones(len(children)), periods)


def _job(study: Study, wanted: Outcome, bearing: Bearing, found: Rated) -> ScoreJob:
    given = {spec.key: from_plan(spec) for spec in study.priors}
    stances = effect_priors(study, wanted.benefit)
    priors = ScorePriors(level=score_level(bearing), effect=stances[EFFECT])
    place_priors = PlacePriors(
        gap=given_prior(given, "group_gap", GAP),
        district=given_prior(given, "district_sd", DISTRICT),
        shock=given_prior(given, "shock_sd", SHOCK),
        drift=given_prior(given, "period_sd", DRIFT),
    )
    required = study.posterior.admissible_share if study.posterior else 0.0
    rng = np.random.default_rng(seed_of(study, f"{NAME}.prior"))
    named = priors.named(found.scores) | place_priors.named(found.places)
    values = {name: draw(prior, SIMULATIONS, rng) for name, prior in named.items()}
    mean = HIGHEST * expit(score_predictor(values, found.scores, found.places, rng)).mean(axis=1)
    return ScoreJob(wanted, bearing, found, priors, place_priors, stances, gate_of(mean, bearing, required))


def score_level(bearing: Bearing) -> Normal:
    """Normal on the log-odds scale with 95 % of its mass on the mean scores that the plan calls plausible.

    Raises RefusedError (``sdq_score``) when these lie beyond the scale.
    """
    if bearing.plausible[1] >= HIGHEST:
        raise refuse("sdq_score")
    low, high = logit(np.asarray(bearing.plausible) / HIGHEST)
    return Normal(float(low + high) / 2, float(high - low) / (2 * CENTRAL), "log_odds", "priors.plan")


class ScoreFit(NamedTuple):
    """A job with its draws, and a way to sample it again under other priors."""

    job: ScoreJob
    fit: Fit
    again: Callable[[str, ScoreJob], Fit]


def fit_scores(job: ScoreJob, study: Study, cores: int) -> ScoreFit:
    """Sample the job, with no more draws than it takes."""
    plan = settings_of(study, cores)
    settings = replace(plan, draws=min(plan.draws, DRAWS), tune=min(plan.tune, TUNE))
    code: list[Compiled] = []

    def fitted(name: str, one: ScoreJob) -> Fit:
        model = build_sdq(one.rated.scores, one.priors, one.rated.places, one.place_priors)
        if not code:
            code.append(compile_model(model))
        return sampled(model, code[0], seed_of(study, f"{NAME}.{name}"), settings)

    return ScoreFit(job, fitted("main", job), fitted)
