from itertools import product

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.inference.cluster_robust import LeastSquares, cr1_test, least_squares, of_districts
from sverige_did.inference.districts import districts
from sverige_did.inference.wild_bootstrap import drawn_weights, wild_bootstrap


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def panel(groups: int = 8, seed: int = 1, *, effect: float = 0.0, weighted: bool = False) -> LeastSquares:
    """Groups in four periods, a third treated in the last two; dummies for both."""
    random = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(groups), 4), np.tile(np.arange(4), groups)
    treated = (unit < groups // 3) & (period > 1)
    x = np.column_stack([treated, np.eye(groups)[unit], np.eye(4)[period][:, 1:]])
    y = random.standard_normal(unit.size) + random.standard_normal(groups)[unit] * treated + effect * treated
    return least_squares(y, x, unit, random.uniform(0.5, 2, unit.size) if weighted else None)


def slow_p(fit: LeastSquares, column: int, signs: np.ndarray, tau0: float = 0.0) -> tuple[float, float]:
    """Restricted residuals, one refit a draw, CR1 from its own function; inclusive and strict p."""
    y0 = fit.y - tau0 * fit.x[:, column]
    rest = least_squares(y0, np.delete(fit.x, column, axis=1), fit.cluster, fit.weights)

    def t(y: np.ndarray) -> float:
        test = cr1_test(least_squares(y, fit.x, fit.cluster, fit.weights), column)
        return abs(test.estimate / test.std_error)

    observed = t(y0)
    drawn = np.array([t(y0 - rest.residuals + rest.residuals * v[fit.cluster]) for v in signs])
    return float(np.mean(drawn >= observed * (1 - 1e-9))), float(np.mean(drawn > observed * (1 + 1e-9)))


@pytest.mark.parametrize("weighted", [False, True])
def test_enumeration_agrees_with_a_refit_for_every_vector_of_signs(weighted: bool) -> None:
    fit = panel(6, effect=1.0, weighted=weighted)
    signs = np.array(list(product([1.0, -1.0], repeat=6)))
    found = wild_bootstrap(fit, 0, rng=rng(), weights="rademacher")
    inclusive, strict = slow_p(fit, 0, signs)
    assert found.enumerated
    assert found.p_value == pytest.approx(inclusive)
    assert strict < found.p_value


def test_drawn_weights_agree_with_a_refit_and_count_the_observed_data() -> None:
    fit = panel(7, effect=1.0)
    found = wild_bootstrap(fit, 0, rng=rng(), draws=60)
    assert found.weights == "webb"
    inclusive, _ = slow_p(fit, 0, np.vstack([np.ones(7), drawn_weights(7, 60, rng())]))
    assert found.p_value == pytest.approx(inclusive)
    assert found.p_value >= 1 / 61


@pytest.mark.parametrize("seed", range(3))
def test_interval_and_p_agree_at_every_hypothesis(seed: int) -> None:
    fit = panel(9, seed, effect=1.0)
    found = wild_bootstrap(fit, 0, rng=rng(), draws=199, alpha=0.1)
    for tau0 in np.random.default_rng(seed).uniform(-4, 6, 15):
        moved = least_squares(fit.y - tau0 * fit.x[:, 0], fit.x, fit.cluster)
        assert (tau0 in found.region) == (wild_bootstrap(moved, 0, rng=rng(), draws=199).p_value > 0.1)


def test_shift_scale_and_observed_t() -> None:
    fit = panel(14, effect=0.5)
    base = wild_bootstrap(fit, 0, rng=rng(), draws=499)
    moved = wild_bootstrap(least_squares(-5 * (fit.y + 2 * fit.x[:, 0]), fit.x, fit.cluster), 0, rng=rng(), draws=499)
    assert base.weights == "rademacher"
    assert moved.estimate == pytest.approx(-5 * (base.estimate + 2))
    assert moved.region.lower == pytest.approx(-5 * (base.region.upper + 2))
    test = cr1_test(fit, 0)
    assert base.observed == pytest.approx(test.estimate / test.std_error)


def test_enumeration_does_not_depend_on_the_order_of_clusters() -> None:
    fit = panel(6, effect=1.0)
    order = np.random.default_rng(3).permutation(fit.y.size)
    renamed = np.array([3, 5, 0, 1, 4, 2])[fit.cluster]
    moved = least_squares(fit.y[order], fit.x[order], renamed[order])
    options = {"weights": "rademacher", "alpha": 0.2}
    one, other = (wild_bootstrap(f, 0, rng=rng(), **options) for f in (fit, moved))
    assert one.p_value == other.p_value
    np.testing.assert_allclose(one.region.pieces, other.region.pieces, atol=1e-8)


def test_weights_have_mean_zero_and_variance_one() -> None:
    for kind in ("webb", "rademacher"):
        drawn = drawn_weights(5, 40_000, rng(), kind)
        assert abs(drawn.mean()) < 0.01
        assert drawn.var() == pytest.approx(1, abs=0.01)
    assert np.unique(np.round(drawn_weights(5, 1_000, rng()) ** 2, 6)).tolist() == [0.5, 1.0, 1.5]


def test_one_treated_cluster_cannot_reject() -> None:
    """The textbook failure: the restricted residual of the only treated cluster is the effect itself."""
    treated = np.arange(20) == 0
    y = np.random.default_rng(4).standard_normal(20) + 6 * treated
    fit = least_squares(y, np.column_stack([np.ones(20), treated]), np.arange(20))
    assert cr1_test(fit, 1).p_value < 1e-6
    assert wild_bootstrap(fit, 1, rng=rng(), draws=999).p_value > 0.05


def test_no_variation_is_refused() -> None:
    treated = np.arange(8) < 3
    y = treated * 2.0 + np.where(np.arange(8) == 7, 1e-30, 0)
    with pytest.raises(RefusedError, match="changed alike"):
        wild_bootstrap(of_districts(districts(y, treated)), 1, rng=rng())
