"""Levels by district: the density is that of a normal with AR(1) shocks, gaps and all."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.graph.replace import graph_replace
from scipy import stats

from sverige_did.bayes.models.means import (
    Levels,
    build_means,
    effect_on_means,
    log_likelihood,
    mean_priors,
    replicated,
)
from sverige_did.errors import RefusedError


def levels(*, missing=(3, 17, 18), n=6, periods=5, n_treated=2, seed=1, **changes):
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(n * periods), periods)
    keep = ~np.isin(np.arange(n * periods), missing)
    district, period = district[keep], period[keep]
    flag = np.arange(n) < n_treated
    dose = (flag[district] & (period >= 3)).astype(float)
    given = {
        "district": district,
        "period": period,
        "treated": flag,
        "dose": dose,
        "level": rng.normal(9, 2, dose.size),
    }
    return Levels(**given | changes)


def drawn(rows, draws=3, seed=2):
    """Values of what a fit of the model holds, as if they were draws."""
    rng = np.random.default_rng(seed)
    shape = (draws, int(rows.treated.sum()))
    known = {
        "mu": rng.normal(9, 1, draws), "gamma": rng.normal(0, 1, draws), "sigma_alpha": rng.uniform(0.5, 1, draws),
        "sigma_s": rng.uniform(0.5, 2, draws), "rho": rng.uniform(0.2, 0.9, draws),
        "lambda": rng.normal(0, 1, (draws, rows.n_periods)), "tau_district": rng.normal(-2, 1, shape),
        "eta": rng.normal(9, 1, (draws, rows.level.size)),
    }  # fmt: skip
    return SimpleNamespace(values=known.__getitem__)


def covariance(rows, district, sd, rho):
    at = rows.period[rows.district == district]
    return sd**2 * rho ** np.abs(at[:, None] - at[None, :])


def test_the_density_is_that_of_a_normal_with_shocks_that_last_over_missing_periods():
    rows = levels()
    fit = drawn(rows)
    for s in range(3):
        sd, rho, eta = fit.values("sigma_s")[s], fit.values("rho")[s], fit.values("eta")[s]
        each = [
            stats.multivariate_normal.logpdf(
                rows.level[rows.district == d], eta[rows.district == d], covariance(rows, d, sd, rho)
            )
            for d in range(6)
        ]
        assert log_likelihood(fit, rows)[s].sum() == pytest.approx(sum(each), rel=1e-10)


def test_the_model_has_the_same_density_as_its_draws_are_read_by():
    rows = levels()
    model = build_means(rows, mean_priors(9.0, 2.0))
    rng = np.random.default_rng(3)
    free = {variable: rng.normal(size=np.shape(model.initial_point()[variable.name])) for variable in model.free_RVs
            if variable.name != "rho"}  # fmt: skip
    rho = next(variable for variable in model.free_RVs if variable.name == "rho")
    inputs = {variable: pt.as_tensor(value) for variable, value in free.items()} | {rho: pt.as_tensor(0.6)}
    wanted = [model["eta"], model["scale"], model.potentials[0]]
    eta, scale, total = pytensor.function([], graph_replace(wanted, inputs, strict=False), mode="FAST_COMPILE")()
    sd = scale[list(model.coords["scale_name"]).index("sigma_s")]
    one = {"eta": eta[None], "sigma_s": np.array([sd]), "rho": np.array([0.6])}
    fit = SimpleNamespace(values=one.__getitem__)
    assert float(total) == pytest.approx(log_likelihood(fit, rows).sum(), rel=1e-10)


def test_what_a_district_tells_of_its_level_is_its_rows_by_their_noise():
    rng = np.random.default_rng(4)
    rows = levels(n=60, periods=8, missing=(3, 5, 11))
    noisy = (
        rng.normal(0, 10, 60)[rows.district] + rng.normal(0, 5, 8)[rows.period] + rng.normal(0, 0.5, rows.level.size)
    )
    told = levels(n=60, periods=8, missing=(3, 5, 11), level=noisy).told
    np.testing.assert_allclose(told * 0.25, np.bincount(rows.district), rtol=0.15)
    assert np.isfinite(levels(level=np.full(27, 3.0)).told).all()


def test_the_effect_is_that_of_the_treated_rows_by_weight_and_the_rest_is_what_was_seen():
    rows = levels(missing=())
    fit = drawn(rows)
    weights = np.array([3.0, 1, 1, 1, 1, 1])
    effect, without = effect_on_means(fit, rows, weights)
    np.testing.assert_allclose(effect, fit.values("tau_district") @ [0.75, 0.25])
    seen = [rows.level[(rows.district == d) & (rows.dose > 0)].mean() for d in (0, 1)]
    np.testing.assert_allclose(effect + without, np.dot([0.75, 0.25], seen))


def test_levels_drawn_anew_have_the_shocks_and_the_effect_of_the_draws():
    rows = levels(missing=(), n=40, periods=6, n_treated=20)
    n = 400
    fit = drawn(rows, draws=n)
    fixed = {"sigma_s": np.full(n, 1.5), "rho": np.full(n, 0.7), "sigma_alpha": np.full(n, 1e-9)}
    values = {name: fixed.get(name, fit.values(name)) for name in ("mu", "gamma", "lambda", "tau_district", *fixed)}
    found = replicated(SimpleNamespace(values=values.__getitem__), rows, np.arange(n), np.random.default_rng(5))
    own = found - values["mu"][:, None] - values["gamma"][:, None] * rows.treated[rows.district]
    own -= values["lambda"][:, rows.period] + values["tau_district"][:, rows.district % 20] * rows.dose
    by_district = own.reshape(n, 40, 6)
    assert by_district.std() == pytest.approx(1.5, rel=0.03)
    lasting = (by_district[:, :, 1:] * by_district[:, :, :-1]).mean() / 1.5**2
    assert lasting == pytest.approx(0.7, abs=0.03)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"level": np.full(27, np.nan)}, "means_not_finite"),
        ({"level": np.zeros(4)}, "cells_lengths"),
        ({"treated": np.ones(6, dtype=bool)}, "cells_no_control"),
        ({"dose": np.zeros(27)}, "cells_no_treated_after"),
    ],
)
def test_rows_that_cannot_be_compared_are_refused(changes, key):
    with pytest.raises(RefusedError) as refused:
        levels(**changes)
    assert refused.value.problems[0].key == key


def test_rows_out_of_order_are_a_fault_of_the_program():
    rows = levels()
    back = slice(None, None, -1)
    with pytest.raises(ValueError, match="order"):
        Levels(rows.district[back], rows.period[back], rows.treated, rows.dose[back], rows.level[back])
