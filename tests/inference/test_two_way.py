"""Two-way fixed effects: the collapse where theory says so, statsmodels' dummies everywhere, pyfixest's error by hand.

pyfixest itself stands beside it in tests/validation/test_published_numbers.py; what no order, label or unit may change
in tests/did/test_invariances.py. Its size is that of CR1 (docs/size.md): on complete data it is the same estimate.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from whole_window import around_go_live

from sverige_did.did.arrays import DistrictPanel, Weighting, panel_from_rows
from sverige_did.did.collapse import collapse, collapsed_did
from sverige_did.did.window import Window
from sverige_did.errors import RefusedError
from sverige_did.inference.cluster_robust import cr0, cr1_test
from sverige_did.inference.two_way import two_way_fit, two_way_fixed_effects
from sverige_did.results.estimates import Estimate

Draw = Callable[..., DistrictPanel]


@pytest.fixture
def draw() -> Draw:
    def drawn(seed: int = 1, *, missing: int = 0, noise: float = 1.0, effect: float = 2.0) -> DistrictPanel:
        """Four of thirteen districts treated from the fourth of seven years; ``missing`` cells lost."""
        rng = np.random.default_rng(seed)
        unit, year = np.repeat(np.arange(13), 7), np.tile(2010.0 + np.arange(7), 13)
        under = (unit < 4) & (year >= 2013)
        y = 3 * rng.normal(size=13)[unit] + rng.normal(size=7).cumsum()[(year - 2010).astype(int)] + effect * under
        y += noise * rng.normal(size=y.size)
        y[rng.permutation(y.size)[:missing]] = np.nan
        return panel_from_rows(unit, year, y, under, weights=rng.uniform(50, 400, 13)[unit])

    return drawn


def found(panel: DistrictPanel, weighting: Weighting = "equal") -> Estimate:
    return two_way_fixed_effects(panel, around_go_live(panel), scale="points", weighting=weighting)


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
@pytest.mark.parametrize("donut", [(), (2013.0,), (2012.0, 2014.0)])
def test_with_complete_data_it_is_the_collapse(draw: Draw, weighting: Weighting, donut: tuple[float, ...]) -> None:
    panel = draw()
    window = around_go_live(panel, donut)
    collapsed = collapsed_did(collapse(panel, window, weighting), scale="points")
    ours = two_way_fixed_effects(panel, window, scale="points", weighting=weighting)
    assert ours.estimate == pytest.approx(collapsed.estimate)
    assert (ours.n_units, ours.n_treated, ours.weights) == (13, 4, weighting)


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
@pytest.mark.parametrize("missing", [0, 9])
def test_dummies_in_statsmodels_agree(draw: Draw, weighting: Weighting, missing: int) -> None:
    """statsmodels counts all thirteen districts as parameters; they lie within the clusters and cost one constant."""
    panel = draw(missing=missing)
    dummies = [panel.unit[:, None] == np.arange(13), panel.time[:, None] == np.arange(1, 7)]
    X = np.column_stack([panel.treated, *dummies]).astype(float)
    weights = panel.unit_weights(weighting)[panel.unit]
    slow = sm.WLS(panel.level, X, weights=weights).fit(cov_type="cluster", cov_kwds={"groups": panel.unit})
    counted = slow.bse[0] * np.sqrt((panel.y.size - X.shape[1]) / (panel.y.size - 8))
    ours = found(panel, weighting)
    assert ours.estimate == pytest.approx(slow.params[0])
    assert ours.std_error == pytest.approx(counted)


def test_the_error_is_that_of_a_case_worked_out_by_hand() -> None:
    """Twelve districts, six periods: 0.4243, as pyfixest's `y ~ D + C(t) | u`; with districts counted it is 0.4655."""
    rng, size, periods = np.random.default_rng(1), 12, 6
    unit, time = np.repeat(np.arange(size), periods), np.tile(np.arange(periods), size)
    under = (unit < 4) & (time >= 3)
    y = 0.3 * unit + 0.1 * time + under + rng.normal(0, 1, unit.size)
    panel = panel_from_rows(unit, time, y, under)
    fit = two_way_fit(panel, around_go_live(panel))
    n, counted = unit.size, 1 + (periods - 1) + 1
    right = np.sqrt(cr0(fit)[0, 0] * size / (size - 1) * (n - 1) / (n - counted))
    assert cr1_test(fit, 0).std_error == pytest.approx(right)


def test_shifting_the_treated_block_shifts_the_effect_and_leaves_its_error(draw: Draw) -> None:
    panel = draw(missing=9)
    before, after = found(panel), found(replace(panel, y=panel.y + 4.2 * panel.treated))
    assert after.estimate - before.estimate == pytest.approx(4.2)
    assert after.std_error == pytest.approx(before.std_error)


def test_a_common_shock_in_a_year_that_the_treated_lack_moves_neither_this_nor_the_collapse(draw: Draw) -> None:
    panel = draw(noise=1e-6, effect=-3.25)
    year = panel.periods[panel.time]
    kept, y = (panel.unit >= 4) | (year != 2011), panel.y + 20 * (year == 2011)
    holed = panel_from_rows(panel.unit[kept], year[kept], y[kept], panel.treated[kept])
    collapsed = collapsed_did(collapse(holed, around_go_live(holed)), scale="points").estimate
    assert found(holed).estimate == pytest.approx(-3.25, abs=1e-4)
    assert collapsed == pytest.approx(-3.25, abs=1e-4)


def test_what_it_cannot_tell_apart_is_refused(draw: Draw) -> None:
    panel = draw()
    staggered = replace(panel, treated_from=np.where(np.arange(13) == 0, 2014.0, panel.treated_from))
    lone = panel_from_rows(
        unit=["t", "t", "c", "c", "e"], period=[1, 2, 1, 3, 2], y=[1.0, 2.0, 3.0, 5.0, 4.0], treated=[0, 1, 0, 0, 0]
    )
    for key, data, window in (
        ("did_staggered", staggered, Window((2010.0,), (2015.0,))),
        ("did_not_identified", lone, around_go_live(lone)),
    ):
        with pytest.raises(RefusedError) as caught:
            two_way_fixed_effects(data, window, scale="points")
        assert caught.value.problems[0].key == key


def test_the_mean_over_samples_is_the_effect(draw: Draw) -> None:
    estimates = np.array([found(draw(seed, missing=9, effect=1.0)).estimate for seed in range(40)])
    assert abs(estimates.mean() - 1.0) < 4 * estimates.std(ddof=1) / np.sqrt(estimates.size)
