"""Whom a study of registers follows on the ladder: who is on a rung before each period of a window, how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sverige_did.did.occupation import Episodes, Followed, follow, occupation
from sverige_did.results.ladder import Moment
from sverige_did.sources.panel.frame import PanelFrame
from sverige_did.sources.panel.ladder_paths import LOST, OUT, RUNGS, STATES, Paths
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, IntArray
from sverige_did.studies.panel.frame_windows import windows_of_frame
from sverige_did.study.study import PanelStudy

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

YEAR = 366
"""Days: the longest time that children are followed."""

MEASURE = RUNGS.index("prevention")
"""From this rung on a child has a measure that follows an examination."""

MOMENTS: tuple[Moment, ...] = ("before", "after")


@dataclass(frozen=True, eq=False)
class Stood:
    """Those of one rung in one window, n of them, a child once for each landmark on which it stood there.

    ``ends`` (n,) is the state of each at the end of its follow-up, :data:`LOST` where it was not seen; ``ages`` (n,) in
    years and ``knew`` (n,), whether it had a measure before, are of the landmark.
    """

    rung: int
    followed: Followed
    ends: IntArray
    ages: Floats
    knew: Bools
    _shares: dict[bytes, Floats] = field(default_factory=dict)

    def shares(self, districts: Bools) -> Floats:
        """(H, S) of those of the marked districts (D,) in each state, day by day; NaN where nobody stood there."""
        key = districts.tobytes()
        if key not in self._shares:
            at_risk, moves = (one[districts].sum(axis=0) for one in (self.followed.at_risk, self.followed.moves))
            self._shares[key] = occupation(at_risk, moves, self.rung)
        return self._shares[key]

    def of(self, districts: Bools) -> Bools:
        """(n,) which of them are of the marked districts (D,)."""
        return districts[self.followed.cluster]

    def distinct(self, rows: Bools) -> int:
        """How many children the marked rows (n,) are."""
        return len(np.unique(self.followed.who[rows]))


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
        self._places: dict[tuple[int, int, int], IntArray] = {}

    def stood(self, rung: int, moment: Moment, periods: int, horizon: int) -> Stood:
        """Everybody who stands on the rung on the last evening before ``periods`` periods that lie in the window."""
        window, bounds = self.window[moment], self.frame.windows.bounds
        firsts = [int(t) for t in np.flatnonzero(window) if window[t : t + periods].sum() == periods]
        days = bounds[firsts] - 1
        district = np.stack([self._districts(int(day), t, periods) for day, t in zip(days, firsts, strict=True)])
        followed = follow(self.episodes, days, rung, district, len(self.frame.treated), horizon)
        on, then = (np.stack([self._on(int(day)) for day in these]) for these in (days, days + horizon))
        landmark = np.repeat(np.arange(len(days)), ((on == rung) & (district >= 0)).sum(axis=1))
        at = days[landmark]
        return Stood(
            rung,
            followed,
            ends=then[landmark, followed.who],
            ages=(at - self.frame.born[followed.who]) / 365.25,
            knew=self._first_measure[followed.who] <= at,
        )

    def _districts(self, day: int, first: int, periods: int) -> IntArray:
        """(C,) the district of each child on the day; none where it is not known, or has begun as a control by then."""
        key = (day, first, periods)
        if key not in self._places:
            every = np.arange(len(self.frame.children))
            district = self.frame.district_on(every, np.full(len(every), day))
            begun = self.frame.begun[:, first : first + periods].any(axis=1)
            self._places[key] = np.where((district != UNKNOWN_DISTRICT) & ~begun[district], district, -1)
        return self._places[key]

    def _on(self, day: int) -> IntArray:
        """(C,) the state of each child on the day, :data:`LOST` where it is in none."""
        found = np.full(len(self.frame.children), LOST)
        here = (self.paths.start <= day) & (day < self.paths.stop)
        found[self.paths.child[here]] = self.paths.state[here]
        return found

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
