"""Synthetic weights against optimality conditions and a general solver; estimates against blocks and factor models."""

import numpy as np
import pytest
from scipy.optimize import minimize

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import around_go_live, collapse, collapsed_did
from sverige_did.did.synthetic import METHODS, simplex_weights, synthetic, synthetic_estimate
from sverige_did.errors import RefusedError

STARTS = (2018.0,) * 2 + (np.nan,) * 12


@pytest.fixture
def long_panel(columns, rng: np.random.Generator) -> DistrictPanel:
    """Two of fourteen districts treated from the ninth of eleven years."""
    return panel_from_rows(**columns(rng, starts=STARTS, periods=11))


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


@pytest.mark.parametrize("method", METHODS)
def test_shifting_the_treated_block_shifts_the_effect(long_panel: DistrictPanel, method: str) -> None:
    shifted = panel_from_rows(
        long_panel.unit, long_panel.time, long_panel.y + 4.2 * long_panel.treated, long_panel.treated
    )
    before, after = (synthetic(panel, method).estimate for panel in (long_panel, shifted))  # type: ignore[arg-type]
    assert after - before == pytest.approx(4.2)


def test_with_uniform_weights_it_is_the_collapse(long_panel: DistrictPanel) -> None:
    collapsed = collapsed_did(collapse(long_panel, around_go_live(long_panel)), scale="points").estimate
    assert synthetic(long_panel, "did").estimate == pytest.approx(collapsed)


def test_where_trends_differ_by_a_factor_synthetic_did_is_closer_than_did(rng: np.random.Generator) -> None:
    errors: dict[str, list[float]] = {"did": [], "synthetic_did": []}
    loading, year = np.linspace(0, 3, 16), np.arange(12.0)
    treated = (np.arange(16) >= 13)[:, None] & (year >= 8)
    for _ in range(60):
        y = np.outer(loading, year) + rng.normal(size=(16, 12)) + 2.0 * treated
        panel = panel_from_rows(np.repeat(np.arange(16), 12), np.tile(year, 16), y.ravel(), treated.ravel())
        for method, found in errors.items():
            found.append(synthetic(panel, method).estimate - 2.0)  # type: ignore[arg-type]
    bias = {method: abs(np.mean(found)) for method, found in errors.items()}
    assert bias["synthetic_did"] < 0.2 * bias["did"]


def test_the_result_names_its_controls_and_periods(long_panel: DistrictPanel) -> None:
    found = synthetic(long_panel)
    assert found.controls == tuple(f"d{i:02d}" for i in range(2, 14))
    np.testing.assert_array_equal(found.pre, np.arange(2010, 2018))
    assert (found.omega.shape, found.lam.shape, found.n_treated) == ((12,), (8,), 2)
    estimate = synthetic_estimate(found, scale="points")
    assert (estimate.estimate, estimate.n_units, estimate.inference) == (found.estimate, 14, "none")


def test_what_the_weights_cannot_be_fitted_to_is_refused(columns, rng: np.random.Generator) -> None:
    refusals = {
        "did_too_few_pre_periods": columns(rng, starts=(2014.0,) + (np.nan,) * 5),
        "did_unbalanced": columns(rng, starts=STARTS, periods=11, missing=1),
        "did_groups_empty": columns(rng, starts=(2018.0, np.nan), periods=11),
        "did_staggered": columns(rng, starts=(2018.0, 2019.0, np.nan, np.nan), periods=11),
    }
    for key, drawn in refusals.items():
        with pytest.raises(RefusedError) as caught:
            synthetic(panel_from_rows(**drawn))
        assert caught.value.problems[0].key == key
    assert np.isfinite(synthetic(panel_from_rows(**refusals["did_too_few_pre_periods"]), "did").estimate)
