"""Many specifications at once: each as if it were alone, and together as often right as they should be."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.special import expit, logit

from sverige_did.errors import RefusedError
from sverige_did.inference.assignments import reference_moves
from sverige_did.inference.cluster_robust import cr2_test, of_districts
from sverige_did.inference.districts import districts
from sverige_did.inference.specifications import (
    Comparison,
    Estimates,
    Specification,
    comparison,
    estimates,
    only,
    pooled,
    reassigned,
)

G = 14
TREATED = np.arange(G) % 4 == 1
ONE = np.zeros(G, dtype=np.int64)


def made(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return rng.uniform(20, 60, G), rng.uniform(20, 60, G), rng.lognormal(size=G), rng


@pytest.mark.parametrize("strata", [ONE, np.arange(G) % 3])
@pytest.mark.parametrize("kept", [None, np.arange(G) != 3])
def test_a_difference_is_the_regression_of_the_methods_table(strata: np.ndarray, kept: np.ndarray | None) -> None:
    """Estimate, CR2 standard error, degrees of freedom and interval, with the level before and without."""
    before, after, weights, _ = made(1)
    places = comparison(TREATED, weights, strata, kept)
    found = estimates([Specification(before, after, places), Specification(before, after, places, by_level=True)])
    k = places.kept
    for at, level in enumerate((None, before[k, None])):
        sample = districts((after - before)[k], TREATED[k], weights=weights[k], strata=strata[k], covariates=level)
        test = cr2_test(of_districts(sample), 1)
        told = [getattr(found, name)[at] for name in ("estimate", "std_error", "df", "lower", "upper")]
        assert told == pytest.approx([test.estimate, test.std_error, test.df, test.lower, test.upper], rel=1e-9)


@pytest.mark.parametrize(("scale", "g", "back"), [("log", np.log, np.exp), ("logit", logit, expit)])
def test_another_scale_is_read_in_the_unit_of_the_outcome(scale, g, back) -> None:
    """The level after less what the pooled levels imply, and what each district adds to it by moving its weight."""
    before, after, weights, _ = made(2)

    def effect(w: np.ndarray) -> float:
        t0, t1, c0, c1 = (
            float(np.average(side[arm], weights=w[arm])) / 100
            for arm in (TREATED, ~TREATED)
            for side in (before, after)
        )
        return 100 * (t1 - float(back(g(t0) + g(c1) - g(c0))))

    found = estimates([Specification(before, after, comparison(TREATED, weights, ONE), scale)], top=100.0)
    assert found.estimate[0] == pytest.approx(effect(weights))
    slopes = np.array([
        (effect(weights * (1 + 1e-6 * (np.arange(G) == d))) - effect(weights)) / 1e-6 for d in range(G)
    ])  # fmt: skip
    share = np.where(TREATED, weights / weights[TREATED].sum(), weights / weights[~TREATED].sum())
    residual = slopes / share
    room = 1 - 2 * share + np.array([np.square(share[one == TREATED]).sum() for one in TREATED])
    assert found.std_error[0] == pytest.approx(np.sqrt((share**2 * residual**2 / room).sum()), rel=1e-4)


def test_where_both_groups_had_one_level_the_scales_agree() -> None:
    _, after, weights, _ = made(3)
    before = np.full(G, 30.0)
    places = comparison(TREATED, weights, ONE)
    found = estimates([Specification(before, after, places, one) for one in ("identity", "log", "logit")], top=100.0)
    assert np.ptp(found.estimate) < 1e-9


def test_an_effect_added_to_the_treated_is_added_to_every_estimate() -> None:
    before, after, weights, _ = made(4)
    places = comparison(TREATED, weights, ONE)
    every = [("identity", False), ("identity", True), ("log", False), ("logit", False)]
    one, other = (
        estimates([Specification(before, after + 7 * more * TREATED, places, *how) for how in every], top=100.0)
        for more in (0, 1)
    )
    assert other.estimate - one.estimate == pytest.approx(np.full(4, 7.0))


def test_no_level_and_no_logarithm_of_nothing_is_no_number() -> None:
    before, after, weights, _ = made(5)
    places = comparison(TREATED, weights, ONE)
    empty = np.where(TREATED, before, 0.0)
    found = estimates([Specification(empty, after, places, "log"), Specification(empty, after, places)])
    assert np.isnan(found.estimate[0])
    assert np.isfinite(found.estimate[1])


def test_a_level_that_all_share_changes_nothing() -> None:
    _, after, weights, _ = made(5)
    places = comparison(TREATED, weights, ONE)
    specs = [Specification(np.full(G, 7.0), after, places, by_level=level) for level in (False, True)]
    found = estimates(specs)
    assert found.estimate[0] == pytest.approx(found.estimate[1])
    assert found.std_error[0] == pytest.approx(found.std_error[1])
    assert found.df[0] == pytest.approx(found.df[1])


def test_reassigned_levels_are_those_of_the_districts_that_moved() -> None:
    """Row by row the same as a list of specifications with the levels exchanged."""
    before, after, weights, rng = made(6)
    places = comparison(TREATED, weights, ONE, np.arange(G) != 5)
    how = [("identity", False), ("identity", True), ("log", False), ("logit", False)]
    specs = [Specification(before, after, places, *one) for one in how]
    rows = np.array([np.arange(G), *(rng.permutation(G) for _ in range(3))])
    value, error = reassigned(specs, rows, top=100.0)
    for at, row in enumerate(rows):
        alone = estimates([Specification(before[row], after[row], places, *one) for one in how], top=100.0)
        assert value[at] == pytest.approx(alone.estimate)
        assert error[at] == pytest.approx(alone.std_error)


def test_fewer_than_two_of_an_arm_are_refused() -> None:
    for treated, kept, key in (
        (TREATED, TREATED | (np.arange(G) == 0), "too_few_control"),
        (np.arange(G) == 0, None, "too_few_treated"),
    ):
        with pytest.raises(RefusedError) as refusal:
            comparison(treated, np.ones(G), ONE, kept)
        assert refusal.value.problems[0].key == key


def curve(rng: np.random.Generator, effect: float, places: Comparison, moves: np.ndarray) -> tuple[Estimates, float]:
    """Twelve specifications that share most of their noise, with the p of their median."""
    own = rng.normal(size=(3, G))
    specs = [
        Specification(10 + own[0] + 0.4 * rng.normal(size=G), 10 + own[1] + effect * TREATED, places, by_level=level)
        for level in (False, True)
        for _ in range(6)
    ]
    found = estimates(specs)
    return found, pooled(found, reassigned(specs, moves), every=True).p_median


def test_the_median_is_significant_one_time_in_twenty_where_nothing_was_done() -> None:
    """300 data sets, exact over all 1,001 choices: 5 % give or take 2.5 (two Monte-Carlo standard errors)."""
    rng = np.random.default_rng(7)
    treated = np.arange(G) < 4
    places = comparison(treated, np.ones(G), ONE)
    moves = reference_moves(treated, np.ones(G), ONE, draws=1, rng=rng, limit=5000).rows[::7]
    p = [curve(rng, 0.0, places, moves)[1] for _ in range(300)]
    assert 0.025 <= np.mean(np.array(p) <= 0.05) <= 0.075


def test_a_large_effect_is_found_by_all_of_them_together() -> None:
    rng = np.random.default_rng(8)
    places = comparison(TREATED, np.ones(G), ONE)
    moves = reference_moves(TREATED, np.ones(G), ONE, draws=1, rng=rng, limit=5000).rows
    found, p = curve(rng, 8.0, places, moves)
    together = pooled(found, reassigned([Specification(*([np.zeros(G)] * 2), places)] * 12, moves[:1]), every=True)
    assert p <= 0.01
    assert (together.same_sign, together.beyond) == (1.0, 1.0)
    assert together.median == pytest.approx(float(np.median(only(found, np.arange(12)).estimate)))


def test_thousands_take_less_than_seconds() -> None:
    """3,000 specifications of 14 districts with their intervals, and 50 of them under 2,000 reassignments."""
    _, _, weights, rng = made(9)
    places = comparison(TREATED, weights, ONE)
    specs = [
        Specification(rng.uniform(20, 60, G), rng.uniform(20, 60, G), places, scale, level)
        for scale, level in (("identity", False), ("identity", True), ("log", False))
        for _ in range(1000)
    ]
    moves = reference_moves(TREATED, weights, ONE, draws=1999, rng=rng, limit=100).rows
    began = time.process_time()
    estimates(specs)
    reassigned(specs[::60], moves)
    assert time.process_time() - began < 5.0


def test_a_level_that_tells_who_is_treated_loses_its_own_specification_and_no_other() -> None:
    _, after, weights, _ = made(5)
    apart = np.where(TREATED, 40.0, 20.0)
    places = comparison(TREATED, weights, ONE)
    found = estimates([Specification(apart, after, places), Specification(apart, after, places, by_level=True)])
    assert np.isfinite([found.lower[0], found.upper[0]]).all()
    assert np.isnan([found.df[1], found.lower[1], found.upper[1]]).all()
