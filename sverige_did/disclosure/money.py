"""Amounts of a net benefit as they leave: in steps, and multiples of a number of places made of the rounded one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sverige_did.disclosure.coarse import Steps
from sverige_did.disclosure.rounding import down, last_figure, nice_below, share_to_step, to_figures, to_step, up
from sverige_did.results.economy import Amount, Benefit, EconomyRecord, Marginal

OF_AN_AMOUNT = 50
"""An amount is rounded in steps of about one in so many of the largest that stands beside it, as levels are."""

PLACES = 1.0
"""Places given up are whole."""

PAID = 3
"""In how many figures what was invested leaves: the plan names it, and fixed prices give it more."""


def unit_of(record: EconomyRecord, basis: str, steps: Steps, wider: Mapping[str, float] | None = None) -> float:
    """In what steps the amounts of one basis are rounded: those of their estimates, and never finer than levels are.

    ``wider``: by what the steps of an outcome are multiplied, as those of its estimates already are.
    """
    outcome = record.outcomes[-1 if basis == "booked" else 0]
    sides = [
        abs(value)
        for one in record.benefits if one.basis == basis
        for value in (one.before, one.expected, one.actual) if value is not None
    ]  # fmt: skip
    floor = nice_below(max(sides) / OF_AN_AMOUNT) * (wider or {}).get(outcome, 1.0) if sides and max(sides) > 0 else 0.0
    return max(steps.of.get((outcome, "mio_dkk"), 0.0), floor) or 1.0


def coarse_economy(
    record: EconomyRecord | None, steps: Steps, wider: Mapping[str, float] | None = None
) -> EconomyRecord | None:
    """The record with every amount in the steps of its basis, places whole, and the day of return a half-year's end."""
    if record is None or not record.benefits:
        return record
    units = {basis: unit_of(record, basis, steps, wider) for basis in {one.basis for one in record.benefits}}
    unit = units.get("children", max(units.values()))
    years = tuple(
        one.model_copy(
            update={
                "saving": to_step(one.saving, unit),
                "investment": to_figures(one.investment, PAID),
                "cumulative": coarse_amount(one.cumulative, unit),
                "prob_paid": None if one.prob_paid is None else share_to_step(one.prob_paid),
            }
        )
        for one in record.years
    )
    moved = None if record.moved is None else coarse_amount(record.moved, PLACES)
    return record.model_copy(
        update={
            "benefits": tuple(_coarse(one, units[one.basis]) for one in record.benefits),
            "years": years,
            "paid_on": None if record.paid_on is None else half_year_end(record.paid_on),
            "moved": moved,
            "marginal": tuple(_in_proportion(one, record.moved, moved) for one in record.marginal),
        }
    )


def coarse_amount(amount: Amount, unit: float) -> Amount:
    """The nearest step, and limits outwards."""
    return Amount(
        value=to_step(amount.value, unit),
        lower=None if amount.lower is None else down(amount.lower, unit),
        upper=None if amount.upper is None else up(amount.upper, unit),
        step=unit,
    )


def half_year_end(day: date) -> date:
    """A day to the half-year: the day on which a sum crosses 0 tells the sum."""
    return date(day.year, 6, 30) if day.month <= 6 else date(day.year, 12, 31)


def _coarse(one: Benefit, unit: float) -> Benefit:
    numbers = {name: getattr(one, name) for name in ("before", "expected", "actual", "printed")}
    amounts = {name: getattr(one, name) for name in ("saving", "refunded", "net")}
    return one.model_copy(
        update={name: None if x is None else to_step(x, unit) for name, x in numbers.items()}
        | {name: None if x is None else coarse_amount(x, unit) for name, x in amounts.items()}
        | {"investment": None if one.investment is None else in_figures(one.investment, PAID)}
        | {"prob_positive": None if one.prob_positive is None else share_to_step(one.prob_positive)}
    )


def _in_proportion(one: Marginal, true: Amount | None, shown: Amount | None) -> Marginal:
    """What places are worth, of the rounded number of places: many multiples of one number would tell its digits."""

    def of(value: float | None, places: float | None, rounded: float | None) -> float | None:
        if value is None or places is None or rounded is None:
            return None
        return to_figures(value * rounded / places) if places else 0.0

    needed = None if one.needed is None else in_figures(one.needed)
    if true is None or shown is None:
        return one.model_copy(update={"needed": needed, "worth": in_figures(one.worth)})
    value = of(one.worth.value, true.value, shown.value) or 0.0
    ends = [of(getattr(one.worth, name), getattr(true, name), getattr(shown, name)) for name in ("lower", "upper")]
    known = sorted([value, *(end for end in ends if end is not None)])
    limited = one.worth.lower is not None and one.worth.upper is not None
    worth = Amount(
        value=value, lower=known[0] if limited else None, upper=known[-1] if limited else None,
        step=last_figure(max(known, key=abs)),
    )  # fmt: skip
    return one.model_copy(update={"worth": worth, "needed": needed})


def in_figures(amount: Amount, figures: int = 2) -> Amount:
    """So many significant figures of the largest of the three, and limits outwards.

    Two of what would pay, for an investment that is known, divided by what places cost, would tell the cost of the
    places of few children.
    """
    largest = max((abs(one) for one in (amount.value, amount.lower, amount.upper) if one is not None), default=0.0)
    step = last_figure(largest, figures)
    return amount if step is None else coarse_amount(amount, step)
