"""The bound on how much more than the controls one or two treated districts may swing: by hand, by loops, by chance."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference.districts import Districts, districts
from sverige_did.inference.permutation import permutation_p
from sverige_did.inference.relative_spread import RelativeSpread, relative_spread


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def sample(seed: int, treated: int, controls: int, effect: float = 6.0, **given: object) -> Districts:
    arm = np.arange(treated + controls) < treated
    change = np.random.default_rng(seed).normal(size=arm.size) + effect * arm
    return districts(change, arm, smallest_arm=1, **given)


def of(one: Districts, alpha: float = 0.05) -> RelativeSpread:
    return relative_spread(one, rng=rng(), alpha=alpha)


def rejects(one: Districts, bound: float, alpha: float = 0.05) -> bool:
    """Both tests at one bound, choice by choice; equal weights, any strata."""
    arm, x = one.treated, one.change.copy()
    strata = np.unique(one.strata)
    k, m = arm.sum(), (~arm).sum()
    means = np.array([x[~arm & (one.strata == s)].mean() for s in strata])[one.strata]
    residual = x - means
    effect = residual[arm].mean()
    df = m - strata.size
    sd = np.sqrt((residual[~arm] ** 2).sum() / df)
    inside = [(arm & (one.strata == s)).sum() / k for s in strata]
    own = sum(share**2 / (~arm & (one.strata == s)).sum() for share, s in zip(inside, strata, strict=True))
    if abs(effect) <= stats.t.ppf(1 - alpha / 2, df) * sd * np.sqrt(bound**2 / k + own):
        return False
    residual[arm] /= bound

    def difference(chosen: tuple[int, ...]) -> float:
        total = 0.0
        for s in strata:
            mine = np.flatnonzero(one.strata == s)
            inner = np.isin(mine, chosen)
            if inner.any():
                total += inner.sum() / k * (residual[mine[inner]].mean() - residual[mine[~inner]].mean())
        return abs(total)

    by_stratum = [combinations(np.flatnonzero(one.strata == s), int((arm & (one.strata == s)).sum())) for s in strata]
    every = [difference(tuple(i for part in parts for i in part)) for parts in product(*by_stratum)]
    seen = difference(tuple(np.flatnonzero(arm)))
    return float(np.mean(np.array(every) >= seen * (1 - 1e-9))) <= alpha


@pytest.mark.parametrize(("treated", "controls"), [(1, 19), (1, 30), (2, 8), (2, 20)])
def test_the_bound_is_where_the_two_tests_made_choice_by_choice_let_go(treated: int, controls: int) -> None:
    for seed in range(4):
        one = sample(seed, treated, controls)
        largest = of(one).largest
        for bound in (1.0, 1.5, 2.0, 3.0, 5.0):
            assert rejects(one, bound) == (largest is not None and bound < largest) or bound == largest
        if largest is not None:
            assert rejects(one, max(1.0, largest * 0.999))
            assert not rejects(one, largest * 1.001)


def test_within_strata_districts_are_held_against_their_own_controls() -> None:
    strata = np.array([0, 1, *[0] * 12, *[1] * 12])
    one = sample(3, 2, 24, strata=strata)
    moved = districts(one.change + 50 * (strata == 1), one.treated, strata=strata)
    largest = of(one).largest
    assert largest is not None
    assert of(moved).largest == pytest.approx(largest)
    assert rejects(one, largest * 0.999)
    assert not rejects(one, largest * 1.001)


def test_the_t_test_binds_where_chance_is_not_rare_enough_by_hand() -> None:
    """Lau and Li's critical value: |d| / s = t sqrt(b^2 + 1 / m)."""
    change = np.array([40.0, *range(-20, 21)])
    found = of(districts(change, np.arange(42) == 0, smallest_arm=1))
    sd = np.arange(-20, 21).std(ddof=1)
    assert found.test.estimate == pytest.approx(40)
    assert found.test.std_error == pytest.approx(sd * np.sqrt(1 + 1 / 41))
    t_reach = np.sqrt((40 / sd / stats.t.ppf(0.975, 40)) ** 2 - 1 / 41)
    assert found.largest == pytest.approx(t_reach)
    assert t_reach < 2  # up to 2 no control is as far as the treated one over the bound


def test_of_districts_that_swing_alike_the_choices_are_those_of_the_bare_permutation() -> None:
    for seed in range(5):
        one = sample(seed, 2, 12, effect=1.5)
        bare = permutation_p(one, rng=rng(), studentise="none").p_value
        assert of(one).test.p_value >= bare
        heavy = districts(np.where(one.treated, one.change, one.change / 1e3), one.treated)
        assert of(heavy).test.p_value == pytest.approx(
            permutation_p(heavy, rng=rng(), studentise="none").p_value, abs=1e-12
        )


@pytest.mark.parametrize("given", [{}, {"weights": np.arange(1.0, 25.0)}, {"covariates": np.arange(24.0) % 5}])
def test_order_scale_sign_and_what_all_share_do_not_matter(given: dict[str, np.ndarray]) -> None:
    one = sample(1, 2, 22, **given)
    order = np.random.default_rng(4).permutation(24)
    again = districts(
        7 - 3 * one.change[order], one.treated[order], **{key: column[order] for key, column in given.items()}
    )
    first, second = of(one), of(again)
    assert second.largest == pytest.approx(first.largest)
    assert second.test.p_value == pytest.approx(first.test.p_value)
    assert (second.test.lower, second.test.upper) == pytest.approx((-3 * first.test.upper, -3 * first.test.lower))
    shifted = districts(one.change + 2.5 * one.treated, one.treated, **given)
    assert of(shifted).test.estimate == pytest.approx(first.test.estimate + 2.5)


def test_a_covariate_is_taken_out_as_the_controls_have_it() -> None:
    level = np.linspace(0, 1, 25)
    noise = np.random.default_rng(2).normal(0, 0.1, 25)
    arm = np.arange(25) == 24
    one = districts(4 * level + noise + 9 * arm, arm, covariates=level, smallest_arm=1)
    slope, start = np.polyfit(level[~arm], one.change[~arm], 1)
    assert of(one).test.estimate == pytest.approx(one.change[24] - start - slope)


def test_too_few_choices_leave_no_bound_however_large_the_effect() -> None:
    assert of(sample(0, 1, 18, effect=1e6)).largest is None
    assert of(sample(0, 1, 19, effect=1e6)).largest > 1e4
    assert of(sample(0, 2, 4, effect=1e6)).largest is None
    assert of(sample(0, 2, 6, effect=1e6)).largest > 1e3


@pytest.mark.parametrize(
    ("key", "one"),
    [
        ("no_variation_within", districts([5.0] + [1.0] * 20, np.arange(21) == 0, smallest_arm=1)),
        ("too_few_control", districts([5.0, 1.0], [1, 0], smallest_arm=1)),
    ],
)
def test_what_cannot_be_told_is_refused(key: str, one: Districts) -> None:
    with pytest.raises(RefusedError) as refusal:
        of(one)
    assert refusal.value.problems[0].key == key
