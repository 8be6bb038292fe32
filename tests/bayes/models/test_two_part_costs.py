from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.two_part_costs import (
    AMOUNT,
    CostEffect,
    Totals,
    average_cost_effect,
    build_totals,
    build_use,
    effect_of_pairs,
    pairs,
)
from sverige_did.bayes.sampling.sample import Settings, sample
from sverige_did.errors import RefusedError

SLOWLY = Settings(draws=1500, target_accept=0.98)


def effect_on_costs(use: Any, amount: Any, data: Totals, rng: np.random.Generator, weights: Any = None) -> CostEffect:
    return effect_of_pairs(use, amount, data, pairs(use, amount, rng), weights)


def totals(n_districts=6, n_periods=4, seed=0, use=0.0, amount=0.0, residents=300):
    """Two of the districts are treated from the middle on; children keep their district, and half their spending.

    ``use`` and ``amount`` are the effects, on the log-odds of any spending and on the logarithm of the amount.
    """
    rng = np.random.default_rng(seed)
    district, period = np.divmod(np.arange(n_districts * n_periods), n_periods)
    treated = np.arange(n_districts) < 2
    dose = np.where(treated[district] & (period >= n_periods // 2), 1.0, 0.0)
    share = expit(-3.5 + rng.normal(0, 0.2, n_districts)[district] + use * dose)
    spends = rng.random((len(district), residents)) < share[:, None]
    own = rng.normal(0, 0.6, (n_districts, residents))
    cell, who = np.nonzero(spends)
    log = 12.0 + own[district[cell], who] + 0.4 * rng.standard_normal(len(cell)) + amount * dose[cell]
    users = spends.sum(axis=1).astype(float)
    cells = Cells(district, period, treated, dose, users, users, np.full(len(district), float(residents)))
    return Totals(cells, np.bincount(cell, weights=np.exp(log), minlength=len(district)), 2015)


def at(model, point, name):
    """What the model calculates under that name from its free variables at a point."""
    value = model.replace_rvs_by_values([model[name]])
    return model.compile_fn(value, inputs=model.value_vars, on_unused_input="ignore", mode="FAST_COMPILE")(point)[0]


def logp(model, variables=None):
    point = {name: np.full_like(value, 0.7) for name, value in model.initial_point().items()}
    return model.compile_logp(vars=variables, sum=variables is None, mode="FAST_COMPILE")(point)


def test_totals_are_the_sum_of_that_many_gammas():
    data = totals()
    model = build_totals(data)
    point = {name: np.full_like(value, 0.7) for name, value in model.initial_point().items()}
    eta = at(model, point, "eta")
    cv = 0.8 * np.exp(0.5 * 0.7)
    users = data.use.low
    expected = stats.gamma.logpdf(data.total, users / cv**2, scale=np.exp(eta) * cv**2)
    assert logp(model, [model["y"]])[0] == pytest.approx(expected[users > 0])


def test_order_and_the_unit_of_money_do_not_matter():
    data = totals()
    found = float(logp(build_totals(data)))
    order = np.random.default_rng(3).permutation(len(data.total))
    columns = ("district", "period", "dose", "low", "high", "size")
    use = replace(data.use, **{name: getattr(data.use, name)[order] for name in columns})
    assert float(logp(build_totals(Totals(use, data.total[order], 2015)))) == pytest.approx(found)
    thousands = replace(AMOUNT, level=replace(AMOUNT.level, mean=AMOUNT.level.mean - np.log(1000)))
    in_thousands = build_totals(replace(data, total=data.total / 1000), thousands)
    with_users = int((data.use.low > 0).sum())
    assert float(logp(in_thousands)) == pytest.approx(found + with_users * np.log(1000))


def test_known_answer_of_half_the_users_at_two_thirds_of_the_price():
    told = average_cost_effect(
        np.array([[[0.01]], [[0.02]]]), np.array([[[200_000.0]], [[300_000.0]]]), np.ones(1)
    )  # fmt: skip
    assert told.per_child == pytest.approx([2000.0 - 6000.0])
    assert told.by_use == pytest.approx([-0.01 * 250_000])
    assert told.by_amount == pytest.approx([-100_000 * 0.015])
    assert told.ratio == pytest.approx([1 / 3])


def test_the_two_parts_add_up_and_swap_sides_with_the_sign():
    rng = np.random.default_rng(4)
    share, mean = rng.random((2, 50, 6)), rng.gamma(2, 1e5, (2, 50, 6))
    weights = np.full(6, 1 / 6)
    told = average_cost_effect(share, mean, weights)
    assert told.by_use + told.by_amount == pytest.approx(told.per_child)
    turned = average_cost_effect(share[::-1], mean[::-1], weights)
    assert turned.by_use == pytest.approx(-told.by_use)
    assert turned.ratio == pytest.approx(1 / told.ratio)


class Draws:
    """Draws as a fit holds them, made by hand."""

    def __init__(self, **parts):
        self.parts = parts

    def values(self, name):
        return self.parts[name]


def part(cells, eta, tau, n, **more):
    """A fit in which every cell has the predictor eta without the programme, and every district the effect tau."""
    ones = np.ones((n, len(cells.dose)))
    own = np.full((n, int(cells.treated.sum())), tau)
    return Draws(eta=eta * ones + tau * cells.dose, tau=np.full(n, tau), tau_district=own, **more)


def test_effect_in_kroner_from_the_draws_of_both_parts():
    data = totals()
    use = part(data.use, logit(0.02), logit(0.01) - logit(0.02), 7)
    amount = part(data.use, np.log(100_000), np.log(0.9), 5)
    told = effect_on_costs(use, amount, data, np.random.default_rng(5))
    assert told.per_child == pytest.approx(np.full(5, -1100.0))
    assert told.ratio == pytest.approx(np.full(5, 0.45))
    weighed = effect_on_costs(use, amount, data, np.random.default_rng(5), np.array([1.0, 3, 0, 0, 0, 0]))
    assert weighed.per_child == pytest.approx(np.full(5, -1100.0))


def test_draws_of_a_common_seed_are_not_paired_in_order():
    data = totals()
    rng = np.random.default_rng(6)
    noise = rng.normal(size=2000)
    use, amount = part(data.use, -4.0, 0.0, 2000), part(data.use, 12.0, 0.0, 2000)
    for fit in (use, amount):
        fit.parts["tau_district"] = np.repeat(noise[:, None], 2, axis=1)
        fit.parts["eta"] = fit.parts["eta"] + noise[:, None] * data.use.dose
    told = effect_on_costs(use, amount, data, rng)
    # The logarithm of the ratio is nearly the sum of the two effects: sd 1.4 when they are apart, 2 when paired.
    assert np.log(told.ratio).std() == pytest.approx(np.sqrt(2), rel=0.1)
    order = np.random.default_rng(6)
    order.normal(size=2000)
    again = effect_on_costs(use, amount, data, order)
    assert np.array_equal(told.per_child, again.per_child)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("cells_lengths", lambda d: {"total": d.total[1:]}),
        ("costs_amount", lambda d: {"total": np.where(np.arange(len(d.total)) == 3, 0.0, d.total)}),
        (
            "costs_users",
            lambda d: {"use": replace(d.use, low=0 * d.use.low + d.use.dose, high=0 * d.use.low + d.use.dose)},
        ),
        ("totals_count_above_trials", lambda d: {"use": replace(d.use, size=d.use.size + 0.5)}),
    ],
)
def test_refuses_totals_that_do_not_fit_the_users(key, change):
    data = totals()
    with pytest.raises(RefusedError) as refused:
        replace(data, **change(data))
    assert refused.value.problems[0].key == key


