"""Shares and rates: closed forms of the two-by-two case, a direct search for the optimum, refusals and recovery."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit, gammaln, logit

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.glm import fractional_logit, poisson
from sverige_did.errors import RefusedError


def two_by_two(y: list[float], exposure: list[float]) -> DistrictPanel:
    """Treated before, treated after, control before, control after."""
    return panel_from_rows(["t", "t", "c", "c"], [1, 2, 1, 2], y, [0, 1, 0, 0], exposure=exposure)


def simulated(rng: np.random.Generator, tau: float = -0.7) -> DistrictPanel:
    """Fourteen districts in six periods with counts around a common log-odds trend."""
    treated = np.arange(14) < 4
    n = rng.integers(40, 200, size=(14, 6))
    eta = -1 + 0.3 * treated[:, None] + 0.2 * np.sin(np.arange(6)) + tau * (treated[:, None] & (np.arange(6) >= 3))
    return panel_from_rows(
        np.repeat(np.arange(14), 6),
        np.tile(np.arange(6), 14),
        rng.binomial(n, expit(eta)).ravel(),
        (treated[:, None] & (np.arange(6) >= 3)).ravel(),
        exposure=n.ravel(),
        weights=np.repeat(rng.uniform(100, 300, 14), 6),
    )


def test_a_share_in_two_groups_has_a_closed_form() -> None:
    found = fractional_logit(two_by_two([17, 8, 75, 80], [67, 58, 300, 300]))
    counterfactual = expit(logit(17 / 67) + logit(80 / 300) - logit(75 / 300))
    assert found.index.estimate == pytest.approx(logit(8 / 58) - logit(counterfactual))
    assert found.level.estimate == pytest.approx(100 * (8 / 58 - counterfactual))
    assert found.ratio.estimate == pytest.approx(8 / 58 / counterfactual)
    assert (found.index.scale, found.level.scale, found.ratio.scale) == ("log_odds", "pp", "ratio")


def test_the_herning_example_has_the_published_log_ratio_of_odds_ratios() -> None:
    found = fractional_logit(two_by_two([17, 8, 75, 75], [67, 58, 300, 300]))
    assert found.index.estimate == pytest.approx(-0.75, abs=0.005)


def test_a_rate_in_two_groups_has_a_closed_form() -> None:
    found = poisson(two_by_two([30, 12, 90, 100], [4000, 4100, 16000, 15000]))
    counterfactual = 1000 * (30 / 4000) * (100 / 15000) / (90 / 16000)
    observed = 1000 * 12 / 4100
    assert found.level.estimate == pytest.approx(observed - counterfactual)
    assert found.ratio.estimate == pytest.approx(observed / counterfactual)
    assert found.index.estimate == pytest.approx(np.log(observed / counterfactual))
    assert found.level.scale == "rate_per_1000"


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
def test_a_direct_search_finds_the_same_logit(rng: np.random.Generator, weighting: str) -> None:
    panel = simulated(rng)
    group = panel.ever_treated[panel.unit]
    time = panel.time[:, None] == np.arange(1, 6)
    X = np.column_stack([panel.treated, np.ones(group.size), group, time]).astype(float)
    w = panel.unit_weights(weighting)[panel.unit]  # type: ignore[arg-type]

    def loss(beta: np.ndarray, rows: np.ndarray) -> tuple[float, np.ndarray]:
        eta = X[rows] @ beta
        score = w[rows] * (expit(eta) - panel.level[rows])
        return float(w[rows] @ (np.logaddexp(0, eta) - panel.level[rows] * eta)), score @ X[rows]

    def search(rows: np.ndarray) -> np.ndarray:
        return minimize(loss, np.zeros(8), args=(rows,), jac=True, method="BFGS", options={"gtol": 1e-6}).x

    found = fractional_logit(panel, weighting)  # type: ignore[arg-type]
    assert found.index.estimate == pytest.approx(search(np.ones(group.size, bool))[0], abs=1e-5)
    untreated = expit(X @ (search(~panel.treated) * (np.arange(8) > 0)))
    effect = np.average((panel.level - untreated)[panel.treated], weights=w[panel.treated])
    assert found.level.estimate == pytest.approx(100 * effect, abs=1e-4)


def test_a_direct_search_finds_the_same_rate_ratio(rng: np.random.Generator) -> None:
    panel = simulated(rng)
    assert panel.exposure is not None
    X = np.column_stack(
        [panel.treated, panel.unit[:, None] == np.unique(panel.unit), panel.time[:, None] == np.arange(1, 6)]
    ).astype(float)
    offset = np.log(panel.exposure)

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        mean = np.exp(X @ beta + offset)
        return float((mean - panel.y * (X @ beta + offset) + gammaln(panel.y + 1)).sum()), (mean - panel.y) @ X

    start = np.where(np.arange(X.shape[1]) == 0, 0.0, -1.0)
    slow = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-4, "maxiter": 2000}).x[0]
    assert poisson(panel).index.estimate == pytest.approx(slow, abs=1e-4)


def test_statsmodels_finds_the_same_poisson_counterfactual(rng: np.random.Generator) -> None:
    panel = simulated(rng)
    assert panel.exposure is not None
    X = np.column_stack([panel.unit[:, None] == np.arange(14), panel.time[:, None] == np.arange(1, 6)]).astype(float)
    untreated, rows = ~panel.treated, panel.treated
    glm = sm.GLM(panel.y[untreated], X[untreated], family=sm.families.Poisson(), exposure=panel.exposure[untreated])
    mean = glm.fit(tol=1e-12).predict(X[rows], exposure=panel.exposure[rows])
    effect = 1000 * np.mean((panel.y[rows] - mean) / panel.exposure[rows])
    assert poisson(panel).level.estimate == pytest.approx(effect)


def test_labels_row_order_and_the_unit_of_exposure_leave_no_trace(rng: np.random.Generator) -> None:
    panel = simulated(rng)
    assert panel.exposure is not None
    shuffle = rng.permutation(panel.y.size)
    other = panel_from_rows(
        np.array(["q", "w", "e", "r", "t", "y", "u", "i", "o", "p", "a", "s", "d", "f"])[panel.unit][shuffle],
        panel.periods[panel.time][shuffle],
        panel.y[shuffle],
        panel.treated[shuffle],
        exposure=panel.exposure[shuffle] / 1000,
        weights=panel.weights[panel.unit][shuffle] * 7,
    )
    one, two = poisson(panel, "baseline"), poisson(other, "baseline", per=1.0)
    for scale in ("index", "level", "ratio"):
        assert getattr(one, scale).estimate == pytest.approx(getattr(two, scale).estimate)


@pytest.mark.parametrize("empty", range(4))
def test_a_cell_without_events_is_refused_before_fitting(empty: int) -> None:
    y: list[float] = [17, 8, 75, 80]
    y[empty] = 0
    for estimator in (fractional_logit, poisson):
        with pytest.raises(RefusedError) as caught:
            estimator(two_by_two(y, [67, 58, 300, 300]))  # type: ignore[operator]
        assert caught.value.problems[0].key == "separation"


@pytest.mark.parametrize("full", range(4))
def test_a_cell_with_nothing_but_events_is_refused_for_a_share_only(full: int) -> None:
    n: list[float] = [67, 58, 300, 300]
    y: list[float] = [17, 8, 75, 80]
    y[full] = n[full]
    with pytest.raises(RefusedError) as caught:
        fractional_logit(two_by_two(y, n))
    assert caught.value.problems[0].key == "separation"
    assert np.isfinite(poisson(two_by_two(y, n)).index.estimate)


def test_a_period_in_which_no_untreated_district_has_an_event_is_refused() -> None:
    panel = panel_from_rows(
        ["t", "t", "t", "c", "c", "c"], [1, 2, 3] * 2, [4, 5, 6, 9, 8, 0], [0, 0, 1, 0, 0, 0], exposure=[50] * 6
    )
    with pytest.raises(RefusedError) as caught:
        poisson(panel)
    assert caught.value.problems[0].key == "separation"


def test_cells_that_are_not_linked_are_refused() -> None:
    """Untreated, the treated district is seen in the first period alone and the control in the second alone."""
    panel = panel_from_rows(["t", "t", "c", "s"], [1, 2, 2, 2], [8, 6, 9, 7], [0, 1, 0, 0], exposure=[50] * 4)
    for estimator, key in ((fractional_logit, "did_groups_empty"), (poisson, "did_not_identified")):
        with pytest.raises(RefusedError) as caught:
            estimator(panel)  # type: ignore[operator]
        assert caught.value.problems[0].key == key


def test_districts_without_events_are_named_when_control_and_refused_when_treated(rng: np.random.Generator) -> None:
    panel = simulated(rng)

    def silenced(district: int, before_only: bool) -> DistrictPanel:
        quiet = (panel.unit == district) & ((panel.time < 3) | (not before_only))
        return panel_from_rows(
            panel.unit, panel.time, np.where(quiet, 0, panel.y), panel.treated, exposure=panel.exposure
        )

    quiet_control = silenced(9, before_only=False)
    found = poisson(quiet_control)
    assert [(entry.unit, entry.reason) for entry in found.dropped] == [("9", "no_events")]
    keep = quiet_control.unit != 9
    without = panel_from_rows(
        quiet_control.unit[keep],
        quiet_control.time[keep],
        quiet_control.y[keep],
        quiet_control.treated[keep],
        exposure=quiet_control.exposure[keep],  # type: ignore[index]
    )
    assert found.index.estimate == pytest.approx(poisson(without).index.estimate)
    with pytest.raises(RefusedError) as caught:
        poisson(silenced(2, before_only=True))
    assert caught.value.problems[0].key == "separation"


def test_what_is_not_a_share_or_lacks_a_denominator_is_refused(panel: DistrictPanel) -> None:
    for estimator, key in ((fractional_logit, "did_not_a_share"), (poisson, "did_no_exposure")):
        with pytest.raises(RefusedError) as caught:
            estimator(panel)  # type: ignore[operator]
        assert caught.value.problems[0].key == key


def test_the_effect_is_recovered_on_average(rng: np.random.Generator) -> None:
    found = np.array([fractional_logit(simulated(rng)).index.estimate for _ in range(120)])
    assert abs(found.mean() + 0.7) < 4 * found.std(ddof=1) / np.sqrt(found.size)
