"""From the cases of a plan to waits: what begins, what is waited for, and until when a case was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.results.cases import PRIMARY
from sverige_did.survival.waits import EVENT, EXIT, WAITING, Waits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.study.cases import CaseStudy


class Steps(NamedTuple):
    """The columns of a wait: the day it begins, the day that is waited for, and a day that ends it otherwise."""

    begin: str
    event: str
    exit: str


OUTCOMES: dict[str, Steps] = {
    PRIMARY: Steps("referred", "measure", "ended"),
    "referral_to_decision": Steps("referred", "decided", "out"),
    "decision_to_measure": Steps("decided", "measure", "ended"),
}
"""The first is the plan's headline. The exemption moves the day of the decision itself, so that waits from it and to it
are not of the same decisions before and during: they divide the headline and stand for nothing alone.
"""


@dataclass(frozen=True, slots=True, eq=False)
class CaseWaits:
    """Waits with what they belong to: the arm, the municipality and the caseworker (None where not delivered), and the
    day on which each began, counted from the first.
    """

    waits: Waits
    during: NDArray[np.bool_]
    place: NDArray[np.int64]
    worker: NDArray[np.int64] | None
    begun: NDArray[np.float64]

    def of(self, rows: NDArray[np.bool_]) -> CaseWaits:
        """Some of the cases."""
        worker = None if self.worker is None else self.worker[rows]
        return CaseWaits(self.waits[rows], self.during[rows], self.place[rows], worker, self.begun[rows])

    @property
    def places(self) -> NDArray[np.int64]:
        """The municipalities with cases in both arms."""
        both = [set(self.place[arm].tolist()) for arm in (self.during, ~self.during)]
        return np.array(sorted(set.intersection(*both)), dtype=np.int64)


def estimated_on(cases: pd.DataFrame, study: CaseStudy) -> pd.Series[bool]:
    """Which cases are estimated on: those that the exemption covers, where the register says which; else all."""
    typed = study.only_exempt and cases["exempt"].notna().all() and len(cases) > 0
    return cases["exempt"] == "yes" if typed else pd.Series(True, index=cases.index)


def waits_of(
    cases: pd.DataFrame, study: CaseStudy, outcome: str = PRIMARY, before_until: pd.Timestamp | None = None
) -> CaseWaits:
    """The waits of an outcome, seen until the day of extraction; those before until ``before_until``, if earlier."""
    steps = OUTCOMES[outcome]
    # What ends a wait for a decision is also a measure that came without one.
    frame = cases.assign(out=cases[["ended", "measure"]].min(axis=1))
    frame = frame[frame[steps.begin].notna() & ~(frame[steps.event] < frame[steps.begin])]
    last = pd.Series(pd.Timestamp(study.periods.extracted), index=frame.index)
    if before_until is not None:
        last = last.where(frame["during"], before_until)
    event, leave = frame[steps.event], frame[steps.exit]
    end = pd.concat([event, leave, last], axis=1).min(axis=1)
    cause = np.where(event == end, EVENT, np.where(leave == end, EXIT, WAITING))
    keys = [one.key for one in study.municipalities]
    worker = frame["caseworker"]
    use_workers = study.cluster == "caseworker" and worker.notna().all() and len(worker) > 0
    begin = frame[steps.begin]
    return CaseWaits(
        Waits((end - begin).dt.days.to_numpy().astype(np.float64), cause.astype(np.int64)),
        frame["during"].to_numpy(dtype=bool),
        frame["municipality"].map(keys.index).to_numpy(dtype=np.int64),
        worker.to_numpy(dtype=np.int64) if use_workers else None,
        (begin - begin.min()).dt.days.to_numpy(dtype=float),
    )
