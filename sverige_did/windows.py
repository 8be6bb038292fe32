"""The one rule of a plan's dates: which periods are before, after and left out, and who counts as treated from when.

Whatever holds a period against a plan's dates asks here: design, estimates, posteriors, checks, disclosure control. A
period is known by its first and last day, both inclusive; a snapshot is of one day.

    before    ends by ``baseline``, and before ``treatment_start`` unless it is a snapshot
    after     ends by ``follow_up`` and is treated in whole, which is enough in part where ``partial`` is intention
    left out  the rest: between baseline and start, treated in part (the donut), or later than ``follow_up``

No period is both. A snapshot between the start and a later baseline is before, because the plan says so: the first
registrations of a study may be from the weeks in which its programme had just begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sverige_did.study.study import PanelStudy, Periods

Bools = NDArray[np.bool_]
Moment = Literal["before", "after"]
Partial = Literal["donut", "intention"]
"""A period that is treated in part is left out (donut), or counts as treated (intention)."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyWindows:
    """Which of N periods or cells count as ``before`` and which as ``after``, (N,) each and never both."""

    before: Bools
    after: Bools

    @property
    def inside(self) -> Bools:
        """(N,) those of either."""
        return self.before | self.after

    @property
    def left_out(self) -> Bools:
        """(N,) those of neither."""
        return ~self.inside


def windows_of(start: ArrayLike, end: ArrayLike, when: Periods) -> StudyWindows:
    """The plan's windows for periods from their first day ``start`` to their last ``end``, (N,) days each."""
    first, last = np.asarray(start, dtype="datetime64[us]"), np.asarray(end, dtype="datetime64[us]")
    go_live, baseline, follow_up = (
        np.datetime64(day, "us") for day in (when.treatment_start, when.baseline, when.follow_up)
    )
    by_baseline = last <= baseline
    treated = (last if when.partial == "intention" else first) >= go_live
    return StudyWindows(
        before=by_baseline & ((last < go_live) | (first == last)),
        after=~by_baseline & treated & (last <= follow_up),
    )


def windows_of_cells(cells: pd.DataFrame, when: Periods) -> StudyWindows:
    """The same for the rows (N,) of a panel."""
    return windows_of(cells["start"], cells["end"], when)


def cells_before(cells: pd.DataFrame, when: Periods) -> pd.DataFrame:
    """The cells of the plan's window before."""
    return cells[windows_of_cells(cells, when).before]


def cells_after(cells: pd.DataFrame, when: Periods) -> pd.DataFrame:
    """The cells of the plan's window after."""
    return cells[windows_of_cells(cells, when).after]


def own_windows(cells: pd.DataFrame) -> StudyWindows:
    """Before and after each row's own ``treated_from``; a row treated in part is left out, one never treated before."""
    begun = cells["treated_from"]
    return StudyWindows(before=~(cells["end"] >= begun).to_numpy(), after=(cells["start"] >= begun).to_numpy())


def widest(when: Periods) -> Periods:
    """The dates of a plan with nothing left out: all that ends before the start, and all that comes after it.

    What the data can show at all is read off these: which class of design an outcome has.
    """
    day_before = when.treatment_start - timedelta(days=1)
    update = {"baseline": max(when.baseline, day_before), "follow_up": date.max, "partial": "intention"}
    return when.model_copy(update=update)


def partial_of(when: Periods) -> Partial:
    """What becomes of a period that is treated in part, where no weights can be given to it."""
    return "intention" if when.partial == "intention" else "donut"


def other_partial(when: Periods) -> Periods:
    """The dates with the period treated in part counted where the plan leaves it out, or the other way round."""
    return when.model_copy(update={"partial": "donut" if partial_of(when) == "intention" else "intention"})


def to_the_stop(when: Periods) -> Periods:
    """The dates with the time after as long as anything can be compared at all."""
    return when.model_copy(update={"follow_up": when.hard_stop})


def days_followed(when: Periods) -> int:
    """From the first day of the programme to the last that counts, both included."""
    return (when.follow_up - when.treatment_start).days + 1


def last_start(study: PanelStudy) -> date:
    """The last day on which a district can begin and be treated in a period that is compared: none after ``follow_up``
    is, and one treated in part only where ``partial`` is intention.

    A district that begins later is a control until then, and its periods from there on are left out. One that begins
    with the programme never is.
    """
    at = 1 if partial_of(study.periods) == "intention" else 0
    compared = (span[at] for span in study.grid.spans if span[1] <= study.periods.follow_up)
    return max([study.periods.treatment_start, *compared])


def up_to(cells: pd.DataFrame, last: date) -> pd.DataFrame:
    """The cells that end by the day ``last``, in which a unit that begins later is a control."""
    kept = cells[cells["end"] <= pd.Timestamp(last)]
    return kept.assign(**sides(kept["treated_from"], last)._asdict())


class Sides(NamedTuple):
    """Of N units or cells: the first treated day (missing for a control), and ``treated`` or ``control``."""

    treated_from: NDArray[np.datetime64]
    group: NDArray[np.str_]


def sides(begun: pd.Series, last: date) -> Sides:
    """Who is treated from when, by the day on which each began (N,), where nothing later than ``last`` is seen.

    A unit without a day is a control, and so is one that begins after ``last``: until then nothing was done there.
    """
    seen = begun.where(begun <= pd.Timestamp(last))
    return Sides(seen.to_numpy(dtype="datetime64[us]"), np.where(seen.notna(), "treated", "control"))


def of_moment(end: date, when: Periods, moment: Moment) -> bool:
    """Whether a printed figure, which is never summed, is the one before or the one after, by the end of its period."""
    return end <= when.baseline if moment == "before" else end == when.follow_up
