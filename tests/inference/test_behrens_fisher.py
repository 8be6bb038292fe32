import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference import behrens_fisher as bf
from sverige_did.inference.cluster_robust import of_districts
from sverige_did.inference.districts import districts

TREATED = np.arange(20) < 4


def arms(change: np.ndarray, **options: object) -> tuple[bf.ArmVariances, float]:
    fit = of_districts(districts(change, TREATED, **options))
    return bf.arm_variances(fit, 1, TREATED), float(fit.coefficients[1])


@pytest.mark.parametrize("df", [3, 8, 30])
@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.01])
def test_with_one_arm_aspins_series_is_that_of_students_t(df: int, alpha: float) -> None:
    """Cornish and Fisher: t = z + (z^3 + z) / 4f + (5 z^5 + 16 z^3 + 3 z) / 96 f^2 + ..."""
    z = stats.norm.isf(alpha / 2)
    series = z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
    assert bf.aspin_critical(z, 1.0, df, 5) == pytest.approx(series)
    assert bf.aspin_critical(z, 0.0, 5, df) == pytest.approx(series)


def test_the_split_of_two_means_is_that_of_welch() -> None:
    y = np.random.default_rng(1).standard_normal(20)
    variances, _ = arms(y)
    assert variances.treated == pytest.approx(y[:4].var(ddof=1) / 4)
    assert variances.control == pytest.approx(y[4:].var(ddof=1) / 16)
    assert (variances.df_treated, variances.df_control) == pytest.approx((3, 15))
    share = variances.treated / (variances.treated + variances.control)
    reference = stats.ttest_ind(y[:4], y[4:], equal_var=False)
    assert bf.welch_df(share, 3, 15) == pytest.approx(reference.df)


@pytest.mark.parametrize("seed", range(10))
def test_p_and_interval_agree_and_are_never_kinder_than_welch(seed: int) -> None:
    y = np.random.default_rng(seed).standard_normal(20) * np.where(TREATED, 2.0, 1.0) + 1.5 * TREATED
    found = bf.behrens_fisher_test(*arms(y), alpha=0.1)
    welch = stats.ttest_ind(y[:4], y[4:], equal_var=False)
    assert (found.p_value > 0.1) == (found.lower <= 0 <= found.upper)
    assert found.p_value >= welch.pvalue - 1e-12


@pytest.mark.parametrize("treated", [3, 4, 7, 10])
def test_calibration_holds_the_level_for_every_ratio_of_variances(treated: int) -> None:
    """The same chance by simulating both variances: at the level for the worst ratio, and never above it."""
    rng, k, m = np.random.default_rng(6), treated, 20 - treated
    df = (k - 1, m - 1, (1 / k + 1 / m) ** 2 / (1 / (k**2 * (k - 1)) + 1 / (m**2 * (m - 1))))
    nominal = bf.nominal_level(0.05, df)
    chi = rng.chisquare([[k - 1], [m - 1]], size=(2, 100_000)) / np.array([[k - 1], [m - 1]])
    sizes = []
    for ratio in (0.3, 0.6, 1.0, 1.7, 2.0, 3.0, 5.0, 20.0):
        parts = chi * np.array([[ratio**2 / k], [1 / m]])
        v = parts.sum(axis=0)
        t = rng.standard_normal(v.size) * np.sqrt((ratio**2 / k + 1 / m) / v)
        sizes.append(np.mean(np.abs(t) > bf.critical_value(nominal, parts[0] / v, df)))
    error = np.sqrt(0.05 * 0.95 / 100_000)
    assert max(sizes) < 0.05 + 3 * error
    assert max(sizes) > 0.05 - 4 * error
    assert nominal <= 0.05


def test_p_at_the_end_of_the_interval_is_alpha() -> None:
    variances = bf.ArmVariances(1.0, 0.4, 3, 15, 4.6)
    end = bf.behrens_fisher_test(variances, 0.0, alpha=0.03).upper
    assert bf.behrens_fisher_test(variances, end).p_value == pytest.approx(0.03, abs=1e-6)


@pytest.mark.parametrize("df", [(2, 2), (2, 17), (3, 15), (9, 9)])
def test_the_critical_value_rises_with_the_level(df: tuple[int, int]) -> None:
    z, shares = np.linspace(0, 8, 200), np.linspace(0, 1, 50)[:, None]
    assert (np.diff(bf.aspin_critical(z, shares, *df), axis=1) > 0).all()


def test_weights_and_covariates_keep_the_sum_and_lose_degrees_of_freedom() -> None:
    rng = np.random.default_rng(3)
    y, x, weights = rng.standard_normal(20), rng.standard_normal(20), rng.uniform(0.5, 3, 20)
    fit = of_districts(districts(y, TREATED, covariates=x, weights=weights))
    found = bf.arm_variances(fit, 1, TREATED)
    from_cr2 = bf.cr2_vectors(fit, 1).T @ y
    assert found.treated + found.control == pytest.approx((from_cr2**2).sum())
    assert found.df_treated < 3.5
    assert found.df_control < 15.5


def test_order_and_scale_do_not_matter() -> None:
    y, order = np.random.default_rng(4).standard_normal(20), np.random.default_rng(5).permutation(20)
    base = bf.behrens_fisher_test(*arms(y))
    fit = of_districts(districts(-1e3 * y[order] + 7, TREATED[order]))
    moved = bf.behrens_fisher_test(bf.arm_variances(fit, 1, TREATED[order]), float(fit.coefficients[1]))
    assert moved.p_value == pytest.approx(base.p_value)
    assert moved.upper == pytest.approx(-1e3 * base.lower)


def test_no_variation_is_refused() -> None:
    with pytest.raises(RefusedError, match="changed alike"):
        bf.behrens_fisher_test(bf.ArmVariances(0.0, 0.0, 3, 15, 4.6), 1.0)


def test_a_far_estimate_has_p_zero_not_an_error() -> None:
    assert bf.behrens_fisher_test(bf.ArmVariances(1.0, 1.0, 50, 50, 100), 1e9).p_value < 1e-100
