"""What only the finished cases would say: the trap of right truncation, shown so that nobody walks into it.

A sample of cases whose measure had begun by the day of extraction holds, of those begun shortly before it, only the
quick ones. The cases during began later, so their mean is too short, whatever the trial did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.errors import refuse
from sverige_did.survival.restricted_mean import Difference
from sverige_did.survival.waits import EVENT, Waits

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Completed:
    """The naive difference in mean days among finished cases, and how many of each arm are finished and not."""

    difference: Difference
    finished: tuple[int, int]
    left_out: tuple[int, int]


def completed(waits: Waits, during: NDArray[np.bool_]) -> Completed:
    """Means of the days of the cases with the event, during less before, with Welch's interval.

    It is biased and stands in no table of estimates. Raises RefusedError ``too_few_finished`` with fewer than two
    finished cases in an arm.
    """
    done = waits.cause == EVENT
    arms = [waits.days[done & ~during], waits.days[done & during]]
    if min(map(len, arms)) < 2:
        raise refuse("too_few_finished", found=f"{min(map(len, arms))}", expected=">= 2")
    parts = np.array([arm.var(ddof=1) / len(arm) for arm in arms])
    df = parts.sum() ** 2 / sum(part**2 / (len(arm) - 1) for part, arm in zip(parts, arms, strict=True))
    means = [float(arm.mean()) for arm in arms]
    found = Difference(means[0], means[1], float(np.sqrt(parts.sum())), float(df), sum(map(len, arms)))
    counts = (int((~done & ~during).sum()), int((~done & during).sum()))
    return Completed(found, (len(arms[0]), len(arms[1])), counts)
