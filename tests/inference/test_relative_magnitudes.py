"""Relative magnitudes: a linear programme solved by HiGHS, invariances, coverage, and a drift that must be caught."""

from __future__ import annotations

import numpy as np
import pytest
from drifting import estimated, shocks, treated_of
from scipy import optimize, stats

from sverige_did.errors import RefusedError
from sverige_did.inference.relative_magnitudes import (
    EventEffects,
    _parts,
    _truncated_p,
    event_effects,
    holds,
    relative_breakdown,
    relative_interval,
)


def made_up(seed: int, before: int = 4, after: int = 3) -> EventEffects:
    rng = np.random.default_rng(seed)
    size = before + after
    root = rng.normal(size=(size, size + 2))
    return event_effects(-np.arange(before, 0, -1.0), np.arange(1.0, after + 1), rng.normal(size=size), root @ root.T)


def programme(effects: EventEffects, load: np.ndarray, M: float, s: int, sign: float, theta: float) -> float:
    """min eta over the effects tau after with load'tau = theta, such that no studentised moment lies above eta."""
    P, Q = effects.before.size, effects.after.size
    levels = np.insert(np.eye(P + Q), P, 0.0, axis=0)
    steps = np.diff(levels, axis=0)
    largest = sign * steps[s]
    rows = np.concatenate([steps[P:] - M * largest, -steps[P:] - M * largest])
    size = np.sqrt(np.einsum("ij,jk,ik->i", rows, effects.covariance, rows))
    # y = rows (beta - tau): unknown are eta and tau after
    solved = optimize.linprog(
        np.insert(np.zeros(Q), 0, 1.0),
        A_ub=np.column_stack([-size, -rows[:, P:]]),
        b_ub=-rows @ effects.estimate,
        A_eq=np.insert(load, 0, 0.0)[None, :],
        b_eq=[theta],
        bounds=[(None, None)] * (Q + 1),
        method="highs",
    )
    return float(solved.fun)


@pytest.mark.parametrize("load", [(1.0, 0.0, 0.0), (1 / 3, 1 / 3, 1 / 3), (0.0, 1.0, 0.0), (-1.0, 0.5, 1.0)])
def test_the_largest_vertex_is_the_value_of_the_linear_programme(load: tuple[float, ...]) -> None:
    effects, weights = made_up(1), np.array(load)
    for M in (0.5, 1.3):
        parts = list(_parts(effects, weights, M))
        for number, (s, sign) in enumerate((s, sign) for s in range(4) for sign in (1.0, -1.0)):
            for theta in (-2.0, 0.0, 1.7):
                vertex = (parts[number].value - theta * parts[number].slope).max()
                assert vertex == pytest.approx(programme(effects, weights, M, s, sign, theta), abs=1e-7)


def test_without_drift_the_set_is_the_usual_interval() -> None:
    effects, load = made_up(2), np.array([0.5, 0.25, 0.25])
    at = np.concatenate([np.zeros(4), load])
    theta, se = at @ effects.estimate, np.sqrt(at @ effects.covariance @ at)
    found = relative_interval(effects, load, 0.0, rng=np.random.default_rng(1))
    half = stats.norm.isf(0.025) * se
    assert found == pytest.approx((theta - half, theta + half), rel=1e-12)
    # Small M are near it, and where the effect is told to be lost to no drift at all, its own test says so.
    near = relative_interval(effects, load, 1e-6, rng=np.random.default_rng(1))
    assert near == pytest.approx(found, abs=0.03 * se)
    for times, stands in ((0.999, False), (1.001, True)):
        moved = effects._replace(estimate=effects.estimate + (np.arange(7) >= 4) * (times * half - theta))
        assert holds(moved, load, 0.0, 0.0, rng=np.random.default_rng(1)) is not stands


def test_neither_unit_nor_sign_matters() -> None:
    effects, load = made_up(3), np.full(3, 1 / 3)
    low, high = relative_interval(effects, load, 1.0, rng=np.random.default_rng(1))
    other = effects._replace(estimate=-40 * effects.estimate, covariance=1600 * effects.covariance)
    turned = relative_interval(other, load, 1.0, rng=np.random.default_rng(1))
    assert turned == pytest.approx((-40 * high, -40 * low), rel=0.01)


