"""One change a district: hand numbers, dropped districts, trends taken out, and unbiasedness by enumeration."""

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from whole_window import around_go_live

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import att_from_changes, collapse, collapse_detrended, collapsed_did
from sverige_did.did.window import Window
from sverige_did.errors import RefusedError


def test_a_hand_computed_change_with_a_donut() -> None:
    panel = panel_from_rows(
        unit=["t"] * 4 + ["c"] * 4,
        period=[1, 2, 3, 4] * 2,
        y=[10, 12, 99, 5, 20, 20, -7, 23],
        treated=[0, 0, 1, 1, 0, 0, 0, 0],
    )
    window = around_go_live(panel, donut=[3])
    assert window == Window(pre=(1, 2), post=(4,))
    found = collapse(panel, window)
    np.testing.assert_allclose(found.change, [3, -6])  # districts in order of label: c, then t
    assert collapsed_did(found, scale="points").estimate == pytest.approx(-9)


def test_a_shift_of_the_treated_after_go_live_moves_the_effect_by_as_much(panel: DistrictPanel) -> None:
    window = around_go_live(panel)
    before = collapsed_did(collapse(panel, window), scale="points").estimate
    shifted = panel_from_rows(
        np.array(panel.labels)[panel.unit], panel.periods[panel.time], panel.y + 1.7 * panel.treated, panel.treated
    )
    assert collapsed_did(collapse(shifted, window), scale="points").estimate == pytest.approx(before + 1.7)


@pytest.mark.parametrize("weighting", ["equal", "baseline"])
def test_weighted_least_squares_on_the_changes_is_the_same(panel: DistrictPanel, weighting: str) -> None:
    found = collapse(panel, around_go_live(panel), weighting)  # type: ignore[arg-type]
    slow = sm.WLS(found.change, sm.add_constant(found.treated.astype(float)), weights=found.weights).fit().params[1]
    assert att_from_changes(found.change, found.treated, found.weights) == pytest.approx(slow)


def test_a_district_without_a_window_is_left_out_by_name(panel: DistrictPanel) -> None:
    rows = ~((panel.unit == 12) & (panel.periods[panel.time] < 2013))
    part = panel_from_rows(
        np.array(panel.labels)[panel.unit][rows], panel.periods[panel.time][rows], panel.y[rows], panel.treated[rows]
    )
    found = collapse(part, around_go_live(part))
    assert [(entry.unit, entry.reason) for entry in found.dropped] == [("d12", "window_missing")]
    np.testing.assert_array_equal(found.seen, [[3, 4]] * 12)
    whole = collapse(panel, around_go_live(panel))
    np.testing.assert_allclose(found.change, whole.change[:12])


def test_each_districts_own_line_is_taken_out() -> None:
    slope, year = np.array([1.5, -2.0, 0.5, 3.0, 0.0]), np.arange(6.0)
    treated = (year >= 3) & (np.arange(5) < 2)[:, None]
    y = 10 + slope[:, None] * year + 4.0 * treated
    panel = panel_from_rows(np.repeat(np.arange(5), 6), np.tile(year, 5), y.ravel(), treated.ravel())
    window = around_go_live(panel)
    detrended = collapsed_did(collapse_detrended(panel, window), scale="points")
    assert detrended.estimate == pytest.approx(4.0)
    plain = att_from_changes(*(lambda c: (c.change, c.treated, c.weights))(collapse(panel, window)))
    assert plain == pytest.approx(4.0 + 3 * (slope[:2].mean() - slope[2:].mean()))


def test_detrending_is_a_line_fitted_before_go_live(panel: DistrictPanel) -> None:
    found = collapse_detrended(panel, around_go_live(panel))
    table, year = panel.wide(), panel.periods
    lines = [np.polynomial.Polynomial.fit(year[year < 2013], row[year < 2013], 1) for row in table]
    by_hand = np.array([(row - line(year))[year >= 2013].mean() for row, line in zip(table, lines, strict=True)])
    # What all share is taken away first: the changes are those of the lines but for one number.
    np.testing.assert_allclose(found.change - found.change.mean(), by_hand - by_hand.mean(), atol=1e-9)


def test_districts_with_too_few_periods_for_a_line_are_named(unbalanced_panel: DistrictPanel) -> None:
    found = collapse_detrended(unbalanced_panel, around_go_live(unbalanced_panel))
    table, year = unbalanced_panel.wide(), unbalanced_panel.periods
    np.testing.assert_array_equal(found.seen[:, 1], np.isfinite(table[found.unit][:, year >= 2013]).sum(axis=1))
    left_out = {entry.unit for entry in found.dropped if entry.reason == "too_few_pre_periods"}
    few = [unbalanced_panel.labels[i] for i, row in enumerate(table) if np.isfinite(row[year < 2013]).sum() < 3]
    assert left_out == set(few)
    assert few


def test_over_all_assignments_the_estimate_averages_the_effect(rng: np.random.Generator) -> None:
    change, effect = rng.normal(size=9), 1.3
    estimates = []
    for chosen in combinations(range(9), 3):
        treated = np.isin(np.arange(9), chosen)
        estimates.append(att_from_changes(change + effect * treated, treated, np.ones(9)))
    assert np.mean(estimates) == pytest.approx(effect)


@pytest.mark.parametrize(
    "window",
    [
        Window((), (2014,)),
        Window((2011,), ()),
        Window((2013,), (2014,)),
        Window((2011,), (2012,)),
        Window((1,), (2014,)),
    ],
)
def test_a_window_on_the_wrong_side_is_refused(panel: DistrictPanel, window: Window) -> None:
    with pytest.raises(RefusedError) as caught:
        collapse(panel, window)
    assert caught.value.problems[0].key == "did_window"


def test_without_controls_in_the_window_there_is_no_effect(panel: DistrictPanel) -> None:
    keep = panel.ever_treated[panel.unit] | (panel.periods[panel.time] >= 2013)
    part = panel_from_rows(panel.unit[keep], panel.periods[panel.time][keep], panel.y[keep], panel.treated[keep])
    with pytest.raises(RefusedError) as caught:
        collapse(part, around_go_live(part))
    assert caught.value.problems[0].key == "did_groups_empty"
