"""Panels of two periods: the rotated variables are the model of levels and shocks, whatever the sds and the data."""

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.graph.replace import graph_replace

from sverige_did.bayes.models import district_effects
from sverige_did.bayes.models.binomial import SHARES, build_binomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.poisson import build_poisson
from sverige_did.bayes.models.two_windows import PERIODS, expected_counts, told_by_data, told_of_change
from sverige_did.bayes.priors import HalfNormal, Normal
from sverige_did.bayes.sampling.sample import CAREFUL, sample

SEEN = ("eta", "lambda", "tau_district", "normal")
"""All that the likelihood and the draws know of the structure, beside the sds and the persistence."""


def cells(n_treated=13, n_districts=20, seed=1):
    """Two periods, two cells missing; some treated districts under the programme for half of the second period."""
    rng = np.random.default_rng(seed)
    district, period = np.delete(np.divmod(np.arange(2 * n_districts), 2), [3, 30], axis=1)
    treated = np.arange(n_districts) < n_treated
    dose = np.where(treated[district] & (period == 1), np.where(district % 3 == 0, 0.5, 1.0), 0.0)
    size = rng.integers(30, 200, district.size).astype(float)
    count = rng.binomial(size.astype(int), 0.25).astype(float)
    return Cells(district, period, treated, dose, count, count, size, again=rng.uniform(1, 3, size.size))


def more_told(panel):
    """The same districts with a hundred times the children."""
    return replace(panel, low=100 * panel.low, high=100 * panel.high, size=100 * panel.size)


@contextmanager
def one_by_one():
    """Levels and shocks sampled as in panels of more periods: no panel has the number of periods that is rotated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(district_effects, "PERIODS", 0)
        yield


WAYS = {"rotated": nullcontext, "path": one_by_one}
PANELS = {"effects differ": cells(), "one effect": cells(n_treated=4), "more told": more_told(cells())}


@cache
def linear(way, panel):
    """What is seen as a function of the sds, the persistence and standard normals, and the shapes of these."""
    with WAYS[way](), pm.Model() as model:
        build_structure(PANELS[panel], SHARES)
    known = {model["scale_z"]: pt.vector(), model["rho"]: pt.scalar()}
    held, free, standard = list(known.values()), [], []
    for variable in model.free_RVs:  # each after those that it depends on
        if variable not in known:
            free.append(variable)
            mean, sd = graph_replace(list(variable.owner.op.dist_params(variable.owner)), known, strict=False)
            standard.append(variable.type())
            known[variable] = mean + sd * standard[-1]
    seen = graph_replace([model[name] for name in SEEN], known, strict=False)
    run = pytensor.function([*held, *standard], seen, mode="FAST_COMPILE", on_unused_input="ignore")
    return run, [np.shape(model.initial_point()[variable.name]) for variable in free]


def moments(way, panel, root, rho):
    """Mean and covariance of all that is seen given the sds and the persistence: it is linear in standard normals."""
    run, shapes = linear(way, panel)
    sizes = [int(np.prod(shape)) for shape in shapes]

    def at(point):
        parts = np.split(point, np.cumsum(sizes)[:-1])
        values = run(root, rho, *(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))
        return np.concatenate([np.ravel(value) for value in values])

    mean = at(np.zeros(sum(sizes)))
    slope = np.stack([at(unit) - mean for unit in np.eye(sum(sizes))], axis=1)
    return mean, slope @ slope.T


def by_formula(panel, root, rho):
    """Covariance of the predictors, from the model's formula alone."""
    sds = root * [prior.sd for prior in (SHARES.district, SHARES.period_sd, SHARES.shock, SHARES.effect_sd)]
    district_sd, period_sd, shock_sd, effect_sd = sds
    same = panel.district[:, None] == panel.district
    level = district_sd**2 * (same - 1 / len(panel.treated))
    flag, after = panel.treated[panel.district] * 1.0, panel.period * 1.0
    shock = shock_sd**2 * same * np.where(panel.period[:, None] == panel.period, 1.0, rho)
    differ = (panel.dose > 0).sum() >= district_effects.ENOUGH_TREATED_CELLS
    effect = np.outer(panel.dose, panel.dose) * (SHARES.effect.sd**2 + differ * effect_sd**2 * same)
    gap = SHARES.baseline_difference.sd**2 * np.outer(flag, flag)
    return SHARES.level.sd**2 + gap + level + period_sd**2 * np.outer(after, after) + shock + effect


HELD = [(np.array([1.0, 0.7, -1.2, 0.5]), 0.6), (np.array([-0.1, 1.5, 0.3, -2.0]), 0.05)]
held = pytest.mark.parametrize(("root", "rho"), HELD)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("panel", ["effects differ", "one effect"])
@held
def test_predictors_have_the_covariance_of_the_formula_in_either_way(way, panel, root, rho):
    mean, found = moments(way, panel, root, rho)
    n = PANELS[panel].district.size
    assert mean[:n] == pytest.approx(np.full(n, SHARES.level.mean))
    assert found[:n, :n] == pytest.approx(by_formula(PANELS[panel], root, rho), abs=1e-12)


