"""Days without the event: a shift, scipy's tests where nothing is cut short, a slow jackknife, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.survival.completed import completed
from sverige_did.survival.drift import MONTH, drift
from sverige_did.survival.hazard_ratio import hazard_ratio, log_hazard_ratio
from sverige_did.survival.restricted_mean import (
    over_municipalities,
    pooled,
    pseudo_values,
    restricted_mean,
)
from sverige_did.survival.waits import Waits


def complete(seed: int = 1, n: int = 40) -> tuple[Waits, np.ndarray]:
    """Waits that all end by the event well before day 100."""
    rng = np.random.default_rng(seed)
    return Waits(rng.uniform(5, 60, n), np.ones(n, dtype=int)), np.arange(n) % 2 == 1


def cut_short(seed: int, n: int = 80) -> tuple[Waits, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return (
        Waits(np.floor(rng.exponential(60, n)), rng.choice([0, 1, 1, 1, 2], n)),
        rng.random(n) < 0.5,
        rng.integers(0, 8, n),
    )


def test_a_shift_of_the_arm_moves_the_difference_by_as_much() -> None:
    waits, during = complete()
    later = Waits(waits.days + 7 * during, waits.cause)
    moved = restricted_mean(later, during, 100).estimate - restricted_mean(waits, during, 100).estimate
    assert moved == pytest.approx(7)


def test_with_nothing_cut_short_it_is_welchs_test() -> None:
    waits, during = complete()
    found = restricted_mean(waits, during, 100)
    theirs = stats.ttest_ind(waits.days[during], waits.days[~during], equal_var=False)
    assert found.interval(0.9) == pytest.approx(tuple(theirs.confidence_interval(0.9)))
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert (found.before, found.during) == pytest.approx((waits.days[~during].mean(), waits.days[during].mean()))


@pytest.mark.parametrize("part", ["without", "waiting", "after_exit"])
def test_a_slow_jackknife_over_caseworkers_agrees(part: str) -> None:
    waits, during, worker = cut_short(3)
    found = restricted_mean(waits, during, 90, worker, part)
    left = [
        restricted_mean(waits[kept], during[kept], 90, part=part).estimate
        for kept in (worker != one for one in np.unique(worker))
    ]
    error = np.sqrt(7 / 8 * sum((one - found.estimate) ** 2 for one in left))
    assert (found.std_error, found.df, found.clusters) == pytest.approx((error, 7, 8))


def test_the_order_of_cases_and_the_names_of_caseworkers_do_not_matter() -> None:
    waits, during, worker = cut_short(4)
    turned = np.random.default_rng(0).permutation(len(waits))
    again = restricted_mean(waits[turned], during[turned], 90, 100 - worker[turned])
    assert again.interval(0.95) == pytest.approx(restricted_mean(waits, during, 90, worker).interval(0.95))


def test_changing_sides_changes_the_sign() -> None:
    waits, during, worker = cut_short(5)
    one, other = (restricted_mean(waits, arm, 90, worker) for arm in (during, ~during))
    assert (one.estimate, one.std_error) == pytest.approx((-other.estimate, other.std_error))


def test_three_municipalities_as_measurements_are_a_t_test_with_two_degrees() -> None:
    parts = [restricted_mean(*cut_short(seed)[:2], 90) for seed in (1, 2, 3)]
    found, changes = over_municipalities(parts), [one.estimate for one in parts]
    theirs = stats.ttest_1samp(changes, 0).confidence_interval(0.95)
    assert found.interval(0.95) == pytest.approx(tuple(theirs))
    assert found.df == 2
    together = pooled(parts)
    assert together.estimate == pytest.approx(np.mean(changes))
    assert together.std_error == pytest.approx(np.sqrt(sum(one.std_error**2 for one in parts)) / 3)
    with pytest.raises(RefusedError):
        over_municipalities(parts[:1])


def test_pseudo_values_of_complete_waits_are_the_waits_and_average_to_the_estimate() -> None:
    waits, _ = complete()
    assert pseudo_values(waits, 100) == pytest.approx(waits.days)


def test_what_cannot_be_estimated_is_refused_by_name() -> None:
    waits, during, worker = cut_short(6)
    for arm, horizon, key in ((np.zeros(80, dtype=bool), 90, "arm_empty"), (during, 9000, "not_followed")):
        with pytest.raises(RefusedError) as caught:
            restricted_mean(Waits(waits.days, waits.cause * (waits.days < waits.days.max())), arm, horizon)
        assert caught.value.problems[0].key == key
    one_worker_an_arm = during.astype(int)
    assert restricted_mean(waits, during, 90, one_worker_an_arm).interval(0.95) is None
    del worker


GEHAN = (
    np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23,
              6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float),
    np.array([1] * 21 + [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]),
)  # fmt: skip
"""The leukaemia trial of Freireich et al. (1963): placebo, then 6-MP."""


def test_the_published_hazard_ratio_of_the_leukaemia_trial() -> None:
    """Efron's ties: 1.57, as R's ``survival`` and the textbooks print it."""
    placebo = np.arange(42) < 21
    assert log_hazard_ratio(Waits(*GEHAN), placebo, np.zeros(42, dtype=int)) == pytest.approx(1.5721, abs=2e-4)


def test_the_error_of_the_hazard_ratio_is_near_the_models_own_where_nothing_is_clustered() -> None:
    found = hazard_ratio(Waits(*GEHAN), np.arange(42) < 21, np.zeros(42, dtype=int))
    assert found.std_error == pytest.approx(0.412, rel=0.2)
    with pytest.raises(RefusedError):
        log_hazard_ratio(Waits(*GEHAN), np.zeros(42, dtype=bool), np.zeros(42, dtype=int))


@pytest.mark.parametrize("turned", [False, True])
def test_a_hazard_ratio_without_end_is_refused_and_one_overlap_is_enough(turned: bool) -> None:
    """Two municipalities in which the cases during all get their measure before any case before does."""
    days, place = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), np.repeat([0, 1], 4)
    during = np.tile([True, True, False, False], 2) ^ turned
    with pytest.raises(RefusedError) as caught:
        log_hazard_ratio(Waits(days, np.ones(8, dtype=int)), during, place)
    assert caught.value.problems[0].key == "hazard_separated"
    days[1] = 3.0  # a tie: now one of each waits while the other gets it
    assert abs(log_hazard_ratio(Waits(days, np.ones(8, dtype=int)), during, place)) < 5


def test_the_trend_before_is_least_squares_with_a_level_a_municipality() -> None:
    waits, _ = complete(n=30)
    begun, place = np.arange(30.0) * 11, np.arange(30) % 3
    found = drift(waits, begun, place, 100, 365.25, np.arange(30) % 6)
    theirs = sm.OLS(waits.days, np.column_stack([begun / MONTH, np.eye(3)[place]])).fit()
    assert found.slope.estimate == pytest.approx(theirs.params[0])
    assert found.ahead.estimate == pytest.approx(12 * theirs.params[0])
    steeper = drift(Waits(waits.days + 0.5 * begun / MONTH, waits.cause), begun, place, 500, 365.25)
    assert steeper.slope.estimate == pytest.approx(theirs.params[0] + 0.5)
    with pytest.raises(RefusedError):
        drift(waits[np.arange(30) < 9], begun[:9], place[:9], 100, 10)


def test_finished_cases_are_welchs_test_of_them_alone() -> None:
    waits, during, _ = cut_short(8)
    found = completed(waits, during)
    done = waits.cause == 1
    theirs = stats.ttest_ind(waits.days[done & during], waits.days[done & ~during], equal_var=False)
    assert found.difference.interval(0.95) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert sum(found.finished) + sum(found.left_out) == len(waits)


def test_finished_cases_mislead_where_the_wait_is_cut_by_the_extraction_and_the_estimate_does_not() -> None:
    """Both arms wait alike; the cases during began in the last 200 days before the extraction."""
    naive, ours = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        during = np.arange(150) >= 75
        last = np.where(during, rng.uniform(0, 200, 150), 2000)
        wait = rng.exponential(100, 150)
        waits = Waits(np.minimum(wait, last), (wait <= last).astype(int))
        naive.append(completed(waits, during).difference.estimate)
        ours.append(restricted_mean(waits, during, 90).estimate)
    assert np.mean(naive) < -40
    assert abs(np.mean(ours)) < 3 * np.std(ours) / np.sqrt(200)
