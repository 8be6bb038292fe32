"""Exchanging the dates of go-live: against a slow loop, against one cohort's closed form, its invariances and size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from whole_window import around_go_live

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.collapse import collapse
from sverige_did.did.imputation import imputation
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError
from sverige_did.inference.assignments import all_arrangements, count_arrangements
from sverige_did.inference.districts import districts
from sverige_did.inference.permutation import permutation_test
from sverige_did.inference.staggered import staggered_permutation_test

TWO_COHORTS = (3.0, 3.0, 4.0, 4.0) + (np.inf,) * 4


def make(rng: np.random.Generator, starts: tuple[float, ...] = TWO_COHORTS, periods: int = 5, **extra) -> DistrictPanel:
    start, year = np.array(starts), np.arange(1.0, periods + 1)
    y = rng.normal(size=(start.size, 1)) + rng.normal(size=periods) + rng.normal(size=(start.size, periods))
    return panel_from_rows(
        np.repeat(np.arange(start.size), periods),
        np.tile(year, start.size),
        y.ravel(),
        (year >= start[:, None]).ravel(),
        **{name: np.repeat(values, periods, axis=0) for name, values in extra.items()},
    )


def simple(panel: DistrictPanel) -> float:
    return aggregate(group_time_effects(panel, "not_yet"), "simple").overall


def dynamic(panel: DistrictPanel) -> float:
    return aggregate(group_time_effects(panel, "never"), "dynamic").overall


def imputed(panel: DistrictPanel) -> float:
    return float(imputation(panel).estimate[0])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20150401)


def slow_p(panel: DistrictPanel, estimator: Callable[[DistrictPanel], float], tau0: float = 0.0) -> float:
    """The bare test by refitting the estimator to every distinct order of the dates."""
    free = replace(panel, y=panel.y - tau0 * panel.treated)
    observed = abs(estimator(free))
    orders = set(permutations(np.where(panel.ever_treated, panel.treated_from, np.inf)))
    found = [
        abs(estimator(replace(free, treated_from=np.where(np.isinf(order), np.nan, order))))
        for order in map(np.array, orders)
    ]
    return float(np.mean(np.array(found) >= observed * (1 - 1e-9)))


@pytest.mark.parametrize("estimator", [simple, dynamic, imputed])
def test_the_bare_test_is_the_slow_loop_over_all_orders_of_the_dates(rng, estimator):
    panel = make(rng, (3.0, 3.0, 4.0, np.inf, np.inf, np.inf))
    test = staggered_permutation_test(panel, estimator, rng=rng, studentise="none")
    assert test.enumerated
    assert test.reference.size == 60
    assert test.estimate == pytest.approx(estimator(panel))
    assert test.p_value == pytest.approx(slow_p(panel, estimator))
    for tau0 in (-1.3, 0.4):
        rejected = slow_p(panel, estimator, tau0) <= 0.3
        at_30 = staggered_permutation_test(panel, estimator, rng=rng, studentise="none", alpha=0.3)
        assert (tau0 not in at_30.region) == rejected


@pytest.mark.parametrize("studentise", ["cohort", "none"])
def test_one_cohort_is_the_test_of_the_collapsed_changes(rng, studentise):
    panel = make(rng, (4.0,) * 4 + (np.inf,) * 8, periods=4)
    window = around_go_live(panel)
    changes = collapse(panel, replace(window, pre=window.pre[-1:]))
    ours = staggered_permutation_test(panel, simple, rng=rng, studentise=studentise)
    theirs = permutation_test(
        districts(changes.change, changes.treated), rng=rng, studentise="cr2" if studentise == "cohort" else "none"
    )
    assert ours.reference.size == 495
    assert ours.p_value == theirs.p_value
    assert ours.observed == pytest.approx(theirs.observed)
    assert np.array(ours.region.pieces) == pytest.approx(np.array(theirs.region.pieces))


@pytest.mark.parametrize("estimator", [simple, imputed])
def test_a_shifted_block_moves_estimate_and_interval_by_the_shift(rng, estimator):
    panel = make(rng)
    moved = replace(panel, y=panel.y + 2.5 * panel.treated)
    before, after = (staggered_permutation_test(one, estimator, rng=rng) for one in (panel, moved))
    assert after.estimate == pytest.approx(before.estimate + 2.5)
    assert np.array(after.region.pieces) == pytest.approx(np.array(before.region.pieces) + 2.5)
    assert after.p_value < before.p_value


def test_names_scale_and_differences_between_districts_do_not_matter(rng):
    panel = make(rng)
    order = rng.permutation(panel.y.size)
    labels = np.array(list("hgfedcba"))
    turned = panel_from_rows(
        labels[panel.unit][order],
        panel.periods[panel.time][order],
        (7 * panel.y + 3 * panel.unit + panel.time**2)[order],
        panel.treated[order],
    )
    first, second = (staggered_permutation_test(one, simple, rng=rng) for one in (panel, turned))
    assert second.p_value == first.p_value
    assert np.array(second.region.pieces) == pytest.approx(7 * np.array(first.region.pieces), abs=1e-6)


@pytest.mark.parametrize("strata", [None, np.array([0, 0, 1, 0, 1, 0, 1, 1])])
def test_where_dates_are_drawn_neither_names_nor_rows_move_p(rng, strata):
    panel = make(rng, **({} if strata is None else {"strata": strata}))
    order, labels = rng.permutation(panel.y.size), np.array(list("cbhgadfe"))
    turned = panel_from_rows(
        labels[panel.unit][order],
        panel.periods[panel.time][order],
        panel.y[order],
        panel.treated[order],
        strata=None if strata is None else np.array(["south", "north"])[strata[panel.unit]][order],
    )
    first, second = (
        staggered_permutation_test(one, simple, rng=np.random.default_rng(1), draws=999, limit=10)
        for one in (panel, turned)
    )
    assert not first.enumerated
    assert second.p_value == first.p_value
    assert second.reference == pytest.approx(first.reference)


def test_drawn_dates_come_near_to_all_arrangements(rng):
    panel = make(rng)
    exact = staggered_permutation_test(panel, simple, rng=rng)
    drawn = staggered_permutation_test(panel, simple, rng=np.random.default_rng(1), draws=4_000, limit=10)
    again = staggered_permutation_test(panel, simple, rng=np.random.default_rng(1), draws=4_000, limit=10)
    assert (exact.enumerated, drawn.enumerated, drawn.p_value) == (True, False, again.p_value)
    assert drawn.p_value == pytest.approx(exact.p_value, abs=4 * np.sqrt(exact.p_value * (1 - exact.p_value) / 4_000))
    assert drawn.smallest_p == 1 / 4_001


def test_dates_stay_within_their_strata(rng):
    strata = np.array([0, 1, 0, 1, 0, 0, 1, 1])
    cohort = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    rows = all_arrangements(cohort, strata)
    assert len(rows) == count_arrangements(cohort, strata) == 12 * 12
    assert len(np.unique(rows, axis=0)) == len(rows)
    for s in (0, 1):
        sizes = np.sort(rows[:, strata == s], axis=1)
        assert (sizes == np.sort(cohort[strata == s])).all()
    test = staggered_permutation_test(make(rng, strata=strata), simple, rng=rng)
    assert test.reference.size == 144


def test_what_the_test_cannot_carry_is_refused(rng):
    single = make(rng, (3.0, 4.0, 4.0) + (np.inf,) * 4)
    holes = make(rng)
    holes = replace(holes, unit=holes.unit[1:], time=holes.time[1:], y=holes.y[1:])
    weighted = make(rng, weights=np.arange(1.0, 9.0))

    def by_children(panel: DistrictPanel) -> float:
        return aggregate(group_time_effects(panel, weighting="baseline"), "simple").overall

    for panel, estimator, key in (
        (single, simple, "staggered_single"),
        (holes, simple, "staggered_incomplete"),
        (weighted, by_children, "staggered_weights"),
    ):
        with pytest.raises(RefusedError) as error:
            staggered_permutation_test(panel, estimator, rng=rng)
        assert error.value.problems[0].key == key


@pytest.mark.parametrize("studentise", ["cohort", "none"])
def test_of_all_the_ways_to_have_exchanged_the_dates_only_the_promised_share_is_rejected(rng, studentise):
    """Each order of the dates in turn is taken for the true one: p is at most k / n for just k of the n."""
    panel = make(rng, (3.0, 3.0, 4.0, 4.0, np.inf, np.inf))
    orders = sorted(set(permutations(np.where(panel.ever_treated, panel.treated_from, np.inf))))
    p = []
    for order in map(np.array, orders):
        turned = replace(panel, treated_from=np.where(np.isinf(order), np.nan, order))
        p.append(staggered_permutation_test(turned, simple, rng=rng, studentise=studentise).p_value)
    assert np.sort(p) * 90 == pytest.approx(np.arange(1, 91))
