"""Where reported figures contradict each other: the smallest sets that do, and the largest that do not.

All figures together either fit some table, or every smallest contradictory set is named and the tables of the
largest sets that do fit are given instead, each with the figures it gives up.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from sverige_did.errors import refuse
from sverige_did.results.published import Feasible
from sverige_did.sources.published.enumeration import Constraint, Counts, Problem, fits, tables_of, total

MAX_FIGURES = 14
"""Sets of figures are enumerated, so their number doubles with each one."""


def solve(problem: Problem) -> Feasible:
    """The tables that fit all figures, or those that fit as many as possible (see :func:`relaxations`)."""
    tables = tables_of(problem, problem.constraints)
    if len(tables):
        return _feasible(problem, problem.constraints, tables, ())
    return relaxations(problem)[0]


def relaxations(problem: Problem) -> tuple[Feasible, ...]:
    """One answer for each largest set of figures that fit together, those that give up fewest first.

    Ties keep the figures that the problem names first. Tables come nearest first: by the summed distance to the
    figures given up. Raises RefusedError when there are too many figures or tables to enumerate.
    """
    given = [rule for rule in problem.constraints if rule.given]
    doubted = [rule for rule in problem.constraints if not rule.given]
    if len(doubted) > MAX_FIGURES:
        raise refuse("too_many_figures", found=str(len(doubted)), expected=f"<= {MAX_FIGURES}")
    wrong, right = _split(problem, given, doubted)
    conflicts = tuple(_ids(_smallest(problem, given, [doubted[i] for i in chosen])) for chosen in wrong)
    answers = []
    for kept in sorted(right, key=lambda chosen: (-len(chosen), chosen)):
        rules = [*given, *(doubted[i] for i in kept)]
        answers.append(_feasible(problem, rules, tables_of(problem, rules), conflicts))
    return tuple(answers) or (_feasible(problem, given, tables_of(problem, given), conflicts),)


def _split(
    problem: Problem, given: Sequence[Constraint], doubted: Sequence[Constraint]
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """The smallest sets that contradict what is given or each other, and the largest that do not."""
    wrong: list[tuple[int, ...]] = []
    right: list[tuple[int, ...]] = []
    for size in range(len(doubted) + 1):
        for chosen in combinations(range(len(doubted)), size):
            if any(set(chosen) >= set(known) for known in wrong):
                continue
            if fits(problem, [*given, *(doubted[i] for i in chosen)]):
                right = [known for known in right if not set(known) <= set(chosen)] + [chosen]
            else:
                wrong.append(chosen)
    return wrong, right


def _smallest(problem: Problem, given: Sequence[Constraint], chosen: Sequence[Constraint]) -> list[Constraint]:
    """The chosen figures with no more of what is given than their contradiction needs.

    What is given about the same unknowns is tried first, then what is linked through further unknowns. Nothing is
    chosen where the reading contradicts itself.
    """
    needed: list[Constraint] = [] if chosen else list(given)
    while fits(problem, [*needed, *chosen]):
        names = frozenset[str]().union(*(rule.names for rule in (*needed, *chosen)))
        linked = [rule for rule in given if rule.names & names]
        # What is linked only through a whole and its parts comes last: everything that is given.
        needed = linked if len(linked) > len(needed) else list(given)
    for rule in tuple(needed):
        fewer = [other for other in needed if other is not rule]
        if not fits(problem, [*fewer, *chosen]):
            needed = fewer
    return [*needed, *chosen]


def _ids(rules: Sequence[Constraint]) -> tuple[str, ...]:
    return tuple(sorted({fact for rule in rules for fact in rule.facts}))


def _feasible(
    problem: Problem, kept: Sequence[Constraint], tables: Counts, conflicts: tuple[tuple[str, ...], ...]
) -> Feasible:
    names = tuple(unknown.name for unknown in problem.unknowns)
    columns = dict(zip(names, tables.T, strict=True))
    left = [rule for rule in problem.constraints if all(rule is not other for other in kept)]
    if left and len(tables):
        missed = np.sum([rule.miss(columns) for rule in left], axis=0)
        tables = tables[np.argsort(missed, kind="stable")]
    ranges = {name: (float(column.min()), float(column.max())) for name, column in columns.items() if len(column)}
    for name, terms in problem.quantities if len(tables) else ():
        value = total(terms, columns)
        ranges[name] = (float(value.min()), float(value.max()))
    return Feasible(
        reading=problem.reading,
        outcome=problem.outcome,
        unknowns=names,
        tables=tuple(tuple(int(count) for count in table) for table in tables),
        intervals=ranges,
        facts=_ids(kept),
        conflicts=conflicts,
        given_up=tuple(sorted({fact for rule in left for fact in rule.facts} - set(_ids(kept)))),
    )
