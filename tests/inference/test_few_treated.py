"""The sensitivities of the line-up: Donald-Lang, Ibragimov-Mueller, Conley-Taber and Ferman-Pinto."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from sverige_did.errors import RefusedError
from sverige_did.inference.conley_taber import conley_taber
from sverige_did.inference.districts import districts
from sverige_did.inference.donald_lang import donald_lang
from sverige_did.inference.ferman_pinto import ferman_pinto, modelled_variances
from sverige_did.inference.ibragimov_mueller import ibragimov_mueller
from sverige_did.inference.simulated.size import SimulatedDesign, rejection_rates

TREATED = np.arange(20) < 4
SIZES = np.random.default_rng(7).integers(8, 80, 20)
HOPE = (
    0.07912, 0.01468, 0.08617, -0.0055, 0.00336, 0.02673, 0.07021, -0.00314, 0.07804, 0.04768, -0.02853, 0.0896,
    0.03374, -0.01517, -0.12762, -0.01448, -0.01027, 0.02307, 0.03602, -0.05515, -0.02172, 0.06554, 0.01642,
    -0.1178, 0.00084, 0.08279, -0.00691, 0.00527, -0.0079, -0.02601, -0.01212, -0.10031, 0.08663, -0.04468,
    -0.03083, 0.00349, -0.08011, -0.09488, -0.04702, 0.08683, -0.05643, 0.10483,
)  # fmt: skip


def changes(seed: int, effect: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(20) + effect * TREATED


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_donald_lang_is_the_pooled_t_test() -> None:
    y = changes(1, effect=1.0)
    reference = stats.ttest_ind(y[TREATED], y[~TREATED])
    found = donald_lang(districts(y, TREATED))
    assert found.p_value == pytest.approx(reference.pvalue)
    interval = reference.confidence_interval(0.95)
    assert (found.lower, found.upper) == pytest.approx((interval.low, interval.high))


def test_donald_lang_with_a_covariate_loses_one_degree_of_freedom() -> None:
    found = donald_lang(districts(changes(2), TREATED, covariates=np.random.default_rng(3).standard_normal(20)))
    assert found.df == 17


@pytest.mark.parametrize("treated", [TREATED, ~TREATED, np.arange(20) < 9])
def test_ibragimov_mueller_is_welchs_t_with_the_degrees_of_freedom_of_the_smaller_arm(treated: np.ndarray) -> None:
    y = changes(2, effect=1.0)
    reference = stats.ttest_ind(y[treated], y[~treated], equal_var=False)
    found = ibragimov_mueller(districts(y, treated, weights=np.arange(1, 21)))
    smaller = min(treated.sum(), (~treated).sum()) - 1
    assert found.estimate == pytest.approx(y[treated].mean() - y[~treated].mean())
    assert found.df == pytest.approx(smaller)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(reference.statistic), smaller))


def test_ibragimov_mueller_holds_its_size_where_one_sample_would_not() -> None:
    """Ten of twenty treated, controls twice as variable: 5.3 % at most, one sample over the treated 30 %."""
    found = rejection_rates(SimulatedDesign(20, 10, sd_ratio=0.5), rng=rng(), simulations=4_000, draws=19)[0]
    assert found.rates["ibragimov_mueller"] < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 4_000)


def test_donald_lang_with_strata_is_the_pooled_t_test_of_the_average_over_the_treated() -> None:
    """By dummies and their ordinary standard error, where the treated are as many in every stratum."""
    strata, treated = np.arange(20) % 2, np.arange(20) < 4
    y = changes(8, effect=1.0) + 5 * strata
    x = np.column_stack([np.ones(20), treated, strata])
    beta, rest, *_ = np.linalg.lstsq(x, y, rcond=None)
    error = np.sqrt(rest[0] / 17 * np.linalg.inv(x.T @ x)[1, 1])
    found = donald_lang(districts(y, treated, strata=strata))
    assert (found.estimate, found.std_error, found.df) == pytest.approx((beta[1], error, 17))


def test_conley_taber_by_a_loop_over_tuples_of_controls() -> None:
    y = changes(3, effect=1.0)
    residual = y[~TREATED] - y[~TREATED].mean()
    errors = np.sort([residual[list(rows)].mean() for rows in combinations(range(16), 4)])
    found = conley_taber(districts(y, TREATED), rng=rng())
    above, below = (errors >= found.estimate).sum(), (errors <= found.estimate).sum()
    assert found.p_value == pytest.approx(2 * (1 + min(above, below)) / (1 + errors.size))
    rank = int(0.025 * (1 + errors.size) - 1)
    ends = found.estimate - errors[-1 - rank], found.estimate - errors[rank]
    assert (found.region.lower, found.region.upper) == pytest.approx(ends)


def test_conley_taber_has_the_published_interval_of_the_hope_scholarship() -> None:
    """Georgia's merit aid of 1993 and college enrolment, states alike: Conley and Taber's own -.010 to .197.

    Changes of 42 states, Georgia first, from their data (1989-2000; male, black and Asian students taken out). They
    leave out two states of 41 on either side; with Georgia counted as the 42nd that is an interval at 1 - 4 / 42.
    """
    found = conley_taber(districts(HOPE, np.arange(42) == 0, smallest_arm=1), rng=rng(), alpha=4 / 42)
    assert found.estimate == pytest.approx(0.0778, abs=5e-5)
    assert (found.region.lower, found.region.upper) == pytest.approx((-0.010, 0.197), abs=5e-4)


def test_no_tuple_of_few_controls_is_proof() -> None:
    """Beyond all of 13 controls p is twice 1 in 14, and no interval at 95 % has an end."""
    y = np.r_[50.0, np.random.default_rng(4).standard_normal(13)]
    found = conley_taber(districts(y, np.arange(14) < 1, smallest_arm=1), rng=rng())
    assert found.p_value == pytest.approx(2 / 14)
    assert (found.region.lower, found.region.upper) == (-np.inf, np.inf)
    assert 0 in found.region


def test_conley_taber_takes_as_much_from_either_tail() -> None:
    """Skewed controls: the interval reaches farther to the side on which no control lies."""
    y = np.r_[np.zeros(2), np.random.default_rng(4).exponential(size=18)]
    found = conley_taber(districts(y, np.arange(20) < 2), rng=rng())
    assert found.estimate - found.region.lower > 1.3 * (found.region.upper - found.estimate)


@pytest.mark.parametrize("effect", np.linspace(0, 1.4, 8))
def test_conley_taber_agrees_with_its_interval(effect: float) -> None:
    found = conley_taber(districts(changes(4, effect), TREATED), rng=rng())
    assert (0 in found.region) == (found.p_value > 0.05)


def test_conley_taber_needs_as_many_controls_as_treated() -> None:
    with pytest.raises(RefusedError, match="controls"):
        conley_taber(districts(changes(5), ~TREATED), rng=rng())


@pytest.mark.parametrize("seed", range(3))
def test_ferman_pinto_by_a_loop_over_draws(seed: int) -> None:
    y = changes(seed, effect=0.8)
    sample = districts(y, TREATED)
    found = ferman_pinto(sample, SIZES, rng=rng(), draws=150)
    w = y - y.mean()
    h = modelled_variances(w, SIZES.astype(float))
    z = w / np.sqrt(h)
    z -= z.mean()
    hits = 0
    for row in rng().integers(0, 20, size=(150, 20)):
        new = np.sqrt(h) * z[row]
        hits += abs(new[TREATED].mean() - new[~TREATED].mean()) >= abs(found.estimate)
    assert found.p_value == pytest.approx((1 + hits) / 151)
    assert (0 in found.region) == (found.p_value > 0.05)


def test_variances_are_a_regression_on_inverse_size_and_never_negative() -> None:
    sizes = np.array([10.0, 20, 40, 80, 160])
    exact = 0.3 + 5 / sizes
    np.testing.assert_allclose(modelled_variances(np.sqrt(exact), sizes), exact)
    rising = modelled_variances(np.sqrt(sizes), sizes)
    np.testing.assert_allclose(rising, sizes.mean())
    steep = modelled_variances(np.sqrt(1 / sizes**3), sizes)
    np.testing.assert_allclose(steep * sizes, np.full(5, steep[0] * sizes[0]))
    assert (steep > 0).all()


def test_ferman_pinto_moves_with_a_shift_and_scale_of_sizes_does_not_matter() -> None:
    base = ferman_pinto(districts(changes(6), TREATED), SIZES, rng=rng(), draws=299)
    moved = ferman_pinto(districts(changes(6, effect=2), TREATED), 10 * SIZES, rng=rng(), draws=299)
    assert moved.region.lower == pytest.approx(base.region.lower + 2, abs=1e-4)
    assert moved.region.upper == pytest.approx(base.region.upper + 2, abs=1e-4)


def test_ferman_pinto_refuses_sizes_that_are_not_positive() -> None:
    with pytest.raises(RefusedError, match="positive"):
        ferman_pinto(districts(changes(6), TREATED), 0 * SIZES, rng=rng())


@pytest.mark.parametrize("method", [donald_lang, ibragimov_mueller])
def test_no_variation_within_arms_is_refused(method: object) -> None:
    with pytest.raises(RefusedError, match="changed alike"):
        method(districts(TREATED * 1.0, TREATED))
