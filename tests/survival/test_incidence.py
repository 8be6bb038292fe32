"""Incidence with competing exits: by hand, against statsmodels, and what may not change it."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from sverige_did.errors import RefusedError
from sverige_did.survival.incidence import cumulative_incidence
from sverige_did.survival.waits import Waits

# Remission of leukaemia in weeks under 6-MP (Freireich et al. 1963), and whether it ended.
SIX_MP = (
    np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float),
    np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]),
)


def drawn(seed: int, n: int = 60) -> Waits:
    rng = np.random.default_rng(seed)
    return Waits(np.floor(rng.exponential(40, n)), rng.choice([0, 1, 1, 2], n))


def test_the_published_curve_of_six_mp() -> None:
    curve = cumulative_incidence(Waits(*SIX_MP))
    for week, alive in ((6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)):
        assert 1 - curve.at(week)[0] == pytest.approx(alive, abs=5e-4)
    assert curve.at(5)[0] == 0


@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning:statsmodels")
@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_statsmodels_computes(seed: int) -> None:
    waits = drawn(seed)
    ours, theirs = cumulative_incidence(waits), CumIncidenceRight(waits.days, waits.cause)
    for mine, other in zip((ours.event, ours.exit), theirs.cinc, strict=True):
        at = np.searchsorted(theirs.times, ours.days)
        np.testing.assert_allclose(mine[0], other[at], atol=1e-12)


def test_without_exits_it_is_kaplan_and_meiers() -> None:
    waits = drawn(7)
    waits = Waits(waits.days, np.minimum(waits.cause, 1))
    theirs = SurvfuncRight(waits.days, waits.cause)
    np.testing.assert_allclose(1 - cumulative_incidence(waits).event[0], theirs.surv_prob, atol=1e-12)


def test_a_weight_of_zero_leaves_a_case_out() -> None:
    waits = drawn(3)
    weights = np.ones((1, len(waits)))
    weights[0, 4] = 0
    left = cumulative_incidence(waits[np.arange(len(waits)) != 4]).areas(90)
    assert cumulative_incidence(waits, weights).areas(90).without == pytest.approx(left.without)


def test_order_and_unit_do_not_matter_and_the_days_add_up() -> None:
    waits = drawn(2)
    areas = cumulative_incidence(waits).areas(60)
    turned = np.random.default_rng(0).permutation(len(waits))
    assert cumulative_incidence(waits[turned]).areas(60).without == pytest.approx(areas.without)
    in_weeks = cumulative_incidence(Waits(waits.days / 7, waits.cause)).areas(60 / 7)
    assert 7 * in_weeks.without == pytest.approx(areas.without)
    assert areas.waiting + areas.after_event + areas.after_exit == pytest.approx(60)


def test_what_is_no_wait_is_refused() -> None:
    for days, cause, key in (
        ([-1.0], [1], "waits_days"),
        ([np.nan], [1], "waits_days"),
        ([1.0], [3], "waits_cause"),
        ([1.0, 2.0], [1], "waits_lengths"),
    ):
        with pytest.raises(RefusedError) as caught:
            Waits(np.array(days), np.array(cause))
        assert caught.value.problems[0].key == key
    with pytest.raises(RefusedError):
        cumulative_incidence(Waits(np.array([]), np.array([], dtype=int)))
