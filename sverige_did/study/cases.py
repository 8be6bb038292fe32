"""The plan of a study of cases: some begun before a trial and others during it, in a few municipalities, no control."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Bilingual, HiddenBelow, Name, Plan, Positive, RegisterFile, once_each
from sverige_did.study.head import Deviation, Head, Sampling
from sverige_did.study.priors import PriorSpec

WAVES = ("before", "during")


class Municipality(Plan):
    """One municipality: ``name`` is how the registers write it."""

    key: Name
    name: str = Field(min_length=1)


class Window(Plan):
    """Days on which cases begin, both ends included."""

    first: date
    last: date


class CasePeriods(Plan):
    """Which cases are before and which during: by the day on which they begin, never by when they end."""

    before: Window
    start: date = Field(description="The day from which the exemption applied, also to cases that were open then")
    during: Window
    extracted: date = Field(description="The day the registers were extracted: what had not happened by then is open")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = (
            self.before.first, self.before.last, self.start, self.during.first, self.during.last, self.extracted,
        )  # fmt: skip
        if any(earlier > later for earlier, later in pairwise(days)) or self.before.last == self.start:
            raise PydanticCustomError(
                "case_periods", "before.first, before.last, start, during.first, during.last, extracted: in that order"
            )
        return self


class Invited(Plan):
    """How many caseworkers of one municipality were asked in one wave of the survey."""

    municipality: Name
    wave: Literal["before", "during"]
    number: int = Field(ge=1)


class SurveyItem(Plan):
    """One statement of the survey, answered on the scale from 1 (disagree) to ``Survey.points`` (agree)."""

    key: Name
    text: Bilingual


class Survey(Plan):
    """The survey of caseworkers: its statements, its scale and whom it was sent to."""

    points: int = Field(default=5, ge=3, le=7, description="How many answers the scale has; the highest is agreement")
    agree_from: int = Field(default=4, ge=2, description="The lowest answer that counts as agreeing")
    items: tuple[SurveyItem, ...] = Field(min_length=1)
    invited: tuple[Invited, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        once_each("items", (one.key for one in self.items))
        once_each("invited", (f"{one.municipality} {one.wave}" for one in self.invited))
        if self.agree_from > self.points:
            raise PydanticCustomError("agree_from", "agree_from must not exceed points")
        return self

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves that anybody was invited to, in order."""
        return tuple(wave for wave in WAVES if wave in {one.wave for one in self.invited})


class Bias(Plan):
    """What may have changed beside the trial: the prior of the part of the difference that is not the trial's.

    There is no control group that could tell. ``sd`` are the values tried, as log hazard ratios.
    """

    mean: float = 0.0
    sd: tuple[Positive, ...] = (0.1, 0.2, 0.3, 0.5, 0.75)
    reason: Bilingual
    at_the_same_time: tuple[Bilingual, ...] = Field(
        default=(), description="What else changed in the same years, as the source names it"
    )


PRIORS = {
    "change": PriorSpec(key="change", family="normal", sd=0.5, unit="log_hazard"),
    "change_sd": PriorSpec(key="change_sd", family="half_normal", sd=0.3, unit="log_hazard"),
}
"""The priors of a plan that names none: the change in all municipalities, and how much they differ in it."""


class CaseStudy(Head):
    """A study of cases begun before and during a trial, with or without a survey of the caseworkers.

    There is no control group, and the cases before and during are not the same: nothing that comes of it may be called
    an effect (design class D4).
    """

    kind: Literal["cases"] = Field(description="Cases begun before and during a trial, without a control group")
    municipalities: tuple[Municipality, ...] = Field(min_length=1)
    periods: CasePeriods
    horizons: tuple[Annotated[int, Field(ge=14)], ...] = Field(
        default=(90, 180), min_length=1, description="Days after the referral; the longest is the headline's"
    )
    only_exempt: bool = Field(
        default=True,
        description="Where the register has case types: estimate those that the exemption covers, and use the others "
        "as a placebo",
    )
    cluster: Literal["caseworker", "case"] = Field(
        default="caseworker", description="What the jackknife leaves out where caseworkers are delivered"
    )
    files: tuple[RegisterFile, ...] = ()
    hidden_below: HiddenBelow = Field(default=5, description="Numbers of people from 1 to below this are not released")
    level: float = Field(default=0.95, gt=0.5, lt=1)
    priors: tuple[PriorSpec, ...] = ()
    bias: Bias
    survey: Survey | None = None
    sampling: Sampling
    deviations: tuple[Deviation, ...] = ()

    @field_validator("horizons")
    @classmethod
    def _rising(cls, horizons: tuple[int, ...]) -> tuple[int, ...]:
        if list(horizons) != sorted(set(horizons)):
            raise PydanticCustomError("horizons_rise", "each horizon must be longer than the one before")
        return horizons

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        once_each("municipalities", (one.key for one in self.municipalities))
        once_each("municipalities", (one.name.casefold() for one in self.municipalities))
        once_each("priors", (one.key for one in self.priors))
        known = {one.key for one in self.municipalities}
        asked = {one.municipality for one in self.survey.invited} if self.survey else set()
        for kind, astray in (
            ("municipalities", asked - known),
            ("priors", {one.key for one in self.priors} - set(PRIORS)),
        ):
            if astray:
                raise PydanticCustomError(
                    "names_unknown",
                    "{kind}: not defined: {keys}; known: {known}",
                    {
                        "kind": kind,
                        "keys": ", ".join(sorted(astray)),
                        "known": ", ".join(sorted(known if kind == "municipalities" else PRIORS)),
                    },
                )
        given = {one.key for one in self.priors}
        if any(one.family != PRIORS[one.key].family or (one.reason is None and one != PRIORS[one.key])
               for one in self.priors):  # fmt: skip
            raise PydanticCustomError("case_priors", "change is normal, change_sd half_normal, each with its reason")
        rest = (one for key, one in PRIORS.items() if key not in given)
        object.__setattr__(self, "priors", (*self.priors, *rest))  # frozen only once it is complete
        return self

    def prior(self, key: str) -> PriorSpec:
        """The prior of that key; KeyError when there is none."""
        return {one.key: one for one in self.priors}[key]

    @property
    def horizon(self) -> int:
        """The longest horizon in days: the headline's."""
        return self.horizons[-1]

    def name_of(self, key: str) -> str:
        """The name of the municipality of that key."""
        return {one.key: one.name for one in self.municipalities}[key]
