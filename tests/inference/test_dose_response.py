"""A slope on doses: numpy's, a slow count of the permutations, what must not matter, size, and what is refused."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.dose_response import MOST, dose_slope

RNG = np.random.default_rng(3)
Y, X, W = RNG.normal(size=6), RNG.normal(size=6), RNG.uniform(0.5, 3.0, 6)
ONE_ARM = np.zeros(6, dtype=int)


def slope(y: object = Y, x: object = X, w: object = W, arm: object = ONE_ARM, seed: int = 1):  # type: ignore[no-untyped-def]
    return dose_slope(y, x, w, arm, rng=np.random.default_rng(seed))  # type: ignore[arg-type]


def test_the_slope_is_that_of_weighted_least_squares() -> None:
    assert slope().slope == pytest.approx(np.polyfit(X, Y, 1, w=np.sqrt(W))[0])
    arm = np.array([0, 0, 0, 1, 1, 1])
    design = np.column_stack([X, arm == 0, arm == 1]) * np.sqrt(W)[:, None]
    assert slope(arm=arm).slope == pytest.approx(np.linalg.lstsq(design, Y * np.sqrt(W))[0][0])


def test_p_is_a_slow_count_of_the_permutations() -> None:
    def statistic(x: np.ndarray) -> float:
        centred = x - np.average(x, weights=W)
        return abs((W * centred * Y).sum()) / np.sqrt((W * centred**2).sum())

    every = [statistic(X[list(order)]) for order in permutations(range(6))]
    found = slope()
    assert found.enumerated
    assert found.p == pytest.approx(np.mean(np.array(every) >= statistic(X) * (1 - 1e-12)))


def test_scale_shift_and_order_do_not_matter() -> None:
    usual, order = slope(), np.random.default_rng(5).permutation(6)
    assert slope(y=3 * Y + 7, x=X / 2 - 1).slope == pytest.approx(6 * usual.slope)
    assert slope(y=3 * Y + 7, x=X / 2 - 1).p == usual.p
    assert slope(y=Y[order], x=X[order], w=W[order]) == pytest.approx(usual)
    assert slope(y=-Y).slope == pytest.approx(-usual.slope)


def test_a_difference_between_the_arms_is_no_slope_within_them() -> None:
    arm = np.repeat([0, 1], 10)
    rng = np.random.default_rng(9)
    dose, change = 5.0 * arm + rng.normal(size=20), 3.0 * arm + rng.normal(size=20)
    assert slope(change, dose, np.ones(20), np.zeros(20)).p < 0.01
    assert slope(change, dose, np.ones(20), arm).p > 0.05


def test_sampled_permutations_reject_a_true_null_as_often_as_they_promise() -> None:
    rng, found = np.random.default_rng(11), []
    for seed in range(200):
        made = slope(rng.normal(size=9), rng.normal(size=9), rng.uniform(1, 4, 9), np.repeat([0, 1], [4, 5]), seed)
        assert made.enumerated, "24 x 120 are fewer than MOST"
        found.append(made.p)
    assert abs(np.mean(np.array(found) <= 0.05) - 0.05) < 2.5 * np.sqrt(0.05 * 0.95 / 200)
    sampled = slope(rng.normal(size=20), rng.normal(size=20), np.ones(20), np.repeat([0, 1], [4, 16]))
    assert not sampled.enumerated
    assert sampled.p >= 1 / MOST


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("dose_few", (Y[:4], X[:4], W[:4], ONE_ARM[:4])),
        ("dose_constant", (Y, np.ones(6), W, ONE_ARM)),
        ("dose_constant", (Y, np.array([1, 1, 1, 2, 2, 2]), W, np.array([0, 0, 0, 1, 1, 1]))),
    ],
)
def test_what_carries_no_slope_is_refused_in_words(key: str, given: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(RefusedError) as caught:
        slope(*given)
    assert caught.value.problems[0].key == key
    assert caught.value.say("da")
