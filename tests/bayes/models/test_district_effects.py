from dataclasses import replace

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from pymc.distributions.transforms import ZeroSumTransform
from scipy import stats
from scipy.special import expit

from sverige_did.bayes.models import binomial, negative_binomial, poisson
from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.observation import observe
from sverige_did.bayes.priors import HalfNormal, Normal
from sverige_did.errors import RefusedError

RATES = PanelPriors(level=Normal(-1.0, 1.0, "log_rate", "priors.total_rate"))


SCALES = np.array([prior.sd for prior in (RATES.district, RATES.period_sd, RATES.shock, RATES.effect_sd)])


def cells(n_districts=6, n_periods=4, seed=0, missing=(3, 10), hidden=(0, 5)):
    """A small panel with two treated districts, two missing cells and two hidden ones."""
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(n_districts * n_periods), n_periods)
    kept = np.setdiff1d(np.arange(district.size), missing)
    district, period = district[kept], period[kept]
    treated = np.isin(np.arange(n_districts), (1, 4))
    dose = np.where(treated[district], np.select([period >= 3, period == 2], [1.0, 0.5], 0.0), 0.0)
    size = rng.integers(8, 20, district.size).astype(float)
    count = rng.binomial(size.astype(int), 0.3).astype(float)
    low, high = count.copy(), count.copy()
    low[list(hidden)], high[list(hidden)] = 1.0, 4.0
    return Cells(district, period, treated, dose, low, high, size)


def drawn(panel, priors=RATES, seed=3):
    """One joint draw of everything in the shared structure."""
    with pm.Model() as model:
        build_structure(panel, priors)
    names = [variable.name for variable in (*model.free_RVs, *model.deterministics)]
    values = pm.draw([model[name] for name in names], random_seed=seed, mode="FAST_COMPILE")
    return dict(zip(names, values, strict=True))


def levels(plane):
    """Districts' standardised levels, which sum to zero, from PyMC's own coordinates of such numbers."""
    return ZeroSumTransform([0]).backward(pt.as_tensor(plane)).eval()


def eta_by_loops(panel, found, differs):
    """The predictor written out cell by cell from the model's formula."""
    level, baseline_difference, tau = found["normal"]
    sd_district, sd_step, sd_shock, sd_effect = found["scale_z"] * SCALES
    rho, eta = float(found["rho"]), []
    districts = levels(found["district_z"])
    treated = list(np.flatnonzero(panel.treated))
    for d, t, dose in zip(panel.district, panel.period, panel.dose, strict=True):
        shock = found["shock_z"][d, 0]
        for later in range(1, t + 1):
            shock = rho * shock + np.sqrt(1 - rho**2) * found["shock_z"][d, later]
        period_sd = sum(found["period_z"][:t])
        own = tau + (sd_effect * found["effect_z"][treated.index(d)] if differs and panel.treated[d] else 0)
        alpha = baseline_difference * panel.treated[d] + sd_district * districts[d]
        eta.append(level + alpha + sd_step * period_sd + sd_shock * shock + own * dose)
    return np.array(eta)


def test_predictor_is_the_formula_written_out_cell_by_cell():
    panel = cells()
    found = drawn(panel)
    assert "effect_z" not in found  # too few treated cells to say how much effects differ
    assert found["eta"] == pytest.approx(eta_by_loops(panel, found, differs=False))


def test_effects_differ_between_districts_where_enough_treated_cells_can_say_so():
    panel = cells(n_periods=9)
    found = drawn(panel)
    assert np.ptp(found["tau_district"]) > 0
    assert found["eta"] == pytest.approx(eta_by_loops(panel, found, differs=True))


def only(moving):
    """Priors under which nothing but the sd of that name can differ from zero."""
    still = {name: Normal(0, 1e-9, "log_odds", "x") for name in ("baseline_difference", "level", "effect")}
    others = {"district", "period_sd", "shock", "effect_sd"} - {moving}
    return replace(RATES, **still, **{name: HalfNormal(1e-9, "log_odds_sd", "x") for name in others})


