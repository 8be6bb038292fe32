"""What a study of published figures has to go on, and the one way from an estimate to a finding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sverige_did.outcomes import is_what_was_done
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.estimates import EFFECT_CLASSES, Estimate, Finding
from sverige_did.results.published import Feasible, Reported
from sverige_did.sources.published.facts import limits
from sverige_did.studies.published.group_tables import GroupTable
from sverige_did.studies.published.plan_parts import MOMENTS, assumed, figures_at
from sverige_did.studies.published.printed_counts import PRINTED, contradicted
from sverige_did.study.study import Outcome, PublishedStudy
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
    """The plan, the published figures, the designs, the tables that fit the figures, and how they were enumerated.

    Whoever computes something takes outcomes, figures and tables from its methods: they know what is contradicted.
    """

    study: PublishedStudy
    facts: tuple[Reported, ...]
    designs: tuple[OutcomeDesign, ...]
    tables: tuple[GroupTable, ...]
    feasible: tuple[Feasible, ...]

    @property
    def contradicted(self) -> frozenset[str]:
        """The outcomes whose printed figures cannot all be true: no figure and no table of them is handed on."""
        return contradicted(self.study, self.feasible)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of the plan of which something may be computed, in its order."""
        torn = self.contradicted
        return tuple(wanted for wanted in self.study.outcomes if wanted.outcome not in torn)

    def design(self, outcome: str) -> OutcomeDesign:
        """The design of one outcome of the plan."""
        return {design.outcome: design for design in self.designs}[outcome]

    def tables_of(self, outcome: str) -> dict[str, tuple[GroupTable, ...]]:
        """The tables of one outcome by reading, in the plan's order of readings."""
        torn, shut = self.contradicted, self._contradicted_readings()
        mine = (
            [one for one in self.tables if one.outcome == outcome and one.reading not in shut]
            if outcome not in torn
            else []
        )
        readings = dict.fromkeys(table.reading for table in mine)
        return {reading: tuple(table for table in mine if table.reading == reading) for reading in readings}

    def _contradicted_readings(self) -> set[str]:
        """The readings of damaged tables that rest on figures which cannot be true, or divide a whole that cannot."""
        printed, plan = PRINTED.values(), self.study.reconstruction
        if plan and plan.whole.outcome in self.contradicted:
            return {reading.key for reading in self.study.readings}
        conflicts = (conflict for one in self.feasible if one.reading in printed for conflict in one.conflicts)
        wrong = {fact for conflict in conflicts for fact in conflict}
        return {one.reading for one in self.feasible if one.reading not in printed and wrong.intersection(one.facts)}

    def select(self, outcome: str, measure: str, group: str) -> tuple[Reported, ...]:
        """The figures of one kind about one outcome of one group, in the order of the file; none where contradicted."""
        if outcome.partition(".")[0] in self.contradicted:
            return ()
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
        """The estimate in context, with the only verdict its design and role allow; None for a design without class."""
        design_class = self.design(outcome).design_class
        if design_class is None:
            return None
        done = any(is_what_was_done(one.outcome, one.role) for one in self.study.outcomes if one.outcome == outcome)
        return Finding(
            study=self.study.study,
            outcome=outcome,
            reading=reading,
            design_class=design_class,
            verdict="conditional" if design_class in EFFECT_CLASSES and not done else "descriptive",
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
