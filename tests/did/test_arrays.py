"""The panel: what is refused, what is dropped by name, and that the order of rows leaves no trace."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from sverige_did.did.arrays import DistrictPanel, Dropped, panel_from_rows
from sverige_did.errors import RefusedError

NEVER = np.nan


def small(**changes: object) -> dict[str, object]:
    """Two districts in three years, the first treated from 2014, with one column changed."""
    columns: dict[str, object] = {
        "unit": ["a", "a", "a", "b", "b", "b"],
        "period": [2012, 2013, 2014] * 2,
        "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "treated": [0, 0, 1, 0, 0, 0],
    }
    return columns | changes


REFUSALS = {
    "did_lengths": small(y=[1.0, 2.0]),
    "did_not_finite": small(y=[1.0, 2.0, np.inf, 4.0, 5.0, 6.0]),
    "did_weights": small(weights=[np.nan] * 3 + [1.0] * 3),
    "did_exposure": small(exposure=[1.0, 1.0, 0.0, 1.0, 1.0, 1.0]),
    "did_duplicate_rows": small(period=[2012, 2013, 2014, 2012, 2013, 2013]),
    "did_constant_outcome": small(y=[0.0] * 6),
    "did_no_treated": small(treated=[0] * 6),
    "did_no_pre_period": small(treated=[1, 1, 1, 0, 0, 0]),
    "did_period_without_control": small(treated=[0, 0, 1, 0, 0, 1]),
    "did_switches_off": small(treated=[0, 1, 0, 0, 0, 0]),
    "did_go_live_unknown": small(period=[2011, 2012, 2014, 2012, 2013, 2014]),
    "did_not_finite ": small(strata=["x", "x", "x", None, None, None]),
    "did_varies_within_unit": small(weights=[1.0, 2.0, 1.0, 1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("key", REFUSALS)
def test_what_cannot_be_estimated_is_refused_in_both_languages(key: str) -> None:
    with pytest.raises(RefusedError) as caught:
        panel_from_rows(**REFUSALS[key])  # type: ignore[arg-type]
    assert caught.value.problems[0].key == key.strip()
    assert caught.value.say("da") != caught.value.say("en")


@pytest.mark.parametrize("exposure", [[-1.0, 1, 1, 1, 1, 1], [np.inf, 1, 1, 1, 1, 1], [np.nan, 1, 1, 1, 1, 1]])
def test_a_denominator_is_a_positive_number(exposure: list[float]) -> None:
    with pytest.raises(RefusedError, match="denominator"):
        panel_from_rows(**small(exposure=exposure))  # type: ignore[arg-type]


def test_the_panel_keeps_its_rows_whatever_their_order() -> None:
    columns = {name: np.asarray(values) for name, values in small(weights=[5, 5, 5, 7, 7, 7]).items()}
    reference = panel_from_rows(**columns)
    shuffled = panel_from_rows(**{name: values[[3, 0, 5, 2, 4, 1]] for name, values in columns.items()})
    for field in fields(DistrictPanel):
        np.testing.assert_array_equal(getattr(reference, field.name), getattr(shuffled, field.name))
    np.testing.assert_array_equal(reference.wide(), [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(reference.treated_from, [2014, NEVER])
    np.testing.assert_array_equal(reference.unit_weights("baseline"), [5, 7])
    np.testing.assert_array_equal(reference.unit_weights("equal"), [1, 1])


def test_a_start_that_is_known_needs_no_row_beside_it() -> None:
    # a has no row in 2013 nor in its first treated year, so its rows alone do not tell when it began.
    gaps = small(unit=["a", "a", "a", "b", "b", "b"], period=[2011, 2012, 2015, 2011, 2012, 2015])
    rows = {**gaps, "unit": [*gaps["unit"], "b", "b"], "period": [*gaps["period"], 2013, 2014],
            "y": [*gaps["y"], 1.0, 1.0], "treated": [*gaps["treated"], 0, 0]}  # fmt: skip
    with pytest.raises(RefusedError) as caught:
        panel_from_rows(**rows)  # type: ignore[arg-type]
    assert caught.value.problems[0].key == "did_go_live_unknown"
    said = np.where(np.asarray(rows["unit"]) == "a", 2014.0, NEVER)
    panel = panel_from_rows(**rows, treated_from=said)  # type: ignore[arg-type]
    assert panel.go_live() == 2014.0
    assert panel.treated.tolist() == [False, False, True, *[False] * 5]


def test_a_start_that_is_said_is_that_of_the_rows_where_these_tell_it_and_must_not_deny_them() -> None:
    inferred = panel_from_rows(**small())  # type: ignore[arg-type]
    begun = np.array([2014.0] * 3 + [NEVER] * 3)
    told = panel_from_rows(**small(), treated_from=begun)  # type: ignore[arg-type]
    for field in fields(DistrictPanel):
        np.testing.assert_array_equal(getattr(told, field.name), getattr(inferred, field.name))
    for wrong, key in (
        ([2013.0] * 3 + [NEVER] * 3, "did_switches_off"),
        ([2014.0] * 3 + [2014.0] * 3, "did_switches_off"),
        ([2014.0, 2013.0, 2014.0] + [NEVER] * 3, "did_varies_within_unit"),
    ):
        with pytest.raises(RefusedError) as caught:
            panel_from_rows(**small(), treated_from=wrong)  # type: ignore[arg-type]
        assert caught.value.problems[0].key == key


def test_rows_without_information_are_left_out_by_name() -> None:
    panel = panel_from_rows(
        **small(y=[0.0, 2.0, 3.0, np.nan, 5.0, 6.0], exposure=[0.0, 4.0, 4.0, 4.0, 4.0, 4.0])  # type: ignore[arg-type]
    )
    assert panel.dropped == (Dropped("a", 2012.0, "nobody_at_risk"), Dropped("b", 2012.0, "outcome_missing"))
    np.testing.assert_array_equal(panel.wide(), [[NEVER, 0.5, 0.75], [NEVER, 1.25, 1.5]])
    np.testing.assert_array_equal(panel.level, [0.5, 0.75, 1.25, 1.5])


def test_a_panel_cannot_be_changed() -> None:
    panel = panel_from_rows(**small(strata=["x"] * 3 + ["y"] * 3))  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        panel.y = np.zeros(6)  # type: ignore[misc]
    for name in ("y", "unit", "weights", "treated_from", "strata"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(panel, name)[0] = 9


def test_a_go_live_after_the_last_period_counts_as_never() -> None:
    panel = panel_from_rows(**small())  # type: ignore[arg-type]
    later = DistrictPanel(
        panel.unit, panel.time, panel.y, panel.periods, panel.labels, np.array([2014.0, 2020.0]), panel.weights
    )
    np.testing.assert_array_equal(later.ever_treated, [True, False])
    assert later.go_live() == 2014.0
