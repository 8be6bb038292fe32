"""One share: against scipy, and coverage of the exact limits by enumeration."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from sverige_did.did.proportions import clopper_pearson, sign_test
from sverige_did.errors import RefusedError


@pytest.mark.parametrize(("down", "up", "p"), [(21, 6, 0.006), (8, 6, 0.79)])
def test_ladder_moves_with_and_without_those_from_the_top_rung(down: int, up: int, p: float) -> None:
    found = sign_test(down, up)
    assert found.p_value == pytest.approx(p, abs=0.0005 if p < 0.1 else 0.005)
    limits = binomtest(down, down + up).proportion_ci(method="exact")
    assert (found.estimate, found.lower, found.upper) == pytest.approx((down / (down + up), limits.low, limits.high))


def test_swapping_directions_mirrors_the_share() -> None:
    here, swapped = sign_test(21, 6), sign_test(6, 21)
    assert (swapped.p_value, swapped.lower, swapped.upper) == pytest.approx(
        (here.p_value, 1 - here.upper, 1 - here.lower)
    )


@pytest.mark.parametrize(("y", "n"), [(1, 7), (8, 58), (57, 58)])
def test_an_exact_limit_makes_the_count_as_unlikely_as_its_tail(y: int, n: int) -> None:
    low, high = clopper_pearson(y, n, 0.9)
    assert (binom.sf(y - 1, n, low), binom.cdf(y, n, high)) == pytest.approx((0.05, 0.05))


def test_many_shares_at_once_have_the_limits_of_each_alone() -> None:
    y, n = np.array([[0, 3], [8, 58]]), np.array([[5, 7], [58, 58]])
    low, high = clopper_pearson(y, n)
    for cell in np.ndindex(2, 2):
        assert (low[cell], high[cell]) == clopper_pearson(y[cell], n[cell])


def test_at_the_ends_the_exact_limit_is_the_end() -> None:
    low, high = clopper_pearson([0, 5], [5, 5])
    assert (low[0], high[1]) == (0.0, 1.0)
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 5))


@pytest.mark.parametrize("p", [0.03, 0.2, 0.5, 0.9])
def test_exact_limits_cover_at_least_their_level(p: float) -> None:
    n, y = 23, np.arange(24)
    low, high = clopper_pearson(y, np.full(24, n))
    assert binom.pmf(y, n, p)[(low <= p) & (p <= high)].sum() >= 0.95


@pytest.mark.parametrize(
    ("y", "n", "key"),
    [(1.5, 5, "fractional_counts"), (6, 5, "cells_above_total"), (-1, 5, "cells_negative"), (0, 0, "cells_empty")],
)
def test_impossible_counts_are_refused(y: float, n: int, key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        clopper_pearson(y, n)
    assert refused.value.problems[0].key == key


def test_no_moves_have_no_direction() -> None:
    with pytest.raises(RefusedError):
        sign_test(0, 0)
