"""The base of every part of a plan, and the blocks of a panel: how registers become one, how posteriors are judged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sverige_did import words
from sverige_did.errors import UNSEEN

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
LONGEST_FILE_NAME = 120


def _plain_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise PydanticCustomError("plain_name", "lower-case letters, digits, - and _ only, beginning with a letter")
    return name


def _file_name(name: str) -> str:
    if name.startswith(".") or len(name) > LONGEST_FILE_NAME or re.search(r"[/\\]", name) or UNSEEN.search(name):
        raise PydanticCustomError("file_name", "the name of a file in the study's own folder, never a path")
    return name


def _unit_name(name: str) -> str:
    if name not in _units():
        raise PydanticCustomError("unit_name", "one of: {known}", {"known": ", ".join(_units())})
    return name


@cache
def _units() -> tuple[str, ...]:
    """The units that a page has a word for."""
    start = "labels.unit."
    return tuple(key.removeprefix(start) for key in words.catalogue("en") if key.startswith(start))


Name = Annotated[str, AfterValidator(_plain_name)]
UnitName = Annotated[str, AfterValidator(_unit_name)]
FileName = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(_file_name),
    WithJsonSchema({"type": "string", "minLength": 1, "pattern": r"^[^./\\][^/\\]*$"}),
]
"""A file beside a plan or in its data folder: no path leads out of the folder of a study."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
HiddenBelow = Annotated[int, Field(ge=3)]
"""The threshold of small numbers, for registers and cases alike: under 3 a person in a group of two knows the other."""


def once_each(kind: str, keys: Iterable[str]) -> None:
    """Refuse a list in which a key stands twice."""
    twice = sorted(key for key, count in Counter(keys).items() if count > 1)
    if twice:
        raise PydanticCustomError(
            "named_twice", "{kind}: named twice: {keys}", {"kind": kind, "keys": ", ".join(twice)}
        )


class Plan(BaseModel):
    """The base of every part of a plan: frozen, no field that the plan does not know, every number finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)


class Bilingual(Plan):
    """One text in the two languages of the reports."""

    da: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Grid(Plan):
    """The periods of a panel, from the first to the last, both included."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # a year is a number to YAML

    step: Literal["half_year", "year"] = "half_year"
    first: str = Field(description="2009H1 for a half-year, 2009 for a year")
    last: str

    @model_validator(mode="after")
    def _labels_fit_the_step(self) -> Self:
        form = {"half_year": r"\d{4}H[12]", "year": r"\d{4}"}[self.step]
        if not (re.fullmatch(form, self.first) and re.fullmatch(form, self.last)) or self.first > self.last:
            raise PydanticCustomError("grid_labels", "first and last must be periods of the step, in that order")
        return self

    @property
    def end(self) -> date:
        """The last day of the last period."""
        return self.spans[-1][1]

    @property
    def spans(self) -> tuple[tuple[date, date], ...]:
        """The first and the last day of every period."""
        halves = {"half_year": ((1, 6, 30), (7, 12, 31)), "year": ((1, 12, 31),)}[self.step]
        low, high = ((int(label[:4]), label.endswith("H2")) for label in (self.first, self.last))
        return tuple(
            (date(year, opens, 1), date(year, closes, day))
            for year in range(low[0], high[0] + 1)
            for opens, closes, day in halves
            if low <= (year, opens > 1) <= high
        )


class Residence(Plan):
    """Which district a child belongs to. ``baseline`` keeps it where it lived on ``date``, whatever moves follow."""

    rule: Literal["baseline", "on_the_day"] = "baseline"
    date: date


class PriceLevel(Plan):
    """The price level of one year; only ratios between years matter."""

    year: int
    level: Positive


class Prices(Plan):
    """The price index that turns amounts into prices of one year."""

    name: str = Field(min_length=1)
    source: str = Field(min_length=1)
    base_year: int
    levels: tuple[PriceLevel, ...] = Field(min_length=1)

    @field_validator("levels")
    @classmethod
    def _one_a_year(cls, levels: tuple[PriceLevel, ...]) -> tuple[PriceLevel, ...]:
        once_each("levels", (str(one.year) for one in levels))
        return levels


class FollowUpTarget(Plan):
    """When a follow-up is due. SEL § 70: three months after the start, then every six; Barnets lov § 95: the first
    after three months and no fixed interval after it (``then_months`` empty)."""

    first_months: Annotated[float, Field(gt=0)]
    then_months: Annotated[float, Field(gt=0)] | None = None
    source: str = Field(min_length=1)


class RegisterFile(Plan):
    """The file of a register whose own name does not say which it is."""

    name: Name
    file: FileName = Field(description="File name in the study's data folder")


class Team(Plan):
    """A team of caseworkers and its side; one that serves both, such as intake, is ``neither``."""

    team: str = Field(min_length=1)
    group: Literal["treated", "control", "neither"]


class ReliableChange(Plan):
    """What makes a change in the SDQ total reliable: the score's standard deviation in a norm population, and the
    correlation of two answers about the same child some months apart."""

    sd: Positive
    reliability: Annotated[float, Field(ge=0, lt=1)]
    source: str = Field(min_length=1)


class AddedValue(Plan):
    """The formula of the added-value score; ``high_risk`` says that the children are such as it was made for.

    ``months`` are the fewest and the most between the two forms of a pair.
    """

    intercept: float
    total: float
    impact: float
    emotion: float
    sd: Positive
    source: str = Field(min_length=1)
    high_risk: Literal[True]
    months: tuple[Positive, Positive] = (4, 8)


