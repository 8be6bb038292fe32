"""Small numbers: the rule by hand, and an outsider who tries to work hidden numbers out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sverige_did.disclosure.small_counts import fewest_children, hidden_parts, is_small


def hide(parts: list[int], threshold: int) -> list[bool]:
    total = sum(parts)
    return hidden_parts(parts, [total - part for part in parts], threshold).tolist()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([10, 20, 30], [False, False, False]),
        ([0, 20, 30], [False, False, False]),  # nobody is nobody
        ([3, 20, 30], [True, True, False]),  # the smallest other, or the total would give it away
        ([0, 3, 20, 30], [True, True, True, False]),  # zero alone protects nothing: 3 would still be the sum
        ([2, 2, 30], [True, True, True]),  # two hidden ones of 4 together still give each other away
        ([4, 4, 30], [True, True, False]),
        ([30, 0, 0], [True, True, False]),  # all of them are there, so something would be known about everybody
        ([40, 2, 0], [True, True, False]),  # the rest of 40 is as small as 2 is
        ([5, 5, 5], [False, False, False]),
    ],
)
def test_the_rule_by_hand(parts: list[int], expected: list[bool]) -> None:
    assert hide(parts, 5) == expected


def possible(parts: list[int], hidden: list[bool], k: int) -> set[int]:
    """Every value that part k can have, to somebody who sees the shown parts and the total."""
    places = [j for j, out in enumerate(hidden) if out]
    rest = sum(parts[j] for j in places)
    return {combo[places.index(k)] for combo in product(range(rest + 1), repeat=len(places)) if sum(combo) == rest}


def test_nobody_can_narrow_a_hidden_number_below_the_threshold() -> None:
    rng = np.random.default_rng(11)
    tried = 0
    for _ in range(400):
        parts = rng.integers(0, 9, 4).tolist()
        threshold = int(rng.integers(2, 5))
        hidden = hide(parts, threshold)
        if sum(parts) < threshold:
            continue  # the total is hidden then, and with it everything
        small = [k for k, part in enumerate(parts) if 0 < part < threshold]
        assert all(hidden[k] for k in small)
        for k in small:
            tried += 1
            assert len(possible(parts, hidden, k)) >= threshold, (parts, threshold, hidden)
    assert tried > 100


@pytest.mark.parametrize("parts", [[1, 1, 1, 1, 1, 20], [2, 3, 20, 30]])
def test_somebody_who_knows_that_no_hidden_part_is_zero_learns_no_more(parts: list[int]) -> None:
    hidden = hide(parts, 5)
    rest, many = sum(part for part, out in zip(parts, hidden, strict=True) if out), sum(hidden)
    assert rest - many + 1 >= 5, "from 1 to what the others, one each, leave"


def test_the_order_of_the_parts_decides_nothing_about_how_many_are_hidden() -> None:
    rng = np.random.default_rng(12)
    for _ in range(100):
        parts = rng.integers(0, 12, 4)
        order = rng.permutation(4)
        assert sum(hide(parts.tolist(), 5)) == sum(hide(parts[order].tolist(), 5))


def test_person_years_of_how_many_children_at_least() -> None:
    assert fewest_children(0.0, 0.5) == 0
    assert fewest_children(0.5, 0.5) == 1
    assert fewest_children(0.1 + 0.2 + 0.2, 0.5) == 1, "rounding is no child"
    assert fewest_children(2.01, 0.5) == 5
    assert [is_small(n, 5) for n in (0, 1, 4, 5)] == [False, True, True, False]
