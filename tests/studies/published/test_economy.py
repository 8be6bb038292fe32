"""Herning's net benefit: what the printed figures can carry at mid-term, and what they cannot at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from herning import evidence

from sverige_did.results.economy import Benefit, EconomyRecord
from sverige_did.studies.published.economy import economy


@pytest.fixture(scope="module")
def record() -> EconomyRecord:
    found = economy(evidence())
    assert found is not None
    return found


def of(record: EconomyRecord, scaling: str, moment: str = "mid_term") -> Benefit:
    return next(one for one in record.benefits if (one.scaling, one.moment) == (scaling, moment))


def test_the_saving_of_2014_is_put_on_the_programmes_size(record: EconomyRecord) -> None:
    """-3.7 less 1.3 / 4: by the factor and by the child alike where both groups' places cost the same."""
    for scaling in ("ratio", "additive"):
        assert of(record, scaling).saving.value == pytest.approx(3.7 + 1.3 / 4)


def test_37_million_lie_within_what_chance_makes(record: EconomyRecord) -> None:
    """The compound Poisson of docs/methods.md: a standard deviation of about 4.2 without districts' swings."""
    one = of(record, "ratio")
    assert one.saving.lower < 0 < one.saving.upper
    assert (one.saving.upper - one.saving.lower) / 3.92 == pytest.approx(4.8, abs=0.3)
    assert 0.4 < one.prob_positive < 0.7


def test_the_investments_of_the_plan_are_the_printed_figures() -> None:
    plan, held = evidence().study, evidence()
    amounts = {
        fact.fact_id: fact.number * (1e-6 if fact.unit == "dkk" else 1)
        for fact in held.facts
        if fact.outcome == "investment"
    }
    items = {item.source: item for item in plan.economy.investments}
    for fact, amount in amounts.items():
        assert items[fact].value == pytest.approx(amount)
    assert items["own assumption"].value is None, "the time of leaders is priced by nobody"
    assert (items["own assumption"].low, items["own assumption"].high) == (0.0, 0.5)


def test_the_final_figure_is_a_development_without_a_probability(record: EconomyRecord) -> None:
    one = of(record, "raw", "final")
    assert one.printed == pytest.approx(6.7)
    assert one.prob_positive is None
    assert one.saving.value == pytest.approx(6.7 + 28.8 * 0.01019, abs=0.01), "in the prices of 2015"
    said = {remark.key for remark in record.remarks}
    assert {"economy.remark.no_comparison", "economy.remark.early_estimate", "economy.remark.parts_at_end"} <= said


def test_break_even_at_the_average_and_at_the_margin(record: EconomyRecord) -> None:
    """docs: 2.75 m over 0.6 m is 4.6 institution-years; with unpriced leadership 3.0 m, and 16.7 at the margin."""
    average, margin = record.marginal[-1], record.marginal[0]
    assert average.needed.value == pytest.approx(3.0 / 0.6, abs=0.05)
    assert margin.needed.value == pytest.approx(3.0 / (0.6 * 1.05 - 0.45), abs=0.2)
    assert record.moved.value == pytest.approx(12 * 48 / 49 - 6, abs=0.3)


def test_the_sum_over_the_years_is_told_year_by_year(record: EconomyRecord) -> None:
    assert [row.year for row in record.years] == [2013, 2014, 2015]
    assert record.years[0].saving == pytest.approx(0.7)
    assert record.years[0].investment == pytest.approx(3.0 * 153 / 365, abs=0.01)
    assert record.paid_on is not None
    assert record.paid_on.year == 2015
    chances = [row.prob_paid for row in record.years]
    assert chances == sorted(chances)


def test_a_year_saves_the_same_wherever_it_is_told_and_its_limits_hold_the_point(record: EconomyRecord) -> None:
    """Without a comparison the sum over the years takes the saving in fixed prices, as the table of ways does."""
    assert record.years[1].saving == pytest.approx(of(record, "ratio").saving.value)
    assert record.years[2].saving == pytest.approx(of(record, "raw", "final").saving.value)
    for row in record.years:
        middle = (row.cumulative.lower + row.cumulative.upper) / 2
        assert row.cumulative.value == pytest.approx(middle, abs=0.15), "the draws are drawn around the point"


def test_without_investments_or_prices_less_is_said_and_never_nought() -> None:
    held = evidence()
    plan = held.study
    bare = economy(
        replace(
            held,
            study=plan.model_copy(
                update={"economy": plan.economy.model_copy(update={"investments": (), "refusion": None})}
            ),
        )
    )
    assert {one.net for one in bare.benefits} == {None}
    assert {"economy.remark.no_investment", "economy.remark.no_refusion"} <= {one.key for one in bare.remarks}
    assert not bare.years
    kept = tuple(item for item in plan.assumptions if not item.key.startswith("price_"))
    unpriced = economy(replace(held, study=plan.model_copy(update={"assumptions": kept})))
    assert {one.saving.lower for one in unpriced.benefits} == {None}
    assert {one.expected for one in unpriced.benefits} == {None}
    assert not unpriced.marginal


def test_a_year_that_nobody_printed_is_named() -> None:
    held = evidence()
    without = tuple(fact for fact in held.facts if fact.fact_id != "F125")
    found = economy(replace(held, facts=without))
    assert [one.key for one in found.remarks] == ["errors.economy_no_change"]
    assert not found.benefits


def test_the_same_seed_gives_the_same_numbers(record: EconomyRecord) -> None:
    assert economy(evidence()) == record
    assert np.isfinite(record.benefits[0].net.value)
