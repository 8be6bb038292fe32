from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from scipy import stats
from scipy.special import expit

from sverige_did.bayes.draws.replicate_sdq import simulate_scores
from sverige_did.bayes.models.binomial import BETA_BINOMIAL
from sverige_did.bayes.models.sdq_growth import (
    CHILD,
    INFORMANT,
    SLOPE,
    Scores,
    build_sdq,
    development_in_points,
)
from sverige_did.bayes.sampling.sample import sample
from sverige_did.errors import RefusedError


def scores(n_children=12, waves=3, seed=0, tau=0.0, kappa=25.0):
    rng = np.random.default_rng(seed)
    child, wave = np.divmod(np.arange(n_children * waves), waves)
    informant = rng.integers(2, size=child.size)
    time = 0.5 * wave + rng.uniform(0, 0.1, child.size)
    dose = (wave > 0) * (child % 2 == 0) * 1.0
    eta = -0.6 + rng.normal(0, 0.5, n_children)[child] + 0.1 * informant + tau * dose
    share = rng.beta(kappa * expit(eta), kappa * expit(-eta))
    return Scores(child, informant, time, dose, rng.binomial(40, share).astype(float))


def drawn(data, seed=1):
    model = build_sdq(data)
    names = ("eta", "child", "slope_z", "informant_z", "normal", "scale_z")
    values = pm.draw([model[name] for name in names], random_seed=seed, mode="FAST_COMPILE")
    return model, dict(zip(names, values, strict=True))


def test_predictor_is_the_formula_written_out_row_by_row():
    data = scores()
    _, found = drawn(data)
    _, trend, tau, _ = found["normal"]
    _, sd_slope, sd_informant = found["scale_z"] * np.array([CHILD.sd, SLOPE.sd, INFORMANT.sd])
    middle = (data.time.min() + data.time.max()) / 2
    for i in range(len(data.child)):
        slope = trend + sd_slope * found["slope_z"][data.child[i]]
        offset = sd_informant * found["informant_z"][data.informant[i]]
        expected = found["child"][data.child[i]] + slope * (data.time[i] - middle) + offset + tau * data.dose[i]
        assert found["eta"][i] == pytest.approx(expected)


def test_likelihood_is_the_beta_binomial_of_forty_points():
    data = scores()
    model = build_sdq(data)
    found = model.compile_logp(vars=[model["y"]], sum=False, mode="FAST_COMPILE")(model.initial_point())[0]
    found = found + BETA_BINOMIAL.constant(data.total, np.full(len(data.total), 40.0))
    # At the starting point all children are at the prior's centre, a share of .4, with kappa 30.
    assert found == pytest.approx(stats.betabinom.logpmf(data.total, 40, 30 * 0.4, 30 * 0.6))


def test_only_differences_in_time_count():
    data = scores()
    point = build_sdq(data).initial_point()
    point["scale_z"] = np.ones_like(point["scale_z"])
    later = build_sdq(replace(data, time=data.time + 7))
    first = build_sdq(data).compile_logp(mode="FAST_COMPILE")(point)
    assert later.compile_logp(mode="FAST_COMPILE")(point) == pytest.approx(first)


def test_one_kind_of_informant_has_no_offset():
    data = scores()
    model = build_sdq(replace(data, informant=np.zeros_like(data.informant)))
    assert "informant_z" not in model.named_vars


def with_covariates(data):
    rng = np.random.default_rng(5)
    return replace(data, age=rng.uniform(4, 16, data.n_children), girl=rng.random(data.n_children) < 0.5)


def test_age_and_sex_move_the_childrens_levels_about_the_mean_child():
    data = with_covariates(scores(n_children=400))
    model = build_sdq(data)
    names = ("child", "normal", "scale")
    child, normal, scale = pm.draw([model[name] for name in names], random_seed=6, mode="FAST_COMPILE")
    level, _, _, _, by_age, by_girl = normal
    expected = level + by_age * (data.age - data.age.mean()) + by_girl * (data.girl - data.girl.mean())
    noise = (child - expected) / scale[0]
    assert noise.mean() == pytest.approx(0, abs=4 / 20)
    assert noise.std() == pytest.approx(1, abs=0.15)
    assert np.corrcoef(noise, data.age)[0, 1] == pytest.approx(0, abs=0.2)


def logp_at_ones(data):
    model = build_sdq(data)
    point = model.initial_point()
    point |= {name: np.ones_like(point[name]) for name in ("normal_z", "scale_z")}
    return float(model.compile_logp(mode="FAST_COMPILE")(point))


def test_only_differences_in_age_count():
    data = with_covariates(scores())
    found = logp_at_ones(data)
    assert np.isfinite(found)
    assert logp_at_ones(replace(data, age=data.age + 9)) == pytest.approx(found)
    assert logp_at_ones(replace(data, age=-data.age)) != pytest.approx(found)