def test_nobody_with_spending_is_refused_with_the_cells():
    use = totals().use
    with pytest.raises(RefusedError) as refused:
        replace(use, low=0 * use.low, high=0 * use.low)
    assert refused.value.problems[0].key == "cells_all_zero"


def test_three_hundred_districts_can_be_built():
    large = totals(n_districts=300, n_periods=2, residents=100)
    for model in (build_use(large), build_totals(large)):
        assert np.isfinite(logp(model))


@pytest.mark.slow
def test_recovers_money_saved_on_each_child_and_where_it_was_saved():
    data = totals(n_districts=12, n_periods=6, seed=9, use=-0.5, amount=-0.3, residents=400)
    use = part(data.use, -3.5, -0.5, 4000)  # as if the first part were known; its model is the binomial one
    amount = sample(build_totals(data), seed=12, settings=SLOWLY)
    low, high = np.quantile(amount.values("tau"), [0.005, 0.995])
    assert low < -0.3 < high
    told = effect_on_costs(use, amount, data, np.random.default_rng(13))
    without = expit(-3.5) * np.exp(12 + (0.6**2 + 0.4**2) / 2)
    true = without * (expit(-4.0) / expit(-3.5) * np.exp(-0.3) - 1)
    assert np.quantile(told.per_child, 0.005) < true < np.quantile(told.per_child, 0.995)
    assert np.mean(told.by_use < 0) > 0.95
