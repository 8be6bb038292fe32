from dataclasses import replace
from itertools import product

import numpy as np
import pymc as pm
import pytest
from scipy import stats
from scipy.special import softmax

from sverige_did.bayes.models.composition import (
    MULTINOMIAL,
    TypeCells,
    average_type_effect,
    build_dirichlet_multinomial,
    completions,
    n_completions,
)
from sverige_did.bayes.sampling.sample import CAREFUL, sample
from sverige_did.errors import RefusedError


def cells(n_districts=8, n_periods=4, n_types=4, seed=0, tau=(0.0, 0.0, 0.0, 0.0), size=30):
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(n_districts * n_periods), n_periods)
    treated = np.arange(n_districts) < 3
    dose = np.where(treated[district] & (period >= n_periods // 2), 1.0, 0.0)
    level = rng.normal(0, 0.3, size=(n_districts, n_types)) + np.linspace(0.5, -0.5, n_types)
    share = softmax(level[district] + dose[:, None] * np.asarray(tau), axis=1)
    counts = np.array([rng.multinomial(size, row) for row in share]).astype(float)
    return TypeCells(district, period, treated, dose, counts)


def test_every_term_balances_over_the_types():
    model = build_dirichlet_multinomial(cells())
    eta, tau = pm.draw([model["eta"], model["tau_type"]], draws=3, random_seed=1, mode="FAST_COMPILE")
    assert eta.sum(axis=2) == pytest.approx(np.zeros(eta.shape[:2]), abs=1e-9)
    assert tau.sum(axis=1) == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.ptp(tau) > 0.05


def test_likelihood_is_the_dirichlet_multinomial():
    panel = cells()
    model = build_dirichlet_multinomial(panel)
    point = model.initial_point()
    found = model.compile_logp(vars=[model["y"]], sum=False, mode="FAST_COMPILE")(point)[0]
    found = found + MULTINOMIAL.constant(panel.counts, panel.size)
    # At the starting point every term is zero: equal shares, and kappa at its prior median of 60.
    expected = stats.dirichlet_multinomial.logpmf(panel.counts, np.full(4, 60 / 4), panel.counts.sum(axis=1))
    assert found == pytest.approx(expected)


def test_effects_in_points_sum_to_zero_and_hit_a_known_answer():
    eta = np.log(np.array([[[0.5, 0.3, 0.2]]]))
    change = eta - np.log(np.array([[[0.25, 0.5, 0.25]]]))
    told = average_type_effect(eta, change, np.ones(1))
    assert told == pytest.approx(np.array([[25.0, -20.0, -5.0]]))
    assert told.sum() == pytest.approx(0)


def effect_on_types(fit, panel):
    """ATT in percentage points by type, (draws, K), every treated cell weighing the same."""
    rows = np.flatnonzero(panel.dose)
    change = np.repeat(fit.values("tau_type")[:, None, :], rows.size, axis=1)
    return average_type_effect(fit.values("eta")[:, rows], change, np.full(rows.size, 1 / rows.size))


def veiled(panel, rows, limit=4):
    """The same panel with every count from 1 to ``limit`` in the given rows hidden."""
    hide = (panel.counts > 0) & (panel.counts <= limit) & np.isin(np.arange(len(panel.counts)), rows)[:, None]
    low, high = np.where(hide, 1.0, panel.counts), np.where(hide, float(limit), panel.counts)
    return replace(panel, counts=low, high=high, total=panel.counts.sum(axis=1))


def test_completions_are_all_that_add_up():
    low, high = np.array([1.0, 0.0, 7.0, 1.0]), np.array([4.0, 3.0, 7.0, 4.0])
    ranges = [range(int(a), int(b) + 1) for a, b in zip(low, high, strict=True)]
    for total in range(8, 20):
        slow = [one for one in product(*ranges) if sum(one) == total]
        assert completions(low, high, total).tolist() == [list(map(float, one)) for one in slow]
        assert n_completions(low, high, total) == len(slow)


def test_hidden_numbers_count_as_the_sum_over_all_that_they_can_be():
    panel = cells(size=14)
    hidden = veiled(panel, rows=[0, 3, 8])
    assert hidden.hidden.sum() == 3
    model = build_dirichlet_multinomial(hidden)
    found = model.compile_logp(vars=[model["y"], *model.potentials], sum=False, mode="FAST_COMPILE")(
        model.initial_point()
    )

    def pmf(counts):  # at the starting point all types are equally likely, and kappa is 60
        return np.exp(stats.dirichlet_multinomial.logpmf(counts, np.full(4, 15.0), sum(counts)))

    seen = ~hidden.hidden
    found[0] = found[0] + MULTINOMIAL.constant(panel.counts[seen], panel.size[seen])
    assert found[0] == pytest.approx(np.log([pmf(row.astype(int)) for row in panel.counts[seen]]))
    slow = 0.0
    for i in np.flatnonzero(hidden.hidden):
        ranges = [range(int(a), int(b) + 1) for a, b in zip(hidden.counts[i], hidden.highest[i], strict=True)]
        slow += np.log(sum(pmf(one) for one in product(*ranges) if sum(one) == hidden.size[i]))
    assert float(found[1]) == pytest.approx(slow)


def test_a_single_hidden_number_is_no_secret():
    panel = cells(size=14)
    one = replace(panel, high=panel.counts + np.eye(4)[0] * 5, total=panel.counts.sum(axis=1))
    at = {"vars": None, "mode": "FAST_COMPILE"}
    point = build_dirichlet_multinomial(panel).initial_point()
    known, hidden = build_dirichlet_multinomial(panel), build_dirichlet_multinomial(one)
    ways = float(MULTINOMIAL.constant(panel.counts, panel.size).sum())  # which the known cells leave out
    assert float(hidden.compile_logp(**at)(point)) == pytest.approx(float(known.compile_logp(**at)(point)) + ways)


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("composition_total", {"total": None}),
        ("composition_total", {"total": np.full(32, 200.0)}),
        ("composition_total", {"total": np.zeros(32)}),
        ("composition_counts", {"high": np.zeros((32, 4))}),
        ("composition_too_many", {"counts": np.zeros((32, 4)), "high": np.full((32, 4), 30.0)}),
    ],
)
def test_refuses_hidden_numbers_that_it_cannot_sum_over(key, changed):
    panel = veiled(cells(), rows=[0, 3])
    with pytest.raises(RefusedError) as refused:
        replace(panel, **changed)
    assert refused.value.problems[0].key == key


