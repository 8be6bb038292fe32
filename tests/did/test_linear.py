"""Two-way fixed effects: equal to the collapse where theory says so, to dummies in statsmodels everywhere."""

import numpy as np
import pytest
import statsmodels.api as sm

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import around_go_live, collapse, collapsed_did
from sverige_did.did.linear import twfe, twfe_design
from sverige_did.errors import RefusedError


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
def test_with_complete_data_and_one_go_live_it_is_the_collapse(panel: DistrictPanel, weighting: str) -> None:
    collapsed = collapsed_did(collapse(panel, around_go_live(panel), weighting), scale="points")  # type: ignore[arg-type]
    assert twfe(panel, scale="points", weighting=weighting).estimate == pytest.approx(collapsed.estimate)  # type: ignore[arg-type]


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
def test_dummies_in_statsmodels_agree_on_incomplete_data(unbalanced_panel: DistrictPanel, weighting: str) -> None:
    panel = unbalanced_panel
    dummies = [panel.unit[:, None] == np.arange(panel.n_units), panel.time[:, None] == np.arange(1, panel.periods.size)]
    X = np.column_stack([panel.treated, *dummies]).astype(float)
    weights = panel.unit_weights(weighting)[panel.unit]  # type: ignore[arg-type]
    slow = sm.WLS(panel.level, X, weights=weights).fit().params[0]
    assert twfe(panel, scale="points", weighting=weighting).estimate == pytest.approx(slow)  # type: ignore[arg-type]


def test_the_design_gives_the_same_coefficient_and_the_right_clusters(unbalanced_panel: DistrictPanel) -> None:
    design = twfe_design(unbalanced_panel, "baseline")
    beta = sm.WLS(design.y, design.X, weights=design.weights).fit().params[0]
    assert beta == pytest.approx(twfe(unbalanced_panel, scale="points", weighting="baseline").estimate)
    np.testing.assert_array_equal(design.cluster, unbalanced_panel.unit)
    assert np.linalg.matrix_rank(design.X) == design.X.shape[1]


def test_without_noise_the_effect_comes_back(columns, rng: np.random.Generator) -> None:
    exact = panel_from_rows(**columns(rng, noise=0.0, effect=-3.25))
    assert twfe(exact, scale="points").estimate == pytest.approx(-3.25)


def test_staggered_go_lives_are_refused(staggered_panel: DistrictPanel) -> None:
    with pytest.raises(RefusedError) as caught:
        twfe(staggered_panel, scale="points")
    assert caught.value.problems[0].key == "did_staggered"


def test_an_effect_inside_the_fixed_effects_is_refused() -> None:
    lone = panel_from_rows(
        unit=["t", "t", "c", "c", "e"], period=[1, 2, 1, 3, 2], y=[1.0, 2.0, 3.0, 5.0, 4.0], treated=[0, 1, 0, 0, 0]
    )
    with pytest.raises(RefusedError) as caught:
        twfe(lone, scale="points")
    assert caught.value.problems[0].key == "did_not_identified"


def test_the_mean_over_samples_is_the_effect(columns, rng: np.random.Generator) -> None:
    found = np.array([twfe(panel_from_rows(**columns(rng, effect=1.0)), scale="points").estimate for _ in range(25)])
    assert abs(found.mean() - 1.0) < 4 * found.std(ddof=1) / np.sqrt(found.size)
