"""How long children stay in care from their first placement, by the period in which it began.

A child's first stay runs from its first placement to the first day that it is placed nowhere; from one place straight
to the next it goes on. All children are followed for the same time, :data:`HORIZON` months: a longer stay counts as
that long. Children are compared by when they entered, never by when they left, and only those whose whole follow-up is
seen: it ends before the programme or begins under it, before the grid ends and before they come of age. So no stay is
cut off by the end of the register, and nobody is both unexposed and exposed.

The programme begins on the district's own day. Where all treated districts share it, that day divides the controls'
children too, so that both groups' entered on the same days. A district that counts as a control does so until its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sverige_did.sources.panel.frame import FloatArray, PanelFrame
from sverige_did.sources.panel.placements import MAJORITY
from sverige_did.sources.panel.tally import Tally, by_district
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, IntArray, Spells, birthday

HORIZON = 12
"""Months that every child is followed."""

MONTH = 365.25 / 12
FOLLOWED = int(np.ceil(HORIZON * MONTH))
"""Days that every child is followed."""

BoolArray = NDArray[np.bool_]


class FirstStays(NamedTuple):
    """The first stays that are followed: ``district`` (n,) where the plan counts the child on its first day, ``period``
    (n,) the period of that day, ``months`` (n,) in care, at most :data:`HORIZON`, and whether the child had ``left``
    (n,) by then.
    """

    district: IntArray
    period: IntArray
    months: FloatArray
    left: BoolArray


def first_stays(spells: Spells, panel_frame: PanelFrame) -> FirstStays:
    """The first stay of every child who is followed, from ``spells`` of placement under age."""
    child, start, stop, district = _first_runs(spells)
    bounds, end = panel_frame.windows.bounds, start + FOLLOWED
    seen = (start >= bounds[0]) & (end <= bounds[-1]) & (end <= birthday(panel_frame.born[child], MAJORITY))
    kept = seen & (district != UNKNOWN_DISTRICT) & _on_one_side(start, end, district, panel_frame)
    days = (stop - start)[kept]
    return FirstStays(
        district=district[kept],
        period=np.searchsorted(bounds, start[kept], side="right") - 1,
        months=np.minimum(days / MONTH, HORIZON),
        left=days < FOLLOWED,
    )


def _on_one_side(start: IntArray, end: IntArray, district: IntArray, panel_frame: PanelFrame) -> BoolArray:
    """Whether the follow-up (n,) has all its days without the programme, or all under it where a district is treated.

    A child of no known district is on any side.
    """
    treated, begins = panel_frame.treated, panel_frame.begins
    starts = np.unique(begins[treated])
    common = starts[0] if len(starts) == 1 else np.inf
    own, under = begins[district], treated[district]
    before = (end <= own) & ~((start < common) & (common < end))
    return before | (under & (start >= own))


def _first_runs(spells: Spells) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Child, first day, first day away and district of the first day, of each child's first unbroken run of spells."""
    order = np.lexsort((spells.stop, spells.start, spells.child))
    child, start = spells.child[order], spells.start[order]
    reached = pd.Series(spells.stop[order]).groupby(child).cummax().to_numpy(dtype=np.int64)
    first = np.r_[True, child[1:] != child[:-1]] if len(child) else np.zeros(0, dtype=np.bool_)
    broken = np.zeros(len(child), dtype=np.int64)
    broken[1:] = ~first[1:] & (start[1:] > reached[:-1])
    before_gap = pd.Series(broken).groupby(child).cumsum().to_numpy() == 0
    at = np.flatnonzero(first)
    runs = np.flatnonzero(before_gap)
    last = runs[np.searchsorted(child[runs], child[at], side="right") - 1] if len(at) else at
    return child[at], start[at], reached[last], spells.district[order][at]


def first_exits(stays: FirstStays, panel_frame: PanelFrame, source: str) -> tuple[Tally, Tally]:
    """Of those who entered (``first_entries``): mean months in care (``months_in_care``), missing where nobody is
    followed, and how many left in time (``first_left``), which says of how few children the mean can tell.
    """
    number, total, left = (np.zeros(panel_frame.shape) for _ in range(3))
    for sums, of_each in ((number, 1.0), (total, stays.months), (left, stays.left)):
        np.add.at(sums, (stays.district, stays.period), of_each)
    mean = np.divide(total, number, out=np.full(panel_frame.shape, np.nan), where=number > 0)
    return (
        by_district(panel_frame, "mean", source, {"months_in_care": mean}, first_entries=number),
        by_district(panel_frame, "events", source, {"first_left": left}, first_entries=number),
    )
