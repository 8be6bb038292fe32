"""The test that no district was affected: by hand, by what must not matter, and how often it rejects."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.arm_variances import arm_variances
from sverige_did.inference.behrens_fisher import behrens_fisher_test, calibrated_test
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.period_variances import Ratio, allowed, period_variance_test, pooled, ratio_before

TREATED = np.arange(20) < 4


def panel(seed: int, treated: int = 4, ratio: float = 1.0, periods: int = 8) -> tuple[Districts, np.ndarray]:
    """Changes from ``periods`` before to four after, and the levels before."""
    arm = np.arange(20) < treated
    levels = np.random.default_rng(seed).normal(size=(20, periods + 4)) * np.where(arm, ratio, 1.0)[:, None]
    before = levels[:, :periods]
    return districts(levels[:, periods:].mean(axis=1) - before.mean(axis=1), arm), before


def by_loops(treated: np.ndarray, control: np.ndarray) -> tuple[float, float]:
    """The ratio and the degrees of freedom of one district, entry by entry."""
    rows = []
    for levels in (treated, control):
        made = np.empty_like(levels)
        for d, t in np.ndindex(levels.shape):
            made[d, t] = levels[d, t] - levels[d].mean() - levels[:, t].mean() + levels.mean()
        rows.append(made)
    spread = [(one**2).sum() / (len(one) - 1) for one in rows]
    covariance = sum(np.outer(row, row) / level for one, level in zip(rows, spread, strict=True) for row in one) / (
        len(treated) + len(control) - 2
    )
    eigen = np.linalg.eigvalsh(covariance)
    sums = (rows[1] ** 2).sum(axis=1)
    return spread[0] / spread[1], min(eigen.sum() ** 2 / (eigen**2).sum(), 2 * sums.mean() ** 2 / sums.var(ddof=1))


@pytest.mark.parametrize("seed", range(4))
def test_the_ratio_and_its_degrees_of_freedom_are_those_written_out_entry_by_entry(seed: int) -> None:
    before = panel(seed, ratio=2.0)[1]
    assert ratio_before(before[TREATED], before[~TREATED]) == pytest.approx(by_loops(before[TREATED], before[~TREATED]))
    stacked = [np.stack([before[arm], 3 * before[arm]]) for arm in (TREATED, ~TREATED)]
    assert np.allclose(np.diff(ratio_before(*stacked), axis=1), 0)


@pytest.mark.parametrize(("ratio", "df"), [(1.0, 5.0), (4.0, 2.0)])
def test_the_treated_variance_is_a_mean_by_degrees_of_freedom(ratio: float, df: float) -> None:
    sample = panel(1)[0]
    seen = arm_variances(sample)
    found = pooled(seen, Ratio(ratio, df), (1 / 4, 1 / 16))
    added = 1 / (1 / (3 * df) + 1 / (15 * df) + 1 / 15)
    own, others = (sample.change[arm].var(ddof=1) for arm in (TREATED, ~TREATED))
    assert 4 * found.treated == pytest.approx((3 * own + added * ratio * others) / (3 + added))
    assert found.control == seen.control
    assert (found.df_treated, found.df_control) == (3 + added, 15)
    assert found.df_alike < 18


def test_what_the_periods_cannot_tell_leaves_the_calibrated_variance() -> None:
    """With next to no degrees of freedom before, nothing is pooled."""
    sample = panel(2)[0]
    seen = arm_variances(sample)
    found = pooled(seen, Ratio(7.0, 1e-12), (1 / 4, 1 / 16))
    assert behrens_fisher_test(found, 1.0).p_value == pytest.approx(behrens_fisher_test(seen, 1.0).p_value, rel=1e-6)


@pytest.mark.parametrize("weights", [None, np.arange(1.0, 21.0)])
def test_levels_periods_units_and_order_do_not_matter(weights: np.ndarray | None) -> None:
    sample, before = panel(3)
    rng = np.random.default_rng(0)
    whole = period_variance_test(districts(sample.change, TREATED, weights=weights), before)
    moved = before + rng.normal(0, 50, (20, 1)) + np.where(TREATED[:, None], rng.normal(0, 9, 8), rng.normal(0, 9, 8))
    order = rng.permutation(20)
    again = period_variance_test(
        districts(-3 * sample.change[order], TREATED[order], weights=None if weights is None else weights[order]),
        -3 * moved[order],
    )
    assert again.p_value == pytest.approx(whole.p_value, rel=1e-6)
    assert (again.lower, again.upper) == pytest.approx((-3 * whole.upper, -3 * whole.lower), rel=1e-6)


@pytest.mark.parametrize("treated", [3, 4, 6])
def test_it_never_sees_another_effect_and_p_agrees_with_the_interval(treated: int) -> None:
    for seed in range(5):
        sample, before = panel(seed, treated)
        found = period_variance_test(sample, before)
        assert found.estimate == pytest.approx(calibrated_test(sample).estimate)
        assert (found.p_value <= 0.05) == (not found.lower <= 0 <= found.upper)
        at_limit = districts(sample.change - found.lower * sample.treated, sample.treated)
        assert period_variance_test(at_limit, before).p_value == pytest.approx(0.05, abs=2e-4)


def test_what_it_does_not_know_is_not_allowed_or_refused() -> None:
    sample, before = panel(4)
    assert allowed(sample, before[:, :4])
    assert not allowed(sample, before[:, :3])
    assert not allowed(districts(sample.change, TREATED, strata=np.arange(20) % 2), before)
    assert not allowed(districts(sample.change, TREATED, covariates=before[:, 0]), before)
    for arm in (TREATED, ~TREATED):
        flat = np.where(arm[:, None], 7.0, before)
        with pytest.raises(RefusedError) as refusal:
            period_variance_test(sample, flat)
        assert refusal.value.problems[0].key == "no_variation_before"
