"""Triple differences: hand numbers, shocks that cancel, dropped districts and refusals."""

import numpy as np
import pytest

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import around_go_live, collapse, collapsed_did
from sverige_did.did.triple import triple_changes, triple_difference
from sverige_did.errors import RefusedError


def like(panel: DistrictPanel, y: np.ndarray, rows: np.ndarray | slice = slice(None)) -> DistrictPanel:
    """The same districts and go-lives with another outcome, on some of the rows."""
    return panel_from_rows(
        np.array(panel.labels)[panel.unit][rows],
        panel.periods[panel.time][rows],
        y[rows],
        panel.treated[rows],
        weights=panel.weights[panel.unit][rows],
    )


def test_it_is_the_difference_of_two_collapsed_effects(panel: DistrictPanel, rng: np.random.Generator) -> None:
    placebo, window = like(panel, rng.normal(size=panel.y.size)), around_go_live(panel)
    both = [collapsed_did(collapse(side, window), scale="points").estimate for side in (panel, placebo)]
    found = triple_difference(triple_changes(panel, placebo, window), scale="points")
    assert found.estimate == pytest.approx(both[0] - both[1])
    assert (found.n_units, found.n_treated) == (13, 4)


def test_a_shock_to_the_whole_district_cancels(panel: DistrictPanel, rng: np.random.Generator) -> None:
    placebo, window = like(panel, rng.normal(size=panel.y.size)), around_go_live(panel)
    shock = 5 * rng.normal(size=(panel.n_units, panel.periods.size))[panel.unit, panel.time] + 3 * panel.treated
    before = triple_changes(panel, placebo, window).change
    after = triple_changes(like(panel, panel.y + shock), like(placebo, placebo.y + shock), window).change
    np.testing.assert_allclose(after, before)


def test_a_saturated_regression_agrees(panel: DistrictPanel, rng: np.random.Generator) -> None:
    placebo = like(panel, rng.normal(size=panel.y.size))
    window = around_go_live(panel)
    y = np.concatenate([panel.y, placebo.y])
    exposed = np.repeat([1.0, 0.0], panel.y.size)
    district_time = np.tile(panel.unit * panel.periods.size + panel.time, 2)
    district_group = np.tile(panel.unit, 2) + panel.n_units * exposed
    group_time = np.tile(panel.time, 2) + panel.periods.size * exposed
    dummies = [codes[:, None] == np.unique(codes) for codes in (district_time, district_group, group_time)]
    X = np.column_stack([np.tile(panel.treated, 2) * exposed, *dummies]).astype(float)
    slow = np.linalg.lstsq(X, y)[0][0]
    assert triple_difference(triple_changes(panel, placebo, window), scale="x").estimate == pytest.approx(slow)


def test_a_shift_of_the_exposed_moves_the_effect_and_one_of_the_placebo_moves_it_back(
    panel: DistrictPanel, rng: np.random.Generator
) -> None:
    placebo, window = like(panel, rng.normal(size=panel.y.size)), around_go_live(panel)

    def effect(mine: float, theirs: float) -> float:
        pair = like(panel, panel.y + mine * panel.treated), like(placebo, placebo.y + theirs * panel.treated)
        changes = triple_changes(*pair, window, "baseline")
        return triple_difference(changes, scale="points", weighting="baseline").estimate

    assert effect(2.5, 0) - effect(0, 0) == pytest.approx(2.5)
    assert effect(2.5, 2.5) == pytest.approx(effect(0, 0))


def test_a_district_that_only_the_exposed_group_has_is_named(panel: DistrictPanel, rng: np.random.Generator) -> None:
    rows = ~((panel.unit == 11) & (panel.periods[panel.time] >= 2013))
    placebo = like(panel, rng.normal(size=panel.y.size), rows)
    found = triple_changes(panel, placebo, around_go_live(panel))
    assert [(entry.unit, entry.reason) for entry in found.dropped] == [("d11", "placebo_missing")]
    assert 11 not in found.unit
    assert found.change.size == found.weights.size == found.treated.size == 12


def test_other_districts_or_go_lives_are_refused(panel: DistrictPanel) -> None:
    renamed = panel_from_rows(
        panel.unit + 100, panel.periods[panel.time], panel.y, panel.treated, weights=panel.weights[panel.unit]
    )
    with pytest.raises(RefusedError) as caught:
        triple_changes(panel, renamed, around_go_live(panel))
    assert caught.value.problems[0].key == "did_placebo_differs"
