from itertools import combinations, permutations, product
from math import comb

import numpy as np
import pytest

from sverige_did.inference import assignments


@pytest.mark.parametrize(("groups", "k"), [(5, 2), (12, 12), (13, 1), (20, 4), (30, 3), (9, 0)])
def test_subset_sums_are_those_of_the_listed_subsets(groups: int, k: int) -> None:
    features = np.random.default_rng(1).standard_normal((groups, 3))
    listed = [features[list(rows)].sum(axis=0) for rows in combinations(range(groups), k)]
    found = assignments.subset_sums(features, k)
    assert found.shape == (comb(groups, k), 3)
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(listed, axis=0), atol=1e-12)


def test_all_assignments_are_different_and_keep_the_number_treated_in_every_stratum() -> None:
    treated = np.array([1, 0, 0, 1, 1, 0, 0, 0, 0], dtype=bool)
    strata = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0])
    rows = assignments.all_assignments(treated, strata)
    assert len(np.unique(rows, axis=0)) == len(rows) == comb(5, 2) * comb(4, 1)
    assert (rows[:, strata == 0].sum(axis=1) == 2).all()
    assert (rows == treated).all(axis=1).sum() == 1


def test_sums_and_assignments_come_in_the_same_order() -> None:
    treated, strata = np.arange(15) < 4, np.arange(15) % 2
    features = np.random.default_rng(2).standard_normal((15, 2))
    options = {"draws": 9, "rng": np.random.default_rng(3)}
    sums, _ = assignments.reference_sums(features, treated, strata, **options)
    np.testing.assert_allclose(sums, assignments.all_assignments(treated, strata) @ features, atol=1e-12)


def test_drawn_assignments_start_with_the_observed_one_and_are_uniform() -> None:
    treated, strata = np.array([1, 0, 0, 1, 0], dtype=bool), np.zeros(5, dtype=int)
    rows = assignments.draw_assignments(treated, strata, 20_000, np.random.default_rng(4))
    assert (rows[0] == treated).all()
    assert (rows.sum(axis=1) == 2).all()
    _, counts = np.unique(rows[1:], axis=0, return_counts=True)
    expected = 20_000 / comb(5, 2)
    assert counts.size == comb(5, 2)
    assert np.abs(counts - expected).max() < 4 * np.sqrt(expected)


@pytest.mark.parametrize(("groups", "k", "smallest"), [(20, 4, 1 / 4845), (6, 2, 1 / 15), (8, 4, 2 / 70)])
def test_the_smallest_p_is_one_assignment_or_a_mirrored_pair(groups: int, k: int, smallest: float) -> None:
    assert assignments.smallest_p(np.arange(groups) < k, np.zeros(groups, dtype=int)) == pytest.approx(smallest)


def test_strata_of_five_with_one_treated_each() -> None:
    treated, strata = np.arange(20) % 5 == 0, np.arange(20) // 5
    assert assignments.count_assignments(treated, strata) == 5**4


@pytest.mark.parametrize("strata", [np.zeros(7, dtype=int), np.array([0, 0, 0, 1, 1, 1, 1])])
def test_arrangements_are_every_order_of_the_labels_within_strata(strata: np.ndarray) -> None:
    labels = np.array([0, 1, 1, 0, 2, 2, 2])
    rows = assignments.all_arrangements(labels, strata)
    parts = [set(permutations(labels[strata == s].tolist())) for s in np.unique(strata)]
    expected = {sum(one, ()) for one in product(*parts)}
    assert {tuple(row) for row in rows.tolist()} == expected
    assert len(rows) == assignments.count_arrangements(labels, strata) == len(expected)


def test_moves_are_listed_once_for_every_arrangement_of_kinds_of_place() -> None:
    treated, weights = np.array([1, 1, 0, 0, 0], dtype=bool), np.array([2.0, 1, 1, 1, 2])
    options = {"draws": 9, "rng": np.random.default_rng(6), "limit": 1_000}
    found = assignments.reference_moves(treated, weights, np.zeros(5, dtype=int), **options)
    kinds = [(0,), (1,), (2, 3), (4,)]
    seen = {tuple(frozenset(row[list(places)].tolist()) for places in kinds) for row in found.rows}
    assert len(seen) == len(found.rows) == 60
    assert (np.sort(found.rows, axis=1) == np.arange(5)).all()


def test_above_the_limit_assignments_are_drawn() -> None:
    treated, strata = np.arange(40) < 20, np.zeros(40, dtype=int)
    sums, enumerated = assignments.reference_sums(np.eye(40), treated, strata, draws=50, rng=np.random.default_rng(5))
    assert not enumerated
    assert sums.shape == (51, 40)


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.Philox])
def test_moves_are_drawn_once_and_the_generator_stands_where_it_would(kind: type[np.random.BitGenerator]) -> None:
    """The second time they are remembered (of the usual generator): the same rows, and the same numbers afterwards."""
    treated, strata = np.arange(30) < 8, np.repeat([0, 1], 15)
    weights = 1.0 + np.arange(30)
    found, after = [], []
    for _ in range(2):
        rng = np.random.Generator(kind(5))
        rng.integers(0, 9)  # half a number is left in the generator
        moves = assignments.reference_moves(treated, weights, strata, draws=50, rng=rng, limit=50)
        found.append(moves.rows)
        after.append(rng.integers(0, 2**40, 3).tolist())
    np.testing.assert_array_equal(found[0], found[1])
    assert after[0] == after[1]
    other = assignments.reference_moves(treated, weights, strata, draws=50, rng=rng, limit=50)
    assert not np.array_equal(other.rows, found[0])
    alone = np.random.Generator(kind(5))
    alone.integers(0, 9)
    rows = np.tile(np.arange(30, dtype=np.int16), (51, 1))
    for part in (slice(0, 15), slice(15, 30)):
        rows[1:, part] = alone.permuted(rows[1:, part], axis=1)
    np.testing.assert_array_equal(found[0], rows)
