"""How much an answer can be trusted to bear: dots out of five with every step of the rule that set them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sverige_did.results.estimates import Frozen

MOST = 5
"""Dots that an outcome can have."""

Dots = Annotated[int, Field(ge=0, le=MOST)]
What = Literal["design", "units", "before", "found", "data", "barred", "explanations", "stands"]
"""The links of the chain, and what is taken off it: the comparison, how many are compared, what was seen before the
start, how small a change can be found, whether all were seen, whether the verdict errs too often; then whether other
explanations were tried and failed, and whether the answer stands up to what would overturn it."""


class SecurityStep(Frozen):
    """One step of the rule: a ``ceiling`` that the dots cannot exceed, or dots that it ``loses``.

    ``key`` with ``numbers`` is the sentence ``doubt.security.<what>.<key>`` of the language files.
    """

    what: What
    key: str
    ceiling: Dots | None = None
    loses: Dots = 0
    numbers: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.ceiling is None) == (self.loses == 0):
            raise ValueError(f"{self.what}: either a ceiling or dots lost")
        return self


class Security(Frozen):
    """The dots of one outcome. They say nothing about which way a result goes, or whether there is one."""

    outcome: str
    dots: Dots
    steps: tuple[SecurityStep, ...]

    @property
    def weakest(self) -> tuple[SecurityStep, ...]:
        """The steps that set where it starts: those with the lowest ceiling."""
        return tuple(one for one in self.steps if one.ceiling is not None and one.ceiling == self.start)

    @property
    def start(self) -> int:
        """The lowest ceiling."""
        return min(one.ceiling for one in self.steps if one.ceiling is not None)

    @model_validator(mode="after")
    def _sums_up(self) -> Self:
        if not any(one.ceiling is not None for one in self.steps):
            raise ValueError(f"{self.outcome}: no step sets where it starts")
        lost = sum(one.loses for one in self.steps)
        if self.dots != max(self.start - lost, min(self.start, 1)):
            raise ValueError(f"{self.outcome}: {self.dots} dots are not what its steps make")
        return self
