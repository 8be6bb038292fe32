"""What a programme did to a budget: the spending without it, what it cost, and what is left a year."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from sverige_did.results.estimates import Frozen, Probability, Remark

Basis = Literal["printed", "children", "booked"]
"""What the amounts are from: printed changes, the price of each child's place, or the accounts of two groups."""

Scaling = Literal["ratio", "additive", "raw"]
"""The counterfactual: the control group's factor, its change a child, or the treated group's own level before."""


class Amount(Frozen):
    """Mio. kr. a year (or places) with what it can be; an amount without limits has no known uncertainty.

    ``step``: it is rounded to multiples of it, None where it is as it was computed.
    """

    value: float
    lower: float | None = None
    upper: float | None = None
    step: float | None = None

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower limit {self.lower} lies above upper limit {self.upper}")
        return self


class Benefit(Frozen):
    """One way from spending to a net benefit a year, in mio. kr. in the prices of one year.

    ``saving`` is the counterfactual less the actual spending; the levels themselves are None where they are lost.
    ``investment`` is None where nobody named any, and then so is ``net``: not given is not 0. ``refunded`` is what the
    state would have refunded of what was saved, None where nobody knows. ``prob_positive`` is the share of the
    simulated net benefits above 0; None where the comparison gives no probability. ``printed`` is the saving as its
    source prints it, in the prices of each year.
    """

    basis: Basis
    scaling: Scaling
    moment: Literal["after", "mid_term", "final"]
    year: str
    before: float | None = None
    expected: float | None = None
    actual: float | None = None
    saving: Amount
    investment: Amount | None = None
    refunded: Amount | None = None
    net: Amount | None = None
    printed: float | None = None
    prob_positive: Probability | None = None
    assumptions: tuple[str, ...] = ()


class YearOfBenefit(Frozen):
    """One year of a programme: what it saved and cost, and the discounted sum since its start."""

    year: int
    saving: float
    investment: float
    cumulative: Amount
    prob_paid: Probability | None = None


class Marginal(Frozen):
    """What the places given up are worth, and how many would pay for the investment, where the place left costs so
    much of the average of its kind; ``needed`` is None where the place moved to is as dear."""

    multiple: float
    worth: Amount
    needed: Amount | None = None


class EconomyRecord(Frozen):
    """The net benefit of one study: the first of ``benefits`` is the one that the page tells.

    ``moved`` are the places of the dearest kind that were given up, a year. ``fewest`` is the smallest number of
    children behind any number, ``fewest_in_kind`` the same for the places given up: they never leave, and where one is
    small what rests on it does not either. ``paid_on`` is the day on which the programme has paid for itself at the
    point estimates, None where it has not within the figures.
    """

    plan_sha256: str
    price_year: int | None = None
    price_index: str = ""
    discount_rate: float
    benefits: tuple[Benefit, ...] = ()
    years: tuple[YearOfBenefit, ...] = ()
    paid_on: date | None = None
    moved: Amount | None = None
    marginal: tuple[Marginal, ...] = ()
    fewest: int | None = None
    fewest_in_kind: int | None = None
    outcomes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
