from collections import Counter
from itertools import combinations, permutations
from math import factorial, prod

import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import cr2, least_squares
from sverige_did.inference.districts import districts
from sverige_did.inference.permutation import permutation_p, permutation_test, permutation_test_of

TREATED = np.arange(20) < 4


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def changes(seed: int, effect: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(TREATED.size) + effect * TREATED


def slow_test(y: np.ndarray, treated: np.ndarray, *, studentised: bool) -> tuple[float, np.ndarray]:
    """Welch's t (or the difference) of every choice of districts, one at a time."""
    values = []
    for rows in combinations(range(y.size), int(treated.sum())):
        chosen = np.isin(np.arange(y.size), rows)
        difference = y[chosen].mean() - y[~chosen].mean()
        welch = stats.ttest_ind(y[chosen], y[~chosen], equal_var=False).statistic
        values.append(welch if studentised else difference)
    observed = stats.ttest_ind(y[treated], y[~treated], equal_var=False).statistic
    observed = observed if studentised else y[treated].mean() - y[~treated].mean()
    return float(np.mean(np.abs(values) >= abs(observed) - 1e-9)), np.asarray(values)


@pytest.mark.parametrize("studentised", [True, False])
def test_agrees_with_a_loop_over_all_choices(studentised: bool) -> None:
    y, treated = changes(1, effect=1.0)[:11], TREATED[:11]
    p, values = slow_test(y, treated, studentised=studentised)
    found = permutation_test(districts(y, treated), rng=rng(), studentise="cr2" if studentised else "none")
    assert found.p_value == pytest.approx(p, abs=1e-12)
    np.testing.assert_allclose(np.sort(found.reference), np.sort(values), atol=1e-9)
    assert found.smallest_p == pytest.approx(1 / 330)


def test_agrees_with_scipy_for_the_difference_of_means() -> None:
    y = changes(2, effect=1.2)[:10]
    treated = np.arange(10) < 3

    def difference(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        return np.abs(a.mean(axis=axis) - b.mean(axis=axis))

    reference = stats.permutation_test((y[treated], y[~treated]), difference, n_resamples=np.inf, alternative="greater")
    found = permutation_test(districts(y, treated), rng=rng(), studentise="none")
    assert found.p_value == pytest.approx(reference.pvalue)


def test_a_shift_of_the_treated_moves_estimate_and_interval_by_as_much() -> None:
    base = permutation_test(districts(changes(3), TREATED), rng=rng())
    moved = permutation_test(districts(changes(3, effect=2.5), TREATED), rng=rng())
    assert moved.estimate == pytest.approx(base.estimate + 2.5)
    np.testing.assert_allclose(moved.region.pieces, np.add(base.region.pieces, 2.5), atol=1e-9)


def test_order_scale_and_level_do_not_matter_and_sign_mirrors() -> None:
    y, order = changes(4, effect=1.0), np.random.default_rng(5).permutation(20)
    base = permutation_test(districts(y, TREATED), rng=rng())
    shuffled = permutation_test(districts(y[order], TREATED[order]), rng=rng())
    scaled = permutation_test(districts(-1e6 * y + 3e6, TREATED), rng=rng())
    assert shuffled.p_value == scaled.p_value == base.p_value
    np.testing.assert_allclose(shuffled.region.pieces, base.region.pieces, atol=1e-9)
    assert scaled.region.upper == pytest.approx(-1e6 * base.region.lower)


@pytest.mark.parametrize("studentise", ["cr2", "none"])
@pytest.mark.parametrize("seed", range(4))
def test_interval_and_p_agree_at_every_hypothesis(seed: int, studentise: str) -> None:
    y = changes(seed, effect=0.8)
    found = permutation_test(districts(y, TREATED), rng=rng(), studentise=studentise, alpha=0.1)
    for tau0 in np.random.default_rng(seed).uniform(-4, 5, 12):
        moved = permutation_test(districts(y - tau0 * TREATED, TREATED), rng=rng(), studentise=studentise)
        assert (tau0 in found.region) == (moved.p_value > 0.1)


def weighted_t(y: np.ndarray, treated: np.ndarray, weights: np.ndarray) -> float:
    """The difference of weighted means over its standard error by arm, by hand."""
    effect, variance = 0.0, 0.0
    for arm, sign in ((treated, 1), (~treated, -1)):
        share = weights[arm] / weights[arm].sum()
        effect += sign * share @ y[arm]
        variance += y[arm].var(ddof=1) * (share**2).sum()
    return effect / np.sqrt(variance)


@pytest.mark.parametrize("weights", [np.r_[3.0, 1, 1, 2, 2, 2, 1], np.r_[9.0, 9, 1, 1, 9, 9, 1], np.arange(1.0, 8)])
def test_with_weights_the_changes_move_to_places_that_keep_theirs(weights: np.ndarray) -> None:
    """Every move by hand; those that only exchange places of one arm and weight are one to the test."""
    y, treated = changes(6, effect=1.0)[:7], TREATED[:7] & (np.arange(7) < 3)
    values = np.array([weighted_t(y[list(move)], treated, weights) for move in permutations(range(7))])
    found = permutation_test(districts(y, treated, weights=weights), rng=rng())
    kinds = Counter(zip(treated.tolist(), weights.tolist(), strict=True)).values()
    alike = len(values) // found.reference.size
    assert alike == prod(factorial(count) for count in kinds)
    np.testing.assert_allclose(np.repeat(np.sort(found.reference), alike), np.sort(values), atol=1e-9)
    assert found.enumerated
    assert found.p_value == pytest.approx(np.mean(np.abs(values) >= abs(found.observed) - 1e-9))
    assert found.smallest_p == pytest.approx(np.mean(np.abs(values - values[0]) < 1e-9))


def test_few_kinds_of_weight_are_listed_however_many_districts_there_are() -> None:
    """Treated districts of 100, 100, 1 and 1 children among sixteen controls of 100: 20! / (2! 2! 16!) arrangements."""
    weights = np.r_[100.0, 100, 1, 1, np.full(16, 100.0)]
    found = permutation_p(districts(changes(21, effect=1.5), TREATED, weights=weights), rng=rng())
    drawn = permutation_p(districts(changes(21, effect=1.5), TREATED, weights=weights), rng=rng(), limit=9)
    assert (found.enumerated, found.reference.size, found.smallest_p) == (True, 29_070, 1 / 29_070)
    assert not drawn.enumerated
    assert abs(found.p_value - drawn.p_value) < 4 * np.sqrt(found.p_value / 19_999)


UNEVEN = np.random.default_rng(22).uniform(1, 9, 20)
DRAWN = {
    "weights": {"weights": UNEVEN},
    "weights and strata": {"weights": UNEVEN, "strata": np.arange(20) % 2},
    "weights and a covariate": {"weights": UNEVEN, "covariates": np.random.default_rng(23).standard_normal(20)},
    "ties": {"weights": np.round(UNEVEN)},
}


@pytest.mark.parametrize("options", DRAWN.values(), ids=DRAWN)
def test_neither_the_order_of_rows_nor_names_move_a_p_that_is_drawn(options: dict[str, np.ndarray]) -> None:
    y, order = changes(24, effect=1.0), np.random.default_rng(25).permutation(20)
    sample = districts(y, TREATED, **options)
    base = permutation_test(sample, rng=rng(), draws=499, order=sample.order)
    turned = {name: column[order] for name, column in options.items()}
    if "strata" in turned:
        turned["strata"] = np.array(["north", "a"])[turned["strata"]]
    sample = districts(y[order], TREATED[order], **turned)
    other = permutation_test(sample, rng=rng(), draws=499, order=sample.order)
    assert not base.enumerated
    assert other.p_value == base.p_value
    np.testing.assert_allclose(other.reference, base.reference, atol=1e-9)
    np.testing.assert_allclose(other.region.pieces, base.region.pieces, atol=1e-9)


def test_tests_that_are_given_one_order_go_through_the_same_moves() -> None:
    """A change and the same with other numbers added: alike, so that the largest of both statistics is either's."""
    y, samples = changes(26), []
    for column in (y, 3 * y + 5):
        samples.append(districts(column, TREATED, weights=UNEVEN))
    order = np.random.default_rng(27).permutation(20)
    first, second = (permutation_p(one, rng=rng(), draws=99, order=order) for one in samples)
    np.testing.assert_allclose(first.reference, second.reference)


def test_the_size_with_weights_is_exact_when_changes_are_exchangeable() -> None:
    """Every arrangement of seven changes plays the observed one in turn."""
    y, weights = np.random.default_rng(17).exponential(size=6), np.r_[50.0, 1, 20, 20, 1, 5]
    p = [
        permutation_p(districts(y[list(move)], np.arange(6) < 2, weights=weights), rng=rng()).p_value
        for move in permutations(range(6))
    ]
    for alpha in (0.05, 0.1, 0.5):
        assert np.mean(np.asarray(p) <= alpha) == pytest.approx(alpha, abs=1 / 720)


def test_treated_districts_of_unlike_weight_are_not_rejected_too_often() -> None:
    """Treated districts of 100, 100, 1 and 1 children, controls of 100: 5 % and not 12 %; Monte Carlo error 1.3."""
    generator, weights = np.random.default_rng(9), np.r_[100.0, 100, 1, 1, np.full(16, 100.0)]
    samples = [districts(generator.standard_normal(20), TREATED, weights=weights) for _ in range(300)]
    hits = np.mean([permutation_p(sample, rng=generator, draws=499).p_value <= 0.05 for sample in samples])
    assert abs(hits - 0.05) < 2.5 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize("studentise", ["cr2", "none"])
def test_with_weights_and_strata_interval_and_p_agree_at_every_hypothesis(studentise: str) -> None:
    generator = np.random.default_rng(18)
    y, weights, strata = changes(18, effect=0.8), generator.exponential(size=20), np.arange(20) % 2
    options = {"weights": weights, "strata": strata}
    found = permutation_test(districts(y, TREATED, **options), rng=rng(), studentise=studentise, alpha=0.1, draws=999)
    assert not found.enumerated
    for tau0 in generator.uniform(-4, 5, 12):
        moved = districts(y - tau0 * TREATED, TREATED, **options)
        p = permutation_test(moved, rng=rng(), studentise=studentise, draws=999).p_value
        assert (tau0 in found.region) == (p > 0.1)


def test_within_strata_the_statistic_is_that_of_every_choice_by_hand() -> None:
    """Two strata, two treated of four and one of five: 6 x 5 choices, each with its calibrated standard error."""
    strata, y = np.r_[np.zeros(4), np.ones(5)].astype(int), changes(19, effect=1.0)[:9]
    values = []
    for first in combinations(range(4), 2):
        for second in range(4, 9):
            chosen = np.isin(np.arange(9), [*first, second])
            test = calibrated_test(districts(y, chosen, strata=strata))
            values.append(test.estimate / test.std_error)
    found = permutation_test(districts(y, np.isin(np.arange(9), [0, 1, 4]), strata=strata), rng=rng())
    np.testing.assert_allclose(np.sort(found.reference), np.sort(values), atol=1e-9)
    assert found.smallest_p == pytest.approx(1 / 30)


def test_equal_weights_of_any_size_are_no_weights() -> None:
    y = changes(7)
    plain = permutation_test(districts(y, TREATED), rng=rng())
    weighted = permutation_test(districts(y, TREATED, weights=np.full(20, 3.0) + 1e-13 * np.arange(20)), rng=rng())
    assert weighted.p_value == plain.p_value
    np.testing.assert_allclose(weighted.region.pieces, plain.region.pieces, atol=1e-9)


def test_strata_exchange_labels_only_within() -> None:
    strata = np.arange(20) % 4
    treated = np.arange(20) < 4
    y = 10.0 * strata + changes(8)
    found = permutation_test(districts(y, treated, strata=strata), rng=rng(), studentise="none")
    assert found.reference.size == 5**4
    assert np.abs(found.reference).max() < 5
    assert found.smallest_p == pytest.approx(1 / 625)


def test_covariates_with_weights_by_a_regression_for_every_move() -> None:
    """Treatment and weight move together; covariates stay with their change."""
    y, treated = changes(9, effect=1.0)[:6], np.arange(6) < 2
    x, weights = np.random.default_rng(90).standard_normal(6), np.random.default_rng(91).uniform(0.5, 4, 6)
    found = permutation_test(districts(y, treated, weights=weights, covariates=x), rng=rng())
    expected = []
    for move in permutations(range(6)):
        labels = list(move)
        fit = least_squares(y, np.column_stack([np.ones(6), treated[labels], x]), np.arange(6), weights[labels])
        expected.append(fit.coefficients[1] / np.sqrt(cr2(fit)[1, 1]))
    np.testing.assert_allclose(np.sort(found.reference), np.sort(expected), atol=1e-8)


def test_covariates_by_a_regression_of_its_own_for_every_choice() -> None:
    """The regression on treatment and covariates, refitted to all 70 choices of four among eight."""
    y, treated = changes(9, effect=1.0)[:8], TREATED[:8]
    x = np.random.default_rng(90).standard_normal((8, 2))
    weights = np.ones(8)
    found = permutation_test(districts(y, treated, covariates=x), rng=rng())
    expected = []
    for rows in combinations(range(8), 4):
        design = np.column_stack([np.ones(8), np.isin(np.arange(8), rows), x])
        fit = least_squares(y, design, np.arange(8), weights)
        expected.append(fit.coefficients[1] / np.sqrt(cr2(fit)[1, 1]))
    np.testing.assert_allclose(np.sort(found.reference), np.sort(expected), atol=1e-9)
    assert found.enumerated
    assert found.smallest_p == 2 / 70
    assert found.p_value == pytest.approx(np.mean(np.abs(expected) >= abs(found.observed) - 1e-9))


def test_with_covariates_interval_and_p_agree_and_a_shift_shifts() -> None:
    y, x = changes(9, effect=1.0), np.random.default_rng(90).standard_normal(20)
    found = permutation_test(districts(y, TREATED, covariates=x), rng=rng(), alpha=0.1)
    for tau0 in np.random.default_rng(9).uniform(-3, 4, 8):
        moved = permutation_test(districts(y - tau0 * TREATED, TREATED, covariates=x), rng=rng())
        assert (tau0 in found.region) == (moved.p_value > 0.1)
    tilted = permutation_test(districts(y + 7 * x - 3, TREATED, covariates=x), rng=rng(), alpha=0.1)
    np.testing.assert_allclose(tilted.region.pieces, found.region.pieces, atol=1e-8)


def test_the_size_with_covariates_is_exact_when_any_choice_could_have_been_made() -> None:
    y, x = np.random.default_rng(14).exponential(size=8), np.random.default_rng(15).exponential(size=8)
    p = [
        permutation_test(districts(y, np.isin(np.arange(8), rows), covariates=x), rng=rng()).p_value
        for rows in combinations(range(8), 3)
    ]
    for alpha in (0.05, 0.1, 0.5):
        assert np.mean(np.asarray(p) <= alpha) == pytest.approx(np.floor(alpha * 56) / 56)


def test_a_choice_that_the_covariate_already_tells_counts_against_the_finding() -> None:
    """A covariate that is one of the other choices: its coefficient does not exist, so it is a hit."""
    y = changes(16, effect=30.0)[:8]
    x = np.isin(np.arange(8), (4, 5, 6)).astype(float)
    treated = np.arange(8) < 3
    found = permutation_test(districts(y, treated, covariates=x), rng=rng())
    assert np.isinf(found.reference).sum() == 1
    others = found.reference[np.isfinite(found.reference)]
    hits = np.sum(np.abs(others) >= abs(found.observed) * (1 - 1e-9))
    assert found.p_value == pytest.approx((hits + 1) / 56)


def test_drawn_assignments_come_close_to_all_and_are_never_zero() -> None:
    sample = districts(changes(10, effect=1.0), TREATED)
    exact = permutation_test(sample, rng=rng())
    drawn = permutation_test(sample, rng=rng(), limit=100, draws=20_000)
    assert not drawn.enumerated
    assert abs(drawn.p_value - exact.p_value) < 4 * np.sqrt(exact.p_value * (1 - exact.p_value) / 20_000)
    far = permutation_test(districts(changes(10, effect=50.0), TREATED), rng=rng(), limit=100, draws=99)
    assert far.p_value == pytest.approx(1 / 100)


@pytest.mark.parametrize("size", [1e2, 1e4, 1e6, 1e8])
@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2, 12)])
def test_an_effect_far_beyond_the_spread_has_the_p_of_the_whole_test_and_never_zero(
    size: float, weights: np.ndarray | None
) -> None:
    """As many choices as before are as far from zero: the observed one among them, and in halves its mirror image."""
    for treated in (TREATED[:12], np.arange(12) < 6):
        sample = districts(changes(3)[:12] + size * treated, treated, weights=weights)
        alone = permutation_p(sample, rng=rng(), draws=199)
        assert alone.p_value == permutation_test(sample, rng=rng(), draws=199).p_value >= alone.smallest_p


