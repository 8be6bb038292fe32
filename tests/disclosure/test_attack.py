"""An outsider with everything that leaves: ranges by hand, numbers that are told, and numbers that are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from sverige_did.disclosure import attack
from sverige_did.disclosure.attack import ENOUGH, Relations, feasible_range, search


def known(rows: list[list[float]], low: list[float], high: list[float], *, whole: bool = False) -> Relations:
    matrix = csr_array(np.array(rows, dtype=float))
    size = matrix.shape[1]
    names = tuple(f"row {at}" for at in range(len(rows)))
    return Relations(
        matrix, np.array(low), np.array(high), names, np.zeros(size), np.full(size, 1000.0), np.full(size, whole)
    )


def test_the_range_of_a_part_of_a_printed_total_by_hand() -> None:
    """Total 10, the third part is shown as 4: the first can be anything from 0 to 6."""
    relations = known([[1, 1, 1], [0, 0, 1]], [10, 4], [10, 4])
    found = feasible_range(relations, np.array([1.0, 0, 0]), np.array([2.0, 4.0, 4.0]))
    assert (found.low, found.high) == pytest.approx((0, 6))
    assert "row 0" not in found.binding, "a row without room cannot be widened"


def test_a_weighted_sum_of_whole_numbers_tells_them_all_until_it_is_rounded() -> None:
    """The coordinates of a curve with six decimals: only one set of whole numbers fits."""
    truth, weights = np.array([3.0, 1.0, 4.0]), np.array([0.271828, 0.314159, 0.141421])
    exact = float(weights @ truth)
    target = csr_array(np.eye(3))
    for room, exposed in ((1e-7, 3), (0.5, 0)):
        relations = known([weights.tolist()], [exact - room], [exact + room], whole=True)
        searched = search(relations, target, np.full(3, 2.0), truth, rng=np.random.default_rng(1), of=np.arange(3))
        found = searched.narrow
        assert len(found) == exposed


def test_the_values_to_blame_are_those_without_which_the_range_is_wide() -> None:
    relations = known([[1, 1, 0], [0, 1, 0], [0, 0, 1]], [9.9, 7.9, 0], [10.1, 8.1, 50])
    found = search(
        relations, csr_array(np.array([[1.0, 0, 0]])), np.array([5.0]), np.array([2.0, 8.0, 9.0]),
        rng=np.random.default_rng(1), of=np.arange(3),
    ).narrow  # fmt: skip
    assert set(found[0].binding) == {"row 0", "row 1"}
    assert found[0].width == pytest.approx(0.4)


def test_numbers_that_contradict_what_is_known_are_a_fault() -> None:
    relations = known([[1, 1]], [10], [10])
    with pytest.raises(ValueError, match="row 0"):
        search(
            relations,
            csr_array(np.eye(2)),
            np.ones(2),
            np.array([1.0, 1.0]),
            rng=np.random.default_rng(1),
            of=np.arange(2),
        )


def test_random_tables_hold_the_ranges_that_listing_them_gives() -> None:
    """Two rows by two columns of whole numbers with rounded margins: every table is listed."""
    rng = np.random.default_rng(5)
    rows = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    grid = np.stack(np.meshgrid(*[np.arange(13)] * 4, indexing="ij")).reshape(4, -1)
    for _ in range(6):
        truth = rng.integers(0, 7, 4).astype(float)
        sums = np.array(rows) @ truth
        low, high = sums - 1, sums + 1
        relations = known(rows, low.tolist(), high.tolist(), whole=True)
        margins = np.array(rows) @ grid
        fits = grid[:, ((margins >= low[:, None]) & (margins <= high[:, None])).all(axis=0)]
        found = feasible_range(relations, np.array([1.0, 0, 0, 0]), truth)
        assert fits[0].min() <= found.low
        assert found.high <= fits[0].max()
        assert found.width >= 0.8 * (fits[0].max() - fits[0].min())


def test_of_many_numbers_that_are_told_only_some_are_measured_and_none_is_said_to_be_safe() -> None:
    """What is told is made rougher and all is tried again: the rest need not be measured before."""
    size = ENOUGH + 15
    relations = known(np.eye(size).tolist(), [3.0] * size, [3.0] * size, whole=True)
    told = search(
        relations, csr_array(np.eye(size)), np.full(size, 2.0), np.full(size, 3.0), rng=np.random.default_rng(1),
        of=np.arange(size),
    )  # fmt: skip
    assert len(told.narrow) == ENOUGH
    assert (told.high == told.low).all()


def test_parts_of_many_districts_find_what_all_of_them_together_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a part finds is a solution of the whole, and no number that is told is said to be safe."""
    rng = np.random.default_rng(8)
    districts, periods = 40, 6
    of = np.repeat(np.arange(districts), periods)
    truth = rng.integers(4, 20, of.size).astype(float)
    rows = np.vstack([np.tile(np.eye(periods), districts), np.eye(of.size)[:5]])
    sums = rows @ truth
    room = np.r_[np.full(periods, 3.0), np.full(5, 0.25)]  # the first five numbers are told
    relations = known(rows.tolist(), (sums - room).tolist(), (sums + room).tolist())
    targets = csr_array(np.vstack([np.eye(of.size), np.tile(np.eye(periods), districts)]))
    needed = np.full(targets.shape[0], 2.0)
    asked = {"rng": np.random.default_rng(1), "of": of}
    whole = search(relations, targets, needed, truth, **asked)
    monkeypatch.setattr(attack, "LARGE", 60)
    parts = search(relations, targets, needed, truth, **asked)
    assert set(whole.narrow) == set(parts.narrow) == {0, 1, 2, 3, 4}
    for found in (whole, parts):
        assert (found.high - found.low >= needed - 1e-6)[5:].all()
        assert (found.high[-periods:] <= sums[:periods] + 3.0 + 1e-6).all()
        assert (found.low[-periods:] >= sums[:periods] - 3.0 - 1e-6).all()
