"""Exact small-count methods: published numbers, scipy's own exact tests, and enumeration of whole tables."""

from fractions import Fraction
from itertools import product
from math import comb, exp, log

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact, nchypergeom_fisher
from scipy.stats.contingency import odds_ratio as scipy_odds_ratio

from sverige_did.did import exact
from sverige_did.errors import RefusedError

Y = np.array([[17, 8], [75, 75]])
N = np.array([[67, 58], [300, 300]])
SMALL_Y = np.array([[4, 1], [3, 5]])
SMALL_N = np.array([[7, 6], [8, 9]])


def test_zelen_on_the_worked_example() -> None:
    found = exact.zelen(Y, N)
    assert found.p_value == pytest.approx(0.15, abs=0.005)
    assert (found.lower, found.upper) == pytest.approx((-1.89, 0.34), abs=0.01)
    assert found.assumptions == ("no_district_shocks",)


def test_an_emptied_cell_has_one_finite_limit() -> None:
    found = exact.zelen([[17, 0], [75, 75]], N)
    assert (found.estimate, found.lower) == (-np.inf, -np.inf)
    assert found.upper == pytest.approx(-1.42, abs=0.005)
    assert found.p_value < 0.0001
    filled = exact.zelen([[50, 58], [225, 225]], N)
    assert (filled.lower, filled.upper) == (pytest.approx(1.42, abs=0.005), np.inf)


def test_breakdowns_two_of_91_against_18_of_305() -> None:
    rates = exact.rate_ratio([2, 18], [91, 305])
    assert (rates.estimate, rates.lower, rates.upper) == pytest.approx((0.37, 0.04, 1.56), abs=0.005)
    assert rates.estimand == "level_difference"


def test_four_against_twelve() -> None:
    assert exact.rate_ratio([4, 12], [1, 1]).p_value == pytest.approx(0.077, abs=0.0005)


def test_the_rate_comparison_is_a_binomial_test() -> None:
    theirs = binomtest(2, 20, 91 / 396)
    limits = np.array(theirs.proportion_ci(0.95, method="exact"))
    found = exact.rate_ratio([2, 18], [91, 305])
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert (found.lower, found.upper) == pytest.approx(limits / (1 - limits) * 305 / 91)


def test_poisson_did_is_fishers_noncentral_hypergeometric() -> None:
    exposure = np.array([[1000.0, 1100.5], [4000, 3900]])
    family = exact.poisson_did_family(Y, exposure)
    odds = 1.7 * (1100.5 / 1000) / (3900 / 4000)
    # scipy: M balls, n of type one, N drawn; type one = the treated group's events, drawn = events after.
    theirs = nchypergeom_fisher(175, 25, 83, odds)
    below, above, at = exact.tails(family, log(1.7))
    assert (below, above, at) == pytest.approx((theirs.cdf(8), theirs.sf(7), theirs.pmf(8)), rel=1e-6)


def test_poisson_did_without_offset_is_fishers_test_of_the_counts() -> None:
    found = exact.poisson_did(Y, np.ones((2, 2)))
    table = [[8, 17], [75, 75]]
    limits = scipy_odds_ratio(table, kind="conditional").confidence_interval(0.95)
    assert found.p_value == pytest.approx(fisher_exact(table).pvalue)
    assert (found.lower, found.upper) == pytest.approx((limits.low, limits.high), rel=1e-5)


def test_zelen_is_the_enumeration_of_every_table_with_these_margins() -> None:
    """Exact fractions over all tables of four counts, kept where both groups' margins and the total after agree."""
    weights: dict[int, Fraction] = {}
    for table in product(*(range(n + 1) for n in SMALL_N.ravel())):
        y = np.array(table).reshape(2, 2)
        if (y.sum(axis=1) == SMALL_Y.sum(axis=1)).all() and y[:, 1].sum() == SMALL_Y[:, 1].sum():
            ways = np.prod([comb(int(n), k) for n, k in zip(SMALL_N.ravel(), table, strict=True)])
            weights[int(y[0, 1])] = weights.get(int(y[0, 1]), Fraction(0)) + Fraction(int(ways))
    family = exact.zelen_family(SMALL_Y, SMALL_N)
    total = sum(weights.values())
    assert list(family.support) == sorted(weights)
    assert family.probability(0.0) == pytest.approx([float(weights[a] / total) for a in sorted(weights)])
    seen = weights[int(SMALL_Y[0, 1])]
    minlike = float(sum(weight for weight in weights.values() if weight <= seen) / total)
    below = float(sum(weight for a, weight in weights.items() if a <= SMALL_Y[0, 1]) / total)
    above = float(sum(weight for a, weight in weights.items() if a >= SMALL_Y[0, 1]) / total)
    assert exact.zelen(SMALL_Y, SMALL_N).p_value == pytest.approx(minlike)
    assert exact.zelen(SMALL_Y, SMALL_N, rule="central").p_value == pytest.approx(2 * min(below, above))


