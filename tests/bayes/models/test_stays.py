"""What sums of the same children are worth, beside children who are made one by one."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.bayes.models.stays import LEAVING, design_effect, likeness, rate_of_leaving, shared


def made(leaving: float, periods: int, districts: int, rng: np.random.Generator, mean: float = 4.0):
    """Time (D, T) that children spend in each district and period, and how many are there when it begins."""
    before = 12 / leaving
    come = rng.poisson(mean * leaving * (before + periods), districts)
    where = np.repeat(np.arange(districts), come)
    begin = rng.uniform(-before, periods, len(where))
    end = begin + rng.exponential(1 / leaving, len(where))
    edges = np.arange(periods + 1.0)
    time = np.maximum(np.minimum(end[:, None], edges[1:]) - np.maximum(begin[:, None], edges[:-1]), 0.0)
    there = (begin[:, None] <= edges[:-1]) & (end[:, None] > edges[:-1])
    return tuple(
        np.stack([np.bincount(where, column, minlength=districts) for column in table.T.astype(float)], axis=1)
        for table in (time, there)
    )


@pytest.mark.parametrize("leaving", [0.1, 0.5, 3.0])
@pytest.mark.parametrize("time_counted", [True, False])
def test_sums_vary_as_much_as_sums_of_children_made_one_by_one(leaving: float, time_counted: bool) -> None:
    """20,000 districts: the ratio of variance to mean has a Monte Carlo error of one in a hundred."""
    tables = made(leaving, 6, 20_000, np.random.default_rng(1))
    sums = tables[0 if time_counted else 1].sum(axis=1)
    again = design_effect(leaving, np.array([6]), time_counted)[0]
    assert sums.var() / sums.mean() == pytest.approx(again, rel=0.05)


@pytest.mark.parametrize("leaving", [0.3, 0.6])
@pytest.mark.parametrize("time_counted", [True, False])
def test_changes_vary_as_much_as_what_two_sums_do_not_share(leaving: float, time_counted: bool) -> None:
    """Nine periods before and four after, one between: where neither design effect is held up at 1."""
    counts = made(leaving, 14, 20_000, np.random.default_rng(4))[0 if time_counted else 1]
    before, after = np.arange(9), np.arange(10, 14)
    change = counts[:, after].mean(axis=1) - counts[:, before].mean(axis=1)
    both = shared(leaving, before, after, time_counted)
    lengths = np.array([9, 4])
    each = design_effect(leaving, lengths, time_counted, both) / lengths
    assert change.var() / counts.mean() == pytest.approx(each.sum(), rel=0.05)


@pytest.mark.parametrize("time_counted", [True, False])
@pytest.mark.parametrize("leaving", [0.15, 0.4, 1.0])
def test_the_rate_is_read_off_the_panel(leaving: float, time_counted: bool) -> None:
    counts = made(leaving, 9, 3000, np.random.default_rng(2))[0 if time_counted else 1]
    found = rate_of_leaving((counts[:, :6], counts[:, 6:]), np.full(3000, 4.0), time_counted)
    assert found == pytest.approx(leaving, rel=0.1)


def test_likeness_of_time_is_the_mean_over_both_periods() -> None:
    at = (np.arange(400) + 0.5) / 400
    for leaving in (0.2, 2.0):
        each = [np.exp(-leaving * np.abs(at[:, None] + lag - at[None, :])).mean() for lag in range(4)]
        assert likeness(np.array([leaving]), np.arange(4.0), True)[0] == pytest.approx(each, rel=1e-4)


@pytest.mark.parametrize("time_counted", [True, False])
def test_a_sum_is_worth_no_less_than_one_period_and_no_more_than_it_counts_unless_children_come_and_go_within_it(
    time_counted: bool,
) -> None:
    periods = np.arange(1, 14)
    for leaving in LEAVING:
        whole, own = (design_effect(float(leaving), periods, time_counted, both) for both in (0.0, 0.3))
        assert (whole <= periods).all()
        assert (np.diff(whole) >= -1e-12).all()
        assert (own <= whole + 1e-12).all()
        assert (own >= np.minimum(whole, 1.0) - 1e-12).all()
        assert time_counted or (whole >= 1).all()


@pytest.mark.parametrize("leaving", [0.1, 0.36])
def test_few_districts_hardly_ever_take_those_who_stay_for_those_who_come_and_go(leaving: float) -> None:
    """Twenty districts with a child or two: two hundred panels, each with a rate of its own."""
    rng = np.random.default_rng(6)
    found = []
    for _ in range(200):
        counts = made(leaving, 13, 20, rng, mean=1.5)[0]
        found.append(rate_of_leaving((counts[:, :9], counts[:, 9:]), np.full(20, 1.5), True))
    assert np.mean(np.array(found) > 1.5) < 0.03
    assert np.median(found) == pytest.approx(leaving, rel=0.25)


def test_what_is_not_known_says_nothing_and_neither_does_a_district_without_children() -> None:
    rng = np.random.default_rng(3)
    counts = made(0.4, 9, 400, rng)[0]
    chance = np.full(400, 4.0)
    whole = rate_of_leaving((counts[:, :6], counts[:, 6:]), chance, True)
    more = np.vstack([counts, np.full((5, 9), np.nan), np.zeros((5, 9))])
    assert (
        rate_of_leaving((more[:, :6], more[:, 6:]), np.concatenate([chance, np.full(5, 4.0), np.zeros(5)]), True)
        == whole
    )


def test_one_period_of_each_kind_says_nothing_about_staying() -> None:
    assert rate_of_leaving((np.ones((8, 1)), np.ones((8, 1))), np.ones(8), True) is None
