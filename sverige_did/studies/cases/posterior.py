"""The two posteriors of a study of cases: of waits week by week, and of the answers of caseworkers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.bayes.draws.prior_sensitivity import other_priors, weighted_quantiles
from sverige_did.bayes.draws.summaries import equal_tailed
from sverige_did.bayes.draws.unmeasured_bias import trials_part
from sverige_did.bayes.models.likert import ANSWERS, Answers, build_likert
from sverige_did.bayes.models.weekly_hazard import WAITS, HazardPriors, build_weekly_hazard, in_weeks
from sverige_did.bayes.priors import HalfNormal, Normal, Prior
from sverige_did.bayes.sampling.sample import Fit, compile_model
from sverige_did.errors import RefusedError, refuse
from sverige_did.results.cases import ALL, CasePosterior, OtherPrior, PosteriorRatio
from sverige_did.results.estimates import Curve, remarks_of
from sverige_did.studies.cases.waits import estimated_on, waits_of
from sverige_did.studies.fitting import diagnosed, sampled, seed_of, settings_of
from sverige_did.survival.waits import EVENT, WAITING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.sources.cases.delivery import CaseData
    from sverige_did.study.cases import CaseStudy

ModelName = Literal["waits", "survey"]
NEW = "new"
CHANGE_SDS = (0.25, 1.0)
SPREAD_SDS = (0.1, 0.6)
"""The other sds that are tried for the priors of the change and of how much municipalities differ in it."""


class Prepared(NamedTuple):
    """An unfitted model, and its municipalities in the model's order."""

    model: pm.Model
    places: tuple[str, ...]


def posterior_of(data: CaseData, study: CaseStudy, name: ModelName, cores: int = 1) -> tuple[CasePosterior, Fit | None]:
    """The record of one model and its draws. A refusal is a record with its reason and without diagnostics; it has
    draws where these did not converge.
    """
    blank = CasePosterior(model=name, plan_sha256=study.sha256)
    try:
        prepared = (prepare_waits if name == "waits" else prepare_survey)(data, study)
        code = compile_model(prepared.model)
        fit = sampled(prepared.model, code, seed_of(study, name), settings_of(study, cores))
    except RefusedError as error:
        failed = error.fit if isinstance(error.fit, Fit) else None
        return blank.model_copy(update={"remarks": remarks_of(error.problems)}), failed
    told = (_told_waits if name == "waits" else _told_survey)(fit, prepared.places, study)
    return blank.model_copy(update=told | {"diagnostics": diagnosed(name, fit)}), fit


def hazard_priors(study: CaseStudy) -> HazardPriors:
    """The package's priors with those that the plan has of its own."""
    change, spread = study.prior("change"), study.prior("change_sd")
    usual = WAITS
    return replace(
        usual,
        change=Normal(change.mean, change.sd or usual.change.sd, "log_hazard", usual.change.why),
        change_sd=HalfNormal(spread.sd or usual.change_sd.sd, "log_hazard_sd", usual.change_sd.why),
    )


