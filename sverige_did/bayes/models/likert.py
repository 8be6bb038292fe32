"""Answers on a scale from disagreement to agreement, of caseworkers in a few municipalities (method, section 9.5).

Respondent r of municipality m answers statement j in wave t (0 or 1) with y in 1..K:

    P(y <= k) = logistic(c_jk - eta),   eta = u_r + a_jm + b_jm t

a cumulative logit (McCullagh 1980) with cut-points c_j of each statement, a_jm ~ Normal(0, sigma_a) for how
municipalities differ, b_jm ~ Normal(b_j, sigma_b) for how much more they agree in the second wave, and u_r ~ Normal(0,
sigma_u) for what a caseworker's answers share. b_j are log odds ratios of agreeing more, each with a prior of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from sverige_did.bayes.priors import HalfNormal, Normal, build_priors
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LikertPriors:
    """Priors in log-odds: of the change of a statement, and of how municipalities and respondents differ.

    The first cut-point of a statement is ``cut``, and the others lie exp(``log_gap``) further each.
    """

    change: Normal
    place_sd: HalfNormal
    change_sd: HalfNormal
    person_sd: HalfNormal
    cut: Normal
    log_gap: Normal


ANSWERS = LikertPriors(
    change=Normal(0.0, 1.0, "log_odds", "priors.survey_change"),
    place_sd=HalfNormal(0.5, "log_odds_sd", "priors.survey_place"),
    change_sd=HalfNormal(0.3, "log_odds_sd", "priors.survey_change_sd"),
    person_sd=HalfNormal(1.0, "log_odds_sd", "priors.survey_person"),
    cut=Normal(-2.0, 2.0, "log_odds", "priors.survey_cut"),
    log_gap=Normal(0.0, 0.7, "log", "priors.survey_gap"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """N answers: ``answer`` (N,) from 0 to ``points`` - 1, by numbers of ``item``, ``place`` and ``person``; ``later``
    (N,) in the second wave, all false where there is one.

    Raises RefusedError ``answers_scale`` for an answer beyond the scale, ``answers_few`` with fewer than ten people.
    """

    answer: NDArray[np.int64]
    item: NDArray[np.int64]
    place: NDArray[np.int64]
    person: NDArray[np.int64]
    later: NDArray[np.bool_]
    points: int

    def __post_init__(self) -> None:
        if not len(self.answer) or len(np.unique(self.person)) < 10:
            raise refuse("answers_few", found=f"{len(np.unique(self.person))}", expected=">= 10")
        if self.answer.min() < 0 or self.answer.max() >= self.points:
            raise refuse("answers_scale", found=f"{self.answer.max() + 1}", expected=f"1-{self.points}")


def _design(answers: Answers) -> NDArray[np.float64]:
    """Columns: statements' changes, then levels and changes by statement and municipality."""
    cell = answers.item * (int(answers.place.max()) + 1) + answers.place
    cells = np.eye((int(answers.item.max()) + 1) * (int(answers.place.max()) + 1))[cell]
    later = answers.later.astype(float)[:, None]
    return np.column_stack([np.eye(int(answers.item.max()) + 1)[answers.item] * later, cells, cells * later])


def build_likert(answers: Answers, priors: LikertPriors = ANSWERS) -> pm.Model:
    """Unfitted model; draws hold ``change`` (J,), ``place`` and ``change_place`` (J M,), municipalities within
    statements, and the cut-points ``cut`` (J, K - 1).
    """
    items, places, people = (int(column.max()) + 1 for column in (answers.item, answers.place, answers.person))
    scalars = {"sigma_place": priors.place_sd, "sigma_change": priors.change_sd, "sigma_person": priors.person_sd}
    own = [priors.change, priors.cut, priors.log_gap]
    top, bottom = answers.answer == answers.points - 1, answers.answer == 0
    upper = np.minimum(answers.answer, answers.points - 2)
    with pm.Model(check_bounds=False) as model:
        built = build_priors(scalars)
        numbers = pm.Data("own_priors", np.array([[one.mean, one.sd] for one in own]))
        design = pm.Data("design", _design(answers))
        index = pm.Data(
            "rows", np.stack([answers.item, upper, np.maximum(answers.answer - 1, 0), answers.person]).astype("int64")
        )
        ends = pm.Data("ends", np.stack([top, bottom]).astype(float))
        change = pm.Deterministic("change", numbers[0, 0] + numbers[0, 1] * pm.Normal("change_z", shape=items))
        first = numbers[1, 0] + numbers[1, 1] * pm.Normal("first_z", shape=(items, 1))
        gaps = pt.exp(numbers[2, 0] + numbers[2, 1] * pm.Normal("gap_z", shape=(items, answers.points - 2)))
        cut = pm.Deterministic("cut", pt.concatenate([first, first + pt.cumsum(gaps, axis=1)], axis=1))
        place = pm.Deterministic("place", built.signed("sigma_place") * pm.Normal("place_z", shape=items * places))
        apart = built.signed("sigma_change") * pm.Normal("apart_z", shape=items * places)
        pm.Deterministic("change_place", pt.repeat(change, places) + apart)
        person = built.signed("sigma_person") * pm.Normal("person_z", shape=people)
        eta = pt.dot(design, pt.concatenate([change, place, apart])) + person[index[3]]
        high = pt.sigmoid(cut[index[0], index[1]] - eta)
        low = pt.sigmoid(cut[index[0], index[2]] - eta)
        chance = ends[0] + (1 - ends[0]) * high - (1 - ends[1]) * low
        pm.Potential("answers", pt.log(pt.maximum(chance, 1e-12)).sum())
    return model
