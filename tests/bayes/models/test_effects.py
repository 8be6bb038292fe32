import numpy as np
import pytest

from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.effects import average_effect, percent, weights_of


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
