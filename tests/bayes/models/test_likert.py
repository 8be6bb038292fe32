"""Answers on a scale: the likelihood by hand, and what was put in comes out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from sverige_did.bayes.models.likert import Answers, build_likert
from sverige_did.bayes.sampling.sample import Settings, sample
from sverige_did.errors import RefusedError

CUTS = np.array([-2.0, -0.7, 0.5, 2.0])


def simulated(seed: int, people: int = 120, change: tuple[float, ...] = (0.0, 1.2, -0.8)) -> Answers:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), len(change))
    item = np.tile(np.arange(len(change)), people)
    later = person >= people // 2
    felt = rng.normal(0, 1, people)[person] + np.array(change)[item] * later + rng.logistic(size=len(person))
    return Answers(np.searchsorted(CUTS, felt), item, person % 3, person, later, 5)


def test_the_likelihood_is_the_products_of_differences_of_logistic_curves() -> None:
    answers = simulated(1, people=12)
    model = build_likert(answers)
    rng = np.random.default_rng(2)
    point = {variable.name: rng.normal(0, 0.5, variable.shape.eval()) for variable in model.free_RVs}
    total = model.compile_logp(mode="FAST_COMPILE")(point)
    prior = sum(-0.5 * np.sum(value**2) - 0.5 * np.size(value) * np.log(2 * np.pi) for value in point.values())
    sd = np.abs(np.array([0.5, 0.3, 1.0]) * point["scale_z"])
    sign = np.sign(point["scale_z"])
    places, people = sign * sd, point["person_z"]
    first = -2.0 + 2.0 * point["first_z"]
    cuts = np.concatenate([first, first + np.cumsum(np.exp(0.7 * point["gap_z"]), axis=1)], axis=1)
    by_hand = 0.0
    columns = [getattr(answers, name) for name in ("answer", "item", "place", "person", "later")]
    for y, j, m, r, t in zip(*columns, strict=True):
        eta = places[2] * people[r] + places[0] * point["place_z"][3 * j + m]
        eta += t * (point["change_z"][j] + places[1] * point["apart_z"][3 * j + m])
        edge = np.concatenate([[-np.inf], cuts[j], [np.inf]])
        by_hand += np.log(expit(edge[y + 1] - eta) - expit(edge[y] - eta))
    assert total - prior == pytest.approx(by_hand)


def test_too_few_people_and_answers_beyond_the_scale_are_refused() -> None:
    answers = simulated(1)
    few = answers.person < 9
    with pytest.raises(RefusedError):
        Answers(*(getattr(answers, n)[few] for n in ("answer", "item", "place", "person", "later")), 5)
    with pytest.raises(RefusedError):
        Answers(answers.answer, answers.item, answers.place, answers.person, answers.later, 4)


@pytest.mark.slow
def test_changes_and_cut_points_come_out_as_they_were_put_in() -> None:
    fit = sample(build_likert(simulated(3, people=400)), seed=4, settings=Settings(1000, 1000, 4, 2, 0.95))
    low, high = np.quantile(fit.values("change_place").reshape(-1, 3, 3).mean(axis=2), [0.005, 0.995], axis=0)
    assert ((low < (0.0, 1.2, -0.8)) & (high > (0.0, 1.2, -0.8))).all()
    assert np.median(fit.values("cut"), axis=0).mean(axis=0) == pytest.approx(CUTS, abs=0.35)
    assert np.median(fit.values("sigma_person")) == pytest.approx(1.0, abs=0.25)