def test_one_treated_district_has_a_bare_test_only() -> None:
    treated = np.arange(12) == 3
    y = np.random.default_rng(11).standard_normal(12)
    sample = districts(y, treated, smallest_arm=1)
    others = np.delete(y, 3)
    residual = np.abs(y - y.mean())
    found = permutation_test(sample, rng=rng(), studentise="none")
    assert found.p_value == pytest.approx(np.mean(residual >= residual[3] - 1e-12))
    assert found.estimate == pytest.approx(y[3] - others.mean())
    with pytest.raises(RefusedError, match="treated"):
        permutation_test(sample, rng=rng())


def test_a_statistic_of_its_own_gives_the_same_p_as_the_built_in_one() -> None:
    y, treated = changes(12, effect=1.0)[:8], TREATED[:8] & (np.arange(8) < 3)

    def difference(chosen: np.ndarray) -> float:
        return float(y[chosen].mean() - y[~chosen].mean())

    built_in = permutation_test(districts(y, treated), rng=rng(), studentise="none", alpha=0.1)
    found = permutation_test_of(difference, treated, rng=rng())
    assert found.p_value == pytest.approx(built_in.p_value)


@pytest.mark.parametrize("unit", [1.0, 1e9, 1e-9, 0.1, 0.3])
def test_a_statistic_of_its_own_that_is_nothing_but_rounding_has_a_p_of_one(unit: float) -> None:
    y, treated = np.r_[1, 2, 3, [2] * 4, 1, 3, 1, 3, 2] * unit, np.arange(12) < 3
    assert permutation_test_of(lambda d: y[d].mean() - y[~d].mean(), treated, rng=rng()).p_value == 1.0


