"""The variance of the effect by arm against its parts by hand, and against the truth on average."""

import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference import behrens_fisher as bf
from sverige_did.inference.arm_variances import (
    _expected,
    _expected_without_covariates,
    arm_design,
    arm_variances,
)
from sverige_did.inference.cluster_robust import of_districts
from sverige_did.inference.districts import districts

TREATED = np.arange(20) < 4
GROUPS = 18
STRATA = {
    "plain": np.zeros(GROUPS, dtype=int),
    "pairs": np.arange(GROUPS) % 9,
    "one treated among several": np.arange(GROUPS) % 6,
    "two large strata": np.arange(GROUPS) % 2,
    "unlike strata": np.repeat([0, 1, 2], [4, 5, 9]),
    "one control each": np.arange(GROUPS) % 6,
}


def treated_in(strata: np.ndarray, name: str) -> np.ndarray:
    """Who is treated: the first in each stratum, two where strata are large, all but the first where one is control."""
    rank = np.array([np.sum(strata[:i] == strata[i]) for i in range(strata.size)])
    if name == "one control each":
        return rank > 0
    return rank < (1 if name in {"pairs", "one treated among several"} else 2 if name != "plain" else 4)


def test_two_plain_means_have_welchs_parts() -> None:
    y = np.random.default_rng(1).standard_normal(20)
    found = arm_variances(districts(y, TREATED))
    assert found.treated == pytest.approx(y[:4].var(ddof=1) / 4)
    assert found.control == pytest.approx(y[4:].var(ddof=1) / 16)
    assert (found.df_treated, found.df_control) == pytest.approx((3, 15))
    share = found.treated / (found.treated + found.control)
    reference = stats.ttest_ind(y[:4], y[4:], equal_var=False)
    assert bf.welch_df(share, 3, 15) == pytest.approx(reference.df)


def test_weights_enter_with_their_squares_and_cost_no_degrees_of_freedom() -> None:
    rng = np.random.default_rng(2)
    y, weights = rng.standard_normal(20), rng.exponential(size=20)
    found = arm_variances(districts(y, TREATED, weights=weights))
    shares = [weights[arm] / weights[arm].sum() for arm in (TREATED, ~TREATED)]
    assert found.treated == pytest.approx(y[:4].var(ddof=1) * (shares[0] ** 2).sum())
    assert found.control == pytest.approx(y[4:].var(ddof=1) * (shares[1] ** 2).sum())
    assert (found.df_treated, found.df_control) == pytest.approx((3, 15))


def test_pairs_are_the_paired_t_test() -> None:
    y = np.random.default_rng(3).standard_normal(20) + np.repeat(np.arange(10), 2)
    treated = np.arange(20) % 2 == 0
    found = bf.calibrated_test(districts(y, treated, strata=np.arange(20) // 2), 0.1)
    reference = stats.ttest_rel(y[treated], y[~treated])
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.df == pytest.approx(9)
    interval = reference.confidence_interval(0.9)
    assert (found.lower, found.upper) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("covariate", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", STRATA)
def test_the_variance_is_right_on_average_whatever_the_two_spreads(name: str, weighted: bool, covariate: bool) -> None:
    """The expectation of both sums of squares from their matrices, no simulation; else never too small."""
    rng = np.random.default_rng(4)
    treated = treated_in(STRATA[name], name)
    options = {"weights": rng.exponential(size=GROUPS) if weighted else None, "strata": STRATA[name]}
    options["covariates"] = rng.standard_normal(GROUPS) if covariate else None
    design = arm_design(districts(rng.standard_normal(GROUPS), treated, **options))
    units = np.eye(GROUPS)
    each = design.variance(units)
    for spread in (0.5, 1.0, 3.0):
        sd2 = np.where(treated, spread**2, 1.0)
        true = (design.shares**2 * sd2).sum()
        assert each @ sd2 >= true * (1 - 1e-9)
        if not weighted and not covariate:
            assert each @ sd2 == pytest.approx(true)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", STRATA)
def test_the_closed_form_without_covariates_is_that_of_the_matrices(name: str, weighted: bool) -> None:
    rng = np.random.default_rng(9)
    weights = rng.exponential(size=GROUPS) if weighted else None
    sample = districts(
        rng.standard_normal(GROUPS), treated_in(STRATA[name], name), weights=weights, strata=STRATA[name]
    )
    design = arm_design(sample)
    (traces, df), (closed, closed_df) = _expected(design), _expected_without_covariates(design)
    np.testing.assert_allclose(closed, traces, atol=1e-12)
    assert closed_df == pytest.approx(df, abs=1e-9)


@pytest.mark.parametrize("name", STRATA)
def test_levels_of_strata_and_a_common_effect_add_nothing(name: str) -> None:
    treated, strata = treated_in(STRATA[name], name), STRATA[name]
    y = np.random.default_rng(5).standard_normal(GROUPS)
    base = arm_variances(districts(y, treated, strata=strata))
    moved = arm_variances(districts(y + 30.0 * strata + 7 * treated, treated, strata=strata))
    assert (moved.treated, moved.control) == pytest.approx((base.treated, base.control))


def test_the_effect_is_the_average_over_the_treated_within_strata() -> None:
    strata, weights = STRATA["unlike strata"], np.random.default_rng(6).exponential(size=GROUPS)
    treated, y = treated_in(strata, "unlike strata"), np.random.default_rng(7).standard_normal(GROUPS)
    sample = districts(y, treated, weights=weights, strata=strata)
    arms = [[(strata == s) & arm for arm in (treated, ~treated)] for s in range(3)]
    gaps = [np.average(y[t], weights=weights[t]) - np.average(y[c], weights=weights[c]) for t, c in arms]
    expected = np.average(gaps, weights=[weights[t].sum() for t, _ in arms])
    assert float(of_districts(sample).coefficients[1]) == pytest.approx(expected)
    assert sample.shares @ y == pytest.approx(expected)


def test_a_stratum_that_lacks_an_arm_counts_nothing() -> None:
    y, strata = (
        np.random.default_rng(8).standard_normal(20),
        np.repeat([0, 1, 0, 2], [3, 1, 12, 4]),
    )
    kept = strata == 0
    found = bf.calibrated_test(districts(y, TREATED, strata=strata))
    assert found == bf.calibrated_test(districts(y[kept], TREATED[kept]))


def test_an_arm_of_one_has_no_variance() -> None:
    with pytest.raises(RefusedError, match="treated"):
        arm_variances(districts(np.arange(5.0), np.arange(5) == 0, smallest_arm=1))