def test_three_hundred_districts_with_hidden_numbers_can_be_built():
    panel = veiled(cells(n_districts=300, n_periods=2, size=14), rows=np.arange(600))
    assert panel.hidden.sum() > 300
    model = build_dirichlet_multinomial(panel)
    assert np.isfinite(model.compile_logp(mode="FAST_COMPILE")(model.initial_point()))


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
        ("cells_twice", {"period": np.minimum(np.arange(32) % 4, 2)}),
    ],
)
def test_refuses_what_it_cannot_split_or_compare(key, changed):
    with pytest.raises(RefusedError) as refused:
        replace(cells(), **changed)
    assert refused.value.problems[0].key == key


@pytest.mark.slow
def test_recovers_a_move_from_the_top_rung_to_the_bottom():
    tau = np.array([0.9, 0.0, 0.0, -0.9])
    panel = cells(n_districts=16, tau=tau, size=60, seed=4)
    fit = sample(build_dirichlet_multinomial(panel), seed=5, settings=CAREFUL)
    low, high = np.quantile(fit.values("tau_type"), [0.005, 0.995], axis=0)
    assert ((low < tau) & (tau < high)).all()
    points = effect_on_types(fit, panel)
    assert points.sum(axis=1) == pytest.approx(np.zeros(len(points)), abs=1e-9)
    assert np.mean(points[:, 0] > 0) > 0.99
    assert np.mean(points[:, 3] < 0) > 0.99


@pytest.mark.slow
def test_hidden_numbers_cost_precision_and_do_not_mislead():
    tau = np.array([0.9, 0.0, 0.0, -0.9])
    panel = cells(n_districts=16, tau=tau, size=20, seed=6)
    hidden = veiled(panel, rows=np.arange(64))
    assert hidden.hidden.sum() > 30
    fits = [sample(build_dirichlet_multinomial(one), seed=7) for one in (panel, hidden)]
    full, partial = (effect_on_types(fit, panel) for fit in fits)
    low, high = np.quantile(fits[1].values("tau_type"), [0.005, 0.995], axis=0)
    assert ((low < tau) & (tau < high)).all()
    assert (partial.std(axis=0) > 0.97 * full.std(axis=0)).all()
    assert partial.mean(axis=0) == pytest.approx(full.mean(axis=0), abs=2.0)
