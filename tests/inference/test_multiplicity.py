from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from westfall_young import westfall_young

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import districts
from sverige_did.inference.multiplicity import Adjusted, holm, step_down
from sverige_did.inference.permutation import permutation_p

TREATED = np.arange(10) < 3


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def outcomes(seed: int = 1) -> np.ndarray:
    """Four outcomes that go together, two of them with an effect."""
    random = np.random.default_rng(seed)
    common = random.standard_normal((10, 1))
    return common + random.standard_normal((10, 4)) + TREATED[:, None] * np.array([0, 3.0, 1.5, 0])


def stepped(y: np.ndarray, treated: np.ndarray) -> Adjusted:
    """The step-down over the columns of ``y``, each tested through the same choices of districts."""
    tests = [permutation_p(districts(column, treated), rng=rng()) for column in y.T]
    statistics = np.column_stack([test.reference for test in tests])
    return step_down(statistics, [test.observed for test in tests])


@pytest.mark.parametrize("seed", range(3))
def test_step_down_agrees_with_the_algorithm_written_out(seed: int) -> None:
    y = outcomes(seed)
    np.testing.assert_allclose(stepped(y, TREATED).adjusted, westfall_young(y, TREATED)[1])


def test_single_p_values_are_those_of_the_permutation_test() -> None:
    y = outcomes()
    single = [permutation_p(districts(column, TREATED), rng=rng()).p_value for column in y.T]
    np.testing.assert_allclose(stepped(y, TREATED).single, single)


def test_an_outcome_that_stands_twice_is_paid_for_once() -> None:
    y = outcomes()[:, :1]
    once = stepped(y, TREATED)
    twice = stepped(np.hstack([y, -7 * y]), TREATED)
    np.testing.assert_allclose(twice.adjusted, once.single.repeat(2))


def test_order_of_outcomes_and_districts_does_not_matter() -> None:
    y, columns, rows = outcomes(), np.array([2, 0, 3, 1]), np.random.default_rng(2).permutation(10)
    base = stepped(y, TREATED)
    moved = stepped(100 * y[rows][:, columns], TREATED[rows])
    np.testing.assert_allclose(moved.adjusted, base.adjusted[columns])


def test_adjusted_lies_between_single_and_holm() -> None:
    found = stepped(outcomes(4), TREATED)
    assert (found.adjusted >= found.single - 1e-12).all()
    assert (found.adjusted <= holm(found.single) + 1e-12).all()


@pytest.mark.parametrize("unit", [1.0, 1e9, 1e-9])
def test_a_statistic_that_is_nothing_but_rounding_is_reached_by_all(unit: float) -> None:
    statistics = np.array([[1e-17, 3.0], [0.0, -1.0], [-1.0, 2.0], [np.inf, 0.5]]) * unit
    found = step_down(statistics, statistics[0])
    assert found.single.tolist() == [1.0, 0.25]
    assert found.adjusted.tolist() == [1.0, 0.5]


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
    smallest = [stepped(y, np.isin(np.arange(8), rows)).adjusted.min() for rows in combinations(range(8), 3)]
    for alpha in (0.05, 0.1, 0.25):
        assert np.mean(np.asarray(smallest) <= alpha) <= alpha


def test_holm_is_that_of_statsmodels_with_ties_too() -> None:
    rng = np.random.default_rng(5)
    for size in (1, 2, 7, 40):
        p = np.round(rng.uniform(size=size), 2)
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-12)
