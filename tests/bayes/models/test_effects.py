import numpy as np
import pytest

from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.effects import (
    average_effect,
    moved_among_trials,
    moved_in_exposure,
    percent,
    weights_of,
)


def panel():
    district, period = np.divmod(np.arange(9), 3)
    treated = np.array([True, True, False])
    dose = np.where(treated[district] & (period > 0), 1.0, 0.0)
    ones = np.ones(9)
    return Cells(district, period, treated, dose, ones, ones, 10 * ones)


def test_known_answer_of_one_cell():
    # A share of 25 % that a log-odds effect of -ln 3 takes down to 10 %.
    without = np.log(0.25 / 0.75)
    told = average_effect(np.array([[without - np.log(3)]]), np.array([[-np.log(3)]]), np.ones(1), percent)
    assert told.difference == pytest.approx([-15.0])
    assert told.ratio == pytest.approx([0.4])
    assert told.log_contrast == pytest.approx([-np.log(3)])


def test_a_rate_effect_multiplies_whatever_the_levels():
    rng = np.random.default_rng(1)
    eta = rng.normal(size=(50, 6))
    told = average_effect(eta, np.full((50, 6), 0.4), np.full(6, 1 / 6), np.exp)
    assert told.ratio == pytest.approx(np.full(50, np.exp(0.4)))
    assert told.difference == pytest.approx(np.exp(eta).mean(axis=1) * (1 - np.exp(-0.4)))


def test_weights_treat_districts_equally_whatever_their_number_of_cells():
    cells = panel()
    kept = np.array([0, 1, 3, 4, 5, 6, 7, 8])  # the first treated district lacks its last period
    columns = ("district", "period", "dose", "low", "high", "size")
    unbalanced = Cells(treated=cells.treated, **{name: getattr(cells, name)[kept] for name in columns})
    weights = weights_of(unbalanced)
    assert weights.sum() == pytest.approx(1)
    assert np.bincount(unbalanced.district, weights=weights) == pytest.approx([0.5, 0.5, 0.0])


def test_district_weights_are_those_given():
    cells = panel()
    weights = weights_of(cells, np.array([300.0, 100.0, 999.0]))
    assert np.bincount(cells.district, weights=weights) == pytest.approx([0.75, 0.25, 0.0])


CHILDREN = 12
"""In a cell of the tests below; the tolerances are four Monte Carlo errors of the means."""


@pytest.mark.parametrize("effect", [-1.2, -0.3, 0.4, 1.5])
@pytest.mark.parametrize("count", [0.0, 3.0, 12.0])
def test_who_was_moved_among_trials_is_what_the_same_chances_give(effect, count):
    """Children with chances of their own, counted with and without the programme, among whom so many are there."""
    rng = np.random.default_rng(1)
    eta = -0.7 + effect
    with_it, other = (percent(np.array(at)) / 100 for at in (eta, eta - effect))
    there = np.arange(CHILDREN) < count  # which of them are there is of no account
    chances = rng.uniform(size=(200_000, CHILDREN)) * np.where(there, with_it, 1 - with_it) + np.where(
        there, 0, with_it
    )
    under, without = (np.sum(chances < chance, axis=1) for chance in (with_it, other))
    assert (under == count).all()
    told = moved_among_trials(
        np.full((40_000, 1), eta), np.full((40_000, 1), effect), np.array([count]), np.array([float(CHILDREN)]), rng
    )
    assert told.mean() == pytest.approx((under - without).mean(), abs=0.06)
    assert (np.sign(effect) * told >= 0).all()
    assert (-(CHILDREN - count) <= told).all()
    assert (told <= count).all()


@pytest.mark.parametrize("effect", [-0.9, 0.6])
def test_who_was_moved_in_an_exposure_is_what_thinning_gives(effect):
    rng = np.random.default_rng(2)
    rates = 5 * np.exp(np.array([effect, 0.0]))
    larger = rng.poisson(rates.max(), 400_000)
    smaller = rng.binomial(larger, rates.min() / rates.max())
    under, without = (smaller, larger) if effect < 0 else (larger, smaller)
    for count in (2, 6):
        chosen = under == count
        told = moved_in_exposure(
            np.full((40_000, 1), effect), np.full((40_000, 1), effect), np.array([float(count)]), np.array([5.0]), rng
        )
        moved = (under - without)[chosen]
        assert told.mean() == pytest.approx(moved.mean(), abs=0.05)
        if effect < 0:
            assert told.std() == pytest.approx(moved.std(), rel=0.03)


@pytest.mark.parametrize("moved", [moved_among_trials, moved_in_exposure])
def test_no_effect_moves_nobody(moved):
    eta = np.random.default_rng(3).normal(size=(50, 4))
    assert not moved(eta, np.zeros((50, 4)), np.arange(4.0), np.full(4, 5.0), np.random.default_rng(4)).any()
