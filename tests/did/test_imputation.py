"""Imputation against dummies by dense least squares, weights written out in matrices, and coverage."""

import numpy as np
import pytest
from whole_window import around_go_live

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import collapse, collapsed_did
from sverige_did.did.imputation import imputation, imputed_estimate
from sverige_did.errors import RefusedError


def densely(panel: DistrictPanel, weight: np.ndarray) -> tuple[float, float]:
    """An average with row weights (N,) and its standard error, by dense matrices."""
    X = np.column_stack(
        [panel.unit[:, None] == np.arange(panel.n_units), panel.time[:, None] == np.arange(1, panel.periods.size)]
    ).astype(float)
    X0, X1 = X[~panel.treated], X[panel.treated]
    w0 = np.diag(panel.weights[panel.unit][~panel.treated])
    inverse = np.linalg.inv(X0.T @ w0 @ X0)
    residual = panel.y - X @ (inverse @ X0.T @ w0 @ panel.y[~panel.treated])
    v = weight.copy()
    v[~panel.treated] = -w0 @ X0 @ inverse @ X1.T @ weight[panel.treated]
    assert v @ panel.y == pytest.approx(weight @ residual)
    around = residual.copy()
    start = panel.treated_from[panel.unit]
    for g in np.unique(start[panel.treated]):
        for t in np.unique(panel.time[panel.treated & (start == g)]):
            rows = panel.treated & (start == g) & (panel.time == t) & (weight > 0)
            if rows.any():
                around[rows] -= (v[rows] ** 2 @ residual[rows]) / (v[rows] ** 2).sum()
    scores = np.bincount(panel.unit, v * around)
    return float(weight @ residual), float(np.sqrt(scores @ scores))


@pytest.mark.parametrize("complete", [True, False])
def test_dense_matrices_agree(columns, rng: np.random.Generator, complete: bool) -> None:
    starts = (2012.0,) * 4 + (2013.0,) * 4 + (2015.0,) * 4 + (np.nan,) * 6
    panel = panel_from_rows(**columns(rng, starts=starts, missing=0 if complete else 5))
    weight = panel.weights[panel.unit] * panel.treated
    found = imputation(panel, "overall", "baseline")
    estimate, se = densely(panel, weight / weight.sum())
    assert found.estimate[0] == pytest.approx(estimate)
    assert found.std_error[0] == pytest.approx(se)
    event_time = panel.time - np.searchsorted(panel.periods, panel.treated_from)[panel.unit]
    by_time = imputation(panel, "event_time", "baseline")
    np.testing.assert_array_equal(by_time.at, np.arange(5))
    for h, e in enumerate(by_time.at):
        part = weight * (event_time == e)
        estimate, se = densely(panel, part / part.sum())
        assert (by_time.estimate[h], by_time.std_error[h]) == pytest.approx((estimate, se))


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
def test_with_complete_data_and_one_go_live_it_is_the_collapse(panel: DistrictPanel, weighting: str) -> None:
    collapsed = collapsed_did(collapse(panel, around_go_live(panel), weighting), scale="points")  # type: ignore[arg-type]
    assert imputation(panel, "overall", weighting).estimate[0] == pytest.approx(collapsed.estimate)  # type: ignore[arg-type]


def test_effects_that_differ_between_districts_come_back_one_by_one(columns, rng: np.random.Generator) -> None:
    drawn = columns(rng, starts=(2012.0, 2013.0, 2013.0, np.nan, np.nan), noise=0.0, effect=0.0)
    own = {"d00": 1.0, "d01": -2.0, "d02": 4.0}
    drawn["y"] = drawn["y"] + np.array([own.get(u, 0.0) for u in drawn["unit"]]) * drawn["treated"]
    found = imputation(panel_from_rows(**drawn))
    np.testing.assert_allclose(np.nanmean(found.effects[:3], axis=1), [1.0, -2.0, 4.0])
    assert np.isnan(found.effects[3:]).all()


def test_a_lone_district_in_a_cohort_leaves_no_interval(columns, rng: np.random.Generator) -> None:
    found = imputation(panel_from_rows(**columns(rng, starts=(2012.0, 2013.0, 2013.0, np.nan, np.nan))))
    estimate = imputed_estimate(found, scale="points")
    assert (estimate.std_error, estimate.upper, estimate.notes) == (None, None, ("one_district_in_cohort",))


def test_a_lone_district_borrows_a_standard_error_that_is_right_on_average(columns, rng: np.random.Generator) -> None:
    """Cohorts of 4, 4 and 1: the mean variance against the true one from the estimator's own weights."""
    drawn = columns(rng, starts=(2013.0,) * 4 + (2015.0,) * 4 + (2014.0,) + (np.nan,) * 11, periods=8, effect=0.0)

    def found(y: np.ndarray):
        return imputation(panel_from_rows(**(drawn | {"y": y})))

    base = found(drawn["y"]).estimate[0]
    true = sum((found(drawn["y"] + step).estimate[0] - base) ** 2 for step in np.eye(drawn["y"].size))
    many = [found(rng.normal(size=drawn["y"].size)) for _ in range(150)]
    assert 0.75 * true <= np.mean([one.std_error[0] ** 2 for one in many]) <= 1.25 * true
    assert all(3 <= one.df[0] <= 22 for one in many)


def test_cells_that_are_not_linked_are_refused() -> None:
    panel = panel_from_rows(
        unit=["a", "a", "b", "b", "c", "c", "e"],
        period=[1, 2, 1, 2, 3, 4, 2],
        y=[1.0, 2, 3, 4, 5, 6, 7],
        treated=[0, 1, 0, 0, 0, 0, 0],
    )
    with pytest.raises(RefusedError) as caught:
        imputation(panel)
    assert caught.value.problems[0].key == "did_not_identified"


def test_intervals_cover_the_effect_at_least_as_often_as_they_say(columns, rng: np.random.Generator) -> None:
    starts, hits, rounds = (2012.0,) * 15 + (2013.0,) * 15 + (np.nan,) * 30, 0, 300
    for _ in range(rounds):
        found = imputed_estimate(imputation(panel_from_rows(**columns(rng, starts=starts, effect=1.0))), scale="x")
        assert found.lower is not None
        assert found.upper is not None
        hits += found.lower <= 1.0 <= found.upper
    assert hits / rounds > 0.94 - 4 * np.sqrt(0.95 * 0.05 / rounds)  # conservative; normal limits cost .01 here
    assert hits < rounds