def test_a_block_of_effect_moves_the_set_by_itself() -> None:
    effects, load = made_up(4), np.full(3, 1 / 3)
    low, high = relative_interval(effects, load, 0.7, rng=np.random.default_rng(1))
    moved = effects._replace(estimate=effects.estimate + 50 * (np.arange(7) >= 4))
    found = relative_interval(moved, load, 0.7, rng=np.random.default_rng(1))
    assert found == pytest.approx((low + 50, high + 50), abs=0.02 * (high - low))


def test_a_later_start_is_as_many_steps_further() -> None:
    """Twice the time between is twice the drift: with a certain step of one, the set reaches M k beyond."""
    tiny = 1e-6 * np.eye(3)
    for gap in (1.0, 2.0, 1.5):
        effects = event_effects(np.array([-2.0, -1.0]), np.array([gap]), np.array([-1.0, 0.0, 10.0]), tiny)
        low, high = relative_interval(effects, np.ones(1), 0.5, rng=np.random.default_rng(1))
        assert (low, high) == pytest.approx((10 - 0.5 * gap, 10 + 0.5 * gap), abs=0.02)
        assert relative_breakdown(effects, np.ones(1), rng=np.random.default_rng(1)) == pytest.approx(
            10 / gap, rel=0.02
        )


@pytest.mark.parametrize("seed", range(4))
def test_the_breakdown_is_where_the_interval_reaches_no_effect(seed: int) -> None:
    effects, load = made_up(10 + seed, before=3, after=2), np.array([0.5, 0.5])
    at = np.concatenate([np.zeros(3), load])
    se = np.sqrt(at @ effects.covariance @ at)
    effects = effects._replace(estimate=effects.estimate + 8 * se * (np.arange(5) >= 3))
    limit = relative_breakdown(effects, load, rng=np.random.default_rng(1))
    assert limit > 0
    assert relative_interval(effects, load, 0.97 * limit, rng=np.random.default_rng(1))[0] > -0.05 * se
    assert relative_interval(effects, load, 1.1 * limit, rng=np.random.default_rng(1))[0] < 0.05 * se
    none = effects._replace(estimate=0 * effects.estimate)
    assert relative_breakdown(none, load, rng=np.random.default_rng(1)) == 0.0


def test_a_large_effect_without_any_drift_stands_steps_as_large_as_those_before() -> None:
    """8 half-years before, 4 after, 4 of 20 treated, an effect of 12 of its own standard errors, steps of years."""
    rng, limits = np.random.default_rng(5), []
    true = 12 * np.sqrt((1 / 4 + 1 / 2) * (1 / 4 + 1 / 16))
    for _ in range(25):
        y = shocks(rng, 12) + true * (np.arange(12) >= 8) * treated_of()[:, None]
        found = estimated(y, 8, block=2, step=0.5)
        limits.append(relative_breakdown(found.stretched, found.load, rng=np.random.default_rng(1)))
    assert np.median(limits) > 1


def test_a_drift_all_along_is_no_effect_and_is_taken_for_one_without_drift() -> None:
    """Two a year and nothing else: at M = 0 none of 40 sets holds the truth, at M = 1 at least 37 do."""
    rng, held = np.random.default_rng(6), {0.0: 0, 1.0: 0}
    for _ in range(40):
        y = shocks(rng, 9) + 4 * np.arange(9) * treated_of()[:, None]
        found = estimated(y, 5)
        for M in held:
            held[M] += holds(found.stretched, found.load, M, 0.0, rng=np.random.default_rng(1))
    assert held[0.0] == 0
    assert held[1.0] >= 37


def test_the_truncated_tail_is_that_of_the_normal_distribution() -> None:
    found = _truncated_p(np.array([1.0, 40.0, 2.0]), np.array([0.0, 39.0, -np.inf]), np.array([3.0, 41.0, np.inf]))
    first = stats.truncnorm.sf(1.0, 0.0, 3.0)
    assert found[[0, 2]] == pytest.approx([first, stats.norm.sf(2.0)])
    assert 0 < found[1] < 1e-10 or found[1] == pytest.approx(np.exp(-39.5), rel=0.05)


def test_one_period_before_has_no_step() -> None:
    with pytest.raises(RefusedError, match="period"):
        event_effects(np.empty(0), np.ones(1), np.ones(1), np.eye(1))
    with pytest.raises(RefusedError):
        event_effects(-np.ones(1), np.ones(1), np.ones(2), np.zeros((2, 2)))
