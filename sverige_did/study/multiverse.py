"""The choices that a study of registers could have made otherwise: the axes of its specification curve.

Every study has them all; a plan names those that it wants otherwise. The first option of every axis is the plan's own.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Plan, once_each

Axis = Literal[
    "before", "last_before", "controls", "scale", "estimator",
    "after", "partial", "weights", "denominator", "residence", "placement",
]  # fmt: skip
"""The axes, in the order in which they are told."""

AXES: tuple[Axis, ...] = (
    "before", "last_before", "controls", "scale", "estimator",
    "after", "partial", "weights", "denominator", "residence", "placement",
)  # fmt: skip

OTHER_ESTIMANDS: tuple[Axis, ...] = ("after", "partial", "weights", "denominator", "residence", "placement")


class Multiverse(Plan):
    """The options of every axis; one whose only option is the first is not varied.

    ``before``: all periods before, their later half, or the last year · ``last_before``: the periods just before the
    start kept, or those of the last half-year or year left out · ``controls``: all, or the half of them that are
    nearest to the treated in number of children · ``scale``: that on which trends are parallel, all read in the
    outcome's unit · ``estimator``: the change, or the change with the level before held fixed · ``after``: as planned,
    only its last year, or up to ``hard_stop`` · ``partial``: periods that are treated in part left out or counted,
    whichever is planned first · ``weights``: the plan's, or the others · ``denominator``: each period's own, or frozen
    before the start · ``residence``: the plan's rule, or the other · ``placement``: as planned, by the other ladder, or
    by another rule for overlaps.

    Options of the axes in ``other_estimands`` answer another question than the plan's: they are marked as such, and
    never pooled with it.
    """

    before: tuple[Literal["all", "later_half", "last_year"], ...] = ("all", "later_half", "last_year")
    last_before: tuple[Literal["kept", "half_year_out", "year_out"], ...] = ("kept", "half_year_out", "year_out")
    controls: tuple[Literal["all", "alike_in_size"], ...] = ("all", "alike_in_size")
    scale: tuple[Literal["difference", "ratio", "odds"], ...] = ("difference", "ratio", "odds")
    estimator: tuple[Literal["change", "level_before"], ...] = ("change", "level_before")
    after: tuple[Literal["planned", "last_year", "to_stop"], ...] = ("planned", "last_year", "to_stop")
    partial: tuple[Literal["planned", "other"], ...] = ("planned", "other")
    weights: tuple[Literal["planned", "other"], ...] = ("planned", "other")
    denominator: tuple[Literal["own", "frozen"], ...] = ("own", "frozen")
    residence: tuple[Literal["planned", "other"], ...] = ("planned", "other")
    placement: tuple[Literal["planned", "other_ladder", "other_overlap"], ...] = (
        "planned", "other_ladder", "other_overlap",
    )  # fmt: skip
    other_estimands: tuple[Axis, ...] = OTHER_ESTIMANDS
    draws: Annotated[int, Field(ge=499)] = 1999

    @model_validator(mode="after")
    def _holds_the_plan(self) -> Self:
        once_each("multiverse.other_estimands", self.other_estimands)
        for axis in AXES:
            options = getattr(self, axis)
            once_each(f"multiverse.{axis}", options)
            planned = PLANNED[axis]
            if options[:1] != (planned,):
                raise PydanticCustomError(
                    "multiverse_planned", "{axis} must begin with {planned}", {"axis": axis, "planned": planned}
                )
        return self

    def options(self, axis: Axis) -> tuple[str, ...]:
        """The options of an axis, the plan's own first."""
        found: tuple[str, ...] = getattr(self, axis)
        return found


PLANNED: dict[Axis, str] = {
    "before": "all", "last_before": "kept", "controls": "all", "scale": "difference", "estimator": "change",
    "after": "planned", "partial": "planned", "weights": "planned", "denominator": "own", "residence": "planned",
    "placement": "planned",
}  # fmt: skip
"""The plan's own option of every axis."""

LEFT_OUT = {"kept": 0.0, "half_year_out": 0.5, "year_out": 1.0}
"""Years before the start that are left out."""


def before_of(pre: tuple[float, ...], before: str, last: str) -> tuple[float, ...]:
    """The periods before that an option of ``before`` and one of ``last_before`` leave; empty where it is no choice."""
    step = min(np.diff(pre), default=1.0)
    out = round(LEFT_OUT[last] / step, 9)
    if out != int(out) or len(pre) - out < 1:
        return ()
    kept = pre[: len(pre) - int(out)]
    if before == "all":
        return kept
    wanted = -(-len(kept) // 2) if before == "later_half" else max(1, round(1.0 / step))
    return kept[-wanted:] if wanted < len(kept) else ()
