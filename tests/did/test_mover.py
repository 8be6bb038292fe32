"""MOVER limits: against Wilson's limits written out and Newcombe's two-share interval, and by enumeration."""

import numpy as np
import pytest
from scipy.stats import binom, norm
from statsmodels.stats.proportion import confint_proportions_2indep

from sverige_did.did.mover import mover

Y = np.array([[17, 8], [75, 75]])
N = np.array([[67, 58], [300, 300]])


def wilson(y: np.ndarray, n: np.ndarray, z: float = norm.isf(0.025)) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score limits, from the roots of (p - y/n)^2 = z^2 p (1 - p) / n."""
    middle = (y + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(y * (n - y) / n + z**2 / 4) / (n + z**2)
    return middle - half, middle + half


def test_the_worked_example_by_hand() -> None:
    low, high = wilson(Y, N)
    p = Y / N
    theta = p[0, 1] - p[0, 0] - p[1, 1] + p[1, 0]
    below = (p[0, 1] - low[0, 1], high[0, 0] - p[0, 0], high[1, 1] - p[1, 1], p[1, 0] - low[1, 0])
    above = (high[0, 1] - p[0, 1], p[0, 0] - low[0, 0], p[1, 1] - low[1, 1], high[1, 0] - p[1, 0])
    found = mover(Y, N)
    assert found.estimate == pytest.approx(-11.58, abs=0.005)
    assert found.lower == pytest.approx(100 * (theta - np.hypot.reduce(below)), rel=1e-12)
    assert found.upper == pytest.approx(100 * (theta + np.hypot.reduce(above)), rel=1e-12)


def test_an_almost_certain_control_group_leaves_newcombes_interval() -> None:
    huge = np.array([[17, 8], [5 * 10**9, 5 * 10**9]])
    found = mover(huge, [[67, 58], [10**10, 10**10]])
    expected = confint_proportions_2indep(8, 58, 17, 67, method="newcomb")
    assert (found.lower, found.upper) == pytest.approx(100 * np.array(expected), abs=1e-3)


def test_swapping_groups_or_periods_mirrors_the_interval() -> None:
    here = mover(Y, N)
    for mirrored in (mover(Y[::-1], N[::-1]), mover(Y[:, ::-1], N[:, ::-1]), mover(N - Y, N)):
        assert (mirrored.lower, mirrored.upper) == pytest.approx((-here.upper, -here.lower))


def test_empty_cells_still_have_width() -> None:
    emptied = mover([[17, 0], [75, 75]], N)
    assert emptied.lower < emptied.estimate < emptied.upper < 0


def test_coverage_by_enumeration_of_every_small_table() -> None:
    """All 9^4 tables of eight children a cell: coverage of 95 % intervals is never below 93 % here."""
    n, k = 8, np.arange(9)
    tables = np.array(np.meshgrid(k, k, k, k, indexing="ij")).reshape(4, -1).T.reshape(-1, 2, 2)
    limits = np.array([((e := mover(y, np.full((2, 2), n))).lower, e.upper) for y in tables]) / 100
    covered = []
    for p in ((0.2, 0.1, 0.3, 0.3), (0.5, 0.5, 0.5, 0.5), (0.3, 0.05, 0.2, 0.25), (0.7, 0.4, 0.6, 0.6)):
        weight = np.prod([binom.pmf(tables.reshape(-1, 4)[:, j], n, p[j]) for j in range(4)], axis=0)
        truth = p[1] - p[0] - p[3] + p[2]
        covered.append(weight[(limits[:, 0] <= truth) & (truth <= limits[:, 1])].sum())
    assert min(covered) > 0.93
    assert max(covered) < 0.97
