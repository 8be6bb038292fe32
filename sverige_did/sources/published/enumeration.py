"""Every table of whole children that fits all reported figures at once.

A reading of the sources is a :class:`Problem`: unknown counts with limits, wholes with their parts, and constraints,
each of them one reported figure with the interval that its rounding leaves. The tables are enumerated, so nothing
about them is estimated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sverige_did.errors import refuse
from sverige_did.study.formula import Term

Counts = NDArray[np.int64]
Values = NDArray[np.float64]

TIE = 1e-9
"""A printed figure may have been rounded up or down at the half, so both ends of its interval belong to it."""
CHUNK = 20_000
"""Rows tried at once: enough to be fast, few enough to stop early when one table is all that is wanted."""
MAX_TABLES = 100_000


@dataclass(frozen=True, slots=True)
class Constraint:
    """The sum of ``terms`` lies between ``low`` and ``high``, because ``facts`` say so.

    ``given`` marks what defines the reading itself; it is never given up to make the other figures fit.
    """

    facts: tuple[str, ...]
    terms: tuple[Term, ...]
    low: float
    high: float
    given: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The unknowns it needs."""
        return frozenset[str]().union(*(term.names for term in self.terms))

    def miss(self, columns: Mapping[str, Counts]) -> Values:
        """How far each table lies outside the interval, in the unit of the figure; 0 inside."""
        value = total(self.terms, columns)
        outside = np.maximum(self.low - value, value - self.high)
        return np.where(outside > TIE, outside, 0.0)


@dataclass(frozen=True, slots=True)
class Whole:
    """``parts`` that exclude each other and together are at most ``whole``."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A count between ``low`` and ``high``, both included. ``low`` must be 0 for a part of a whole."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One reading of the sources for one outcome: what is unknown and what is known about it.

    ``quantities`` are named sums of terms whose possible range is wanted beside that of the unknowns.
    """

    reading: str
    outcome: str
    unknowns: tuple[Unknown, ...]
    constraints: tuple[Constraint, ...]
    wholes: tuple[Whole, ...] = ()
    quantities: tuple[tuple[str, tuple[Term, ...]], ...] = ()


def total(terms: Sequence[Term], columns: Mapping[str, Counts]) -> Values:
    """The sum of the terms for each table; infinite where a denominator is 0. ``columns`` are arrays of length (N,)."""
    parts = []
    for term in terms:
        top = sum((columns[name].astype(float) for name in term.numerator), start=np.float64(0))
        bottom = sum((columns[name].astype(float) for name in term.denominator), start=np.float64(0))
        part = np.asarray(term.coefficient * (top if term.numerator else 1.0))
        if term.denominator:
            part = np.divide(part, bottom, out=np.full(np.shape(bottom), np.inf), where=np.asarray(bottom) > 0)
        parts.append(part)
    return np.asarray(sum(parts), dtype=float)


def tables_of(problem: Problem, constraints: Sequence[Constraint]) -> Counts:
    """All tables that meet the constraints, shape (tables, unknowns), in the order of counting.

    Raises RefusedError when there are more than ``MAX_TABLES``: the figures then say next to nothing.
    """
    order = _search_order(problem.unknowns, constraints)
    found: list[Counts] = [np.empty((0, len(order)), dtype=np.int64)]
    for rows in _solutions(order, constraints, problem.wholes):
        found.append(rows)
        if sum(map(len, found)) > MAX_TABLES:
            raise refuse("too_many_tables", expected=f"<= {MAX_TABLES}", reading=problem.reading)
    tables = np.vstack(found)[:, [order.index(unknown) for unknown in problem.unknowns]]
    return tables[np.lexsort(tables.T[::-1])]


def fits(problem: Problem, constraints: Sequence[Constraint]) -> bool:
    """Whether any table meets the constraints.

    Only the unknowns that the constraints name are searched. The others may stay at 0, which no whole forbids.
    """
    named = frozenset[str]().union(*(constraint.names for constraint in constraints))
    unknowns = tuple(unknown for unknown in problem.unknowns if unknown.name in named)
    wholes = tuple(
        Whole(whole.whole, tuple(part for part in whole.parts if part in named))
        for whole in problem.wholes
        if whole.whole in named
    )
    order = _search_order(unknowns, constraints)
    return any(len(rows) for rows in _solutions(order, constraints, wholes))


def _search_order(unknowns: Sequence[Unknown], constraints: Sequence[Constraint]) -> list[Unknown]:
    """The unknown that lets most constraints be checked comes next, so that a dead end is met early."""
    needed = [rule.names for rule in constraints]
    order: list[Unknown] = []
    while len(order) < len(unknowns):
        bound = frozenset(unknown.name for unknown in order)
        waiting = [unknown for unknown in unknowns if unknown not in order]
        gain = [sum(names <= bound | {unknown.name} for names in needed) for unknown in waiting]
        order.append(waiting[int(np.argmax(gain))])
    return order


def _solutions(
    unknowns: Sequence[Unknown], constraints: Sequence[Constraint], wholes: Sequence[Whole]
) -> Iterator[Counts]:
    """Tables in chunks: unknown after unknown is added, and a row is dropped as soon as it breaks a rule."""
    names = [unknown.name for unknown in unknowns]
    tops = [min([unknown.high, *_tops(unknown.name, constraints)]) for unknown in unknowns]
    last = [max((names.index(name) for name in rule.names), default=0) for rule in constraints]
    due = [[rule for rule, at in zip(constraints, last, strict=True) if at == depth] for depth in range(len(names))]

    def grow(rows: Counts, depth: int) -> Iterator[Counts]:
        if depth == len(names):
            yield rows
            return
        values = np.arange(unknowns[depth].low, tops[depth] + 1)
        step = max(1, CHUNK // max(1, len(values)))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            grown = np.column_stack([np.repeat(part, len(values), axis=0), np.tile(values, len(part))])
            columns = dict(zip(names, grown.T, strict=False))
            kept = grown[_allowed(columns, due[depth], wholes)]
            if len(kept):
                yield from grow(kept, depth + 1)

    yield from grow(np.zeros((1, 0), dtype=np.int64), 0)


def _tops(name: str, constraints: Sequence[Constraint]) -> Iterator[int]:
    """How large a count can be at most, where a sum of counts that it belongs to is limited."""
    for rule in constraints:
        sums = all(term.coefficient > 0 and term.numerator and not term.denominator for term in rule.terms)
        if sums and math.isfinite(rule.high):
            own = sum(term.coefficient for term in rule.terms if name in term.numerator)
            if own:
                yield math.floor(rule.high / own + TIE)


def _allowed(columns: Mapping[str, Counts], rules: Sequence[Constraint], wholes: Sequence[Whole]) -> NDArray[np.bool_]:
    allowed = np.ones(len(next(iter(columns.values()))), dtype=bool)
    for whole in wholes:
        parts = [columns[part] for part in whole.parts if part in columns]
        if whole.whole in columns and parts:
            allowed &= np.sum(parts, axis=0) <= columns[whole.whole]
    for rule in rules:
        allowed &= rule.miss(columns) == 0
    return allowed
