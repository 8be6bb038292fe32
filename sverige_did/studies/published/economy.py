"""The net benefit that printed figures can carry, at the mid-term evaluation and at the final one.

Two totals hold no chance of their own. What a year's spending swings by when nothing happens is worked out from the
plan's prices (unit_prices.py), and from how much districts are assumed to swing; every probability rests on that.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sverige_did.did.net_benefit import (
    Counterfactual,
    discounted,
    net_benefit,
    paid_back,
    price_draws,
    ratio_scaled,
    spending_noise,
)
from sverige_did.errors import RefusedError, refuse
from sverige_did.results.economy import Amount, Benefit, EconomyRecord, Marginal, Scaling, YearOfBenefit
from sverige_did.results.estimates import Remark, remarks_of
from sverige_did.results.published import Reported
from sverige_did.studies.benefits import DRAWS, amount, benefit, item_draws, marginal
from sverige_did.studies.published.evidence import Evidence, Printed
from sverige_did.studies.published.group_tables import middle_table
from sverige_did.studies.published.plan_parts import assumed, spread
from sverige_did.studies.published.unit_prices import placed_by_price, spending_before
from sverige_did.study.economy import Economy

Floats = NDArray[np.float64]

OUTCOME = "placement_spending"
CONDITIONAL = ("unit_prices_assumed", "swings_assumed")
"""What the limits of a printed saving rest on."""


def economy(evidence: Evidence) -> EconomyRecord | None:
    """The net benefit of a plan that asks for it; None where it does not, or where no change is printed."""
    study = evidence.study
    plan = study.economy
    if plan is None:
        return None
    rng = np.random.default_rng([study.sampling.seed, zlib.crc32(b"economy")])
    remarks: list[Remark] = []
    record = EconomyRecord(
        plan_sha256=study.sha256,
        price_year=plan.prices.base_year if plan.prices else None,
        price_index=f"{plan.prices.name} ({plan.prices.source})" if plan.prices else "",
        discount_rate=plan.discount_rate,
        outcomes=(OUTCOME,),
    )
    investment = item_draws(plan.investments, rng, DRAWS)
    refunded = None if plan.refusion is None else rng.uniform(plan.refusion.low, plan.refusion.high, DRAWS)
    remarks += [Remark(key="economy.remark.no_investment")] if investment is None else []
    remarks += [Remark(key="economy.remark.no_refusion")] if refunded is None else []
    try:
        saved = _Saved(evidence, plan, rng)
    except RefusedError as refusal:
        return record.model_copy(update={"remarks": (*remarks, *remarks_of(refusal.problems))})
    update: dict[str, object] = {"benefits": tuple(saved.benefits(investment, refunded))}
    if investment is not None:
        update |= saved.years(investment, refunded)
    update |= _places(evidence, plan, investment, rng)
    remarks += saved.remarks()
    return record.model_copy(update=update | {"remarks": tuple(remarks)})


class _Saved:
    """The printed changes of the treated group by year, what the control group says of them, and their swings."""

    def __init__(self, evidence: Evidence, plan: Economy, rng: np.random.Generator) -> None:
        self.evidence, self.plan, self.rng = evidence, plan, rng
        study = evidence.study
        changes = evidence.select(OUTCOME, "change", "treated")
        self.changes = {fact.period_end.year: fact for fact in changes if fact.period_end <= study.periods.hard_stop}
        self.control = evidence.change(OUTCOME, "control")
        self.mid = study.periods.follow_up.year
        self.base_year = study.periods.baseline.year
        if self.mid not in self.changes:
            raise refuse("economy_no_change", found=str(self.mid))
        size = assumed(study, "control_to_treated")
        self.size = (size.value, *spread(size)) if size else None
        self.level = spending_before(evidence)
        self.noise = self._noise()

    @property
    def unit(self) -> Floats:
        """(DRAWS,) uniform on -1 to 1: where within its rounding a printed figure lies."""
        return self.rng.uniform(-1, 1, DRAWS)

    def _noise(self) -> dict[int, Floats]:
        """The swings of a saving from child to child and from district to district, by year; none without prices."""
        keys = ("price_variation", "persistence", "shock_sd_log_money")
        known = [found.value for key in keys if (found := assumed(self.evidence.study, key))]
        children = placed_by_price(self.evidence)
        if not children or len(known) < len(keys) or self.level is None:
            return {}
        variation, persistence, swing = known
        year = math.sqrt(sum(count * price**2 * (1 + variation**2) for count, price in children))
        years = range(self.base_year, max(self.changes) + 1)
        path = spending_noise(year, persistence, len(years), self.rng, DRAWS)
        sd = np.abs(swing * self.rng.standard_normal(DRAWS)) / math.sqrt(self.evidence.study.treated.districts)
        districts = self.level * sd[:, None] * self.rng.standard_normal((DRAWS, len(years)))
        whole = path + districts
        return {one: whole[:, 0] - whole[:, at] for at, one in enumerate(years)}

    def _of_control(self) -> tuple[float, Floats, Floats]:
        """What the control group's change adds to the saving at mid-term: the point, its draws, and its swings."""
        nothing = np.zeros(DRAWS)
        if self.control is None or self.size is None:
            return 0.0, nothing, nothing
        ratio = self.rng.triangular(self.size[1], self.size[0], self.size[2], DRAWS)
        printed = self.control.point + self.unit * (self.control.high - self.control.low) / 2
        share = math.sqrt(1 / self.size[0])
        swings = share * self.rng.permutation(self.noise[self.mid]) if self.noise else nothing
        return self.control.point / self.size[0], printed / ratio, swings

    def benefits(self, investment: Floats | None, refunded: Floats | None) -> Iterator[Benefit]:
        """At mid-term against the control group, by its factor and a child; then every printed change as it stands."""
        level = self.level
        if self.control is not None and self.size is not None:
            point, of_control, swings = self._of_control()
            draws = self._draws(self.mid, of_control, swings)
            for scaling, found in self._scaled(point):
                yield benefit(
                    found, "printed", scaling, "mid_term", str(self.mid), draws, investment, refunded,
                    levels=level is not None, assumptions=(*CONDITIONAL, "control_size_assumed"),
                )  # fmt: skip
        for year in sorted(self.changes):
            if year >= self.mid:
                change = self.fixed(year)
                start = level or 0.0
                found = Counterfactual(start, start, start + change)
                made = benefit(
                    found, "printed", "raw", "mid_term" if year == self.mid else "final", str(year),
                    self._draws(year, np.zeros(DRAWS), np.zeros(DRAWS)), investment, refunded,
                    probability=False, levels=level is not None, assumptions=CONDITIONAL,
                )  # fmt: skip
                yield made.model_copy(update={"printed": -self.amount(year)})

    def _scaled(self, of_control: float) -> Iterator[tuple[Scaling, Counterfactual]]:
        """By the control group's factor, and by its change a child: the ratio of children is that of the pupils."""
        change, control, size = self.changes[self.mid].number, self.control, self.size
        assert control is not None, "asked for before"
        assert size is not None, "asked for before"
        start = self.level or 0.0
        if self.level is None:
            yield "ratio", Counterfactual(start, start + of_control, start + change)
        else:
            theirs = size[0] * start
            yield "ratio", ratio_scaled([start, start + change], [theirs, theirs + control.point])
        pupils = self.evidence.select("treated_pupil_share", "context", "treated")
        if pupils:
            share = pupils[0].number / 100
            more = control.point * share / (1 - share)
            yield "additive", Counterfactual(start, start + more, start + change)

    def amount(self, year: int) -> float:
        """A printed change in mio. kr."""
        fact = self.changes[year]
        return fact.number * (1e-6 if fact.unit == "dkk" else 1.0)

    def fixed(self, year: int) -> float:
        """A printed change in the prices of its own year: what was spent before is inflated to them, where it is known.

        So that the saving of before against after is in fixed prices; the ratio-scaled one needs none.
        """
        change, prices = self.amount(year), self.plan.prices
        levels = {one.year: one.level for one in prices.levels} if prices else {}
        if self.level is None or not {year, self.base_year} <= levels.keys():
            return change
        return change - self.level * (levels[year] / levels[self.base_year] - 1)

    def _draws(self, year: int, of_control: Floats, swings: Floats) -> Floats | None:
        """Draws of the saving; None where the plan says nothing of prices: rounding alone is no uncertainty to tell."""
        if year not in self.noise:
            return None
        fact = self.changes[year]
        scale = 1e-6 if fact.unit == "dkk" else 1.0
        change = fact.number if of_control.any() else self.fixed(year) / scale
        printed = scale * (change + self.unit * (fact.rounding or 0.0))
        return np.asarray(-printed + of_control + self.noise[year] - swings)

    def years(self, investment: Floats, refunded: Floats | None) -> dict[str, object]:
        """Year by year since the start: printed savings against what the programme cost, discounted and added up."""
        start = self.evidence.study.periods.treatment_start
        share = 0.0 if refunded is None else refunded
        point_of_control, of_control, swings = self._of_control()
        rows: list[YearOfBenefit] = []
        flows: list[float] = []
        total = np.zeros(DRAWS)
        for year in sorted(self.changes):
            mid = year == self.mid
            # As the draws: beside a control group's factor as printed, without one in fixed prices.
            against = mid and bool(of_control.any())
            point = point_of_control - self.amount(year) if against else -self.fixed(year)
            nothing = np.zeros(DRAWS)
            draws = self._draws(year, *((of_control, swings) if mid else (nothing, nothing)))
            on = min((date(year, 12, 31) - max(start, date(year, 1, 1))).days + 1, 365) / 365
            since = max(year + 0.5 - (start.year + (start - date(start.year, 1, 1)).days / 365), 0.0)
            weight = float(discounted(1.0, since, self.plan.discount_rate))
            flows.append(weight * (point * (1 - float(np.mean(share))) - on * float(investment.mean())))
            cumulative = Amount(value=sum(flows))
            paid = None
            if draws is not None:
                total = total + weight * net_benefit(draws, on * investment, share)
                cumulative, paid = amount(sum(flows), total), float((total >= 0).mean())
            rows.append(
                YearOfBenefit(
                    year=year, saving=point, investment=on * float(investment.mean()), cumulative=cumulative,
                    prob_paid=paid,
                )
            )  # fmt: skip
        starts = [max(start, date(row.year, 1, 1)) for row in rows]
        return {"years": tuple(rows), "paid_on": paid_back(flows, starts, [date(row.year, 12, 31) for row in rows])}

    def remarks(self) -> Iterator[Remark]:
        """What the figures cannot say: no comparison at the end, and what the parts of a later change leave over."""
        early = [year for year in self.changes if year < self.mid]
        for year in early:
            values = {"year": str(year), "saving": f"{-self.amount(year):.1f}", "fact": self.changes[year].fact_id}
            yield Remark(key="economy.remark.early_estimate", values=values)
        final = [year for year in self.changes if year > self.mid]
        if not final:
            return
        yield Remark(key="economy.remark.no_comparison", values={"year": str(final[-1])})
        whole = -self.changes[final[-1]].number
        parts = [
            fact.number
            for key in ("institution_spending", "home_based_spending")
            for fact in self.evidence.select(key, "context", "treated")
        ]
        if len(parts) == 2:
            values = {"institution": f"{parts[0]:.1f}", "home": f"{parts[1]:.1f}", "rest": f"{-whole - sum(parts):.1f}"}
            yield Remark(key="economy.remark.parts_at_end", values={"year": str(final[-1]), **values})