MOTHER, CARER, TEACHER = 0, 1, 2


def study(*rows):
    """Scores from rows of child, informant, time and dose; what was answered does not matter."""
    child, informant, time, dose = (np.array(column) for column in zip(*rows, strict=True))
    return Scores(child, informant, time.astype(float), dose.astype(float), np.full(len(rows), 12.0))


CONTROL = ((0, MOTHER, 0, 0), (0, MOTHER, 1, 0))
MOVED = ((1, MOTHER, 0, 0), (1, CARER, 1, 1))
BOTH = ((2, MOTHER, 0, 0), (2, CARER, 1, 0))


@pytest.mark.parametrize(
    ("rows", "kinds", "children"),
    [
        ((*CONTROL, *MOVED), 1, 1),
        # A carer who rates another control says nothing of how mother and carer see the same child.
        ((*CONTROL, *MOVED, (2, CARER, 0, 0), (2, CARER, 1, 0)), 0, 1),
        # A child first seen under the programme, by an informant that nobody else has.
        ((*CONTROL, (1, MOTHER, 0, 0), (1, MOTHER, 1, 1), (3, CARER, 1, 1)), 1, 0),
    ],
)
def test_an_informant_who_comes_with_the_programme_is_not_told_from_it(rows, kinds, children):
    with pytest.raises(RefusedError) as refused:
        study(*rows)
    problem = refused.value.problems[0]
    assert problem.key == "sdq_informant_after"
    assert problem.values == {"kinds": kinds, "children": children}


@pytest.mark.parametrize(
    "rows",
    [
        (*CONTROL, *MOVED, *BOTH),
        # Mother and carer are compared through the teacher, each with another child.
        (*CONTROL, *MOVED, (2, MOTHER, 0, 0), (2, TEACHER, 0, 0), (3, TEACHER, 0, 0), (3, CARER, 1, 0)),
        # Both rate the child itself under the programme, so its mother is the same before and after.
        (*CONTROL, *MOVED, (1, MOTHER, 1, 1)),
        # Before and after by the teacher alone.
        (*CONTROL, (1, TEACHER, 0, 0), (1, TEACHER, 1, 1)),
    ],
)
def test_informants_whom_controls_or_the_child_itself_compare_are_kept(rows):
    assert study(*rows).n_children >= 2


def test_a_child_with_forty_questionnaires_and_three_hundred_children_can_be_built():
    data = scores(n_children=300, waves=2)
    extra = np.zeros(40, dtype=int)
    many = Scores(
        np.append(data.child, extra),
        np.append(data.informant, extra),
        np.append(data.time, np.linspace(0, 1, 40)),
        np.append(data.dose, np.zeros(40)),
        np.append(data.total, np.full(40, 20.0)),
    )
    assert np.isfinite(logp_at_ones(many))


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("sdq_score", {"total": np.full(36, 41.0)}),
        ("sdq_score", {"total": np.full(36, -1.0)}),
        ("sdq_score", {"total": np.full(36, 12.5)}),
        ("sdq_score", {"total": np.full(36, np.nan)}),
        ("sdq_one_wave", {"child": np.arange(36)}),
        ("sdq_one_wave", {"time": np.zeros(36)}),
        ("cells_lengths", {"dose": np.zeros(35)}),
        ("cells_lengths", {"time": np.full(36, np.nan)}),
        ("sdq_not_compared", {"dose": np.zeros(36)}),
        ("sdq_not_compared", {"dose": np.ones(36)}),
        ("sdq_not_compared", {"dose": np.linspace(0, 1.1, 36)}),
        ("sdq_covariate", {"age": np.full(12, np.nan)}),
        ("sdq_covariate", {"girl": np.ones(11)}),
    ],
)
def test_refuses_scores_that_show_no_development(key, changed):
    with pytest.raises(RefusedError) as refused:
        replace(scores(), **changed)
    assert refused.value.problems[0].key == key


@pytest.mark.slow
def test_recovers_a_change_and_the_shares_above_a_cut():
    data = scores(n_children=150, waves=4, seed=2, tau=-0.5)
    fit = sample(build_sdq(data), seed=3)
    low, high = np.quantile(fit.values("tau"), [0.005, 0.995])
    assert low < -0.5 < high
    assert low > -1.0
    assert high < 0.0
    points = development_in_points(fit, data)
    assert np.median(points) == pytest.approx(40 * 0.22 * np.median(fit.values("tau")), rel=0.15)
    drawn = simulate_scores(fit.values("eta"), fit.values("log_kappa"), np.random.default_rng(4))
    predicted = (drawn >= 17).mean(axis=1)
    assert np.quantile(predicted, 0.005) < (data.total >= 17).mean() < np.quantile(predicted, 0.995)
