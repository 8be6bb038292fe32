"""What a plan says of money and of targets: investments, prices, the discount rate, and what was promised when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Bilingual, FollowUpTarget, Name, Plan, Positive, Prices, once_each

Amount = Annotated[float, Field(ge=0)]


class InvestmentItem(Plan):
    """One investment in mio. kr. a year, with the least and the most that it can be.

    One that nobody has priced, such as the time of leaders, has no ``value``: only what it can be.
    """

    key: Name
    label: Bilingual
    value: Amount | None = None
    low: Amount
    high: Amount
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        middle = self.low if self.value is None else self.value
        if not self.low <= middle <= self.high:
            raise PydanticCustomError("investment_order", "low, value and high must come in that order")
        return self


class RefusionShare(Plan):
    """How much of a place's cost the state refunds, where the accounts do not say it: the least and the most."""

    low: Annotated[float, Field(ge=0, lt=1)]
    high: Annotated[float, Field(ge=0, lt=1)]
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise PydanticCustomError("refusion_order", "low must not lie above high")
        return self


class Economy(Plan):
    """How spending becomes a net benefit a year.

    ``marginal_price``: what the place that is given up costs, as a multiple of the average of its kind; the cheapest
    children leave first, so that it is rarely 1. ``prices`` is the index of a study of published figures; a panel has
    its own beside its registers.
    """

    discount_rate: Annotated[float, Field(ge=0, lt=1)]
    discount_source: str = Field(min_length=1)
    investments: tuple[InvestmentItem, ...] = Field(
        default=(), description="Those that stand in no account; none named is not the same as none made"
    )
    refusion: RefusionShare | None = None
    marginal_price: tuple[Positive, Positive] = (0.6, 1.0)
    prices: Prices | None = None

    @field_validator("investments")
    @classmethod
    def _once_each(cls, investments: tuple[InvestmentItem, ...]) -> tuple[InvestmentItem, ...]:
        once_each("investments", (item.key for item in investments))
        return investments

    @field_validator("marginal_price")
    @classmethod
    def _rising(cls, pair: tuple[float, float]) -> tuple[float, float]:
        if pair[0] > pair[1]:
            raise PydanticCustomError("marginal_order", "the smaller multiple first")
        return pair


class Said(Plan):
    """A figure in which the source says in words whether a target was met."""

    fact: str = Field(min_length=1)
    met: bool


class Target(Plan):
    """One target of the programme: what is to be at most or at least so much, and when.

    ``level`` is the level of the treated group in ``unit``; ``change`` its relative change since before, in per cent;
    ``saving`` mio. kr. a year against what the spending would have been; ``in_time`` the share of follow-ups that come
    by ``follow_up``'s deadlines. A target that has no number, or whose numbers are lost, names in ``reported`` the
    figures that say in words whether it was met.
    """

    key: Name
    label: Bilingual
    outcome: Name
    measure: Literal["level", "change", "saving", "in_time"]
    direction: Literal["at_most", "at_least"]
    value: float | None = None
    unit: Literal["percent", "mio_dkk", "rate_per_1000", "children"] = "percent"
    date: date
    source: str = Field(min_length=1)
    reported: tuple[Said, ...] = ()
    follow_up: FollowUpTarget | None = None
    of: Literal["all", "placed", "preventive"] = Field(
        default="all", description="The measures whose follow-ups are meant"
    )
    later: str | None = Field(
        default=None, description="Fact id of a later number of the same children, whose total nobody printed"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.value is None and not self.reported:
            raise PydanticCustomError("target_value", "a target needs a value, or what its source says of it")
        if self.follow_up is not None and self.measure != "in_time":
            raise PydanticCustomError("target_follow_up", "only a target of follow-ups in time has deadlines")
        return self
