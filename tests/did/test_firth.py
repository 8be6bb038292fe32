"""Firth's log-odds DiD against a slow maximiser of the penalised likelihood, and its coverage with rare events."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from sverige_did.did.firth import firth

X = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0], [1, 0, 1, 0]], dtype=float)
TABLES = [
    (np.array([[17, 8], [75, 75]]), np.array([[67, 58], [300, 300]])),
    (np.array([[17, 0], [75, 75]]), np.array([[67, 58], [300, 300]])),
    (np.array([[0, 3], [4, 9]]), np.array([[6, 7], [9, 9]])),
]


def penalised(b: np.ndarray, y: np.ndarray, n: np.ndarray) -> float:
    """Minus the log-likelihood less half the log determinant of the information, in the DiD parametrisation."""
    eta = X @ b
    p = 1 / (1 + np.exp(-eta))
    information = X.T @ ((n * p * (1 - p))[:, None] * X)
    return -(y @ eta - n @ np.logaddexp(0, eta) + np.linalg.slogdet(information)[1] / 2)


@pytest.mark.parametrize(("y", "n"), TABLES)
def test_a_general_maximiser_finds_the_same_point_and_limits(y: np.ndarray, n: np.ndarray) -> None:
    events, totals = y.ravel(), n.ravel()
    best = minimize(penalised, np.zeros(4), (events, totals), tol=1e-10)
    found = firth(y, n)
    assert found.estimate == pytest.approx(best.x[3], abs=1e-4)

    def rise(theta: float) -> float:
        at = minimize(lambda b: penalised(np.append(b, theta), events, totals), best.x[:3], tol=1e-10)
        return 2 * (at.fun - best.fun) - chi2.isf(0.05, 1)

    assert found.lower == pytest.approx(brentq(rise, best.x[3] - 12, best.x[3]), abs=1e-3)
    assert found.upper == pytest.approx(brentq(rise, best.x[3], best.x[3] + 12), abs=1e-3)


def test_the_limits_and_the_p_value_are_one_method() -> None:
    y, n = TABLES[0]
    p = firth(y, n).p_value
    limits = firth(y, n, level=1 - p)
    assert limits.lower < 0
    assert limits.upper == pytest.approx(0, abs=1e-8)


def test_swapping_groups_or_outcomes_mirrors_everything() -> None:
    for y, n in TABLES:
        here = firth(y, n)
        for mirrored in (firth(y[::-1], n[::-1]), firth(n - y, n)):
            assert (mirrored.estimate, mirrored.lower) == pytest.approx((-here.estimate, -here.upper))
            assert mirrored.p_value == pytest.approx(here.p_value)


def test_empty_cells_leave_everything_finite() -> None:
    found = firth(np.zeros((2, 2)), np.full((2, 2), 9))
    assert found.estimate == pytest.approx(0)
    assert np.isfinite([found.lower, found.upper, found.std_error]).all()


def test_coverage_with_rare_events() -> None:
    rng, draws = np.random.default_rng(4), 1500
    n, p = np.array([[60, 60], [250, 250]]), np.array([[0.15, 0.03], [0.2, 0.2]])
    truth = (np.array([[-1, 1], [1, -1]]) * np.log(p / (1 - p))).sum()
    found = [firth(y, n) for y in rng.binomial(n, p, size=(draws, 2, 2))]
    hits = np.mean([one.lower <= truth <= one.upper for one in found])
    assert 0.94 <= hits <= 0.98
