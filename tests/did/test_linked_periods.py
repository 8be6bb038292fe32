"""Period effects of two-way fits against exact arithmetic in fractions, where weights lie twelve decades apart."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.event_study import event_study
from sverige_did.did.imputation import imputation
from sverige_did.did.linked_periods import period_effects, period_loads
from sverige_did.errors import RefusedError

SEEDS = range(6)


def spread(seed: int, decades: float = 6.0, missing: float = 0.45) -> DistrictPanel:
    """Ten districts, three of them treated from the fifth of seven periods; many cells are missing."""
    rng = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(10), 7), np.tile(np.arange(7), 10)
    weights = 10.0 ** rng.uniform(-decades, decades, 10)
    y = 100 + rng.normal(0, 1, 10)[unit] + 0.1 * time + rng.normal(0, 1, unit.size)
    keep = (rng.random(unit.size) > missing) | (time == 3) | (time == 0)
    return panel_from_rows(
        unit[keep], time[keep], y[keep], ((unit < 3) & (time >= 4))[keep],
        treated_from=np.where(unit < 3, 4.0, np.nan)[keep], weights=weights[unit][keep],
    )  # fmt: skip


def exact(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted least squares of y (N,) on indicators (N, p), without rounding until the end."""
    p = x.shape[1]
    table = [[Fraction(0)] * (p + 1) for _ in range(p)]
    for row, value, weight in zip(x, y, weights, strict=True):
        columns, w = np.flatnonzero(row).tolist(), Fraction(float(weight))
        for i in columns:
            for j in columns:
                table[i][j] += w
            table[i][p] += w * Fraction(float(value))
    for at in range(p):
        table[at] = [each / table[at][at] for each in table[at]]
        for k in range(p):
            if k != at and table[k][at]:
                table[k] = [a - table[k][at] * b for a, b in zip(table[k], table[at], strict=True)]
    return np.array([float(row[p]) for row in table])


def dummies(panel: DistrictPanel) -> np.ndarray:
    return np.column_stack([
        panel.unit[:, None] == np.unique(panel.unit), panel.time[:, None] == np.unique(panel.time)[1:]
    ])  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_event_study_is_exact_with_weights_far_apart(seed: int) -> None:
    panel = spread(seed)
    found = event_study(panel, "baseline")
    x = np.column_stack([found.indicators, dummies(panel)])
    right = exact(x, panel.level, panel.weights[panel.unit])[: found.period.size]
    np.testing.assert_allclose(found.estimate, right, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_imputation_is_exact_with_weights_far_apart(seed: int) -> None:
    panel = spread(seed)
    found = imputation(panel, weighting="baseline")
    fitted = ~panel.treated
    both = exact(dummies(panel)[fitted], panel.level[fitted], panel.weights[panel.unit[fitted]])
    alpha, period = both[: panel.n_units], np.append(0.0, both[panel.n_units :])
    effects = (panel.level - alpha[panel.unit] - period[panel.time])[panel.treated]
    right = np.average(effects, weights=panel.weights[panel.unit[panel.treated]])
    assert found.estimate[0] == pytest.approx(right, rel=1e-11, abs=1e-12)


def test_loads_solve_the_normal_equations() -> None:
    rng = np.random.default_rng(1)
    weight = rng.uniform(0.5, 2.0, (6, 5)) * (rng.random((6, 5)) > 0.2)
    value = rng.normal(0, 1, (6, 5))
    share = weight / weight.sum(axis=1, keepdims=True)
    left = np.diag(weight.sum(axis=0)) - weight.T @ share
    right = (value - share * value.sum(axis=1, keepdims=True)).sum(axis=0)
    np.testing.assert_allclose(left @ period_loads(value, weight), right, atol=1e-12)


def test_periods_that_no_district_links_are_refused() -> None:
    weight = np.kron(np.eye(2), np.ones((3, 2))).astype(np.float64)
    with pytest.raises(RefusedError) as refused:
        period_effects(np.ones((6, 4)), weight)
    assert refused.value.problems[0].key == "did_not_identified"
