"""Spending: published changes scaled to the treated group's size, and a decomposition that adds up exactly."""

import numpy as np
import pytest
from scipy.integrate import quad

from sverige_did.did import costs
from sverige_did.errors import RefusedError

# Published changes 2013-14 in mio. kr.: treated -3.7, control +1.3; about 20 % of pupils in treated districts.
TREATED, CONTROL = -3.7, 1.3
P = np.array([[1.05, 0.45, 0.2], [1.10, 0.50, 0.25]])
Q = np.array([[17.0, 36.0, 14.0], [8.0, 37.0, 13.0]])


@pytest.mark.parametrize(("ratio", "expected"), [(1.0, -5.0), (1 / 4.5, -4.0), (20 / 80, -4.0)])
def test_the_published_changes_raw_and_scaled(ratio: float, expected: float) -> None:
    assert costs.change_did(TREATED, CONTROL, ratio) == pytest.approx(expected, abs=0.05)


def test_preventive_spending_is_only_bounded() -> None:
    assert costs.change_did_range((-np.inf, 0.0), (6.0, np.inf)) == (-np.inf, -6.0)
    assert costs.change_did_range((-np.inf, 0.0), (6.0, np.inf), (0.25, 0.25)) == (-np.inf, -1.5)
    low, high = costs.change_did_range((-1.0, 0.0), (-2.0, 6.0), (0.2, 0.25))
    assert (low, high) == pytest.approx((-2.5, 0.5))


def test_the_partial_year_line() -> None:
    tau, already = costs.partial_year_from_savings(-4.0, 0.7)
    assert (tau, already) == pytest.approx((-4.7, 0.7 / 4.7))
    assert -4.0 / (1 - already) == pytest.approx(tau)


def test_break_even_in_institution_years() -> None:
    assert costs.break_even(2.75, 1.05, 0.45) == pytest.approx(4.6, abs=0.05)


def test_the_decomposition_adds_up() -> None:
    assert costs.lmdi(P, Q).total == pytest.approx((P * Q).sum(axis=1) @ [-1, 1], abs=1e-12)


def test_each_part_is_its_divisia_integral() -> None:
    """Independent reference: the integral of spending times a factor's log growth along a path of constant growth."""
    found, s, totals = costs.lmdi(P, Q), Q / Q.sum(axis=1, keepdims=True), Q.sum(axis=1)
    for k in range(3):
        before, after = P[:, k] * Q[:, k]
        mean = quad(lambda t, a=before, b=after: a ** (1 - t) * b**t, 0, 1)[0]
        assert found.price[k] == pytest.approx(mean * np.log(P[1, k] / P[0, k]))
        assert found.mix[k] == pytest.approx(mean * np.log(s[1, k] / s[0, k]))
        assert found.volume[k] == pytest.approx(mean * np.log(totals[1] / totals[0]))


def test_one_moved_factor_takes_the_whole_change() -> None:
    dearer = costs.lmdi([P[0], 2 * P[0]], [Q[0], Q[0]])
    assert dearer.price.sum() == pytest.approx((P[0] * Q[0]).sum())
    more = costs.lmdi([P[0], P[0]], [Q[0], 3 * Q[0]])
    assert (more.volume.sum(), more.price.sum(), more.mix.sum()) == pytest.approx((2 * P[0] @ Q[0], 0, 0))


def test_reversing_time_turns_the_signs_and_order_of_types_does_not_matter() -> None:
    here, back = costs.lmdi(P, Q), costs.lmdi(P[::-1], Q[::-1])
    order = [2, 0, 1]
    moved = costs.lmdi(P[:, order], Q[:, order])
    for part in ("price", "mix", "volume"):
        assert getattr(here, part) == pytest.approx(-getattr(back, part))
        assert getattr(moved, part) == pytest.approx(getattr(here, part)[order])


@pytest.mark.parametrize("price_when_gone", [1.1, np.nan])
def test_an_emptied_type_is_the_limit_of_a_vanishing_one(price_when_gone: float) -> None:
    gone_q, gone_p = Q.copy(), P.copy()
    gone_q[1, 0], gone_p[1, 0] = 0.0, price_when_gone
    found = costs.lmdi(gone_p, gone_q)
    assert found.total == pytest.approx(P[1, 1:] @ gone_q[1, 1:] - P[0] @ Q[0])
    assert (found.price[0], found.mix[0], found.volume[0]) == (0, pytest.approx(-17 * 1.05), 0)
    nearly_q = gone_q.copy()
    gaps = []
    for nearly in (1e-20, 1e-80, 1e-300):
        nearly_q[1, 0] = nearly
        gaps.append(abs(costs.lmdi(P, nearly_q).mix[0] - found.mix[0]))
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.05


def test_no_placements_at_all_is_volume() -> None:
    found = costs.lmdi(P, [Q[0], [0, 0, 0]])
    assert found.volume.sum() == pytest.approx(-(P[0] @ Q[0]))
    assert found.total == pytest.approx(found.volume.sum())


def test_a_type_never_used_is_nothing_and_a_free_one_is_price() -> None:
    never = costs.lmdi([[1.0, np.nan], [1.2, np.nan]], [[5, 0], [4, 0]])
    assert (never.price[1], never.mix[1], never.volume[1]) == (0, 0, 0)
    free = costs.lmdi([[1.0, 0.0], [1.0, 0.3]], [[5, 5], [5, 5]])
    assert (free.price[1], free.mix[1]) == (pytest.approx(1.5), 0)


def test_the_difference_in_differences_of_the_parts_is_that_of_the_totals() -> None:
    control_q = np.array([[75.0, 150.0, 75.0], [75.0, 140.0, 79.0]])
    treated, control = costs.lmdi(P, Q), costs.lmdi(P, control_q)
    found = costs.lmdi_did(treated, control)
    assert found.total == pytest.approx(costs.change_did(treated.total, control.total))


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: costs.change_did(-1, 1, 0), "out_of_range"),
        (lambda: costs.change_did_range((0, -1), (0, 1)), "range_reversed"),
        (lambda: costs.partial_year_from_savings(1.0, 0.7), "no_saving"),
        (lambda: costs.break_even(2.75, 0.45, 0.45), "no_saving"),
        (lambda: costs.lmdi(P, Q[:, :2]), "prices_shape"),
        (lambda: costs.lmdi(np.where(Q == 8, np.nan, P), Q), "price_missing"),
        (lambda: costs.lmdi(-P, Q), "cells_negative"),
    ],
)
def test_questions_without_an_answer_are_refused(call: object, key: str) -> None:
    with pytest.raises(RefusedError) as refused:
        call()
    assert refused.value.problems[0].key == key
    assert refused.value.say("da") != refused.value.say("en")
