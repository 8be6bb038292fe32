"""What a published table means: which rows and column make an outcome, over which years, and what its signs say."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from sverige_did.sources.aggregates.suppression import Sign
from sverige_did.sources.files.plan_files import parse_plan
from sverige_did.study.read import read_text
from sverige_did.study.study import Bilingual, Name, Plan

Kind = Literal["stock", "person_years", "events", "cases", "mean"]


class Denominator(Plan):
    """What a number is out of: other rows of the same table, or another column of the same rows.

    ``contains``: the numerator is a part of it, so it cannot be larger.
    """

    column: str
    rows: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    contains: bool = False


class Parts(Plan):
    """The values of ``column`` other than ``total`` add up to ``total``, within ``slack``, in each area and year."""

    column: str
    total: str
    slack: float = Field(default=0, ge=0)


class Series(Plan):
    """One outcome in one definition, from year ``first`` to ``last``."""

    outcome: Name
    file: str
    kind: Kind
    rows: dict[str, tuple[str, ...]]
    value: str
    per: Denominator | None = None
    parts: Parts | None = None
    first: int
    last: int
    least: float = 0
    most: float = float("inf")


class Break(Plan):
    """Between these years the definition of a file's numbers (or of some of its rows) changed."""

    file: str
    rows: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    after: int
    before: int
    reason: Bilingual


class Adoption(Plan):
    """Where the start of the programme stands, and which of the possible days counts when a date is not exact.

    ``instead``: by area, what to read where the file's own text gives no date.
    """

    file: str
    area: str
    date: str
    use: Literal["earliest", "latest"]
    instead: dict[str, str] = Field(default_factory=dict)


class AggregatePlan(Plan):
    """How the tables of one source become a panel. ``year_ends``: month and day on which a reporting year ends."""

    area: str
    period: str
    year_ends: tuple[int, int] = (12, 31)
    signs: tuple[Sign, ...]
    series: tuple[Series, ...] = Field(min_length=1)
    breaks: tuple[Break, ...] = ()
    adoption: Adoption

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


def _touch(rows: dict[str, tuple[str, ...]], split: dict[str, tuple[str, ...]]) -> bool:
    """Whether a break that concerns the rows ``split`` (all, when empty) concerns some of ``rows``."""
    return all(set(values) & set(rows.get(column, values)) for column, values in split.items())


def read_aggregate_plan(path: Path) -> AggregatePlan:
    """Read and check a plan. Raises InputError that names the field."""
    return parse_plan(AggregatePlan, read_text(path), path.name)
