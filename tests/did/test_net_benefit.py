"""From spending to a net benefit: known answers, what a deflator may move, and parts that add up."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from sverige_did.did import costs
from sverige_did.did import net_benefit as nb
from sverige_did.errors import RefusedError

T, C = [28.0, 24.0], [80.0, 84.0]


def some_districts(seed: int = 3, treated: int = 4, groups: int = 20) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    children = rng.uniform(400, 2500, groups)
    before = children * rng.gamma(9, 0.0005, groups)
    return before, before * rng.lognormal(0.05, 0.1, groups), np.arange(groups) < treated, children


def test_both_counterfactuals_by_hand() -> None:
    assert nb.ratio_scaled(T, C).expected == pytest.approx(28 * 84 / 80)
    assert nb.additive(T, C, 0.25).saving == pytest.approx(28 + 0.25 * 4 - 24)


def test_a_deflator_of_both_groups_moves_only_the_price_of_the_ratio_scaled_saving() -> None:
    dearer = [[T[0], 1.02 * T[1]], [C[0], 1.02 * C[1]]]
    assert nb.ratio_scaled(*dearer).saving == pytest.approx(1.02 * nb.ratio_scaled(T, C).saving)
    assert nb.additive(*dearer, 0.25).saving != pytest.approx(1.02 * nb.additive(T, C, 0.25).saving)


def test_equal_factors_save_nothing_and_a_block_taken_off_is_the_saving() -> None:
    assert nb.ratio_scaled([10, 12], [40, 48]).saving == pytest.approx(0)
    assert nb.ratio_scaled([10, 12 - 3], [40, 48]).saving == pytest.approx(3)


def test_the_districts_changes_make_the_saving_of_the_groups() -> None:
    before, after, treated, children = some_districts()
    change = nb.ratio_changes(before, after, treated, children)
    sums = [[side[arm].sum() for side in (before, after)] for arm in (treated, ~treated)]
    assert -float(change[treated] @ children[treated]) == pytest.approx(nb.ratio_scaled(*sums).saving)
    assert np.average(change[~treated], weights=children[~treated]) == pytest.approx(0, abs=1e-15)


def test_a_control_district_enters_by_how_far_it_moves_the_counterfactual() -> None:
    """Independent reference: one control district spends a little more, and the saving is computed anew."""
    before, after, treated, children = some_districts()
    step, at = 1e-6, 9
    more = after + step * (np.arange(after.size) == at)
    sums = [[[side[arm].sum() for side in (before, one)] for arm in (treated, ~treated)] for one in (after, more)]
    moved = (nb.ratio_scaled(*sums[1]).saving - nb.ratio_scaled(*sums[0]).saving) / step
    n, c = children[treated].sum(), children[~treated].sum()
    leverage = (before[treated].sum() / n) / (before[~treated].sum() / c)
    assert moved == pytest.approx(n * leverage / c, rel=1e-6)


def test_order_and_unit_do_not_matter() -> None:
    before, after, treated, children = some_districts()
    change = nb.ratio_changes(before, after, treated, children)
    turned = np.random.default_rng(1).permutation(before.size)
    again = nb.ratio_changes(*(1000 * x[turned] for x in (before, after)), treated[turned], children[turned])
    np.testing.assert_allclose(again, 1000 * change[turned])


@pytest.mark.parametrize("seed", range(5))
def test_price_mix_and_volume_add_up_to_the_ratio_scaled_saving(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sides = [(rng.gamma(4, 0.2, (2, 3)), rng.gamma(4, 4, (2, 3))) for _ in range(2)]
    parts = [costs.lmdi(*side) for side in sides]
    spent = tuple((price * quantity).sum(axis=1) for price, quantity in sides)
    found = nb.lmdi_ratio_did(*parts, spent)
    assert found.total == pytest.approx(-nb.ratio_scaled(*spent).saving, abs=1e-10)


def test_the_same_product_of_factors_in_both_groups_leaves_no_part() -> None:
    price, quantity = np.array([[1.0, 0.5], [1.1, 0.55]]), np.array([[10.0, 20.0], [8.0, 16.0]])
    own, theirs = costs.lmdi(price, quantity), costs.lmdi(price, 5 * quantity)
    spent = ((price * quantity).sum(axis=1), (price * 5 * quantity).sum(axis=1))
    found = nb.lmdi_ratio_did(own, theirs, spent)
    assert (found.price.sum(), found.mix.sum(), found.volume.sum()) == pytest.approx((0, 0, 0), abs=1e-12)


def test_the_middle_of_the_draws_is_the_interval_that_was_given() -> None:
    draws = nb.confidence_draws(4.0, 9.0, 3.4, np.random.default_rng(1), 400_000)
    np.testing.assert_allclose(np.quantile(draws, [0.025, 0.5, 0.975]), [-5, 4, 13], atol=0.1)


def test_amounts_and_prices_lie_where_they_are_said_to() -> None:
    rng = np.random.default_rng(2)
    assert np.ptp(nb.amount_draws(2.0, None, 2.0, rng, 5)) == 0
    flat, peaked = (nb.amount_draws(1.0, middle, 3.0, rng, 100_000) for middle in (None, 1.5))
    assert (flat.mean(), peaked.mean()) == pytest.approx((2.0, 5.5 / 3), abs=0.01)
    prices = nb.price_draws(1.05, 0.8, 1.3, rng, 200_000)
    assert np.median(prices) == pytest.approx(1.05, abs=0.01)
    assert np.log(np.quantile(prices, 0.975) / np.quantile(prices, 0.025)) == pytest.approx(np.log(1.3 / 0.8), abs=0.01)


def test_what_is_left_and_what_a_place_is_worth() -> None:
    assert nb.net_benefit(4.0, 3.0, 0.25) == pytest.approx(0.0)
    assert nb.moved_value(6, 1.05, 0.45, [1.0, 0.6]) == pytest.approx([3.6, 1.08])
    # As many places as break even are worth the investment.
    assert nb.moved_value(costs.break_even(2.75, 0.8 * 1.05, 0.45), 1.05, 0.45, 0.8) == pytest.approx(2.75)


def test_the_day_on_which_it_has_paid_for_itself() -> None:
    years = [date(2013, 8, 1), date(2014, 1, 1)], [date(2013, 12, 31), date(2014, 12, 31)]
    assert nb.paid_back([-1.0, 2.0], *years) == date(2014, 7, 2)
    assert nb.paid_back([-1.0, 0.5], *years) is None
    assert nb.paid_back([0.0, 0.5], *years) == date(2013, 8, 1)
    three = [*years[0], date(2015, 1, 1)], [*years[1], date(2015, 12, 31)]
    assert nb.paid_back([1.0, -3.0, 4.0], *three) == date(2015, 7, 2), "it must stay paid"
    assert nb.discounted([103.5, 103.5**2 / 100], [1, 2], 0.035) == pytest.approx([100, 100])


def test_noise_that_persists_cancels_from_a_difference() -> None:
    noise = nb.spending_noise(5.4, 0.7, 3, np.random.default_rng(4), 200_000)
    assert np.var(noise[:, 0] - noise[:, 1]) == pytest.approx(2 * 0.3 * 5.4**2, rel=0.02)
    assert np.cov((noise[:, [0]] - noise[:, 1:]).T)[0, 1] == pytest.approx((1 - 0.49) * 5.4**2, rel=0.03)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: nb.ratio_scaled([-1.0, 2.0], C), "amounts_negative"),
        (lambda: nb.ratio_scaled([1.0, np.nan], C), "cells_not_finite"),
        (lambda: nb.ratio_scaled(T, [0.0, 2.0]), "out_of_range"),
        (lambda: nb.additive(T, C, 0.0), "out_of_range"),
        (lambda: nb.amount_draws(2.0, 1.0, 3.0, np.random.default_rng(1), 2), "range_reversed"),
        (lambda: nb.price_draws(1.0, 0.0, 3.0, np.random.default_rng(1), 2), "range_reversed"),
        (lambda: nb.spending_noise(1.0, 1.0, 2, np.random.default_rng(1), 2), "out_of_range"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, key: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        call()
    assert refusal.value.problems[0].key == key
