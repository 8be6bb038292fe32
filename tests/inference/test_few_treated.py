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

TREATED = np.arange(20) < 4
SIZES = np.random.default_rng(7).integers(8, 80, 20)


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


def test_ibragimov_mueller_is_one_t_test_over_the_treated() -> None:
    y = changes(2, effect=1.0)
    effects = y[TREATED] - y[~TREATED].mean()
    found = ibragimov_mueller(districts(y, TREATED))
    assert found.estimate == pytest.approx(effects.mean())
    assert found.p_value == pytest.approx(stats.ttest_1samp(effects, 0).pvalue)
    assert found.df == 3


def test_conley_taber_by_a_loop_over_tuples_of_controls() -> None:
    y = changes(3, effect=1.0)
    residual = y[~TREATED] - y[~TREATED].mean()
    errors = np.sort([abs(residual[list(rows)].mean()) for rows in combinations(range(16), 4)])[::-1]
    found = conley_taber(districts(y, TREATED), rng=rng())
    assert found.p_value == pytest.approx((1 + (errors >= abs(found.estimate)).sum()) / (1 + errors.size))
    half = errors[int(0.05 * (1 + errors.size)) - 1]
    assert (found.region.lower, found.region.upper) == pytest.approx((found.estimate - half, found.estimate + half))


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