def test_districts_levels_sum_to_zero():
    eta = drawn(cells(missing=(), hidden=()), only("district"))["eta"].reshape(6, 4)
    assert eta.sum(axis=0) == pytest.approx(0, abs=1e-6)
    assert np.ptp(eta[:, 0]) > 0.01


def test_shocks_are_stationary_with_the_stated_variance():
    priors = only("shock")
    with pm.Model() as model:
        build_structure(cells(missing=(), hidden=()), priors)
    eta, scale = pm.draw([model["eta"], model["scale"]], draws=1500, random_seed=4, mode="FAST_COMPILE")
    shocks = (eta / scale[:, [2]]).reshape(1500, 6, 4)
    assert shocks.var(axis=(0, 1)) == pytest.approx(np.ones(4), rel=0.06)


def likelihood_terms(panel, likelihood, eta, again=None):
    """Log-likelihood of a model at a given predictor: the known cells' terms one by one, and the hidden cells' sum."""
    with pm.Model() as model:
        observe(panel, pm.Normal("at", shape=len(eta)), panel.size, likelihood, again=again)
    found = model.compile_logp(vars=[model["y"], *model.potentials], sum=False, mode="FAST_COMPILE")({"at": eta})
    return found[0], float(found[1])


LIKELIHOODS = {
    "binomial": (binomial.BINOMIAL, lambda k, eta, size: stats.binom.pmf(k, size, expit(eta))),
    "poisson": (poisson.POISSON, lambda k, eta, size: stats.poisson.pmf(k, size * np.exp(eta))),
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_known_counts_count_once_and_hidden_ones_as_their_interval(name):
    likelihood, pmf = LIKELIHOODS[name]
    panel = cells()
    eta = np.random.default_rng(5).normal(-1, 0.5, panel.size.size)
    known, hidden = likelihood_terms(panel, likelihood, eta)
    seen = ~panel.hidden
    known = known + likelihood.constant(panel.low[seen], panel.size[seen])
    assert known == pytest.approx(np.log(pmf(panel.low[seen], eta[seen], panel.size[seen])))
    terms = [
        np.log(sum(pmf(k, eta[i], panel.size[i]) for k in range(int(panel.low[i]), int(panel.high[i]) + 1)))
        for i in np.flatnonzero(panel.hidden)
    ]
    assert hidden == pytest.approx(sum(terms))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_counts_of_the_same_children_weigh_as_many_times_less(name):
    """Known ones exactly; a hidden one as the interval of what its counts are worth."""
    likelihood, _ = LIKELIHOODS[name]
    panel = cells()
    again = np.random.default_rng(8).uniform(1, 4, panel.size.size)
    eta = np.random.default_rng(5).normal(-1, 0.5, panel.size.size)
    once, _ = likelihood_terms(panel, likelihood, eta)
    known, hidden = likelihood_terms(panel, likelihood, eta, again)
    assert known == pytest.approx(once / again[~panel.hidden])
    terms = []
    for i in np.flatnonzero(panel.hidden):
        counts = np.arange(panel.low[i], panel.high[i] + 1) / again[i]
        size = panel.size[i] / again[i]
        density = likelihood.log_density(counts, eta[i], size).eval() + likelihood.constant(counts, size)
        terms.append(np.log(np.exp(density).sum()))
    assert hidden == pytest.approx(sum(terms))


OWN = {
    "beta_binomial": (
        binomial.BETA_BINOMIAL,
        7.3,
        lambda k, p, n: stats.betabinom.logpmf(k, n, 7.3 * p, 7.3 * (1 - p)),
    ),
    "negative_binomial": (
        negative_binomial.NEGATIVE_BINOMIAL,
        2.7,
        lambda k, p, n: stats.nbinom.logpmf(k, 2.7, 2.7 / (2.7 + n * p / (1 - p))),
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_what_is_left_out_of_the_density_is_the_constant(name):
    likelihood, own, logpmf = OWN[name]
    panel = cells(hidden=())
    eta = np.random.default_rng(7).normal(-1, 0.5, panel.size.size)
    found = likelihood.log_density(panel.low, eta, panel.size, own).eval() + likelihood.constant(panel.low, panel.size)
    assert found == pytest.approx(logpmf(panel.low, expit(eta), panel.size))


def test_hidden_cells_of_different_width_are_summed_over_their_own_interval():
    panel = cells()
    panel.high[0] = 2.0
    eta = np.full(panel.size.size, -1.0)
    _, hidden = likelihood_terms(panel, LIKELIHOODS["poisson"][0], eta)
    mean = panel.size * np.exp(-1)
    expected = np.log(stats.poisson.pmf([1, 2], mean[0]).sum()) + np.log(stats.poisson.pmf([1, 2, 3, 4], mean[5]).sum())
    assert hidden == pytest.approx(expected)


def logp_at_prior_sds(model):
    point = model.initial_point()
    point["scale_z"] = np.ones_like(point["scale_z"])
    return float(model.compile_logp(mode="FAST_COMPILE")(point))


BUILDERS = {
    "binomial": binomial.build_binomial,
    "poisson": lambda panel: poisson.build_poisson(panel, RATES),
    "negative_binomial": lambda panel: negative_binomial.build_negative_binomial(panel, RATES),
}
every_model = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


@every_model
def test_the_gradient_is_that_of_finite_differences(build):
    model = build(cells())
    point = {name: np.full_like(value, 0.3) for name, value in model.initial_point().items()}
    logp, slope = (f(mode="FAST_COMPILE") for f in (model.compile_logp, model.compile_dlogp))
    steps = {name: 1e-5 * np.random.default_rng(8).normal(size=value.shape) for name, value in point.items()}
    ends = [float(logp({name: point[name] + sign * steps[name] for name in point})) for sign in (1, -1)]
    expected = slope(point) @ np.concatenate([steps[variable.name].ravel() for variable in model.value_vars])
    assert (ends[0] - ends[1]) / 2 == pytest.approx(expected, rel=1e-4)


@every_model
def test_order_of_the_cells_does_not_matter(build):
    panel = cells()
    order = np.random.default_rng(6).permutation(panel.size.size)
    columns = ("district", "period", "dose", "low", "high", "size")
    shuffled = Cells(treated=panel.treated, **{name: getattr(panel, name)[order] for name in columns})
    logp = logp_at_prior_sds(build(panel))
    assert np.isfinite(logp)
    assert logp_at_prior_sds(build(shuffled)) == pytest.approx(logp)


def broken(**changed):
    panel = cells()
    columns = {name: getattr(panel, name).copy() for name in Cells.__dataclass_fields__ if name != "again"}
    return Cells(**columns | {name: change(columns) for name, change in changed.items()})


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("cells_lengths", {"low": lambda c: c["low"][1:]}),
        (
            "cells_lengths",
            {name: lambda c, name=name: c[name][:0] for name in ("district", "period", "dose", "low", "high", "size")},
        ),
        ("cells_counts", {"low": lambda c: -c["low"] - 1}),
        ("cells_counts", {"high": lambda c: c["high"] + 0.5}),
        ("cells_no_exposure", {"size": lambda c: c["size"] * (c["district"] != 2)}),
        ("cells_no_exposure", {"treated": lambda c: np.append(c["treated"], False)}),
        ("cells_all_zero", {"low": lambda c: 0 * c["low"], "high": lambda c: 0 * c["high"]}),
        ("cells_one_period", {"period": lambda c: 0 * c["period"]}),
        ("cells_no_control", {"treated": lambda c: np.ones_like(c["treated"])}),
        ("cells_no_treated_after", {"dose": lambda c: 0 * c["dose"]}),
        ("cells_no_treated_after", {"dose": lambda c: np.ones_like(c["dose"])}),
        ("cells_twice", {"period": lambda c: np.minimum(c["period"], 1)}),
    ],
)
def test_refuses_panels_that_cannot_carry_an_effect(key, changed):
    with pytest.raises(RefusedError) as refused:
        broken(**changed)
    assert refused.value.problems[0].key == key


def test_refuses_more_children_than_there_are():
    panel = broken(low=lambda c: c["size"] + 1, high=lambda c: c["size"] + 1)
    with pytest.raises(RefusedError) as refused:
        binomial.build_binomial(panel)
    assert refused.value.problems[0].key == "totals_count_above_trials"
