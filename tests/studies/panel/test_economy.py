"""The net benefit of a panel: what was taken off comes back, bad input has its message, nothing is made of nothing."""

from __future__ import annotations

import numpy as np
import pytest
from small_economy import ECONOMY, PRICES, panel, plan

from sverige_did.panel import Panel
from sverige_did.results.economy import EconomyRecord
from sverige_did.studies.panel.economy import economy


def made(found: Panel, **changes: object) -> EconomyRecord:
    record = economy(found, plan(**changes))
    assert record is not None
    return record


def keys(record: EconomyRecord) -> set[str]:
    return {remark.key for remark in record.remarks}


def benefit(record: EconomyRecord, basis: str, scaling: str = "ratio"):
    return next(one for one in record.benefits if (one.basis, one.scaling) == (basis, scaling))


@pytest.fixture(scope="module")
def taken() -> EconomyRecord:
    return made(panel(taken=0.5))


def test_what_was_taken_off_is_what_it_saves_within_its_limits(taken: EconomyRecord) -> None:
    """Half of four places in a thousand, at their price: what is to be expected, whatever swung in one year."""
    cells = panel().outcome("placement_cost")
    mine = cells[(cells["group"] == "treated") & (cells["period"] == "2014H1")]
    truth = 0.5 * 0.004 * 2 * mine["denominator"].sum() * PRICES["price_institution"]
    saving = benefit(taken, "children").saving
    assert saving.lower < truth < saving.upper
    assert saving.value == pytest.approx(truth, abs=2.5)
    assert taken.moved is not None
    assert taken.moved.value * PRICES["price_institution"] == pytest.approx(truth, abs=2.5)


def test_the_accounts_say_the_same_and_have_no_interval(taken: EconomyRecord) -> None:
    """They hold the same kroner in whole years; only which years are before differs."""
    by_children, by_accounts = benefit(taken, "children"), benefit(taken, "booked")
    assert by_accounts.saving.value == pytest.approx(by_children.saving.value, abs=1.0)
    assert by_accounts.saving.lower is None
    assert by_accounts.prob_positive is None
    assert 0 <= by_children.prob_positive <= 1


def test_the_net_is_the_saving_less_refusion_and_investment(taken: EconomyRecord) -> None:
    one = benefit(taken, "children")
    assert one.refunded.value == pytest.approx(0.1 * one.saving.value)
    assert one.net.value == pytest.approx(one.saving.value - one.refunded.value - one.investment.value)
    assert one.investment.value == pytest.approx(2.25, abs=0.02)
    assert one.net.upper - one.net.lower < one.saving.upper - one.saving.lower, "a tenth of it is refunded"


def test_twice_the_money_is_twice_the_saving(taken: EconomyRecord) -> None:
    cells = panel(taken=0.5).cells
    money = cells["kind"] == "money"
    columns = ["value", "low", "high"]
    doubled = cells.assign(**{name: np.where(money, 2 * cells[name], cells[name]) for name in columns})
    again = benefit(made(Panel.of(doubled, synthetic=True)), "children")
    assert again.saving.value == pytest.approx(2 * benefit(taken, "children").saving.value)
    assert again.saving.upper == pytest.approx(2 * benefit(taken, "children").saving.upper, rel=0.02)


def test_the_years_add_up_and_the_last_one_says_when(taken: EconomyRecord) -> None:
    assert [row.year for row in taken.years] == [2013, 2014, 2015]
    assert taken.years[0].investment < taken.years[1].investment, "it began in August"
    assert taken.paid_on is None or taken.paid_on.year in {2013, 2014, 2015}
    last = taken.years[-1]
    assert (last.cumulative.value >= 0) == (taken.paid_on is not None)
    assert last.cumulative.lower < last.cumulative.value < last.cumulative.upper


def test_a_cheaper_marginal_place_is_worth_less_and_takes_more_places(taken: EconomyRecord) -> None:
    worth = [one.worth.value for one in taken.marginal]
    needed = [one.needed.value for one in taken.marginal]
    assert [one.multiple for one in taken.marginal] == [0.6, 0.8, 1.0]
    assert worth == sorted(worth)
    assert needed == sorted(needed, reverse=True)
    assert needed[-1] == pytest.approx(2.25 / (PRICES["price_institution"] - PRICES["price_foster"]), rel=0.02)


def test_no_investment_named_is_not_none_made() -> None:
    record = made(panel(taken=0.5), economy=ECONOMY | {"investments": []})
    assert "economy.remark.no_investment" in keys(record)
    assert {one.net for one in record.benefits} == {None}
    assert {one.investment for one in record.benefits} == {None}
    assert not record.years
    assert {one.needed for one in record.marginal} == {None}


def test_a_refund_that_nobody_gave_is_said_so() -> None:
    years = [("placement_net_spending", str(year)) for year in range(2011, 2016)]
    record = made(panel(without=tuple(years)))
    assert "economy.remark.no_refusion" in keys(record)
    assert {one.refunded for one in record.benefits} == {None}


def test_a_missing_year_is_named_and_the_prices_of_children_still_count() -> None:
    record = made(panel(without=(("placement_spending", "2012"),)))
    assert "errors.economy_year_missing" in keys(record)
    assert {one.basis for one in record.benefits} == {"children"}


def test_accounts_in_thousands_are_not_taken_for_kroner() -> None:
    record = made(panel(accounts=0.001))
    assert "errors.economy_in_thousands" in keys(record)
    assert {one.basis for one in record.benefits} == {"children"}


def test_without_children_in_a_kind_no_place_is_worth_another() -> None:
    record = made(panel(without=(("price_foster", "20"),)))
    assert "errors.economy_one_kind" in keys(record)
    assert record.moved is None
    assert record.benefits


def test_without_prices_the_accounts_stand_alone() -> None:
    record = made(panel(without=(("placement_cost", "20"), ("price_foster", "20"), ("price_institution", "20"))))
    assert "errors.economy_no_prices" in keys(record)
    assert {one.basis for one in record.benefits} == {"booked"}
    assert not record.years


def test_a_plan_that_does_not_ask_gets_nothing() -> None:
    assert economy(panel(), plan(economy=None)) is None
