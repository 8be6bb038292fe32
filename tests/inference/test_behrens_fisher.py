import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference import behrens_fisher as bf
from sverige_did.inference.arm_variances import ArmVariances, arm_variances
from sverige_did.inference.cluster_robust import cr2_test, of_districts
from sverige_did.inference.districts import districts

TREATED = np.arange(20) < 4


def arms(change: np.ndarray, treated: np.ndarray = TREATED, **options: object) -> tuple[ArmVariances, float]:
    sample = districts(change, treated, **options)
    return arm_variances(sample), float(of_districts(sample).coefficients[1])


@pytest.mark.parametrize("df", [3, 8, 30])
@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.01])
def test_with_one_arm_aspins_series_is_that_of_students_t(df: int, alpha: float) -> None:
    """Cornish and Fisher: t = z + (z^3 + z) / 4f + (5 z^5 + 16 z^3 + 3 z) / 96 f^2 + ..."""
    z = stats.norm.isf(alpha / 2)
    series = z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)
    assert bf.aspin_critical(z, 1.0, df, 5) == pytest.approx(series)
    assert bf.aspin_critical(z, 0.0, 5, df) == pytest.approx(series)


@pytest.mark.parametrize("seed", range(30))
def test_without_weights_the_calibrated_p_is_never_below_that_of_cr2(seed: int) -> None:
    """So CR2 adds nothing to the verdict of a plain design: the two tests have one standard error."""
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(7, 40))
    treated = np.arange(groups) < rng.integers(3, groups - 3)
    y = rng.standard_t(3, groups) * np.where(treated, rng.uniform(0.3, 3), 1.0) + rng.uniform(0, 3) * treated
    sample = districts(y, treated)
    calibrated, cr2 = bf.calibrated_test(sample), cr2_test(of_districts(sample), 1)
    assert calibrated.std_error == pytest.approx(cr2.std_error)
    assert calibrated.p_value >= cr2.p_value * (1 - 1e-9)
    assert calibrated.lower <= cr2.lower + 1e-9


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
    variances = ArmVariances(1.0, 0.4, 3, 15, 4.6)
    end = bf.behrens_fisher_test(variances, 0.0, alpha=0.03).upper
    assert bf.behrens_fisher_test(variances, end).p_value == pytest.approx(0.03, abs=1e-6)


@pytest.mark.parametrize("df", [(2, 2), (2, 17), (3, 15), (9, 9)])
def test_the_critical_value_rises_with_the_level(df: tuple[int, int]) -> None:
    z, shares = np.linspace(0, 8, 200), np.linspace(0, 1, 50)[:, None]
    assert (np.diff(bf.aspin_critical(z, shares, *df), axis=1) > 0).all()


def test_order_and_scale_do_not_matter() -> None:
    y, order = np.random.default_rng(4).standard_normal(20), np.random.default_rng(5).permutation(20)
    base = bf.behrens_fisher_test(*arms(y))
    moved = bf.behrens_fisher_test(*arms(-1e3 * y[order] + 7, TREATED[order]))
    assert moved.p_value == pytest.approx(base.p_value)
    assert moved.upper == pytest.approx(-1e3 * base.lower)


def test_no_variation_is_refused() -> None:
    with pytest.raises(RefusedError, match="changed alike"):
        bf.behrens_fisher_test(ArmVariances(0.0, 0.0, 3, 15, 4.6), 1.0)


def test_a_far_estimate_has_p_zero_not_an_error() -> None:
    assert bf.behrens_fisher_test(ArmVariances(1.0, 1.0, 50, 50, 100), 1e9).p_value < 1e-100


@pytest.mark.parametrize("df", [4.0, 4.7, 6.3, 17.0, 60.0, 200.0])
def test_the_table_of_students_tail_has_twelve_decimals(df: float) -> None:
    t = np.concatenate([np.linspace(0, 40, 3001), [1e3, 1e8]])
    np.testing.assert_allclose(bf._tail_table(df)(t), 2 * stats.t.sf(t, df), rtol=0, atol=5e-12)


@pytest.mark.parametrize("nominal", [0.9, 0.05, 1e-3, 1.1e-6, 0.9e-6, 1e-9, 1e-14])
def test_the_size_from_the_table_is_that_of_the_tail_itself(nominal: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six digits of the smallest that the table serves; below it the tail itself keeps them all."""
    dfs = (3.0, 16.0, 4.6)
    from_table = bf.worst_size(nominal, dfs)
    monkeypatch.setattr(bf, "SMALLEST", 1.0)
    assert from_table == pytest.approx(bf.worst_size(nominal, dfs), rel=1e-7)


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.01])
def test_nominal_levels_of_nearby_degrees_of_freedom_are_near(alpha: float) -> None:
    """What :func:`rejects` leaves unsolved rests on it: on the grid they are less than ``NEARBY`` apart."""
    rng = np.random.default_rng(17)
    for _ in range(25):
        treated, control = (float(one) for one in np.exp(rng.uniform(np.log(bf.FEWEST_NEARBY), 4.5, 2)))
        df = (treated, control, float(rng.uniform(min(treated, control), treated + control)))
        assert abs(np.log(bf.nominal_level(alpha, df) / bf.nominal_level(alpha, bf._near(df)))) < np.log(bf.NEARBY)


@pytest.mark.parametrize("fewest", [1.0, 2.0])
def test_what_is_rejected_is_what_the_test_rejects(fewest: float) -> None:
    """Also where an estimate lies close by the limit, on either side, and with few degrees of freedom."""
    rng = np.random.default_rng(3)
    seen = []
    for _ in range(25):
        treated, control = (float(one) for one in np.exp(rng.uniform(np.log(fewest), np.log(20.0), 2)))
        df = (treated, control, float(rng.uniform(min(treated, control), treated + control)))
        variances = ArmVariances(*(float(one) for one in rng.uniform(0.1, 2.0, 2)), *df)
        half = bf.behrens_fisher_test(variances, 0.0).upper
        estimates = np.concatenate(
            [half * np.array([0.5, 0.93, 0.999, 1.001, 1.07, -1.001, -0.999]), rng.normal(size=3)]
        )
        found = bf.rejects(variances, estimates)
        tests = [bf.behrens_fisher_test(variances, float(one)) for one in estimates]
        assert found.tolist() == [not one.lower <= 0 <= one.upper for one in tests]
        seen += found.tolist()
    assert 0.2 < np.mean(seen) < 0.8


def test_with_one_arm_that_never_ends_the_rejections_are_those_of_student() -> None:
    variances = ArmVariances(1.0, 0.0, 3.0, np.inf, 3.0)
    half = bf.behrens_fisher_test(variances, 0.0).upper
    assert bf.rejects(variances, half * np.array([0.999, 1.001, -1.001])).tolist() == [False, True, True]
    with pytest.raises(RefusedError):
        bf.rejects(ArmVariances(0.0, 0.0, 3.0, 4.0, 7.0), np.array([1.0]))
