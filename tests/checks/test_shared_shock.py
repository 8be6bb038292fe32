"""What districts may share before a finding goes: by hand, by a second way of counting, and by simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sverige_did.checks.shared_shock import shared_shock, tipping_correlation, with_shared
from sverige_did.inference.arm_variances import arm_variances
from sverige_did.inference.behrens_fisher import behrens_fisher_test, calibrated_test
from sverige_did.inference.districts import Districts, districts

NAMED = {"outcome": "institution_share", "scale": "pp"}


def sample(seed: int, treated: int, effect: float, **more: object) -> Districts:
    arm = np.arange(20) < treated
    return districts(np.random.default_rng(seed).normal(size=20) + effect * arm, arm, **more)


@pytest.mark.parametrize("treated", [3, 4, 6, 14])
@pytest.mark.parametrize("whose", [True, False])
@pytest.mark.parametrize("effect", [-3.0, 4.0, 8.0])
def test_at_the_correlation_that_is_named_the_interval_touches_no_effect(
    treated: int, whose: bool, effect: float
) -> None:
    """The arm's variance is times (1 + (n - 1) rho) / (1 - rho), written out for districts that count alike."""
    found = sample(1, treated, effect)
    rho, n = tipping_correlation(found, whose), int((found.treated == whose).sum())
    assert rho is not None
    assert 0 < rho < 1
    times = (1 + (n - 1) * rho) / (1 - rho)
    variances = arm_variances(found)
    name = "treated" if whose else "control"
    grown = replace(variances, **{name: times * getattr(variances, name)})
    test = behrens_fisher_test(grown, found.change[found.treated].mean() - found.change[~found.treated].mean())
    assert min(abs(test.lower), abs(test.upper)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("whose", [True, False])
def test_the_part_of_an_arm_grows_to_the_true_variance_of_its_weighted_mean(rho: float, whose: bool) -> None:
    """The covariance (1 - rho) I + rho J: what is seen within the arm is (1 - rho) of it, with weights too."""
    weights = np.random.default_rng(3).lognormal(0, 1, 20)
    found = sample(2, 6, 1.0, weights=weights)
    arm = found.treated == whose
    share = weights[arm] / weights[arm].sum()
    true = share @ ((1 - rho) * np.eye(arm.sum()) + rho) @ share
    seen = (1 - rho) * np.square(share).sum()
    variances = replace(arm_variances(found), treated=seen, control=seen)
    grown = with_shared(variances, whose, rho, 1 / np.square(share).sum())
    assert (grown.treated if whose else grown.control) == pytest.approx(true)
    assert (grown.control if whose else grown.treated) == pytest.approx(seen)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), treated=st.integers(3, 17), effect=st.floats(-6, 6))
def test_none_of_it_depends_on_sign_unit_or_order_and_zero_is_where_the_interval_has_it(
    seed: int, treated: int, effect: float
) -> None:
    found = sample(seed, treated, effect)
    order = np.random.default_rng(seed).permutation(20)
    test = calibrated_test(found)
    for whose in (True, False):
        rho = tipping_correlation(found, whose)
        assert (rho == 0) == (test.lower <= 0 <= test.upper)
        for change, arm in ((-3 * found.change, found.treated), (found.change[order], found.treated[order])):
            assert tipping_correlation(districts(change, arm), whose) == pytest.approx(rho, abs=1e-6)
        turned = tipping_correlation(districts(found.change, ~found.treated), not whose)
        assert turned == pytest.approx(rho, abs=1e-6)


def test_in_pairs_either_arm_is_given_the_spread_of_the_differences() -> None:
    """By hand: the squared t of the pairs over its critical value is one plus six times the odds of rho."""
    arm = np.arange(12) % 2 == 0
    change = np.random.default_rng(4).normal(size=12) - 3 * arm
    found = districts(change, arm, strata=np.arange(12) // 2)
    difference = change[::2] - change[1::2]
    ratio = (difference.mean() / (2.570582 * difference.std(ddof=1) / np.sqrt(6))) ** 2
    expected = (ratio - 1) / (ratio + 5)
    for whose in (True, False):
        assert tipping_correlation(found, whose) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("effect", "p_value", "key"), [(-4.0, 0.01, "result"), (-4.0, 0.06, "open"), (-0.1, 0.5, "open")]
)
def test_without_a_finding_there_is_none_to_lose_and_the_numbers_stay(effect: float, p_value: float, key: str) -> None:
    made = shared_shock(sample(5, 4, effect), p_value, **NAMED)
    assert made.key == key
    assert set(made.numbers) == {"percent_treated", "percent_control"}
    assert (made.numbers["percent_treated"] > 0) == (effect < -1)