@pytest.mark.parametrize("rule", ["central", "mid_p"])
def test_the_limits_are_where_the_p_value_is_alpha(rule: exact.Rule) -> None:
    family = exact.zelen_family(Y, N)
    for limit in exact.interval(family, 0.9, rule):
        assert exact.p_value(family, limit, rule) == pytest.approx(0.1, abs=1e-9)


@pytest.mark.parametrize("rule", ["minlike", "central", "mid_p"])
def test_swapping_groups_periods_or_outcomes_mirrors_everything(rule: exact.Rule) -> None:
    here = exact.zelen(SMALL_Y, SMALL_N, rule=rule)
    swaps = ((SMALL_Y[::-1], SMALL_N[::-1]), (SMALL_Y[:, ::-1], SMALL_N[:, ::-1]), (SMALL_N - SMALL_Y, SMALL_N))
    for y, n in swaps:
        mirrored = exact.zelen(y, n, rule=rule)
        assert (mirrored.lower, mirrored.upper) == pytest.approx((-here.upper, -here.lower))
        assert mirrored.p_value == pytest.approx(here.p_value)


def test_a_shift_of_the_exposure_shifts_the_log_ratio() -> None:
    here, doubled = (exact.poisson_did(SMALL_Y, e) for e in ([[10, 10], [10, 10]], [[10, 20], [10, 10]]))
    assert (doubled.estimate, doubled.lower, doubled.upper) == pytest.approx(
        (here.estimate / 2, here.lower / 2, here.upper / 2)
    )


def test_rare_events_bring_binomial_and_poisson_together() -> None:
    n = np.full((2, 2), 10**7)
    binomial, poisson = exact.zelen(SMALL_Y, n), exact.poisson_did(SMALL_Y, n)
    assert binomial.p_value == pytest.approx(poisson.p_value, rel=1e-5)
    assert (exp(binomial.lower), exp(binomial.upper)) == pytest.approx((poisson.lower, poisson.upper), rel=1e-5)


@pytest.mark.parametrize("theta", [-2.0, -0.5, 0.0, 1.0])
def test_conditional_coverage_and_size_by_enumeration(theta: float) -> None:
    """Whatever is seen given the margins, the exact limits hold theta with 95 % and the tests reject at most 5 %."""
    seen = exact.zelen_family(SMALL_Y, SMALL_N)
    probability = seen.probability(theta)
    families = [exact.Conditional(seen.support, seen.log_weight, int(a)) for a in seen.support]
    limits = np.array([exact.interval(family) for family in families])
    assert probability[(limits[:, 0] <= theta) & (theta <= limits[:, 1])].sum() >= 0.95
    for rule in ("minlike", "central"):
        rejected = np.array([exact.p_value(family, theta, rule) <= 0.05 for family in families])
        assert probability[rejected].sum() <= 0.05


def test_unconditional_size_over_every_table_of_five_children_a_cell() -> None:
    n, k = np.full((2, 2), 5), range(6)
    p = np.array([[0.4, 0.3], [0.4, 0.3]])
    size = {"central": 0.0, "minlike": 0.0, "mid_p": 0.0}
    for table in product(k, k, k, k):
        y = np.array(table).reshape(2, 2)
        weight = np.prod([comb(5, c) * q**c * (1 - q) ** (5 - c) for c, q in zip(table, p.ravel(), strict=True)])
        try:
            family = exact.zelen_family(y, n)
        except RefusedError:  # one possible table only: no test rejects there
            continue
        for rule in size:
            size[rule] += weight * (exact.p_value(family, rule=rule) <= 0.05)
    assert size["central"] <= size["minlike"] <= 0.05
    assert size["central"] < size["mid_p"] < 0.06


@pytest.mark.parametrize(
    ("y", "n", "key"),
    [
        ([[17.4, 8], [75, 75]], N, "fractional_counts"),
        (Y, N + 0.5, "fractional_counts"),
        (np.zeros((2, 2)), N, "exact_uninformative"),
        ([[68, 8], [75, 75]], N, "cells_above_total"),
    ],
)
def test_tables_that_carry_no_exact_answer_are_refused(y: object, n: object, key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        exact.zelen(y, n)
    assert refused.value.problems[0].key == key
    assert refused.value.say("da") != refused.value.say("en")


@pytest.mark.parametrize(
    ("y", "n", "key"),
    [
        ([2.5, 18], [91, 305], "fractional_counts"),
        ([2, 18, 3], [91, 305, 4], "groups_shape"),
        ([0, 0], [91, 305], "exact_uninformative"),
    ],
)
def test_two_groups_that_carry_no_exact_answer_are_refused(y: object, n: object, key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        exact.rate_ratio(y, n)
    assert refused.value.problems[0].key == key


def test_exposure_may_be_fractional() -> None:
    assert exact.rate_ratio([2, 18], [90.7, 305.2]).estimate == pytest.approx(2 / 90.7 / (18 / 305.2))
