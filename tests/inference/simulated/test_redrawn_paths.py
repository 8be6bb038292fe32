"""The size where districts begin at different dates: what is drawn again, what it bars, what must not matter."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.staggered import group_time_effects
from sverige_did.inference.districts import Floats
from sverige_did.inference.simulated.redrawn_paths import (
    STRETCH,
    DatedDesign,
    barred_by_shape,
    date_tests,
    found_at,
    redrawn_sizes,
)
from sverige_did.inference.staggered import cohort_weights, cohorts

STARTS = np.array([3.0] * 3 + [5.0] * 3 + [np.inf] * 14)


def mean_effect(panel: DistrictPanel) -> float:
    return aggregate(group_time_effects(panel, "never"), "simple").overall


def design(table: Floats) -> DatedDesign:
    unit, time = np.repeat(np.arange(20), 8), np.tile(np.arange(8), 20)
    panel = panel_from_rows(unit, time, table.ravel(), time >= STARTS[unit])
    exposed = (np.arange(8) >= STARTS[:, None]).astype(float)
    none = np.zeros(20, dtype=np.int64)
    return DatedDesign(cohorts(panel), cohort_weights(panel, mean_effect), exposed, none, table)


def normal(seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=(20, 8))


def with_one_shock_each(seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    return 0.1 * rng.normal(size=(20, 8)) + rng.exponential(size=(20, 1)) ** 1.5 * (np.arange(8) >= 3)


def size(one: DatedDesign, stretch: float, simulations: int = 1_000) -> float:
    (found,) = redrawn_sizes(
        one, stretch=stretch, rng=np.random.default_rng(0), simulations=simulations, draws=199
    )  # fmt: skip
    return found.share


def test_paths_are_the_untreated_ones_around_their_mean_with_their_variance() -> None:
    table = normal()
    paths = design(table).paths
    np.testing.assert_allclose(paths.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(paths.var(axis=0), table[6:].var(axis=0, ddof=1))


def test_skewness_that_can_be_seen_stretches_and_so_do_controls_too_few_to_show_it() -> None:
    table = normal()
    assert design(table - table.mean()).stretch == 1.0
    assert design(with_one_shock_each()).stretch == STRETCH
    few = design(table)
    keep = np.arange(20) < 6 + 7
    less = replace(few, cohort=few.cohort[keep], exposed=few.exposed[keep], strata=few.strata[keep], table=table[keep])
    assert less.stretch == STRETCH


def test_normal_paths_keep_the_size_and_single_lasting_shocks_do_not() -> None:
    assert size(design(normal()), 1.0) < 0.064
    assert size(design(with_one_shock_each()), STRETCH) > 0.07


def test_an_effect_is_found_in_more_data_sets_than_none() -> None:
    none, some = redrawn_sizes(
        design(normal()), stretch=1.0, rng=np.random.default_rng(0), shifts=(0.0, 3.0), simulations=500, draws=199
    )
    assert none.share < 0.1 < 0.4 < some.share


@pytest.mark.parametrize("change", ["shift", "scale", "treated", "what all share"])
def test_levels_units_and_the_treated_districts_own_paths_do_not_matter(change: str) -> None:
    table = normal(2)
    moved = {
        "shift": table + np.arange(20)[:, None],
        "scale": 7 * table,
        "treated": np.where(np.isfinite(STARTS)[:, None], table + 100, table),
        "what all share": table + 5 * np.arange(8),
    }[change]
    assert size(design(moved), 2.0, 300) == pytest.approx(size(design(table), 2.0, 300), abs=0.004)


def test_a_change_is_a_share_of_the_treated_level_before_and_larger_ones_are_found_more() -> None:
    one = design(normal() + 20)
    untouched = (one.exposed == 0) & ~one.control[:, None]
    assert one.level == pytest.approx(one.table[untouched].mean())
    found = [found_at(one, change, seed=1, simulations=300).share for change in (0.0, -0.02, -0.2)]
    assert found[0] <= 0.1
    assert found[0] < found[1] + 0.02 <= found[2] + 0.02
    assert found[2] > 0.7
    assert found_at(one, -0.2, seed=1, simulations=300) == found_at(one, -0.2, seed=1, simulations=300)


def test_a_shape_that_bars_a_verdict_does_not_hide_what_the_tests_find() -> None:
    """Shocks with long tails that stay: the tests always find a large change, and a tenth or more of the data sets bars
    a verdict whatever it is."""
    shocks = 0.02 * np.random.default_rng(2).exponential(size=(20, 8)) ** 3
    one = design(np.cumsum(shocks, axis=1) + 20)
    shape = barred_by_shape(one, seed=1, simulations=400)
    assert 0.1 < shape.share < 1
    assert found_at(one, -0.9, seed=1, simulations=400).share == 1
    moved = one.table - 0.9 * one.level * one.exposed
    rng = np.random.default_rng(1)
    both = [date_tests(y[None], one, draws=1, rng=rng).barred[0] for y in (one.table, moved)]
    assert both[0] == both[1]


def test_more_districts_are_those_that_there_are_once_more() -> None:
    one = design(normal() + 20)
    twice = one.with_districts(2)
    assert len(twice.cohort) == 2 * len(one.cohort)
    assert twice.level == pytest.approx(one.level)
    assert np.bincount(twice.cohort).tolist() == (2 * np.bincount(one.cohort)).tolist()
    change = -0.03
    assert found_at(twice, change, seed=1, simulations=400).share > found_at(one, change, seed=1, simulations=400).share


def test_the_data_sets_are_those_whose_every_period_is_written_out() -> None:
    """Drawn with the same seed and tested whole, which a country's panel has no room for."""
    one, rng = design(normal() + 20), np.random.default_rng(3)
    y = one.paths[rng.integers(0, len(one.paths), (300, 20))] - 0.05 * one.level * one.exposed
    whole = date_tests(y, one, draws=499, rng=rng)
    assert 0.2 < whole.rejected(0.05).mean() < 1
    assert found_at(one, -0.05, seed=3, simulations=300).share == pytest.approx(whole.rejected(0.05).mean())
    rng = np.random.default_rng(4)
    far = np.where(one.control, 1.0, 2.0)[:, None]
    y = one.paths[rng.integers(0, len(one.paths), (300, 20))] * far
    moved = y + 3 * (y * one.weights[one.cohort]).sum(axis=(1, 2)).std() * one.exposed
    shares = [date_tests(each, one, draws=499, rng=rng).supported(0.05).mean() for each in (y, moved)]
    found = redrawn_sizes(one, stretch=2.0, rng=np.random.default_rng(4), shifts=(0.0, 3.0), simulations=300)
    assert [each.share for each in found] == pytest.approx(shares)


def test_a_panel_of_many_districts_is_drawn_without_a_table_of_every_data_set() -> None:
    many = design(normal() + 20).with_districts(40)
    tracemalloc.start()
    found_at(many, -0.01, seed=1, simulations=500, draws=49)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * 500 * 800 * 8 * 8  # bytes: data sets, districts, periods, numbers
