"""What a study of published figures has before any estimate: the printed figures, and the tables that fit them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from sverige_did.results.estimates import Frozen


class Reported(Frozen):
    """One figure as somebody else reported it: what, where, and what the true number can be given its rounding.

    ``value`` is a number, an ISO date, or None where only a direction was reported. ``rounding`` is the half-width of
    rounding in the unit. ``finding_da``/``finding_en`` say it in our own words.
    """

    fact_id: str
    source_file: str
    place: str
    outcome: str
    measure: str
    unit: str
    group: str
    period_start: date
    period_end: date
    value: float | date | None
    rounding: float | None = Field(default=None, ge=0)
    finding_da: str
    finding_en: str
    provenance: Literal["printed", "derived", "inferred", "external"]

    @property
    def number(self) -> float:
        """The reported number; TypeError when the figure is a date or a direction."""
        if not isinstance(self.value, float):
            raise TypeError(f"{self.fact_id} is not a number")
        return self.value

    @property
    def low(self) -> float:
        """The smallest true number that rounds to what was reported."""
        return self.number - (self.rounding or 0.0)

    @property
    def high(self) -> float:
        """The largest true number that rounds to what was reported."""
        return self.number + (self.rounding or 0.0)


class Feasible(Frozen):
    """Every table that fits the reported figures at once, in one reading of the source.

    ``unknowns`` names the columns of ``tables``; ``intervals`` gives each named quantity its smallest and largest
    possible value. When no table fits, ``conflicts`` lists the smallest sets of fact ids that contradict each other,
    and ``given_up`` the facts left out to obtain the tables that are shown.
    """

    reading: str
    outcome: str
    unknowns: tuple[str, ...]
    tables: tuple[tuple[int, ...], ...]
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)
    facts: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, ...], ...] = ()
    given_up: tuple[str, ...] = ()

    @property
    def consistent(self) -> bool:
        """Whether some table fits every reported figure."""
        return not self.conflicts
