"""Limits by leaving out one district: where the estimate is a mean, its error is Welch's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind

from sverige_did.inference.jackknife import difference, variance

RNG = np.random.default_rng(8)
TREATED, CONTROL = RNG.normal(1.0, 2.0, 4), RNG.normal(0.0, 1.0, 16)


def difference_of_means() -> float:
    return float(TREATED.mean() - CONTROL.mean())


def without_each(changes: np.ndarray) -> np.ndarray:
    return np.array([np.delete(changes, k).mean() for k in range(len(changes))])


def test_of_means_it_is_welchs_error_with_the_degrees_of_freedom_of_the_smaller_arm() -> None:
    found = difference(difference_of_means(), without_each(TREATED), without_each(CONTROL), 0.95)
    reference = ttest_ind(TREATED, CONTROL, equal_var=False)
    assert found.std_error == pytest.approx(difference_of_means() / reference.statistic)
    assert found.df == len(TREATED) - 1
    half = student.ppf(0.975, found.df) * found.std_error
    assert (found.lower, found.upper) == pytest.approx((difference_of_means() - half, difference_of_means() + half))


def test_scale_order_and_a_shift_of_both_arms() -> None:
    left = without_each(TREATED), without_each(CONTROL)
    usual = difference(0.3, *left, 0.9)
    assert difference(3.0, 10 * left[0], 10 * left[1], 0.9).std_error == pytest.approx(10 * usual.std_error)
    assert difference(0.3, left[0][::-1], left[1] + 5, 0.9) == pytest.approx(usual)
    swapped = difference(-0.3, left[1], left[0], 0.9)
    assert (-swapped.upper, -swapped.lower) == pytest.approx((usual.lower, usual.upper))


@pytest.mark.parametrize(
    ("treated", "control"),
    [([0.5], [0.1, 0.2]), ([0.5, np.nan], [0.1, 0.2]), ([0.5, 0.5], [0.1, 0.1]), ([], [0.1, 0.2])],
)
def test_no_limits_where_there_is_nothing_to_make_them_of(treated: list[float], control: list[float]) -> None:
    assert np.isnan(difference(0.3, np.array(treated), np.array(control), 0.95)).all()


def test_one_district_has_no_variance() -> None:
    assert np.isnan(variance(np.array([1.0])))
