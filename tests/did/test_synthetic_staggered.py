"""Synthetic difference-in-differences date by date: a known answer, invariances, and the plain estimator by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.did.synthetic import synthetic_did
from sverige_did.did.synthetic_staggered import staggered_synthetic_did
from sverige_did.errors import RefusedError

PERIODS = np.arange(2008.0, 2020.0)
BEGUN = np.array([2014.0, 2014.0, 2016.0, 2017.0, *[np.nan] * 12])


@pytest.fixture
def table() -> np.ndarray:
    return np.random.default_rng(2016).normal(size=(16, 12)).cumsum(axis=1)


def test_a_shift_of_the_treated_cells_moves_the_estimate_by_as_much(table):
    under = BEGUN[:, None] <= PERIODS
    before, after = (staggered_synthetic_did(table + 7.0 * shift * under, PERIODS, BEGUN) for shift in (0, 1))
    assert after.estimate - before.estimate == pytest.approx(7.0)


def test_nothing_moves_with_areas_periods_scale_or_order(table):
    found = staggered_synthetic_did(table, PERIODS, BEGUN).estimate
    moved = table + np.arange(16.0)[:, None] + 0.3 * PERIODS  # the paper's ridge goes by the sd of the steps
    assert staggered_synthetic_did(moved, PERIODS, BEGUN).estimate == pytest.approx(found)
    assert staggered_synthetic_did(10 * table, PERIODS, BEGUN).estimate == pytest.approx(10 * found)
    order = np.random.default_rng(1).permutation(16)
    assert staggered_synthetic_did(table[order], PERIODS, BEGUN[order]).estimate == pytest.approx(found)


def test_it_is_the_plain_one_of_each_date_by_treated_cells(table):
    found = staggered_synthetic_did(table, PERIODS, BEGUN)
    never, by_hand = np.isnan(BEGUN), []
    for date, cells in ((2014.0, 2 * 6), (2016.0, 4), (2017.0, 3)):
        keep = never | (date == BEGUN)
        one = synthetic_did(table[keep], (date == BEGUN)[keep], date <= PERIODS)
        by_hand.append((cells, one.estimate))
    assert found.begun.tolist() == [2014.0, 2016.0, 2017.0]
    assert found.weights.tolist() == [cells for cells, _ in by_hand]
    assert found.estimate == pytest.approx(sum(n * tau for n, tau in by_hand) / sum(n for n, _ in by_hand))


def test_one_date_is_the_plain_estimator(table):
    begun = np.where(BEGUN == 2014.0, 2014.0, np.nan)
    plain = synthetic_did(table, begun == 2014.0, PERIODS >= 2014.0)
    assert staggered_synthetic_did(table, PERIODS, begun).estimate == pytest.approx(plain.estimate)


def test_a_date_with_too_short_a_past_is_left_out_and_named(table):
    begun = np.where(BEGUN == 2014.0, 2011.0, BEGUN)
    found = staggered_synthetic_did(table, PERIODS, begun)
    assert found.too_early == (2011.0,)
    assert found.begun.tolist() == [2016.0, 2017.0]
    late = staggered_synthetic_did(table, PERIODS, np.where(BEGUN == 2017.0, 2025.0, BEGUN))
    assert late.begun.tolist() == [2014.0, 2016.0]  # who begins after the last period is a control


def test_no_date_with_a_past_is_refused(table):
    with pytest.raises(RefusedError) as refusal:
        staggered_synthetic_did(table, PERIODS, np.where(np.isnan(BEGUN), np.nan, 2010.0))
    assert refusal.value.problems[0].key == "did_too_few_pre_periods"


def test_without_an_effect_the_mean_of_many_data_sets_is_none():
    rng = np.random.default_rng(7)
    drawn = [staggered_synthetic_did(rng.normal(size=(16, 12)), PERIODS, BEGUN).estimate for _ in range(200)]
    assert abs(np.mean(drawn)) < 3 * np.std(drawn) / np.sqrt(200)
