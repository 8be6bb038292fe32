"""What a study of published figures has to go on, and the one way from an estimate to a finding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.estimates import EFFECT_CLASSES, Estimate, Finding
from sverige_did.results.published import Feasible, Reported
from sverige_did.sources.published.facts import limits
from sverige_did.studies.published.group_tables import GroupTable
from sverige_did.studies.published.plan_parts import MOMENTS, assumed, figures_at
from sverige_did.study.study import PublishedStudy
from sverige_did.windows import Moment, of_moment

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number and what it can be, given its rounding."""

    point: float
    low: float
    high: float

    @property
    def range(self) -> Range:
        """Lowest and highest."""
        return self.low, self.high

    def mapped(self, scale: float, shift: float = 0.0) -> Printed:
        """``scale * x + shift`` for a positive ``scale``."""
        return Printed(scale * self.point + shift, scale * self.low + shift, scale * self.high + shift)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The plan, the published figures, the designs, the tables that fit the figures, and how they were enumerated."""

    study: PublishedStudy
    facts: tuple[Reported, ...]
    designs: tuple[OutcomeDesign, ...]
    tables: tuple[GroupTable, ...]
    feasible: tuple[Feasible, ...] = ()

    def design(self, outcome: str) -> OutcomeDesign:
        """The design of one outcome of the plan."""
        return {design.outcome: design for design in self.designs}[outcome]

    def tables_of(self, outcome: str) -> dict[str, tuple[GroupTable, ...]]:
        """The tables of one outcome by reading, in the plan's order of readings."""
        readings = dict.fromkeys(table.reading for table in self.tables if table.outcome == outcome)
        return {
            reading: tuple(table for table in self.tables if (table.outcome, table.reading) == (outcome, reading))
            for reading in readings
        }

    def select(self, outcome: str, measure: str, group: str) -> tuple[Reported, ...]:
        """The figures of one kind about one outcome of one group, in the order of the file."""
        wanted = (outcome, measure, group)
        return tuple(fact for fact in self.facts if (fact.outcome, fact.measure, fact.group) == wanted)

    def level(self, outcome: str, group: str, when: Moment) -> Printed | None:
        """A printed level, before or after, in its own unit."""
        return narrowest(figures_at(self.select(outcome, "level", group), self.study, when))

    def change(self, outcome: str, group: str) -> Printed | None:
        """A printed change from before to after: printed as such, or as two levels, or in words as “unchanged”.

        “Unchanged” reaches as far as the plan's ``control_unchanged_pp`` says, for the figures it names as its source.
        """
        study = self.study
        span = [f for f in self.select(outcome, "change", group) if of_moment(f.period_end, study.periods, "after")]
        if span:
            return narrowest(span)
        before, after = (self.level(outcome, group, when) for when in MOMENTS)
        if before and after:
            return Printed(after.point - before.point, after.low - before.high, after.high - before.low)
        allowed = assumed(study, "control_unchanged_pp")
        if allowed and any(fact.fact_id in allowed.source for fact in self.select(outcome, "direction", group)):
            return Printed(0.0, -allowed.value, allowed.value)
        return None

    def finding(self, outcome: str, result: Estimate, reading: str = "all") -> Finding | None:
        """The estimate in context, with the only verdict its design allows; None where the design has no class."""
        design_class = self.design(outcome).design_class
        if design_class is None:
            return None
        return Finding(
            study=self.study.study,
            outcome=outcome,
            reading=reading,
            design_class=design_class,
            verdict="conditional" if design_class in EFFECT_CLASSES else "descriptive",
            plan_sha256=self.study.sha256,
            result=result,
        )


def narrowest(facts: Iterable[Reported]) -> Printed | None:
    """The number that all figures about the same thing leave open: the first one's, cut by the others."""
    chosen = list(facts)
    if not chosen:
        return None
    ranges = [limits(fact) for fact in chosen]
    low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
    scale = 1e-6 if chosen[0].unit == "dkk" else 1.0
    point = chosen[0].number * scale
    return Printed(min(max(point, low), high) if math.isfinite(point) else point, low, high)
