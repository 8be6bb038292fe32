"""Synthetic weights against optimality conditions and a general solver; estimates against blocks and factor models."""

import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from sverige_did.did.synthetic import simplex_weights, synthetic_did, weighted_did
from sverige_did.errors import RefusedError

TREATED = np.arange(14) < 2
POST = np.arange(11) >= 8
SIZES = np.linspace(50, 400, 14)


@pytest.fixture
def table(rng: np.random.Generator) -> np.ndarray:
    """Fourteen districts in eleven periods; two are treated in the last three."""
    common = rng.normal(size=11).cumsum()
    return 20 + 3 * rng.normal(size=(14, 1)) + common + rng.normal(size=(14, 11))


def objective(A: np.ndarray, b: np.ndarray, ridge: float, intercept: bool, w: np.ndarray) -> float:
    residual = A @ w - b
    residual = residual - residual.mean() if intercept else residual
    return float(residual @ residual / b.size + ridge**2 * w @ w)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 0.05, 2.0])
def test_a_general_solver_finds_the_same_weights(rng: np.random.Generator, ridge: float, intercept: bool) -> None:
    A = rng.normal(size=(12, 8)).cumsum(axis=0)
    b = A[:, :3] @ [0.5, 0.3, 0.2] + rng.normal(size=12)
    found = simplex_weights(A, b, ridge, intercept=intercept)
    slow = minimize(
        lambda w: objective(A, b, ridge, intercept, w),
        np.full(8, 1 / 8),
        method="SLSQP",
        bounds=[(0, 1)] * 8,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-15, "maxiter": 1000},
    ).x
    np.testing.assert_allclose(found, slow, atol=2e-4)
    assert objective(A, b, ridge, intercept, found) <= objective(A, b, ridge, intercept, slow) + 1e-12


def test_weights_meet_the_conditions_of_the_optimum(rng: np.random.Generator) -> None:
    A, b, ridge = rng.normal(size=(9, 30)), rng.normal(size=9), 0.1
    w = simplex_weights(A, b, ridge, intercept=True)
    centred = A - A.mean(axis=0)
    gradient = 2 * centred.T @ (centred @ w - (b - b.mean())) / 9 + 2 * ridge**2 * w
    assert w.sum() == pytest.approx(1)
    assert (w >= 0).all()
    multiplier = gradient @ w  # every used weight has the gradient of the constraint, no unused one a lower
    np.testing.assert_allclose(gradient[w > 0], multiplier, atol=1e-10)
    assert (gradient[w == 0] >= multiplier - 1e-10).all()


def test_a_copy_of_a_control_gets_that_control(rng: np.random.Generator) -> None:
    A = rng.normal(size=(20, 6))
    np.testing.assert_allclose(simplex_weights(A, A[:, 2], 0.0, intercept=False), np.eye(6)[2], atol=1e-9)
    np.testing.assert_allclose(simplex_weights(A, A[:, 2] + 7, 0.0, intercept=True), np.eye(6)[2], atol=1e-9)


@pytest.mark.parametrize("weights", [None, SIZES])
def test_shifting_the_treated_block_shifts_the_effect(table: np.ndarray, weights: np.ndarray | None) -> None:
    shifted = table + 4.2 * np.outer(TREATED, POST)
    before, after = (synthetic_did(levels, TREATED, POST, weights).estimate for levels in (table, shifted))
    assert after - before == pytest.approx(4.2)


def test_order_scale_and_levels_do_not_matter(table: np.ndarray, rng: np.random.Generator) -> None:
    """Levels of districts fall out; those of periods do not, for the ridge sees the size of common shocks."""
    found = synthetic_did(table, TREATED, POST, SIZES).estimate
    order = rng.permutation(14)
    assert synthetic_did(table[order], TREATED[order], POST, SIZES[order]).estimate == pytest.approx(found)
    assert synthetic_did(-1000 * table, TREATED, POST, SIZES / 7).estimate == pytest.approx(-1000 * found)
    levels = table + 5 * rng.normal(size=(14, 1))
    assert synthetic_did(levels, TREATED, POST, SIZES).estimate == pytest.approx(found)
    turned = np.r_[np.arange(8)[::-1], 8:11]
    assert synthetic_did(table[:, turned], TREATED, POST).lam[::-1].sum() == pytest.approx(1)


