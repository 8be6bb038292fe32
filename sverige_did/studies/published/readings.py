"""From the plan's readings of damaged tables to problems of unknown counts, bound by the printed figures.

The plan says what each figure means for the counts (``readings.yaml``, :mod:`sverige_did.study.readings`); here the
figures' values and their rounding are put in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from sverige_did.errors import InputError, Problem
from sverige_did.results.published import Reported
from sverige_did.sources.published import enumeration
from sverige_did.sources.published.enumeration import Constraint, Unknown, Whole
from sverige_did.sources.published.facts import limits
from sverige_did.study.formula import figures_in, terms_of
from sverige_did.study.read import READINGS
from sverige_did.study.readings import CountTable, Reconstruction, Rule

Figures = Mapping[str, Reported]


def problems(plan: Reconstruction, facts: Iterable[Reported]) -> tuple[enumeration.Problem, ...]:
    """One problem for each table of the plan, in its order.

    Raises InputError that names every figure which the plan uses and the data lack, or which has no number.
    """
    figures = {fact.fact_id: fact for fact in facts}
    faults = [fault for rule in plan.rules for fault in _faults(f"rules.{rule.key}.figure", rule, figures)]
    for at, table in enumerate(plan.tables):
        faults += [
            _fault(f"tables.{at}.largest", name, figures)
            for text in table.largest
            for _, name in figures_in(text)
            if not _is_number(figures.get(name))
        ]
    if faults:
        raise InputError(*faults)
    return tuple(_problem(plan, table, figures) for table in plan.tables)


def _faults(field: str, rule: Rule, figures: Figures) -> list[Problem]:
    """Words have no number: the rule then says what they mean."""
    in_words = rule.low is not None or rule.high is not None
    return [
        _fault(field, name, figures)
        for _, name in figures_in(rule.figure)
        if name not in figures or not (in_words or _is_number(figures[name]))
    ]


def _is_number(fact: Reported | None) -> bool:
    return fact is not None and isinstance(fact.value, float)


def _fault(field: str, name: str, figures: Figures) -> Problem:
    if name in figures:
        return Problem("plan_figure_no_number", file=READINGS, column=field, found=name)
    return Problem("plan_figure_missing", file=READINGS, column=field, found=name, expected=", ".join(figures))


def _problem(plan: Reconstruction, table: CountTable, figures: Figures) -> enumeration.Problem:
    whole = plan.whole.name
    largest = [math.floor(_limits(text, figures)[1]) for text in table.largest]
    unknowns = [
        Unknown(f"{name}_{at}", int(name == whole), largest[at]) for at in (0, 1) for name in (whole, *table.kinds)
    ]
    wholes = [Whole(f"{whole}_{at}", tuple(f"{kind}_{at}" for kind in table.kinds)) for at in (0, 1)]
    if table.after_only:
        wholes.append(Whole(f"{whole}_1", table.after_only))
    counts = table.counts(whole)
    ranges = [(item.key, terms_of(item.counts)) for item in plan.ranges]
    return enumeration.Problem(
        reading=table.reading,
        outcome=table.outcome,
        unknowns=(*unknowns, *(Unknown(name, 0, largest[1]) for name in table.after_only)),
        constraints=(
            *(_constraint(plan.rule(key), figures, given=True) for key in table.given),
            *(_constraint(plan.rule(key), figures, given=False) for key in table.printed),
        ),
        wholes=tuple(wholes),
        quantities=tuple((key, terms) for key, terms in ranges if all(term.names <= counts for term in terms)),
    )


def _constraint(rule: Rule, figures: Figures, *, given: bool) -> Constraint:
    if rule.low is None and rule.high is None:
        low, high = _limits(rule.figure, figures)
        low, high = {"equal": (low, high), "at_least": (low, math.inf), "at_most": (-math.inf, high)}[rule.reads]
    else:
        low = -math.inf if rule.low is None else rule.low
        high = math.inf if rule.high is None else rule.high
    facts = tuple(name for _, name in figures_in(rule.figure))
    return Constraint(facts, terms_of(rule.counts), low, high, given=given)


def _limits(text: str, figures: Figures) -> tuple[float, float]:
    """What a figure, or a sum of several, can be given the rounding of each."""
    low = high = 0.0
    for sign, name in figures_in(text):
        ends = sorted(sign * end for end in limits(figures[name]))
        low, high = low + ends[0], high + ends[1]
    return low, high
