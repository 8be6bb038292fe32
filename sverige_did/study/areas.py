"""How areas change where nothing is done, as frozen numbers: ``areas.yaml``, a part of the plan beside ``study.yaml``.

``sverige-did calibrate`` writes it from a panel of many areas, whose numbers stay where they are. It holds how much an
area moves by itself, a prior that this implies, and how far groups as small as the study's moved apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sverige_did import words
from sverige_did.study.blocks import Bilingual, Name, Plan, Positive, once_each
from sverige_did.study.priors import SHOCK, SHOCK_OF_AREAS, PriorSpec

Distribution = Annotated[tuple[float, ...], Field(min_length=3)]

NEAR = 1.25
"""An sd is tried already where another is within this many times of it."""


def not_tried(sd: float, tried: Iterable[float]) -> bool:
    """Whether an sd is another than those ``tried`` already, as far as a posterior can tell.

    >>> not_tried(0.32, [0.15, 0.3]), not_tried(0.13, [0.3])
    (False, True)
    """
    return not any(1 / NEAR <= sd / other <= NEAR for other in tried)


class AreaGroups(Plan):
    """The groups that were imitated; ``cases`` of one district in a year, ``apart`` from last before to first after."""

    treated: Annotated[int, Field(ge=1)]
    control: Annotated[int, Field(ge=1)]
    cases: tuple[Positive, Positive]
    before: Annotated[int, Field(ge=1)]
    after: Annotated[int, Field(ge=1)]
    apart: Annotated[int, Field(ge=1)]


class AreaShock(Plan):
    """One outcome in the areas.

    ``shock``: between what the sd of an area's own shock lies, in log-odds or logarithms; ``shock_small``: of the third
    with the fewest children · ``prior_sd``: of the half-normal whose median is the upper end of ``shock_small`` ·
    ``fresh`` and ``staying``: the distribution of placebo differences, at the levels of the check that reads it.
    """

    outcome: Name
    areas: Annotated[int, Field(ge=3)]
    first: date
    last: date
    shock: tuple[Annotated[float, Field(ge=0)], Positive]
    shock_small: tuple[Annotated[float, Field(ge=0)], Positive]
    prior_sd: Positive
    groups: AreaGroups
    draws: Annotated[int, Field(ge=100)]
    fresh: Distribution
    staying: Distribution | None = None

    @model_validator(mode="after")
    def _rises(self) -> Self:
        for kept in (self.fresh, self.staying or self.fresh):
            if list(kept) != sorted(kept):
                raise PydanticCustomError("areas_rise", "a distribution must rise")
        return self


class Areas(Plan):
    """``areas.yaml``. ``prior``: whether posteriors take the areas' prior of shocks beside their own, or as main."""

    source: str = Field(min_length=1, description="Whose numbers they are, and under which licence")
    made_by: str = Field(min_length=1, description="The command that makes this file again")
    prior: Literal["beside", "main"] = "beside"
    outcomes: tuple[AreaShock, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        once_each("outcomes", (f"{one.outcome} {one.groups.cases}" for one in self.outcomes))
        return self

    def of(self, outcome: str) -> tuple[AreaShock, ...]:
        """What the areas say of one outcome: one entry for each number of cases that its figures can be read as."""
        return tuple(one for one in self.outcomes if one.outcome == outcome)

    def spec(self) -> PriorSpec:
        """The prior of districts' own shocks, that of the first outcome: in place of the plan's own, or beside it."""
        first = self.outcomes[0]
        texts = {
            language: words.text(
                "priors.areas", language, source=self.source, areas=first.areas,
                outcome=words.text(f"outcomes.{first.outcome}.short", language),
            )
            for language in words.LANGUAGES
        }  # fmt: skip
        key = SHOCK if self.prior == "main" else SHOCK_OF_AREAS
        return PriorSpec(key=key, family="half_normal", sd=first.prior_sd, unit="log_odds", reason=Bilingual(**texts))
