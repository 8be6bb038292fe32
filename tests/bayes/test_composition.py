from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from scipy import stats
from scipy.special import softmax

from sverige_did.bayes.composition import (
    TypeCells,
    average_type_effect,
    build_dirichlet_multinomial,
    build_logistic_normal,
    effect_on_types,
    ladder_balances,
)
from sverige_did.bayes.sample import CAREFUL, sample
from sverige_did.errors import RefusedError


def cells(n_districts=8, n_periods=4, n_types=4, seed=0, tau=(0.0, 0.0, 0.0, 0.0), size=30):
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(n_districts * n_periods), n_periods)
    treated = np.arange(n_districts) < 3
    dose = np.where(treated[district] & (period >= 2), 1.0, 0.0)
    level = rng.normal(0, 0.3, size=(n_districts, n_types)) + np.linspace(0.5, -0.5, n_types)
    share = softmax(level[district] + dose[:, None] * np.asarray(tau), axis=1)
    counts = np.array([rng.multinomial(size, row) for row in share]).astype(float)
    return TypeCells(district, period, treated, dose, counts)


@pytest.mark.parametrize("build", [build_dirichlet_multinomial, build_logistic_normal])
def test_every_term_balances_over_the_types(build):
    model = build(cells())
    eta, tau = pm.draw([model["eta"], model["tau_type"]], draws=3, random_seed=1, mode="FAST_COMPILE")
    assert eta.sum(axis=2) == pytest.approx(np.zeros(eta.shape[:2]), abs=1e-9)
    assert tau.sum(axis=1) == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.ptp(tau) > 0.05


def test_likelihood_is_the_dirichlet_multinomial():
    panel = cells()
    model = build_dirichlet_multinomial(panel)
    point = model.initial_point()
    found = model.compile_logp(vars=[model["y"]], sum=False, mode="FAST_COMPILE")(point)[0]
    # At the starting point every term is zero: equal shares, and kappa at its prior median of 60.
    expected = stats.dirichlet_multinomial.logpmf(panel.counts, np.full(4, 60 / 4), panel.counts.sum(axis=1))
    assert found == pytest.approx(expected)


def test_effects_in_points_sum_to_zero_and_hit_a_known_answer():
    eta = np.log(np.array([[[0.5, 0.3, 0.2]]]))
    change = eta - np.log(np.array([[[0.25, 0.5, 0.25]]]))
    told = average_type_effect(eta, change, np.ones(1))
    assert told == pytest.approx(np.array([[25.0, -20.0, -5.0]]))
    assert told.sum() == pytest.approx(0)


def test_balances_are_isometric_and_blind_to_a_constant():
    effect = np.random.default_rng(2).normal(size=(20, 5))
    effect -= effect.mean(axis=1, keepdims=True)
    balances = ladder_balances(effect)
    assert np.linalg.norm(balances, axis=1) == pytest.approx(np.linalg.norm(effect, axis=1))
    assert ladder_balances(effect + 3) == pytest.approx(balances)
    up = np.array([[-1.0, -1.0, -1.0, -1.0, 4.0]])
    assert ladder_balances(up)[0, -1] > 0
    assert ladder_balances(up)[0, :-1] == pytest.approx(np.zeros(3))


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("composition_counts", {"counts": np.full((32, 4), np.nan)}),
        ("composition_counts", {"counts": np.full((32, 4), 0.5)}),
        ("composition_counts", {"counts": np.tile([3.0, 0.0, 1.0, 2.0], (32, 1))}),
        ("cells_lengths", {"counts": np.ones((31, 4))}),
        ("cells_no_exposure", {"counts": np.vstack([np.zeros((1, 4)), np.ones((31, 4))])}),
        ("cells_one_period", {"period": np.zeros(32, dtype=int)}),
        ("cells_no_control", {"treated": np.ones(8, dtype=bool)}),
        ("cells_no_treated_after", {"dose": np.zeros(32)}),
    ],
)
def test_refuses_what_it_cannot_split_or_compare(key, changed):
    with pytest.raises(RefusedError) as refused:
        replace(cells(), **changed)
    assert refused.value.problems[0].key == key


@pytest.mark.slow
@pytest.mark.parametrize("build", [build_dirichlet_multinomial, build_logistic_normal])
def test_recovers_a_move_from_the_top_rung_to_the_bottom(build):
    tau = np.array([0.9, 0.0, 0.0, -0.9])
    panel = cells(n_districts=16, tau=tau, size=60, seed=4)
    fit = sample(build(panel), seed=5, settings=CAREFUL)
    low, high = np.quantile(fit.values("tau_type"), [0.005, 0.995], axis=0)
    assert ((low < tau) & (tau < high)).all()
    points = effect_on_types(fit, panel)
    assert points.sum(axis=1) == pytest.approx(np.zeros(len(points)), abs=1e-9)
    assert np.mean(points[:, 0] > 0) > 0.99
    assert np.mean(points[:, 3] < 0) > 0.99
