"""Counts on units and periods: the regression with a dummy for each, what must not matter, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from sverige_did.did.absorbed import poisson_two_way
from sverige_did.errors import RefusedError


def counts(seed: int, units: int = 15, periods: int = 6, missing: float = 0.2) -> tuple[np.ndarray, ...]:
    """Counts, exposure, which cells are there, and who is treated when, of units of very different size."""
    rng = np.random.default_rng(seed)
    size = rng.lognormal(5, 1, units)[:, None] * rng.uniform(0.5, 2, (units, periods))
    dose = ((np.arange(units) < 4)[:, None] & (np.arange(periods) >= 3)).astype(float)
    mean = size * np.exp(-4 + rng.normal(0, 0.5, (units, 1)) + 0.2 * rng.normal(size=periods) - 0.5 * dose)
    there = rng.random((units, periods)) >= missing
    y = rng.poisson(mean).astype(float)
    y[:, 0], there[:, 0] = y[:, 0] + 1, True
    return y, size, there, dose


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_regression_with_a_dummy_for_every_unit_and_period(seed: int) -> None:
    y, size, there, dose = counts(seed)
    unit, time = np.nonzero(there)
    X = np.column_stack([dose[there], unit[:, None] == np.arange(len(y)), time[:, None] == np.arange(1, y.shape[1])])
    with np.errstate(divide="ignore", invalid="ignore"):
        peer = sm.GLM(y[there], X.astype(float), family=sm.families.Poisson(), offset=np.log(size[there]))
        peer = peer.fit(tol=1e-12, tol_criterion="params", maxiter=200)
    found = poisson_two_way(y, size, there, dose)
    assert found.effect == pytest.approx(peer.params[0], rel=1e-8)
    np.testing.assert_allclose(found.mean[there], peer.fittedvalues, rtol=1e-8)


def test_sums_of_units_and_of_periods_are_met() -> None:
    y, size, there, _ = counts(7)
    mean = np.where(there, poisson_two_way(y, size, there).mean, 0.0)
    np.testing.assert_allclose(mean.sum(axis=0), np.where(there, y, 0).sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(mean.sum(axis=1), np.where(there, y, 0).sum(axis=1), rtol=1e-9)


def test_what_must_not_matter() -> None:
    """The order of units and periods, units of exposure, what stands where nothing is, and a unit twice."""
    y, size, there, dose = counts(8)
    usual = poisson_two_way(y, size, there, dose).effect
    rng = np.random.default_rng(1)
    rows, columns = rng.permutation(len(y)), rng.permutation(y.shape[1])
    turned = [one[rows][:, columns] for one in (y, size, there, dose)]
    assert poisson_two_way(*turned).effect == pytest.approx(usual, rel=1e-9)
    assert poisson_two_way(y, 1e6 * size, there, dose).effect == pytest.approx(usual, rel=1e-9)
    assert poisson_two_way(np.where(there, y, 99), size, there, dose).effect == pytest.approx(usual, rel=1e-12)
    twice = [np.concatenate([one, one]) for one in (y, size, there, dose)]
    assert poisson_two_way(*twice).effect == pytest.approx(usual, rel=1e-9)


def test_one_sudden_period_and_one_huge_unit_are_found_from_afar() -> None:
    y, size, there, dose = counts(9, missing=0.0)
    y[:, 2], y[0] = 400 * (y[:, 2] + 1), 1000 * (y[0] + 1)
    found = poisson_two_way(y, size, there, dose)
    np.testing.assert_allclose(found.mean.sum(axis=0), y.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.mean.sum(axis=1), y.sum(axis=1), rtol=1e-9)


def test_constant_rates_with_rows_missing_at_random_have_no_effect() -> None:
    _, size, there, dose = counts(10)
    assert poisson_two_way(0.01 * size, size, there, dose).effect == pytest.approx(0.0, abs=1e-9)


def test_what_cannot_be_told_apart_is_refused() -> None:
    y, size, there, dose = counts(11)
    apart = there.copy()
    apart[:7, 3:], apart[7:, :3] = False, False  # two blocks that share no unit and no period
    for cells, treated in ((apart, None), (there, np.ones_like(dose)), (there & (dose == 0), dose)):
        with pytest.raises(RefusedError) as refusal:
            poisson_two_way(y + 1, size, cells, treated)
        assert refusal.value.problems[0].key == "did_not_identified"
