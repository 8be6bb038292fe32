"""What published tables by area and period mean: which rows make an outcome, over which years, and what signs say."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Bilingual, FileName, Grid, Name, Plan, Positive
from sverige_did.words.units import Unit

Meaning = Literal["suppressed", "rounds_to_zero", "not_available", "not_applicable"]
"""``suppressed``: hidden to protect somebody; ``rounds_to_zero``: not zero, but less than half a unit;
``not_available``: the number exists and is not known; ``not_applicable``: there is no such number."""

Kind = Literal["stock", "person_years", "events", "cases", "mean", "money"]

Rows = dict[str, tuple[str, ...]]
"""By column, the texts that a row may have there."""


class Sign(Plan):
    """What one sign means, in the years ``since`` to ``until``: the same letter has meant different things.

    ``low`` and ``high`` are what a suppressed count can be. ``secondary``: cells were also hidden to protect others,
    so a hidden count may be any number from ``low`` up, and ``high`` holds only for those hidden for their own sake.
    """

    sign: str
    meaning: Meaning
    low: float | None = Field(default=None, ge=0)
    high: float | None = Field(default=None, ge=0)
    secondary: bool = False
    since: int | None = None
    until: int | None = None

    def holds(self, year: int) -> bool:
        """Whether the sign has this meaning in that year."""
        return (self.since or year) <= year <= (self.until or year)


class Denominator(Plan):
    """What a number is out of: other rows of the same table, another column of the same rows, or another ``file``.

    ``adds``: the columns over whose listed values the numbers add up. ``contains``: the numerator is a part of it, so
    it cannot be larger.
    """

    column: str
    file: FileName | None = None
    rows: Rows = Field(default_factory=dict)
    adds: tuple[str, ...] = ()
    contains: bool = False


class Parts(Plan):
    """The values of ``column`` other than ``total`` add up to ``total``, within ``slack``, in each area and year."""

    column: str
    total: str
    slack: float = Field(default=0, ge=0)


class Series(Plan):
    """One outcome in one definition, from year ``first`` to ``last``.

    Several values listed for a column are spellings of one, unless the column is in ``adds``: then their numbers add
    up. ``unit`` is what one of the table's units is in the outcome's own: 0.001 for thousands of kroner as millions.
    """

    outcome: Name
    file: FileName
    kind: Kind
    rows: Rows
    value: str
    adds: tuple[str, ...] = ()
    unit: Positive = 1.0
    per: Denominator | None = None
    parts: Parts | None = None
    first: int
    last: int
    least: float = 0
    most: float | None = None

    @model_validator(mode="after")
    def _years_in_order(self) -> Self:
        if self.first > self.last:
            raise PydanticCustomError("series_years", "first must not lie after last")
        if self.most is not None and self.least > self.most:
            raise PydanticCustomError("series_limits", "least must not lie above most")
        return self

    @model_validator(mode="after")
    def _adds_what_it_lists(self) -> Self:
        if not set(self.adds) <= set(self.rows):
            raise ValueError(f"{self.outcome}: what adds up must be listed in rows")
        if self.per and not set(self.per.adds) <= set(self.per.rows or self.rows):
            raise ValueError(f"{self.outcome}: what adds up must be listed in the rows of per")
        if self.adds and self.parts:
            raise ValueError(f"{self.outcome}: a series that adds rows up has no parts of a total")
        return self

    @property
    def possible(self) -> tuple[float, float]:
        """The least and the most that a number of it can be."""
        return self.least, float("inf") if self.most is None else self.most


class Break(Plan):
    """Between these years the definition of a file's numbers (or of some of its rows) changed."""

    file: FileName
    rows: Rows = Field(default_factory=dict)
    after: int
    before: int
    reason: Bilingual


class Adoption(Plan):
    """Where the start of the programme stands, and which of the possible days counts when a date is not exact.

    ``instead``: by area, what to read where the file's own text gives no date.
    """

    file: FileName
    area: str
    date: str
    use: Literal["earliest", "latest"]
    instead: dict[str, str] = Field(default_factory=dict)


class PriceTable(Plan):
    """The table of the price index that puts amounts of money into the prices of ``base_year``."""

    file: FileName
    value: str
    base_year: int


class AggregatePlan(Plan):
    """How the tables of one source become a panel. ``year_ends``: month and day on which a reporting year ends.
    ``decimal``: the sign before decimals; without it each column settles its own.

    ``not_areas`` are values of the column ``area`` that are sums of areas, such as the whole country. ``crosswalk`` is
    a file beside the tables that names areas which merged or are left out.
    """

    area: str
    unit: Unit = Field(
        default="area",
        exclude_if=lambda unit: unit == "area",
        description="What the sentences of the page call an area",
    )
    period: str
    year_ends: tuple[int, int] = (12, 31)
    decimal: Literal[".", ","] | None = None
    signs: tuple[Sign, ...]
    series: tuple[Series, ...] = Field(min_length=1)
    breaks: tuple[Break, ...] = ()
    adoption: Adoption
    not_areas: tuple[str, ...] = ()
    crosswalk: FileName | None = None
    prices: PriceTable | None = None

    @model_validator(mode="after")
    def _no_series_across_a_break(self) -> Self:
        keys = [one.outcome for one in self.series]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"one outcome is one definition, but several series are called {', '.join(twice)}")
        for one in self.series:
            for split in self.breaks:
                if one.file == split.file and _touch(one.rows, split.rows) and one.first < split.before <= one.last:
                    raise ValueError(f"{one.outcome} runs over the break of {split.file} after {split.after}")
        return self

    @property
    def grid(self) -> Grid:
        """The years of all series."""
        first, last = min(one.first for one in self.series), max(one.last for one in self.series)
        return Grid(step="year", first=str(first), last=str(last))

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that the plan reads, each once."""
        out_of = [one.per.file for one in self.series if one.per and one.per.file]
        beside = [each for each in (self.prices and self.prices.file, self.crosswalk) if each]
        return tuple(dict.fromkeys([*(one.file for one in self.series), *out_of, self.adoption.file, *beside]))


def _touch(rows: Rows, split: Rows) -> bool:
    """Whether a break that concerns the rows ``split`` (all, when empty) concerns some of ``rows``."""
    return all(set(values) & set(rows.get(column, values)) for column, values in split.items())
