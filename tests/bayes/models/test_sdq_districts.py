from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from scipy import stats
from scipy.special import expit

from sverige_did.bayes.draws.missing_waves import Unanswered, expected_scores
from sverige_did.bayes.draws.replicate_sdq import score_checks, score_predictor, simulate_scores
from sverige_did.bayes.models import sdq_growth
from sverige_did.bayes.models.sdq_districts import DistrictPriors, ScoreDistricts
from sverige_did.bayes.models.sdq_growth import ScorePriors, Scores, build_sdq
from sverige_did.bayes.priors import draw
from sverige_did.errors import RefusedError

CHILDREN, DISTRICTS = 24, 6


def respondents(waves=2, seed=0):
    """Children of six districts, two of them treated, rated in every wave by one of two kinds of informant each."""
    rng = np.random.default_rng(seed)
    child, wave = np.divmod(np.arange(CHILDREN * waves), waves)
    home, treated = np.arange(CHILDREN) % DISTRICTS, np.arange(DISTRICTS) < 2
    dose = (treated[home[child]] & (wave > 0)).astype(float)
    scores = Scores(
        child, child // DISTRICTS % 2, wave.astype(float), dose, rng.integers(5, 25, child.size).astype(float),
        rng.uniform(4, 16, CHILDREN), np.arange(CHILDREN) % 5 < 2,
    )  # fmt: skip
    return scores, ScoreDistricts(home, wave, treated)


def values(model, *names):
    return dict(zip(names, pm.draw([model[name] for name in names], random_seed=3, mode="FAST_COMPILE"), strict=True))


@pytest.mark.parametrize("waves", [2, 3])
def test_predictor_is_the_formula_written_out_row_by_row(waves):
    scores, places = respondents(waves)
    found = values(build_sdq(scores, places=places), "eta", "child", "slope", "offset", "swing", "normal")
    _, _, tau, *_ = found["normal"]
    for i, child in enumerate(scores.child):
        grown = found["child"][child] + found["slope"][child] * (scores.time[i] - (waves - 1) / 2)
        expected = grown + found["offset"][scores.informant[i]] + tau * scores.dose[i]
        assert found["eta"][i] == pytest.approx(expected + found["swing"][places.district[child], places.period[i]])


def test_many_children_are_sampled_otherwise_and_their_posterior_is_the_same(monkeypatch):
    """The two ways differ by the change of variables alone: child = expected + sd z."""
    scores, places = respondents()
    few = build_sdq(scores, places=places)
    monkeypatch.setattr(sdq_growth, "MANY_CHILDREN", CHILDREN)
    many = build_sdq(scores, places=places)
    rng, told = np.random.default_rng(4), []
    numbers = few.replace_rvs_by_values([few["child"], few["scale"]])
    numbers = few.compile_fn(numbers, inputs=few.value_vars, on_unused_input="ignore", mode="FAST_COMPILE")
    for _ in range(2):
        point = {name: rng.normal(0, 0.5, value.shape) for name, value in few.initial_point().items()}
        child, scale = numbers(point)
        sd = scale[list(few.coords["scale_name"]).index("sd_child")]
        here = float(few.compile_logp(mode="FAST_COMPILE")(point))
        del point["child_z"]
        there = float(many.compile_logp(mode="FAST_COMPILE")(point | {"child": child}))
        told.append(here - there - CHILDREN * np.log(sd))
    assert told == pytest.approx([0, 0], abs=1e-8)


def test_what_is_common_to_all_is_left_to_the_line_where_there_are_two_periods():
    named = [DistrictPriors().named(respondents(waves)[1]) for waves in (2, 3)]
    assert [list(one) for one in named] == [
        ["gamma", "sigma_alpha", "sigma_s"], ["gamma", "sigma_alpha", "sigma_s", "sigma_lambda"],
    ]  # fmt: skip


@pytest.mark.parametrize("waves", [2, 3])
def test_the_model_and_its_second_writing_are_the_same_distribution(waves):
    scores, places = respondents(waves)
    size = 6000
    drawn = pm.draw(build_sdq(scores, places=places)["eta"], size, random_seed=1, mode="FAST_COMPILE")
    rng = np.random.default_rng(2)
    named = ScorePriors().named(scores) | DistrictPriors().named(places)
    written = score_predictor({name: draw(prior, size, rng) for name, prior in named.items()}, scores, places, rng)
    assert written.mean(axis=0) == pytest.approx(drawn.mean(axis=0), abs=0.1)
    assert written.std(axis=0) == pytest.approx(drawn.std(axis=0), rel=0.06)
    assert np.corrcoef(written.T) == pytest.approx(np.corrcoef(drawn.T), abs=0.08)


