"""Sets of districts that are nearest to the others, and a test that is exact over the sets that were drawn from."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.lottery import MOST_SETS, WANTED_SETS, balanced, distances, places_by_stratum
from sverige_did.inference.permutation import permutation_p, permutation_test
from sverige_did.inference.simulated.vectorised import both_permutations

G, K = 12, 4


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def sets_of(covariates: np.ndarray, keep: float = 0.4) -> np.ndarray:
    return balanced(covariates, np.arange(G) < K, np.zeros(G, dtype=int), keep=keep, rng=rng()).sets


def test_the_distance_is_that_of_morgan_and_rubin_one_set_at_a_time():
    x = rng().normal(size=(9, 2)) @ np.array([[1.0, 0.7], [0.0, 0.5]])
    rows = np.array([[at in one for at in range(9)] for one in combinations(range(9), 3)])
    for row, found in zip(rows, distances(x, rows), strict=True):
        gap = x[row].mean(axis=0) - x[~row].mean(axis=0)
        spread = np.cov(x, rowvar=False) * (1 / 3 + 1 / 6)
        assert found == pytest.approx(gap @ np.linalg.solve(spread, gap))
    assert distances(x, rows).mean() == pytest.approx(2)  # one for each covariate
    moved = x @ np.array([[3.0, 1.0], [0.0, -2.0]]) + 7
    assert distances(moved, rows) == pytest.approx(distances(x, rows))
    twice = np.column_stack([x, x[:, 0]])
    assert distances(twice, rows) == pytest.approx(distances(x, rows))


def test_the_nearest_are_admitted_and_no_other_is_nearer():
    x = rng(2).normal(size=(G, 3))
    found = balanced(x, np.arange(G) < K, np.zeros(G, dtype=int), keep=0.5, rng=rng())
    every = np.array([[at in one for at in range(G)] for one in combinations(range(G), K)])
    assert found.every
    assert found.candidates == len(every) == 495
    assert len(found.sets) == 248
    assert found.limit == pytest.approx(np.sort(distances(x, every))[247])
    assert (np.diff(found.distances) >= 0).all()
    assert found.distances.max() <= found.limit


def test_strata_have_their_part_and_too_many_sets_are_a_sample():
    strata = np.repeat([0, 1, 2], [10, 8, 6])
    template = places_by_stratum(9, strata)
    assert np.bincount(strata, template).tolist() == [4, 3, 2]
    found = balanced(rng().normal(size=(24, 2)), template, strata, keep=0.1, rng=rng())
    assert found.every
    assert len(found.sets) == MOST_SETS
    assert len(np.unique(found.sets, axis=0)) == MOST_SETS
    assert (np.stack([found.sets[:, strata == s].sum(axis=1) for s in range(3)]).T == [4, 3, 2]).all()
    many = balanced(rng().normal(size=(24, 2)), np.arange(24) < 9, np.zeros(24, dtype=int), keep=0.1, rng=rng())
    assert not many.every
    assert many.candidates < 100_001
    few = balanced(rng().normal(size=(10, 2)), np.arange(10) < 4, np.zeros(10, dtype=int), keep=0.01, rng=rng())
    assert len(few.sets) == WANTED_SETS


@pytest.mark.parametrize(
    ("groups", "treated", "same", "key"),
    [(7, 3, False, "lottery_few_sets"), (12, 4, True, "lottery_nothing_to_balance")],
)
def test_too_few_sets_or_nothing_that_differs_is_refused(groups, treated, same, key):
    x = np.ones((groups, 2)) if same else rng().normal(size=(groups, 2))
    with pytest.raises(RefusedError) as refusal:
        balanced(x, np.arange(groups) < treated, np.zeros(groups, dtype=int), keep=0.1, rng=rng())
    assert refusal.value.problems[0].key == key


@pytest.mark.parametrize(
    ("weighted", "studentise"), [(False, "cr2"), (False, "none"), (True, "cr2")], ids=["welch", "bare", "weighted"]
)
def test_over_all_sets_that_can_be_drawn_the_test_rejects_at_most_at_its_level(weighted, studentise):
    """Whatever the changes are: here they follow what was balanced on, with one that stands out."""
    x = rng(3).normal(size=(G, 2))
    sets = sets_of(x)[:: 6 if weighted else 1]
    w = np.exp(rng(5).normal(size=G)) if weighted else np.ones(G)
    change = 3 * x[:, 0] + rng(4).standard_t(2, G)
    p = np.array([
        permutation_p(districts(change, one, weights=w, lottery=sets), rng=rng(), studentise=studentise).p_value
        for one in sets
    ])  # fmt: skip
    for alpha in (0.01, 0.05, 0.1, 0.25, 0.5):
        assert alpha - 2 / len(sets) <= (p <= alpha).mean() <= alpha
    if studentise == "none":
        plain = np.array([permutation_p(districts(change, one), rng=rng(), studentise="none").p_value for one in sets])
        assert (plain <= 0.25).mean() < 0.2  # all sets, balanced or not, are the wrong reference


def test_the_test_is_the_share_of_sets_counted_by_hand_and_its_region_holds_the_effect():
    x = rng(6).normal(size=(G, 1))
    sets = sets_of(x)
    change = rng(7).normal(size=G) + 4 * sets[5]
    found = permutation_test(districts(change, sets[5], lottery=sets), rng=rng())

    def welch(one: np.ndarray, y: np.ndarray) -> float:
        a, b = y[one], y[~one]
        return abs(a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)

    t = np.array([welch(one, change) for one in sets])
    assert found.p_value == pytest.approx((t >= t[5] - 1e-9).mean())
    assert found.enumerated
    assert found.smallest_p == pytest.approx(1 / len(sets))
    for effect in (found.region.lower + 1e-6, found.region.upper - 1e-6):
        y = change - effect * sets[5]
        t = np.array([welch(one, y) for one in sets])
        assert (t >= t[5] - 1e-9).mean() > 0.05


@pytest.mark.parametrize("weighted", [False, True])
def test_many_data_sets_at_once_are_tested_over_the_same_sets(weighted):
    sets = sets_of(rng(8).normal(size=(G, 1)))
    w = np.exp(rng(9).normal(size=G)) if weighted else np.ones(G)
    changes = rng(10).normal(size=(G, 6))
    sample = districts(changes[:, 0], sets[3], weights=w, lottery=sets)
    many = both_permutations(changes, sample, 999, rng())
    for at in range(6):
        one = replace(sample, change=changes[:, at])
        for studentise, found in zip(("cr2", "none"), many, strict=True):
            assert permutation_p(one, rng=rng(), studentise=studentise).p_value == pytest.approx(found[at])


def test_what_is_left_out_keeps_its_part_of_the_lottery():
    sets = sets_of(rng(11).normal(size=(G, 1)))
    sample: Districts = districts(rng(12).normal(size=G), sets[0], lottery=sets)
    gone = int(np.flatnonzero(sets[0])[0])
    rest = sample.taken(np.arange(G) != gone)
    assert len(rest.lottery) == sets[:, gone].sum()
    assert (rest.lottery.sum(axis=1) == K - 1).all()
    assert (rest.lottery == rest.treated).all(axis=1).any()
    turned = sample.ordered()
    assert (turned.lottery == turned.treated).all(axis=1).any()
    assert sample.taken(np.tile(np.arange(G), 2)).lottery is None
    assert permutation_p(turned, rng=rng()).p_value == permutation_p(sample, rng=rng()).p_value


def test_treated_districts_that_no_set_has_are_refused():
    sets = sets_of(rng(13).normal(size=(G, 1)), keep=0.3)
    other = next(
        row for row in (np.isin(np.arange(G), one) for one in combinations(range(G), K))
        if not (sets == row).all(axis=1).any()
    )  # fmt: skip
    with pytest.raises(RefusedError) as refusal:
        districts(rng().normal(size=G), other, lottery=sets)
    assert refusal.value.problems[0].key == "lottery_without"