def _places(
    evidence: Evidence, plan: Economy, investment: Floats | None, rng: np.random.Generator
) -> dict[str, object]:
    """The places in institutions given up by mid-term, against the control group's factor, and what they are worth."""
    tables = [table for found in evidence.tables_of("institution_share").values() for table in found]
    prices = [assumed(evidence.study, f"price_{kind}") for kind in ("institution", "family")]
    if not tables or prices[0] is None or prices[1] is None:
        return {}
    table = middle_table([one for one in tables if one.reading == tables[0].reading])
    moved = ratio_scaled(table.events[0], table.events[1]).saving
    places = Amount(value=moved)
    dear, cheap = (price_draws(one.value, *spread(one), rng, DRAWS) for one in prices if one is not None)
    low, high = plan.marginal_price
    made: list[Marginal] = []
    for multiple in dict.fromkeys((low, (low + high) / 2, high)):
        one = marginal(places, investment, prices[0].value, prices[1].value, multiple)
        worth = amount(one.worth.value, np.asarray(moved * (multiple * dear - cheap)))
        made.append(one.model_copy(update={"worth": worth}))
    return {"moved": places, "marginal": tuple(made)}


def mid_term(evidence: Evidence) -> Printed | None:
    """The printed change at mid-term less the control group's, put on the treated group's size."""
    treated, control = (evidence.change(OUTCOME, group) for group in ("treated", "control"))
    size = assumed(evidence.study, "control_to_treated")
    if treated is None or control is None or size is None:
        return None
    return Printed(treated.point - control.point / size.value, treated.low, treated.high)


def later(evidence: Evidence) -> Reported | None:
    """The last printed change of the treated group after the main follow-up."""
    changes = evidence.select(OUTCOME, "change", "treated")
    found = [fact for fact in changes if evidence.study.periods.follow_up < fact.period_end]
    return max(found, key=lambda fact: fact.period_end, default=None)
