"""Which district a spell belongs to: where the child lived on one baseline day, or on each day itself.

The baseline rule keeps a child in the district it was meant to be treated in (intention to treat), whatever moves
follow; the rule of the day is its sensitivity analysis.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sverige_did.errors import refuse
from sverige_did.sources.spells.overlaps import resolve_overlaps
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, BoolArray, IntArray, Spells, make_spells


def make_residences(
    child: ArrayLike, district: ArrayLike, start: ArrayLike, end: ArrayLike, *, end_inclusive: bool, censored_on: int
) -> Spells:
    """Where children lived, from a table of residence spells; columns and refusals as in :func:`make_spells`.

    One district at most per child and day: where two residences of one child overlap, the newer registration counts.
    Sorted by child and start.
    """
    rung = np.zeros(np.shape(child), dtype=np.int64)
    table = make_spells(child, rung, district, start, end, end_inclusive=end_inclusive, censored_on=censored_on)
    lived = resolve_overlaps(table, "newest")
    order = np.lexsort((lived.start, lived.child))
    order = order[lived.stop[order] > lived.start[order]]
    if not len(order):
        raise refuse("spells_empty")
    return lived.cut(order, lived.start[order], lived.stop[order])


def assign_at_baseline(spells: Spells, residences: Spells, baseline: int) -> Spells:
    """Every spell in the district where its child lived on the day ``baseline``.

    A child without a residence that day takes the first one after it, else the last one before it;
    :data:`UNKNOWN_DISTRICT` where it has none at all.
    """
    past = residences.stop <= baseline
    wait = np.where(past, baseline - residences.stop, np.maximum(residences.start - baseline, 0))
    order = np.lexsort((wait, past, residences.child))
    known, nearest = np.unique(residences.child[order], return_index=True)
    place, found = _look_up(spells.child, known)
    district = np.where(found, residences.district[order[nearest]][place], UNKNOWN_DISTRICT)
    return spells.cut(np.arange(len(spells)), spells.start, spells.stop, district)


def assign_on_the_day(spells: Spells, residences: Spells) -> Spells:
    """Every spell cut where its child moves, each piece in the district of its days.

    Days without a known residence become pieces in :data:`UNKNOWN_DISTRICT`. O((n + m) log m); the number of
    pieces is at most n plus the moves inside spells.
    """
    code, children = pd.factorize(spells.child, sort=True)
    low = min(int(residences.start.min()), int(spells.start.min()))
    child, day, district = _timeline(children, residences, low)
    width = max(int(day.max()), int(spells.stop.max())) - low + 1
    key = child * width + (day - low)
    lived = np.searchsorted(key, code * width + (spells.start - low), side="right") - 1
    until = np.searchsorted(key, code * width + (spells.stop - low), side="left")
    pieces = np.maximum(until - lived, 1)  # a spell without a day keeps its one piece
    source = np.repeat(np.arange(len(spells)), pieces)
    within = np.arange(len(source)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    at = lived[source] + within
    start = np.where(within == 0, spells.start[source], day[at])
    last = within == pieces[source] - 1
    stop = np.where(last, spells.stop[source], day[np.minimum(at + 1, len(day) - 1)])
    return spells.cut(source, start, stop, district[at])


def _timeline(children: IntArray, residences: Spells, low: int) -> tuple[IntArray, IntArray, IntArray]:
    """The days on which the district of a child changes: number of the child, day, district from then on.

    Each child begins unknown on the day ``low``, before all others, and becomes unknown again at the end of a
    residence that no other follows at once.
    """
    place, found = _look_up(residences.child, children)
    number, start, stop = place[found], residences.start[found], residences.stop[found]
    follows = np.zeros(len(number), dtype=np.bool_)
    follows[:-1] = (number[1:] == number[:-1]) & (start[1:] == stop[:-1])
    ends = ~follows
    child = np.concatenate([np.arange(len(children)), number, number[ends]])
    day = np.concatenate([np.full(len(children), low), start, stop[ends]])
    unknown = np.full(len(children), UNKNOWN_DISTRICT)
    district = np.concatenate([unknown, residences.district[found], np.full(int(ends.sum()), UNKNOWN_DISTRICT)])
    order = np.lexsort((day, child))
    return child[order], day[order], district[order]


def _look_up(wanted: IntArray, known: IntArray) -> tuple[IntArray, BoolArray]:
    """The place of each wanted value in ``known`` (sorted, unique), and whether it is there."""
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return place, known[place] == wanted