@pytest.mark.parametrize("panel", ["effects differ", "one effect"])
@held
def test_all_that_is_seen_is_jointly_the_same_in_both_ways(panel, root, rho):
    for one, other in zip(moments("rotated", panel, root, rho), moments("path", panel, root, rho), strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def test_the_data_choose_the_unit_and_never_the_prior():
    few, many = PANELS["effects differ"], PANELS["more told"]
    assert (expected_counts(many) > 50 * expected_counts(few)).all()
    pairs = zip(*(moments("rotated", name, *HELD[0]) for name in ("effects differ", "more told")), strict=True)
    for one, other in pairs:
        assert one == pytest.approx(other, abs=1e-12)


def test_what_a_district_tells_is_its_expected_count():
    district, period = np.divmod(np.arange(4), 2)
    panel = Cells(district, period, np.array([True, False]), np.array([0.0, 1, 0, 0]), np.array([2.0, 4, 6, 8]),
                  np.array([2.0, 4, 6, 8]), np.array([10.0, 30, 20, 40]), again=np.array([1.0, 2, 1, 1]))  # fmt: skip
    assert expected_counts(panel) == pytest.approx([0.2 * (10 + 15), 0.2 * 60])
    # Half of 8 before and half after: 1/4 + 1/4 by chance, and two shocks of variance 0.09 at the most.
    assert told_of_change(np.array([8.0, 8.0]), 0.3) == pytest.approx(2 / (0.5 + 0.18))


def test_panels_of_two_periods_alone_are_rotated():
    assert PERIODS == 2
    panel = cells()
    for shift, name in ((0, "change_z"), (1, "shock_z")):
        with pm.Model() as model:
            build_structure(replace(panel, period=panel.period + shift), SHARES)
        assert name in model.named_vars


@pytest.mark.slow
def test_both_ways_have_the_same_posterior():
    panel, fits = replace(cells(), again=None), []
    for seed, way in enumerate(WAYS.values()):
        with way():
            fits.append(sample(build_binomial(panel), seed=seed, settings=CAREFUL, criteria=None))
    for name in ("mu", "gamma", "tau", "sigma_alpha", "sigma_lambda", "sigma_s", "sigma_tau", "rho"):
        one, other = (fit.values(name) for fit in fits)
        # With a thousand effective draws a mean is uncertain by 0.03 sd, a quantile in the tail by twice that.
        assert one.mean() == pytest.approx(other.mean(), abs=0.15 * other.std())
        for share in (0.05, 0.95):
            assert np.quantile(one, share) == pytest.approx(np.quantile(other, share), abs=0.25 * other.std())
    effects = [fit.values("tau_district") for fit in fits]
    assert effects[0].mean(axis=0) == pytest.approx(effects[1].mean(axis=0), abs=0.03)
    assert effects[0].std(axis=0) == pytest.approx(effects[1].std(axis=0), rel=0.1)


RATES = PanelPriors(level=Normal(-2.0, 1.0, "log_rate", "made up"), period_sd=HalfNormal(0.7, "log_sd", "made up"))


def country(n_districts=120, children=4000, seed=5):
    """Many districts of many children, in which next to nothing changed for all."""
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(2 * n_districts), 2)
    treated = np.arange(n_districts) < n_districts // 3
    dose = (treated[district] & (period == 1)).astype(float)
    level = -2 + 0.2 * rng.normal(size=n_districts)[district] - 0.02 * period + 0.02 * rng.normal(size=district.size)
    count = rng.poisson(children * np.exp(level - 0.05 * dose)).astype(float)
    return Cells(district, period, treated, dose, count, count, np.full(district.size, float(children)))


def sampled_by_logarithm(panel):
    with pm.Model() as model:
        build_structure(panel, RATES)
    return "positive_z" in model.named_vars


def test_the_sd_of_what_changed_for_all_is_sampled_by_its_logarithm_only_where_that_is_known_as_if_it_were_data():
    assert [sampled_by_logarithm(panel) for panel in (cells(), more_told(cells()), country())] == [False, False, True]
    assert told_by_data(country(), RATES)


def test_it_has_the_prior_that_it_had():
    with pm.Model() as model:
        build_structure(country(), RATES)
    drawn = pm.draw(model["scale"], 20_000, random_seed=1)
    for at, prior in enumerate((RATES.district, RATES.period_sd, RATES.shock, RATES.effect_sd)):
        assert drawn[:, at].mean() == pytest.approx(prior.sd * np.sqrt(2 / np.pi), rel=0.03)
        assert np.sqrt((drawn[:, at] ** 2).mean()) == pytest.approx(prior.sd, rel=0.03)


@pytest.mark.slow
def test_a_hundred_and_twenty_districts_of_four_thousand_children_converge_at_the_defaults():
    fit = sample(build_poisson(country(), RATES), seed=3)
    assert fit.report.failed == ()
    low, high = np.quantile(fit.values("lambda")[:, 1], [0.005, 0.995])
    assert low < -0.02 < high