def test_the_treated_are_averaged_as_they_are_weighed(table: np.ndarray) -> None:
    """All weight on one treated district is that district alone, but for the ridge, which counts both."""
    alone = synthetic_did(table, TREATED, POST, np.where(np.arange(14) == 0, 1.0, 1e-12))
    twice = table.copy()
    twice[1] = table[0]
    assert alone.estimate == pytest.approx(synthetic_did(twice, TREATED, POST).estimate)


def test_with_uniform_weights_it_is_the_difference_of_mean_changes(table: np.ndarray) -> None:
    change = table[:, POST].mean(axis=1) - table[:, ~POST].mean(axis=1)
    plain = weighted_did(table[2:], table[:2].mean(axis=0), POST, np.full(12, 1 / 12), np.full(8, 1 / 8))
    assert plain == pytest.approx(change[:2].mean() - change[2:].mean())


def test_where_trends_differ_by_a_factor_it_is_closer_than_did(rng: np.random.Generator) -> None:
    loading, year = np.linspace(0, 3, 16), np.arange(12.0)
    treated, post = np.arange(16) >= 13, year >= 8
    errors = []
    for _ in range(60):
        y = np.outer(loading, year) + rng.normal(size=(16, 12)) + 2.0 * np.outer(treated, post)
        change = y[:, post].mean(axis=1) - y[:, ~post].mean(axis=1)
        plain = change[treated].mean() - change[~treated].mean()
        errors.append((synthetic_did(y, treated, post).estimate - 2.0, plain - 2.0))
    synthetic, plain = np.abs(np.mean(errors, axis=0))
    assert synthetic < 0.2 * plain


def test_what_the_weights_cannot_be_fitted_to_is_refused(table: np.ndarray) -> None:
    holed = table.copy()
    holed[3, 4] = np.nan
    refusals = {
        "did_too_few_pre_periods": (table, TREATED, np.arange(11) >= 4),
        "did_unbalanced": (holed, TREATED, POST),
        "did_groups_empty": (table, np.arange(14) < 13, POST),
    }
    for key, arrays in refusals.items():
        with pytest.raises(RefusedError) as caught:
            synthetic_did(*arrays)
        assert caught.value.problems[0].key == key


@pytest.mark.parametrize("controls", [99, 100, 160, 400])
@pytest.mark.parametrize("ridge", [0.0, 1e-6, 0.01, 0.3, 3.0])
def test_of_many_controls_the_weights_are_those_of_non_negative_least_squares(controls: int, ridge: float) -> None:
    rng = np.random.default_rng([controls, 7])
    A = rng.normal(size=(9, controls)).cumsum(axis=0) + 3 * rng.normal(size=controls)
    b = A[:, :3].mean(axis=1) + 0.1 * rng.normal(size=9)
    found = simplex_weights(A, b, ridge, intercept=True)
    rows = A - A.mean(axis=0) - (b - b.mean())[:, None]
    rows = np.vstack([rows, 3 * ridge * np.eye(controls)])
    u = nnls(np.vstack([rows / np.abs(rows).max(), np.ones(controls)]), np.append(np.zeros(len(rows)), 1.0))[0]
    fit = [((rows @ w) ** 2).sum() for w in (found, u / u.sum())]
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert fit[0] == pytest.approx(fit[1], rel=1e-9, abs=1e-18)
    if ridge >= 0.01:
        np.testing.assert_allclose(found, u / u.sum(), atol=1e-9)
