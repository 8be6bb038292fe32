from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import districts
from sverige_did.inference.multiplicity import holm, westfall_young
from sverige_did.inference.permutation import permutation_test

TREATED = np.arange(10) < 3


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def outcomes(seed: int = 1) -> np.ndarray:
    """Four outcomes that go together, two of them with an effect."""
    random = np.random.default_rng(seed)
    common = random.standard_normal((10, 1))
    return common + random.standard_normal((10, 4)) + TREATED[:, None] * np.array([0, 3.0, 1.5, 0])


def slow_step_down(y: np.ndarray) -> np.ndarray:
    """Westfall and Young's algorithm 4.1, with scipy's Welch t for every choice of districts."""
    t = []
    for rows in combinations(range(10), 3):
        chosen = np.isin(np.arange(10), rows)
        t.append(np.abs(stats.ttest_ind(y[chosen], y[~chosen], equal_var=False).statistic))
    observed = np.abs(stats.ttest_ind(y[TREATED], y[~TREATED], equal_var=False).statistic) - 1e-9
    order = list(np.argsort(-observed))
    adjusted, so_far = np.empty(y.shape[1]), 0.0
    for i, m in enumerate(order):
        largest = np.asarray(t)[:, order[i:]].max(axis=1)
        so_far = max(so_far, float(np.mean(largest >= observed[m])))
        adjusted[m] = so_far
    return adjusted


@pytest.mark.parametrize("seed", range(3))
def test_step_down_agrees_with_the_algorithm_written_out(seed: int) -> None:
    y = outcomes(seed)
    np.testing.assert_allclose(westfall_young(y, TREATED, rng=rng()).adjusted, slow_step_down(y))


def test_single_p_values_are_those_of_the_permutation_test() -> None:
    y = outcomes()
    single = [permutation_test(districts(column, TREATED), rng=rng()).p_value for column in y.T]
    np.testing.assert_allclose(westfall_young(y, TREATED, rng=rng()).single, single)


def test_an_outcome_that_stands_twice_is_paid_for_once() -> None:
    y = outcomes()[:, :1]
    once = westfall_young(y, TREATED, rng=rng())
    twice = westfall_young(np.hstack([y, -7 * y]), TREATED, rng=rng())
    np.testing.assert_allclose(twice.adjusted, once.single.repeat(2))


def test_order_of_outcomes_and_districts_does_not_matter() -> None:
    y, columns, rows = outcomes(), np.array([2, 0, 3, 1]), np.random.default_rng(2).permutation(10)
    base = westfall_young(y, TREATED, rng=rng())
    moved = westfall_young(100 * y[rows][:, columns], TREATED[rows], rng=rng())
    np.testing.assert_allclose(moved.adjusted, base.adjusted[columns])


def test_adjusted_lies_between_single_and_holm() -> None:
    found = westfall_young(outcomes(4), TREATED, rng=rng())
    assert (found.adjusted >= found.single - 1e-12).all()
    assert (found.adjusted <= holm(found.single) + 1e-12).all()


def test_holm_multiplies_by_what_is_left_and_never_falls() -> None:
    np.testing.assert_allclose(holm([0.02, 0.9, 0.001, 0.015, 0.6]), [0.06, 1.0, 0.005, 0.06, 1.0], rtol=1e-12)
    p = np.random.default_rng(3).uniform(size=7) ** 3
    slow = [max(min(1.0, float((p >= q).sum() * q)) for q in p[p <= one]) for one in p]
    np.testing.assert_allclose(holm(p), slow, rtol=1e-12)


@pytest.mark.parametrize(
    ("numbers", "key"),
    [
        ([-0.5, 0.7], "out_of_range"),
        ([0.5, 1.7], "out_of_range"),
        ([0.5, 1 + 1e-9, 0.1], "out_of_range"),
        ([float("nan"), 0.5], "inference_not_finite"),
        ([0.5, float("inf")], "inference_not_finite"),
    ],
)
def test_numbers_that_are_no_p_values_are_refused(numbers: list[float], key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        holm(numbers)
    assert refused.value.problems[0].key == key


def test_any_false_claim_is_made_at_most_at_the_level() -> None:
    """All choices of districts play the observed one: without effects at most alpha of them have any p <= alpha."""
    y = np.random.default_rng(5).standard_normal((8, 3)) + np.random.default_rng(6).standard_normal((8, 1))
    smallest = [
        westfall_young(y, np.isin(np.arange(8), rows), rng=rng()).adjusted.min() for rows in combinations(range(8), 3)
    ]
    for alpha in (0.05, 0.1, 0.25):
        assert np.mean(np.asarray(smallest) <= alpha) <= alpha
