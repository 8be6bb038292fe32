"""Counts that a source prints outright: numbers of children, and shares of a printed number of children.

A share is known by a ``total`` (how many there were) with a ``count``, a ``level`` in per cent, or both, for one
outcome, group and date. Every pair of whole numbers that all these figures allow is enumerated; where none is left,
the figures contradict each other, and the smallest sets that do are named. So are changes, of any outcome, that
contradict the figures printed beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from sverige_did.outcomes import CATALOGUE
from sverige_did.results.published import Feasible, Reported
from sverige_did.sources.published.contradictions import solve
from sverige_did.sources.published.enumeration import Constraint, Problem, Unknown, Whole
from sverige_did.sources.published.facts import limits
from sverige_did.sources.published.printed_changes import contradicted_changes
from sverige_did.studies.published.plan_parts import MOMENTS, Pair, figures_at
from sverige_did.study.formula import terms_of
from sverige_did.study.study import PublishedStudy, Study
from sverige_did.windows import of_moment

GROUPS = ("treated", "control")
KEPT = 3
"""Tables kept of each group where many fit: those with the smallest, the middle and the largest change."""

PRINTED = {"treated": "printed_treated", "control": "printed_control"}
"""The readings that these enumerations go by."""


NONE: dict[str, object] = {"tables": (), "intervals": {}, "given_up": ()}
CHANGE = "100 * events_1 / total_1 - 100 * events_0 / total_0"


def every_outcome(study: PublishedStudy, facts: Sequence[Reported]) -> Iterator[Feasible]:
    """The enumeration of each outcome's printed counts, group by group, and where its printed changes contradict it.

    Tables that contradict figures are dropped: with a choice among one's own figures an estimate would only look sure.
    """
    named = [item.outcome for item in study.outcomes]
    parts = [part for name in named for part in CATALOGUE[name].made_of]
    for outcome, group in product(dict.fromkeys(named + parts), GROUPS):
        found = _found(study, [fact for fact in facts if fact.group == group], outcome, group)
        if found is not None:
            yield found if found.consistent else found.model_copy(update=NONE)


def contradicted(study: Study, found: Iterable[Feasible]) -> frozenset[str]:
    """The outcomes whose printed figures cannot all be true, and those made of one: nothing may be computed of them.

    Not by the readings of damaged tables, which are made to show what contradicts what.
    """
    torn = {one.outcome for one in found if one.reading in PRINTED.values() and not one.consistent}
    made = {item.outcome for item in study.outcomes if torn.intersection(CATALOGUE[item.outcome].made_of)}
    return frozenset(torn | made)


def _found(study: PublishedStudy, facts: Sequence[Reported], outcome: str, group: str) -> Feasible | None:
    """What the figures of one group leave open; None where they neither have counts nor contradict each other."""
    problem = _problem(study, facts, outcome, group)
    found = None if problem is None else solve(problem)
    if found is not None and not found.consistent:
        return found
    conflicts = tuple(contradicted_changes([fact for fact in facts if fact.outcome == outcome]))
    if not conflicts:
        return found
    bare = Feasible(reading=PRINTED[group], outcome=outcome, unknowns=(), tables=())
    return (found or bare).model_copy(update={"conflicts": conflicts})


def _problem(study: PublishedStudy, facts: Sequence[Reported], outcome: str, group: str) -> Problem | None:
    """One group's events among totals, before (``_0``) and after (``_1``), where a total is printed; else None."""
    if CATALOGUE[outcome].family not in {"share", "rate"}:
        return None
    mine = [fact for fact in facts if (fact.outcome, fact.group) == (outcome, group) and isinstance(fact.value, float)]
    rules: list[Constraint] = []
    tops: dict[int, int] = {}
    for at, when in enumerate(MOMENTS):
        totals, counted, levels = (figures_at(_of(mine, kind), study, when) for kind in ("total", "count", "level"))
        shares = [fact for fact in levels if fact.unit == "percent"]
        if totals and (counted or shares):
            rules += [_rule(fact, f"total_{at}", given=True) for fact in totals]
            rules += [_rule(fact, f"events_{at}") for fact in counted]
            rules += [_rule(fact, f"100 * events_{at} / total_{at}") for fact in shares]
            tops[at] = _top(totals, counted, shares)
    both = len(tops) == len(MOMENTS)
    ends = [
        fact for fact in _of(mine, "change") if fact.unit == "pp" and of_moment(fact.period_end, study.periods, "after")
    ]
    rules += [_rule(fact, CHANGE) for fact in ends if both]
    if not tops:
        return None
    names = [(f"{name}_{at}", low, top) for at, top in tops.items() for name, low in (("total", 1), ("events", 0))]
    return Problem(
        reading=PRINTED[group],
        outcome=outcome,
        unknowns=tuple(Unknown(*name) for name in names),
        constraints=tuple(rules),
        wholes=tuple(Whole(f"total_{at}", (f"events_{at}",)) for at in tops),
        quantities=(("share_change_pp", terms_of(CHANGE)),) if both else (),
    )


def _of(facts: Sequence[Reported], measure: str) -> list[Reported]:
    return [fact for fact in facts if fact.measure == measure]


def _rule(fact: Reported, formula: str, *, given: bool = False) -> Constraint:
    return Constraint((fact.fact_id,), terms_of(formula), *limits(fact), given=given)


def _top(totals: Sequence[Reported], counts: Sequence[Reported], shares: Sequence[Reported]) -> int:
    """So large that count and share alone could be had with a larger total: else the total would not be named."""
    lowest = min((fact.low for fact in shares if fact.low > 0), default=100.0)
    return math.floor(max([fact.high for fact in totals] + [100 * fact.high / lowest + 1 for fact in counts]))


def pairs(outcome: str, found: Sequence[Feasible]) -> Iterator[tuple[tuple[Pair, Pair], tuple[Pair, Pair]]]:
    """Events (treated, control) and totals (treated, control), each before and after, for every way that is kept.

    None unless both groups' figures fit, at both dates.
    """
    mine = {item.reading: item for item in found if item.outcome == outcome and "share_change_pp" in item.intervals}
    sides = [_kept(mine[reading]) if reading in mine else [] for reading in PRINTED.values()]
    for (events, totals), (others, among) in product(*sides):
        yield (events, others), (totals, among)


def _kept(found: Feasible) -> list[tuple[Pair, Pair]]:
    """A group's events and totals: the extremes of the change, and the middle."""
    rows = [dict(zip(found.unknowns, table, strict=True)) for table in found.tables]
    rows.sort(key=lambda row: row["events_1"] / row["total_1"] - row["events_0"] / row["total_0"])
    if len(rows) > KEPT:
        rows = [rows[0], rows[len(rows) // 2], rows[-1]]
    return [((row["events_0"], row["events_1"]), (row["total_0"], row["total_1"])) for row in rows]


def counts(study: PublishedStudy, facts: Sequence[Reported], outcome: str, group: str) -> list[Pair]:
    """Numbers of children before and after, as printed; with their rounding also the smallest and largest change."""
    mine = [fact for fact in facts if (fact.outcome, fact.measure, fact.group) == (outcome, "count", group)]
    sides = [figures_at(mine, study, when) for when in MOMENTS]
    if not all(sides):
        return []
    before, after = (side[0] for side in sides)
    ends = [(math.ceil(fact.low), math.floor(fact.high)) for fact in (before, after)]
    ways = [(int(before.number), int(after.number)), (ends[0][0], ends[1][1]), (ends[0][1], ends[1][0])]
    return list(dict.fromkeys(ways))