def test_simulated_scores_have_the_mean_and_the_variance_of_the_beta_binomial():
    eta, log_kappa = np.full((40_000, 1), -0.7), np.full(40_000, np.log(20.0))
    found = simulate_scores(eta, log_kappa, np.random.default_rng(1))[:, 0]
    wanted = stats.betabinom(40, 20 * expit(-0.7), 20 * expit(0.7))
    assert found.mean() == pytest.approx(wanted.mean(), abs=0.1)
    assert found.var() == pytest.approx(wanted.var(), rel=0.03)


def told(scores, places, **changed):
    drawn = np.tile(scores.total, (50, 1))
    found = score_checks(changed.get("total", scores.total), drawn, scores, places)
    return {one.check: one for one in found}


def test_points_added_to_the_treated_afterwards_move_the_difference_and_nothing_else():
    scores, places = respondents()
    before, after = told(scores, places), told(scores, places, total=scores.total + 3.0 * scores.dose)
    assert after["difference"].observed - before["difference"].observed == pytest.approx(3.0)
    for name in ("mean_change", "spread_of_levels", "spread_of_changes"):
        assert after[name].observed == pytest.approx(before[name].observed)
    # The data as their own replications are as expected as can be.
    assert all(one.p == 1.0 for one in before.values())


def test_ends_of_the_scale_are_counted():
    scores, places = respondents()
    total = np.where(np.arange(len(scores.total)) < 12, 3.0, np.where(np.arange(len(scores.total)) < 18, 20.0, 10.0))
    found = told(scores, places, total=total)
    assert found["low_scores"].observed == pytest.approx(12 / 48)
    assert found["high_scores"].observed == pytest.approx(6 / 48)


def test_the_order_of_questionnaires_does_not_matter():
    scores, places = respondents()
    order = np.random.default_rng(4).permutation(len(scores.child))
    columns = ("child", "informant", "time", "dose", "total")
    turned = replace(scores, **{name: getattr(scores, name)[order] for name in columns})
    there = replace(places, period=places.period[order])
    assert [one.observed for one in told(turned, there).values()] == pytest.approx(
        [one.observed for one in told(scores, places).values()]
    )


class Draws:
    def __init__(self, **parts):
        self.parts = parts

    def values(self, name):
        return self.parts[name]


def test_an_unanswered_questionnaire_swings_with_its_district():
    scores, places = respondents()
    parts = {"eta": np.zeros((1, 48)), "tau": np.array([-0.5]), "child": np.full((1, 24), -0.6),
             "slope": np.full((1, 24), 0.1), "offset": np.zeros((1, 2)), "swing": np.zeros((1, 6, 2))}  # fmt: skip
    parts["swing"][0, 1, 1] = 0.4
    missing = Unanswered(np.array([1, 0]), np.zeros(2, dtype=int), np.ones(2), np.ones(2), np.array([1, 1]))
    found = expected_scores(Draws(**parts), scores, missing, places)
    assert found.alone[0] == pytest.approx(40 * expit(-0.6 + 0.1 * 0.5 + np.array([0.4, 0.0])))
    assert found.helped[0] == pytest.approx(40 * expit(-0.6 + 0.1 * 0.5 - 0.5 + np.array([0.4, 0.0])))


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("cells_lengths", {"district": np.full(24, 6)}),
        ("cells_lengths", {"period": np.full(48, -1)}),
        ("cells_lengths", {"period": np.zeros(0, dtype=int)}),
        ("cells_no_control", {"treated": np.ones(6, dtype=bool)}),
    ],
)
def test_refuses_places_that_compare_nothing(key, changed):
    with pytest.raises(RefusedError) as refused:
        replace(respondents()[1], **changed)
    assert refused.value.problems[0].key == key


def test_refuses_places_of_other_scores():
    scores, places = respondents()
    with pytest.raises(RefusedError) as refused:
        build_sdq(scores, places=replace(places, period=places.period[1:]))
    assert refused.value.problems[0].key == "cells_lengths"
