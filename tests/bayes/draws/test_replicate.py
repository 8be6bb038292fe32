"""The structure run forwards in numpy is the structure that is compiled, and the checks drawn from it can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pymc as pm
import pytest

from sverige_did.bayes.draws.predictive_checks import CHECKS, by_district_and_period, predictive_checks
from sverige_did.bayes.draws.replicate import SCALARS, PanelDraws, predictor
from sverige_did.bayes.models.district_effects import Cells, PanelPriors, build_structure
from sverige_did.bayes.models.families import FAMILIES
from sverige_did.bayes.priors import Normal
from sverige_did.studies.panel.posterior.priors import prior_draws

PRIORS = PanelPriors(level=Normal(0.5, 0.5, "log_ratio", "priors.total_rate"))


def cells_of(districts: int = 8, periods: int = 6, size: float = 3.0) -> Cells:
    district, period = np.divmod(np.arange(districts * periods), periods)
    treated = np.arange(districts) < 3
    dose = (treated[district] & (period >= 4)).astype(float)
    nothing = np.ones(len(district))
    return Cells(district, period, treated, dose, nothing, nothing, np.full(len(district), size))


def test_both_writings_of_the_structure_have_the_same_moments():
    cells, n = cells_of(), 1500
    ours = predictor(prior_draws(PRIORS, np.random.default_rng(1), n), cells, np.random.default_rng(2))
    with pm.Model():
        eta = build_structure(cells, PRIORS).eta
    # Python's own linker: for so few draws compiling would take longer than drawing.
    theirs = pm.draw(eta, draws=n, random_seed=3, mode="FAST_COMPILE")
    error = theirs.std(axis=0) / np.sqrt(n)
    assert np.abs(ours.mean(axis=0) - theirs.mean(axis=0)).max() < 6 * error.max()
    assert ours.std(axis=0) == pytest.approx(theirs.std(axis=0), rel=0.15)
    for pair in ((0, 1), (0, 5), (0, 6), (4, 10)):
        assert np.corrcoef(ours[:, pair].T)[0, 1] == pytest.approx(np.corrcoef(theirs[:, pair].T)[0, 1], abs=0.12)


def fixed(n: int, **changes: float) -> PanelDraws:
    """The same parameters in every draw: a known world."""
    values = {"mu": 0.5, "gamma": 0.0, "tau": 0.0, "sigma_alpha": 0.3, "sigma_lambda": 0.0, "sigma_s": 0.2,
              "sigma_tau": 0.0, "rho": 0.5} | changes  # fmt: skip
    return PanelDraws({name: np.full(n, values[name]) for name in SCALARS}, walk=None, effect=None)


def test_a_shift_of_the_effect_moves_the_treated_after_by_just_that():
    cells = cells_of()
    one, other = (predictor(fixed(5, tau=tau), cells, np.random.default_rng(4)) for tau in (0.0, -0.7))
    assert other - one == pytest.approx(np.where(cells.dose > 0, -0.7, 0.0)[None, :] * np.ones((5, 1)))


def world(rng: np.random.Generator, n: int = 1, **changes: float) -> np.ndarray:
    cells = cells_of(16, 8)
    eta = predictor(fixed(n, **changes), cells, rng)
    return FAMILIES["poisson"].simulate(eta, cells.size, {}, rng)


def test_p_values_of_data_from_the_model_itself_are_uniform():
    rng, cells = np.random.default_rng(5), cells_of(16, 8)
    replicated, weights = world(rng, 200), np.ones(16)
    data = world(rng, 100)
    found = np.array([[one.p for one in predictive_checks(row, replicated, cells, weights)] for row in data])
    assert found.shape == (100, len(CHECKS))
    for at, name in enumerate(CHECKS):
        if name != "zero_cells":  # a count: its p-value is above uniform
            assert (found[:, at] < 0.5).mean() == pytest.approx(0.5, abs=0.2)
    assert (found < 0.02).mean() < 0.06


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("spread_of_levels", {"sigma_alpha": 1.2}),
        ("spread_of_changes", {"sigma_s": 1.2}),
        ("largest_change", {"sigma_s": 1.2, "rho": 0.1}),
        ("autocorrelation", {"sigma_s": 1.2, "rho": 0.8}),
        ("difference", {"tau": 1.5}),
    ],
)
def test_each_check_sees_what_it_is_for(check, changes):
    rng, cells = np.random.default_rng(6), cells_of(16, 8)
    replicated = world(rng, 400)
    hits = [
        {one.check: one.p for one in predictive_checks(row, replicated, cells, np.ones(16))}[check]
        for row in world(rng, 20, **changes)
    ]
    assert np.median(hits) < 0.05


def test_empty_cells_are_counted_and_more_of_them_than_possible_stop():
    rng, cells = np.random.default_rng(7), cells_of(16, 8)
    replicated, data = world(rng, 400), world(rng)[0]
    data[::2] = 0
    found = {one.check: one for one in predictive_checks(data, replicated, cells, np.ones(16))}
    assert found["zero_cells"].observed >= 64
    assert found["zero_cells"].stops(0.01)
    assert not found["zero_cells"].stops(0.001), "400 replications cannot give so small a p"


def test_calmer_districts_than_the_model_thinks_stop_nothing():
    rng, cells = np.random.default_rng(8), cells_of(16, 8)
    replicated = world(rng, 1000, sigma_s=0.8)
    calm = np.round(3 * np.exp(0.5)) * np.ones(len(cells.district))
    found = {one.check: one for one in predictive_checks(calm, replicated, cells, np.ones(16))}
    assert found["largest_change"].p < 0.01
    assert not found["largest_change"].stops(0.01)
    assert not found["spread_of_changes"].stops(0.01)


def test_the_checks_do_not_mind_a_missing_cell_or_the_order_of_cells():
    rng, cells = np.random.default_rng(9), cells_of(16, 8)
    replicated, data = world(rng, 200), world(rng)[0]
    order = rng.permutation(len(data))
    columns = ("district", "period", "dose", "low", "high", "size")
    moved = replace(cells, **{name: getattr(cells, name)[order] for name in columns})
    plain = predictive_checks(data, replicated, cells, np.ones(16))
    assert predictive_checks(data[order], replicated[:, order], moved, np.ones(16)) == plain
    fewer = replace(cells, **{name: getattr(cells, name)[1:] for name in columns})
    assert np.isfinite(
        [one.observed for one in predictive_checks(data[1:], replicated[:, 1:], fewer, np.ones(16))]
    ).all()


def test_the_difference_is_the_difference_in_differences_of_weighted_rates():
    cells = cells_of(4, 5)
    counts = np.full((4, 5), 6.0)
    counts[0, 4], counts[3, 4] = 3.0, 9.0
    gridded = by_district_and_period(counts.reshape(1, -1), cells, np.array([2.0, 1, 1, 1]))
    # The first of three treated districts, of twice the weight, falls by 1 a unit of exposure; the control rises by 1.
    assert CHECKS["difference"](gridded)[0] == pytest.approx(-0.5 - 1.0)
