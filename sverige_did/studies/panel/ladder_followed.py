"""Whom a study of registers follows on the ladder: who is on a rung before each period of a window, how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sverige_did.did.arrays import present
from sverige_did.did.occupation import Episodes, Followed, days_in, follow, occupation
from sverige_did.results.ladder import Moment
from sverige_did.sources.panel.frame import PanelFrame
from sverige_did.sources.panel.ladder_paths import OUT, RUNGS, STATES, Paths
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, IntArray
from sverige_did.studies.panel.frame_windows import windows_of_frame
from sverige_did.study.study import PanelStudy

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

YEAR = 366
"""Days: the longest time that children are followed."""

MEASURE = RUNGS.index("prevention")
"""From this rung on a child has a measure that follows an examination."""

AT_ONCE = 16
"""Districts that are left out in one pass, each with an array of moves of its own."""

MOMENTS: tuple[Moment, ...] = ("before", "after")


@dataclass(frozen=True, eq=False)
class Stood:
    """Those of one rung in one window, n of them, a child once for each landmark on which it stood there.

    ``ages`` (n,) in years and ``knew`` (n,), whether it had a measure before, are of the landmark.
    """

    rung: int
    followed: Followed
    ages: Floats
    knew: Bools
    _shares: dict[bytes, Floats] = field(default_factory=dict)
    _left_out: dict[bytes, tuple[Floats, Floats]] = field(default_factory=dict)

    def shares(self, districts: Bools) -> Floats:
        """(H, S) of those of the marked districts (D,) in each state, day by day; NaN where nobody stood there."""
        key = districts.tobytes()
        if key not in self._shares:
            self._shares[key] = occupation(*self._summed(districts), self.rung)
        return self._shares[key]

    def left_out(self, districts: Bools, each: IntArray) -> tuple[Floats, Floats]:
        """Of the marked districts (D,) without ``each`` of n of them: (n, S) in each state at the end, and days in it.

        Taken from the sums, which is exact, for they are whole numbers: linear in the districts.
        """
        key = districts.tobytes() + each.tobytes()
        if key not in self._left_out:
            at_risk, moves = self._summed(districts)
            ends, days = np.empty((2, len(each), at_risk.shape[-1]))
            for at in range(0, len(each), AT_ONCE):
                some = each[at : at + AT_ONCE]
                rest = at_risk - self.followed.at_risk[some], moves - self.followed.moves[some]
                shares = occupation(*rest, self.rung)
                ends[at : at + AT_ONCE], days[at : at + AT_ONCE] = shares[:, -1], days_in(shares)
            self._left_out[key] = ends, days
        return self._left_out[key]

    def _summed(self, districts: Bools) -> tuple[Floats, Floats]:
        """``at_risk`` (H, S) and ``moves`` (H, S, S) of all of the marked districts."""
        mine, followed = districts.astype(float), self.followed
        return np.tensordot(mine, followed.at_risk, axes=1), np.tensordot(mine, followed.moves, axes=1)

    def of(self, districts: Bools) -> Bools:
        """(n,) which of them are of the marked districts (D,)."""
        return districts[self.followed.cluster]

    def distinct(self, rows: Bools) -> int:
        """How many children the marked rows (n,) are."""
        return len(present(self.followed.who[rows]))


class Grounds:
    """The paths of a study's children with the plan's windows: ``flow_days`` a period, ``time_days`` at most a year."""

    def __init__(self, paths: Paths, frame: PanelFrame, study: PanelStudy) -> None:
        self.paths, self.frame = paths, frame
        self.episodes = Episodes(paths.child, paths.state, paths.start, paths.stop, paths.after, len(STATES))
        windows = windows_of_frame(frame, study)
        self.window: dict[Moment, Bools] = {"before": windows.before, "after": windows.after}
        lengths = np.diff(frame.windows.bounds)
        self.flow_days = int(lengths[windows.inside].min())
        self.time_periods, self.time_days = longest(self.window, lengths)

    def stood(self, rung: int, moment: Moment, periods: int, horizon: int) -> Stood:
        """Everybody who stands on the rung on the last evening before ``periods`` periods that lie in the window."""
        window, bounds = self.window[moment], self.frame.windows.bounds
        firsts = [int(t) for t in np.flatnonzero(window) if window[t : t + periods].sum() == periods]
        days = bounds[firsts] - 1

        def district_on(child: IntArray, landmark: int) -> IntArray:
            """None where it is not known, or has begun as a control by then."""
            district = self.frame.district_on(child, np.full(len(child), days[landmark]))
            begun = self.frame.begun[:, firsts[landmark] : firsts[landmark] + periods].any(axis=1)
            return np.where((district != UNKNOWN_DISTRICT) & ~begun[district], district, -1)

        followed = follow(self.episodes, days, rung, district_on, len(self.frame.treated), horizon)
        at = days[followed.landmark]
        return Stood(
            rung,
            followed,
            ages=(at - self.frame.born[followed.who]) / 365.25,
            knew=self._first_measure[followed.who] <= at,
        )

    @cached_property
    def _first_measure(self) -> IntArray:
        """(C,) the first day with a measure that follows an examination."""
        first = np.full(len(self.frame.children), np.iinfo(np.int64).max)
        mine = (self.paths.state >= MEASURE) & (self.paths.state < OUT)
        np.minimum.at(first, self.paths.child[mine], self.paths.start[mine])
        return first


def longest(window: dict[Moment, Bools], lengths: IntArray) -> tuple[int, int]:
    """How many successive periods both windows hold, at most a year of them, and their days where they are shortest."""
    for periods in range(len(lengths), 1, -1):
        days = [_spans(mask, lengths, periods) for mask in window.values()]
        if all(days) and max(map(max, days)) <= YEAR:
            return periods, min(map(min, days))
    return 1, min(min(_spans(mask, lengths, 1)) for mask in window.values())


def _spans(mask: Bools, lengths: IntArray, periods: int) -> list[int]:
    """The days of every run of so many periods that lies in the window."""
    runs = (slice(t, t + periods) for t in np.flatnonzero(mask))
    return [int(lengths[run].sum()) for run in runs if mask[run].sum() == periods]
