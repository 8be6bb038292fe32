"""Which sets of districts could have been drawn, as frozen values: ``lottery.yaml``, a part of the plan.

``sverige-did plan-design`` writes it before a programme begins. The permutation test of the study goes through these
sets and no others.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Plan

FEWEST = 20
"""With fewer sets no p-value can be .05."""


class Lottery(Plan):
    """``districts`` by name; ``sets``: the numbers (from 1) of the districts of each set; ``drawn``: that of the set
    that was drawn, from 1. The other fields say how the sets came about."""

    made_by: str = Field(min_length=1, description="The command that draws the same again")
    seed: Annotated[int, Field(ge=0)]
    looked_at: Annotated[int, Field(ge=1, description="Sets that were compared")]
    every: bool = Field(description="Whether those are all that there are")
    balanced_on: tuple[str, ...] = Field(min_length=1)
    limit: Annotated[float, Field(ge=0, description="The largest distance that is admitted")]
    districts: tuple[str, ...] = Field(min_length=4)
    drawn: Annotated[int, Field(ge=1)]
    sets: tuple[tuple[Annotated[int, Field(ge=1)], ...], ...] = Field(min_length=FEWEST)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if len(set(self.districts)) < len(self.districts):
            raise PydanticCustomError("lottery_districts_twice", "a district stands twice")
        number = len(self.districts)
        alike = {len(one) for one in self.sets} == {len(self.sets[0])}
        if not alike or any(list(one) != sorted({*one}) or one[-1:] > (number,) for one in self.sets):
            raise PydanticCustomError("lottery_sets", "sets of as many districts each, in rising order")
        if len(set(self.sets)) < len(self.sets):
            raise PydanticCustomError("lottery_sets_twice", "a set stands twice")
        if self.drawn > len(self.sets):
            raise PydanticCustomError("lottery_drawn", "drawn is the number of a set")
        return self

    @property
    def treated(self) -> tuple[str, ...]:
        """The districts that were drawn."""
        return tuple(self.districts[at - 1] for at in self.sets[self.drawn - 1])

    def rows(self) -> NDArray[np.bool_]:
        """(n, G) the sets, in the order of :attr:`districts`."""
        found = np.zeros((len(self.sets), len(self.districts)), dtype=bool)
        np.put_along_axis(found, np.array(self.sets) - 1, values=True, axis=1)
        return found
