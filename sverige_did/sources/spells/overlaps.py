"""Spells of one child that overlap: which of them counts on which day, and how many there were.

Every function here expects what :mod:`sverige_did.sources.spells.spells` makes: ``start <= day < stop``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import numpy as np

from sverige_did.sources.spells.spells import BoolArray, IntArray, Spells, order_by_child

type Painter = Callable[[IntArray, IntArray, IntArray], tuple[IntArray, IntArray, IntArray]]

OverlapRule = Literal["highest_rung", "first", "newest", "count_both"]
"""highest_rung: the most intrusive measure counts · first: the one that began first keeps the day · newest: the one
that began last takes it · count_both: both count, and the child counts twice that day."""

WORTH_COMPILING = 20_000
"""Overlapping spells from which the loop over them is compiled first."""


def resolve_overlaps(spells: Spells, rule: OverlapRule) -> Spells:
    """Spells of which no two of one child cover the same day (unless ``rule`` is ``count_both``).

    Ties go to the higher rung, the earlier start, the later stop, and at last the lower district code: never to
    the order of the rows. O(n log n) in the spells, O(m^2) in the m spells of one overlapping cluster.
    """
    if rule == "count_both":
        return spells
    rows, first = _clusters(spells)
    if not len(rows):
        return spells
    rows = rows[_by_priority(spells, rows, first, rule)]
    # To compile takes seconds, in every process anew; the same lines as they stand are faster for a municipality.
    paint = _paint if len(rows) < WORTH_COMPILING else _compiled()
    source, start, stop = paint(first, spells.start[rows], spells.stop[rows])
    alone = np.ones(len(spells), dtype=np.bool_)
    alone[rows] = False
    kept = np.flatnonzero(alone)
    return spells.cut(
        np.concatenate([kept, rows[source]]),
        np.concatenate([spells.start[kept], start]),
        np.concatenate([spells.stop[kept], stop]),
    )


def _clusters(spells: Spells) -> tuple[IntArray, IntArray]:
    """Rows that overlap another of the same child, one cluster after another, and where each cluster begins.

    ``first`` has one entry more than there are clusters. Walking along (child, start), a spell joins the cluster
    before it when it starts before the furthest stop so far.
    """
    order = order_by_child(spells)
    order = order[spells.stop[order] > spells.start[order]]  # a spell without a day overlaps nothing
    if not len(order):
        return order, np.zeros(1, dtype=np.int64)
    child, base = spells.child[order], int(spells.start.min())
    number = np.concatenate([[0], np.cumsum(child[1:] != child[:-1])])
    child_offset = number * (int(spells.stop.max()) - base + 1) - base  # no day of one child meets one of the next
    reach = np.maximum.accumulate(child_offset + spells.stop[order])
    joins = np.concatenate([[False], (child_offset + spells.start[order])[1:] < reach[:-1]])
    member: BoolArray = joins | np.concatenate([joins[1:], [False]])
    begins = np.flatnonzero(~joins[member])
    return order[member], np.append(begins, member.sum())


def _by_priority(spells: Spells, rows: IntArray, first: IntArray, rule: OverlapRule) -> IntArray:
    """An order of ``rows`` that keeps the clusters and puts, within each, the spell that wins first."""
    cluster = np.repeat(np.arange(len(first) - 1), np.diff(first))
    rung, start = -spells.rung[rows], spells.start[rows]
    leading = {"highest_rung": (start, rung), "first": (rung, start), "newest": (rung, -start)}[rule]
    return np.lexsort((spells.district[rows], -spells.stop[rows], *leading, cluster)).astype(np.int64)


@cache
def _compiled() -> Painter:
    """:func:`_paint` as machine code."""
    import numba  # noqa: PLC0415 (a second that most never need)

    painter: Painter = numba.njit(nogil=True)(_paint)
    return painter


def _paint(first: IntArray, start: IntArray, stop: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Cut each cluster at all its starts and stops, and give each part to the first spell that covers it.

    Returns source, start and stop of the pieces.
    """
    source = np.empty(2 * len(start), dtype=np.int64)  # m spells have at most 2 m - 1 parts
    begin, finish = np.empty_like(source), np.empty_like(source)
    n = 0
    for c in range(len(first) - 1):
        a, b = first[c], first[c + 1]
        edges = np.sort(np.concatenate((start[a:b], stop[a:b])))
        open_piece = False
        for k in range(len(edges) - 1):
            low, high = edges[k], edges[k + 1]
            if low == high:
                continue
            winner = -1
            for i in range(a, b):
                if start[i] <= low and high <= stop[i]:
                    winner = i
                    break
            if open_piece and source[n - 1] == winner:
                finish[n - 1] = high
            else:
                source[n], begin[n], finish[n] = winner, low, high
                n, open_piece = n + 1, True
    return source[:n], begin[:n], finish[:n]
