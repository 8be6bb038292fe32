"""The event study against differences by hand and statsmodels; sup-t bands against closed forms and coverage."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.event_study import event_study, sup_t_bands
from sverige_did.errors import RefusedError


def test_complete_data_give_differences_in_differences_from_the_reference(panel: DistrictPanel) -> None:
    found = event_study(panel)
    gap = panel.wide()[panel.ever_treated].mean(axis=0) - panel.wide()[~panel.ever_treated].mean(axis=0)
    np.testing.assert_allclose(found.estimate, np.delete(gap - gap[2], 2))
    np.testing.assert_array_equal(found.period, [2010, 2011, 2013, 2014, 2015, 2016])
    assert found.reference == 2012


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
def test_dummies_in_statsmodels_agree_on_incomplete_data(unbalanced_panel: DistrictPanel, weighting: str) -> None:
    panel = unbalanced_panel
    year = panel.periods[panel.time]
    shown = [p for p in panel.periods if p != 2012]
    treated = panel.ever_treated[panel.unit]
    X = np.column_stack(
        [treated & (year == p) for p in shown]
        + [panel.unit == d for d in range(panel.n_units)]
        + [year == p for p in panel.periods[1:]]
    ).astype(float)
    slow = sm.WLS(panel.level, X, weights=panel.unit_weights(weighting)[panel.unit]).fit().params[: len(shown)]  # type: ignore[arg-type]
    found = event_study(panel, weighting)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.estimate, slow, atol=1e-8)
    assert found.period.tolist() == shown


def test_effects_inside_the_fixed_effects_are_refused() -> None:
    lone = panel_from_rows(
        unit=["t", "t", "c", "c", "e"], period=[1, 2, 1, 3, 2], y=[1.0, 2.0, 3.0, 5.0, 4.0], treated=[0, 1, 0, 0, 0]
    )
    with pytest.raises(RefusedError) as caught:
        event_study(lone)
    assert caught.value.problems[0].key == "did_not_identified"


def test_independent_effects_need_the_sidak_value(rng: np.random.Generator) -> None:
    bands = sup_t_bands(np.zeros(6), np.diag([1.0, 4, 9, 0.1, 2, 1]), rng=rng, draws=200_000)
    assert bands.critical == pytest.approx(norm.ppf((1 + 0.95 ** (1 / 6)) / 2), abs=0.02)
    np.testing.assert_allclose(bands.upper, bands.critical * np.sqrt([1.0, 4, 9, 0.1, 2, 1]))


def test_perfectly_correlated_effects_need_the_pointwise_value(rng: np.random.Generator) -> None:
    bands = sup_t_bands(np.ones(3), np.outer([1, 2, 3], [1, 2, 3]) * 1.0, rng=rng, draws=200_000)
    assert bands.critical == pytest.approx(norm.ppf(0.975), abs=0.02)


def test_the_bands_follow_scale_and_place_and_the_seed() -> None:
    covariance, estimate = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -1.0])
    one, two = (sup_t_bands(estimate, covariance, rng=np.random.default_rng(7)) for _ in range(2))
    scaled = sup_t_bands(5 + 10 * estimate, 100 * covariance, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(one.lower, two.lower)
    np.testing.assert_allclose(scaled.upper, 5 + 10 * one.upper)
    assert scaled.critical == pytest.approx(one.critical)


def test_the_bands_cover_all_effects_at_once(rng: np.random.Generator) -> None:
    covariance = 0.6 ** np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    critical = sup_t_bands(np.zeros(5), covariance, rng=rng).critical
    draws = rng.multivariate_normal(np.zeros(5), covariance, size=20_000)
    covered = (np.abs(draws) <= critical).all(axis=1).mean()
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 20_000) + 0.004)  # + noise of the quantile


@pytest.mark.parametrize(
    "covariance",
    [np.eye(3), np.array([[1.0, 2.0], [0.0, 1.0]]), np.diag([1.0, 0.0]), np.array([[1.0, 2.0], [2.0, 1.0]])],
)
def test_what_is_not_a_covariance_of_the_estimates_is_refused(covariance: np.ndarray, rng: np.random.Generator) -> None:
    with pytest.raises(RefusedError) as caught:
        sup_t_bands(np.zeros(2), covariance, rng=rng)
    assert caught.value.problems[0].key == "did_covariance"