def test_a_statistic_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RefusedError, match="finite"):
        permutation_test_of(lambda _: float("nan"), TREATED, rng=rng())


def test_districts_that_change_alike_within_arms_are_refused() -> None:
    with pytest.raises(RefusedError, match="changed alike"):
        permutation_test(districts(TREATED * 1.0, TREATED), rng=rng())


def test_the_size_is_exact_when_districts_are_exchangeable() -> None:
    """All assignments of one data set play the observed one in turn: exactly at most alpha of them reject."""
    y = np.random.default_rng(13).exponential(size=9)
    p = [
        permutation_test(districts(y, np.isin(np.arange(9), rows)), rng=rng()).p_value
        for rows in combinations(range(9), 3)
    ]
    for alpha in (0.05, 0.1, 0.5):
        assert np.mean(np.asarray(p) <= alpha) == pytest.approx(np.floor(alpha * 84) / 84)


def test_an_assignment_in_which_nothing_differs_and_nothing_varies_is_a_hit_and_no_matter_of_rounding() -> None:
    """Two of the fifteen choices give 0 / 0, all others as much as was observed or more."""
    y = np.array([2.0, 1, 1, -1, 1, 0, -2, 1])
    treated, strata = np.array([1, 1, 1, 0, 1, 1, 1, 0], dtype=bool), np.array([1, 0, 1, 1, 0, 1, 1, 0])
    sample = districts(y, treated, strata=strata)
    whole = permutation_test(sample, rng=rng())
    assert whole.p_value == permutation_p(sample, rng=rng()).p_value == 1.0
    assert 0.0 in whole.region


def test_strata_that_never_hold_both_arms_are_refused() -> None:
    sample = districts(changes(1), TREATED, strata=TREATED.astype(int))
    for test in (lambda: permutation_p(sample, rng=rng()), lambda: calibrated_test(sample)):
        with pytest.raises(RefusedError) as refused:
            test()
        assert refused.value.problems[0].key == "too_few_control"