def prepare_waits(data: CaseData, study: CaseStudy) -> Prepared:
    """The model of waits of the municipalities with cases in both arms; RefusedError as ``in_weeks``."""
    waits = waits_of(data.cases[estimated_on(data.cases, study)], study)
    waits = waits.of(np.isin(waits.place, waits.places))
    keys = tuple(study.municipalities[at].key for at in waits.places)
    if not keys:
        raise refuse("no_events")
    worker = waits.place if waits.worker is None else waits.worker
    cause = waits.waits.cause
    weeks = in_weeks(
        waits.waits.days, cause == EVENT, cause == WAITING, waits.during,
        np.searchsorted(waits.places, waits.place), np.unique(worker, return_inverse=True)[1], -(-study.horizon // 7),
    )  # fmt: skip
    return Prepared(build_weekly_hazard(weeks, hazard_priors(study)), keys)


def _told_waits(fit: Fit, places: tuple[str, ...], study: CaseStudy) -> dict[str, object]:
    priors, beta, spread = hazard_priors(study), fit.values("beta"), fit.values("sigma_change")
    rng = np.random.default_rng(seed_of(study, NEW))
    own = fit.values("beta_place")
    here = own.mean(axis=1)
    ratios = [_ratio("hazard", key, own[:, at], study.level) for at, key in enumerate(places)]
    ratios += [
        _ratio("hazard", ALL, here, study.level),
        _ratio("hazard", NEW, beta + spread * rng.standard_normal(len(beta)), study.level),
    ]
    old: dict[str, Prior] = {"beta": priors.change, "sigma_change": priors.change_sd}
    others: list[tuple[str, Normal | HalfNormal]] = [
        *(("beta", replace(priors.change, sd=sd)) for sd in CHANGE_SDS),
        *(("sigma_change", replace(priors.change_sd, sd=sd)) for sd in SPREAD_SDS),
    ]
    ends = np.array([(1 - study.level) / 2, 0.5, (1 + study.level) / 2])
    tried = []
    for name, other in others:
        weights = other_priors(fit.values, old, old | {name: other})
        low, middle, high = np.exp(weighted_quantiles(here, weights.values, ends))
        tried.append(
            OtherPrior(
                prior=name, sd=other.sd, median=middle, lower=low, upper=high,
                prob_above=float(np.average(here > 0, weights=weights.values)), pareto_k=weights.pareto_k,
            )
        )  # fmt: skip
    sds = (0.0, *study.bias.sd)
    parts = [trials_part(beta, priors.change, study.bias.mean, sd) for sd in sds]
    line = Curve(name="trial", x_name="bias_sd", y_name="prob_faster", x=sds, y=tuple(one.above for one in parts))
    return {
        "ratios": tuple(ratios),
        "other_priors": tuple(tried),
        "spread_prior": float(priors.change_sd.frozen().median()),
        "spread": float(np.median(spread)),
        "bias": line,
    }


def _ratio(subject: str, place: str, logs: NDArray[np.float64], level: float) -> PosteriorRatio:
    low, high = equal_tailed(logs, level)
    return PosteriorRatio(
        subject=subject,
        municipality=place,
        median=float(np.exp(np.median(logs))),
        lower=float(np.exp(low)),
        upper=float(np.exp(high)),
        prob_above=float(np.mean(logs > 0)),
    )


def prepare_survey(data: CaseData, study: CaseStudy) -> Prepared:
    """The model of the answers of every municipality that has any; RefusedError ``survey_none``, ``answers_few``."""
    survey, answers = study.survey, data.survey
    if survey is None or answers.empty:
        raise refuse("survey_none")
    places = tuple(one.key for one in study.municipalities if (answers["municipality"] == one.key).any())
    items = [one.key for one in survey.items]
    return Prepared(build_likert(_answers(answers, items, places, survey.waves, survey.points)), places)


def _answers(
    answers: pd.DataFrame, items: list[str], places: tuple[str, ...], waves: tuple[str, ...], points: int
) -> Answers:
    # Whether a pseudonym of another wave is the same caseworker nobody knows: there it is another person.
    person = pd.factorize(answers["wave"].astype(str) + "/" + answers["respondent"].astype(str))[0]
    return Answers(
        answer=answers["answer"].to_numpy(dtype=np.int64) - 1,
        item=answers["item"].map(items.index).to_numpy(dtype=np.int64),
        place=answers["municipality"].map(places.index).to_numpy(dtype=np.int64),
        person=person.astype(np.int64),
        later=((answers["wave"] == waves[-1]) & (len(waves) > 1)).to_numpy(dtype=bool),
        points=points,
    )


def _told_survey(fit: Fit, places: tuple[str, ...], study: CaseStudy) -> dict[str, object]:
    return {
        "ratios": tuple(_survey_ratios(fit, places, study)),
        "spread_prior": float(ANSWERS.change_sd.frozen().median()),
        "spread": float(np.median(fit.values("sigma_change"))),
    }


def _survey_ratios(fit: Fit, places: tuple[str, ...], study: CaseStudy) -> Iterator[PosteriorRatio]:
    """Odds ratios: of agreeing more in the later wave, and of a municipality against the mean of all in the first."""
    assert study.survey is not None
    shape = (-1, len(study.survey.items), len(places))
    level, change = (fit.values(name).reshape(shape) for name in ("place", "change_place"))
    for at, item in enumerate(study.survey.items):
        if len(study.survey.waves) > 1:
            yield _ratio(f"{item.key}.change", ALL, change[:, at].mean(axis=1), study.level)
            for number, place in enumerate(places):
                yield _ratio(f"{item.key}.change", place, change[:, at, number], study.level)
        for number, place in enumerate(places):
            apart = level[:, at, number] - level[:, at].mean(axis=1)
            yield _ratio(f"{item.key}.level", place, apart, study.level)
