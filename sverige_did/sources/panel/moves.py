"""Moves on the ladder of placements: where the children of each rung stand one period later.

A period begins and ends at midnight, so that every change of rung dated in its days is seen in it and in no other: the
rung of the evening before is held against that of its last evening. There and back again within a period is no move.
Leaving care and turning 18 are no moves either, but such children were there to be moved and stay in the denominator:
left out, a programme that sends children home would seem to move more of those it keeps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.sources.panel.frame import FloatArray, PanelFrame
from sverige_did.sources.panel.placements import MAJORITY, NAMES
from sverige_did.sources.panel.tally import Tally, by_district
from sverige_did.sources.registers.codes import Ladder, Rung
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, IntArray, Spells, birthday

NOWHERE = -1
"""Where a child stands that is not placed."""

NO_PLACE = -2
"""Where a child stands that is placed nobody knows where."""

OUT_OF_CARE, OF_AGE = 0, 1
"""Destinations after the R rungs: ``counts[..., R + OUT_OF_CARE]`` and ``counts[..., R + OF_AGE]``."""

EXITS = 2


def rungs_of(ladder: Ladder) -> tuple[Rung, ...]:
    """The rungs that a placed child can stand on, least intrusive first."""
    return tuple(rung for rung in NAMES if ladder == "kora" or rung is not Rung.HOME_BASED)


class Moved(NamedTuple):
    """``counts`` (D, T, R, R + 2): children by district and rung at the start of a period and by where they are at its
    end, a rung of :func:`rungs_of`, out of care or of age.

    ``unknown`` is how many were left out since their place at the end of a period is not known.
    """

    counts: IntArray
    unknown: int

    @property
    def stood(self) -> FloatArray:
        """(D, T) children on any rung at the start."""
        return self.counts.sum(axis=(2, 3)).astype(np.float64)

    @property
    def down(self) -> FloatArray:
        """(D, T) of them on a less intrusive rung at the end."""
        return self._ending(np.tri(self.counts.shape[2], k=-1))

    @property
    def up(self) -> FloatArray:
        """(D, T) of them on a more intrusive rung at the end."""
        return self._ending(np.tri(self.counts.shape[2], k=-1).T)

    def _ending(self, there: FloatArray) -> FloatArray:
        """(D, T) children whose rungs at the start and at the end are among those marked in (R, R)."""
        among: FloatArray = np.einsum("dtok,ok->dt", self.counts[..., : len(there)], there)
        return among


def count_moves(spells: Spells, panel_frame: PanelFrame) -> Moved:
    """Moves of the placed in every period, in the district where the plan counts the child at its start.

    ``spells`` are those of :func:`~sverige_did.sources.panel.placements.placements`. Where two of a child's count at
    once, the most intrusive one is where it stands. Linear in spells and children, period by period.
    """
    rungs = rungs_of(panel_frame.rules.home_based)
    R, (D, T) = len(rungs), panel_frame.shape
    counts, unknown = np.zeros((D, T, R, R + EXITS), dtype=np.int64), 0
    evenings = panel_frame.windows.bounds - 1
    of_age = birthday(panel_frame.born, MAJORITY)
    spells = _by_rung(spells)
    at, district = _standing(spells, int(evenings[0]), panel_frame, rungs)
    for t, evening in enumerate(evenings[1:]):
        then, elsewhere = _standing(spells, int(evening), panel_frame, rungs)
        gone = np.where(of_age <= evening, R + OF_AGE, R + OUT_OF_CARE)
        placed = (at >= 0) & (district != UNKNOWN_DISTRICT)
        unknown += int((placed & (then == NO_PLACE)).sum())
        seen = np.flatnonzero(placed & (then != NO_PLACE))
        end = np.where(then == NOWHERE, gone, then)[seen]
        cell = (district[seen] * R + at[seen]) * (R + EXITS) + end
        counts[:, t] = np.bincount(cell, minlength=D * R * (R + EXITS)).reshape(D, R, R + EXITS)
        at, district = then, elsewhere
    return Moved(counts, unknown)


def _by_rung(spells: Spells) -> Spells:
    """The most intrusive last: the last of several values for one child is the one that is kept."""
    rows = np.argsort(spells.rung, kind="stable")
    return spells.cut(rows, spells.start[rows], spells.stop[rows])


def _standing(spells: Spells, day: int, panel_frame: PanelFrame, rungs: tuple[Rung, ...]) -> tuple[IntArray, IntArray]:
    """Where each child stands on a day, a place on ``rungs``, and in which district: (C,) each."""
    place = np.full(max(Rung) + 1, NO_PLACE)
    place[list(rungs)] = np.arange(len(rungs))
    there = np.flatnonzero((spells.start <= day) & (day < spells.stop))
    child = spells.child[there]
    at = np.full(len(panel_frame.children), NOWHERE)
    district = np.full(len(panel_frame.children), UNKNOWN_DISTRICT)
    at[child], district[child] = place[spells.rung[there]], spells.district[there]
    return at, district


def moves(moved: Moved, panel_frame: PanelFrame, source: str) -> Tally:
    """Moves down and up (``moved_down``, ``moved_up``), over children on the ladder as the period began (``stood``).

    Periods before anybody was placed anywhere have no numbers: the register begins later.
    """
    stood = moved.stood
    begun = np.cumsum(stood.sum(axis=0)) > 0
    values = {"moved_down": np.where(begun, moved.down, np.nan), "moved_up": np.where(begun, moved.up, np.nan)}
    return by_district(panel_frame, "events", source, values, stood=stood)