class Sdq(Plan):
    """How SDQ forms are judged beyond their points; nothing that is not named here is computed.

    ``norms`` are those in the register ``sdq_norms`` or the Danish ones for parents of children of 5-7 years.
    ``population`` is the country where the children live; norms of another are refused unless they are meant.
    """

    norms: Literal["delivered", "danish_parents_5_7"] | None = None
    population: str = "DK"
    accept_foreign_norms: bool = False
    reliable_change: ReliableChange | None = None
    added_value: AddedValue | None = None


CountedKind = Literal["placed", "home_based", "network", "foster", "family", "institution"]


class PublicCount(Plan):
    """How many children of the municipality a public table has as placed on one day, in all or of one kind."""

    on: date
    kind: CountedKind = "placed"
    children: int = Field(ge=1)
    source: str = Field(min_length=1)


class Registers(Plan):
    """How registers become a panel: every choice that could change a number."""

    files: tuple[RegisterFile, ...] = ()
    grid: Grid
    residence: Residence
    overlap: Literal["highest_rung", "first", "newest", "count_both"] = "highest_rung"
    home_based: Literal["kora", "support"] = Field(
        default="kora", description="Whether boarding school and own room are placements (kora) or not (support)"
    )
    last_day_counts: bool = Field(default=True, description="Whether the end date of a spell is its last day")
    strata: bool = Field(default=False, description="Compare and exchange districts only within the register's strata")
    teams: tuple[Team, ...] = ()
    prices: Prices | None = None
    follow_up: FollowUpTarget | None = None
    sdq: Sdq | None = Field(default=None, exclude_if=lambda block: block is None)
    measure_codes: FileName | None = Field(
        default=None, description="A mapping of measures to the ladder of one's own: a file name in the data folder"
    )
    public_counts: tuple[PublicCount, ...] = Field(
        default=(),
        exclude_if=lambda counts: not counts,
        description="Children of public tables that those of the register are held against",
    )
    hidden_below: HiddenBelow = Field(default=5, description="Numbers of children below this are not released")
    rounded_to: int | None = Field(
        default=None,
        ge=3,
        exclude_if=lambda base: base is None,
        description="Numbers of children are rounded to a multiple of this; hidden_below where it is not named",
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        once_each("registers.teams", (team.team for team in self.teams))
        once_each("registers.files", (one.name for one in self.files))
        return self

    @property
    def base(self) -> int:
        """What numbers of children are rounded to."""
        return self.rounded_to or self.hidden_below


class DecisionThresholds(Plan):
    """What the posterior of one outcome of a panel is held against; all numbers in the unit of the outcome.

    ``plausible`` is where 95 % of the belief about a control district's level lies, and gives the prior of that level.
    Outside ``admissible`` the level of all districts together would be absurd; the prior is tried against it before
    anything is sampled. A change in the wished direction of at least ``worthwhile`` would be worth the effort, one of
    at most ``negligible`` to either side is practically nothing; both are on the scale of the outcome's difference.
    """

    outcome: Name
    plausible: tuple[Positive, Positive]
    admissible: tuple[Annotated[float, Field(ge=0)], Positive]
    worthwhile: Positive
    negligible: Positive
    reason: Bilingual

    @model_validator(mode="after")
    def _nested(self) -> Self:
        (low, high), (least, most) = self.plausible, self.admissible
        if not least < low < high < most:
            raise PydanticCustomError("thresholds_nested", "plausible must rise and lie within admissible")
        if self.negligible >= self.worthwhile:
            raise PydanticCustomError("thresholds_sizes", "negligible must be smaller than worthwhile")
        return self


class Posterior(Plan):
    """How the posteriors of a panel are made and judged."""

    decision_thresholds: tuple[DecisionThresholds, ...] = Field(
        min_length=1, description="One an outcome; outcomes without are not modelled"
    )
    shock_prior_sd: tuple[Positive, ...] = Field(
        default=(), description="Sds of the half-normal prior of districts' own swings that are tried, log scale"
    )
    admissible_share: Share = Field(
        default=0.95, description="Share of prior draws whose level must be admissible before anything is sampled"
    )
    doubtful: Share = Field(default=0.05, description="Predictive p-value below which a misfit is told")
    impossible: Share = Field(default=0.001, description="Predictive p-value below which the rule fails")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        once_each("decision_thresholds", (item.outcome for item in self.decision_thresholds))
        return self


class ComparedEffect(Plan):
    """The difference-in-differences of another study, in the unit of the outcome, to be held against placebo groups.

    ``size`` is the denominator of its programme group, such as the children placed there: only areas of about that
    size then stand for it.
    """

    outcome: Name
    value: float
    size: Positive | None = None
    label: Bilingual
    source: str = Field(min_length=1)


class PlaceboGroups(Plan):
    """Groups as small as another study's, drawn at random from the areas where nothing was done, at every date.

    ``treated`` of ``treated`` + ``control`` drawn areas stand for the programme's; ``periods_apart`` are how many
    periods lie from before to after, each tried by itself.
    """

    treated: Annotated[int, Field(ge=1)]
    control: Annotated[int, Field(ge=2)]
    periods_apart: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(1,), min_length=1, max_length=2)
    draws: Annotated[int, Field(ge=100)] = 10_000
    compared: tuple[ComparedEffect, ...] = ()

    @model_validator(mode="after")
    def _one_an_outcome(self) -> Self:
        once_each("compared", (item.outcome for item in self.compared))
        if list(self.periods_apart) != sorted(set(self.periods_apart)):
            raise PydanticCustomError("periods_apart", "periods_apart must rise")
        return self
