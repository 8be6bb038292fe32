"""All estimates of a study of published figures, outcome by outcome, in the class that each design allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sverige_did.did.bounds import always_placed
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import Estimate, Finding
from sverige_did.studies.published import levels, spending
from sverige_did.studies.published.estimators import (
    before_after,
    bounded,
    over_tables,
    printed_difference,
    printed_ratio,
)
from sverige_did.studies.published.evidence import Evidence, Printed, narrowest
from sverige_did.studies.published.group_tables import middle_table
from sverige_did.study.study import Outcome

Made = Iterator[tuple[str, Estimate]]
"""Pairs of reading and estimate."""


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """Every finding of the plan's outcomes, in the plan's order; none where its printed figures contradict each other:
    what could be made of the rest of them would look sure.
    """
    made = [
        evidence.finding(outcome.outcome, estimate, reading)
        for outcome in evidence.outcomes
        for reading, estimate in _estimates(evidence, outcome)
    ]
    return tuple(finding for finding in made if finding is not None)


def _estimates(evidence: Evidence, outcome: Outcome) -> Iterable[tuple[str, Estimate]]:
    design = evidence.design(outcome.outcome)
    if not design.may_say_effect:
        return levels.estimates(evidence, outcome)
    return BY_FAMILY[CATALOGUE[outcome.outcome].family](evidence, outcome)


def _shares(evidence: Evidence, outcome: Outcome) -> Made:
    """Printed changes first, with nothing but their rounding; then the tables of whole children, reading by reading."""
    treated, control = (evidence.change(outcome.outcome, group) for group in ("treated", "control"))
    if treated and control:
        yield "all", _raw(treated, "pp")
        yield "all", _printed_pp(treated, control, evidence.study.level)
    before, after = (evidence.level(outcome.outcome, "treated", when) for when in ("before", "after"))
    if before and after:
        yield "all", before_after(before.point, after.point, "ratio")
    yield from _counts(evidence, outcome)
    placed = [_relative(evidence, group) for group in ("treated", "control")]
    if outcome.outcome == "institution_share" and before and after and control and placed[0] and placed[1]:
        yield "all", _trimmed(evidence, (before, after), control, (placed[0], placed[1]))


def _raw(change: Printed, scale: str) -> Estimate:
    return before_after(0.0, change.point / 100, scale)


def _printed_pp(treated: Printed, control: Printed, level: float) -> Estimate:
    point = treated.point - control.point
    return printed_difference(treated.range, control.range, point=point, level=level, scale="pp")


def _trimmed(
    evidence: Evidence, treated: tuple[Printed, Printed], control: Printed, placed: tuple[Printed, Printed]
) -> Estimate:
    """Bounds for the children who are placed with and without the programme (bounds.always_placed).

    ``treated`` is the share before and after, ``control`` its change, ``placed`` both groups' number after over before.
    """
    before, after = treated
    # More placements than without the programme would mean that nobody was kept out: then nothing is trimmed.
    ratio = min(placed[0].low / placed[1].high, 1.0), min(placed[0].high / placed[1].low, 1.0)
    without = (before.low + control.low) / 100, (before.high + control.high) / 100
    effect = always_placed((after.low / 100, after.high / 100), without, ratio)
    low, high = (100 * limit for limit in effect)
    assumptions = ("parallel_trends", "only_removes_placements", "rounding_only")
    kind = {"estimand": "always_placed", "estimator": "trimming_bounds", "assumptions": assumptions}
    return bounded((low + high) / 2, (low, high), "pp", evidence.study.level, **kind)


def _relative(evidence: Evidence, group: str, outcome: str = "placed_total") -> Printed | None:
    """The printed number after over that before; None where no relative change is printed."""
    change = narrowest(evidence.select(outcome, "ratio_change", group))
    return change.mapped(0.01, 1.0) if change else None


def _counts(evidence: Evidence, outcome: Outcome) -> Made:
    """Estimates from the tables that fit, on every scale of the plan that their family has."""
    for reading, tables in evidence.tables_of(outcome.outcome).items():
        scales = [scale for scale in outcome.scales if tables[0].family == "binomial" or scale == "ratio"]
        for scale in scales:
            yield reading, over_tables(tables, scale, evidence.study.level)
        middle = middle_table(tables)
        before, after = (events / total for events, total in zip(middle.events[0], middle.totals[0], strict=True))
        yield reading, before_after(before, after, "ratio")


def _totals(evidence: Evidence, outcome: Outcome) -> Made:
    """Counts: the printed relative changes, then the tables."""
    treated, control = (_relative(evidence, group, outcome.outcome) for group in ("treated", "control"))
    if treated and control:
        yield "all", before_after(1.0, treated.point, "ratio")
        point = treated.point / control.point
        yield "all", printed_ratio(treated.range, control.range, point=point, level=evidence.study.level)
    yield from _counts(evidence, outcome)


BY_FAMILY: dict[str, Callable[[Evidence, Outcome], Iterable[tuple[str, Estimate]]]] = {
    "share": _shares,
    "count": _totals,
    "rate": _counts,
    "money": spending.estimates,
}
"""How an outcome with a difference-in-differences is estimated, by its family."""
