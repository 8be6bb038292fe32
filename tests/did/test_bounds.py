"""Published shares (25 -> 13 %, placements -6 % against -2 %) and bounds by brute force over who was kept out."""

import itertools

import numpy as np
import pytest

from sverige_did.did.bounds import always_placed
from sverige_did.errors import RefusedError


def test_the_published_bounds_for_the_always_placed() -> None:
    assert 100 * np.array(always_placed(0.13, 0.25, 0.94 / 0.98)) == pytest.approx((-13.1, -8.8), abs=0.05)


def test_brute_force_over_every_choice_of_the_kept_out() -> None:
    """Twelve counterfactually placed children, five in institutions; two of the twelve are kept out."""
    children = np.array([1] * 5 + [0] * 7)
    shares = [np.delete(children, out).mean() for out in itertools.combinations(range(12), 2)]
    found = always_placed(0.2, 5 / 12, 10 / 12)
    assert found == pytest.approx((0.2 - max(shares), 0.2 - min(shares)))


def test_no_trimming_is_the_plain_difference() -> None:
    assert always_placed(0.13, 0.25, 1.0) == pytest.approx((-0.12, -0.12))


def test_ranges_give_the_widest_bounds_over_all_their_values() -> None:
    ranges = ((0.10, 0.16), (0.2, 0.3), (0.9, 0.97))
    found = always_placed(*ranges)
    grid = itertools.product(*(np.linspace(low, high, 7) for low, high in ranges))
    effects = np.array([always_placed(*map(float, point)) for point in grid])
    assert found == pytest.approx((effects[:, 0].min(), effects[:, 1].max()))


def test_heavy_trimming_stays_a_share() -> None:
    assert always_placed(0.1, 0.2, 0.3) == pytest.approx((0.1 - 0.2 / 0.3, 0.1))
    assert always_placed(0.1, 0.5, 0.3) == (0.1 - 1.0, 0.1)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ((0.1, 0.2, 1.02), "trimming_negative"),
        ((0.1, 0.2, 0.0), "out_of_range"),
        ((1.1, 0.2, 0.9), "out_of_range"),
        ((0.1, (0.3, 0.2), 0.9), "range_reversed"),
    ],
)
def test_impossible_inputs_are_refused(arguments: tuple, key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        always_placed(*arguments)
    assert refused.value.problems[0].key == key
    assert refused.value.say("da") != refused.value.say("en")
