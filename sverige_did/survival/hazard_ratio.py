"""The hazard ratio of cases during to cases before (Cox 1972), by municipality, with errors that leave clusters out.

Cause-specific: a case that leaves otherwise is no longer waited for from then on. The fits are statsmodels' ``PHReg``
with Efron's ties, a baseline hazard for each municipality. The errors are jackknives, which are conservative like CR3;
leaving out each of three municipalities has two degrees of freedom and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from statsmodels.duration.hazard_regression import PHReg

from sverige_did.errors import refuse
from sverige_did.survival.restricted_mean import Difference
from sverige_did.survival.waits import EVENT, Waits

if TYPE_CHECKING:
    from numpy.typing import NDArray


def log_hazard_ratio(waits: Waits, during: NDArray[np.bool_], stratum: NDArray[np.int64], start: float = 0.0) -> float:
    """The log hazard ratio, during to before, searched from ``start``.

    Raises RefusedError ``no_events`` where an arm has no event, ``hazard_separated`` where the likelihood rises without
    end.
    """
    seen = waits.cause == EVENT
    if not (seen[during].any() and seen[~during].any()):
        raise refuse("no_events")
    if _separated(waits, during, stratum):
        raise refuse("hazard_separated")
    model = PHReg(waits.days, during.astype(float)[:, None], status=seen.astype(int), strata=stratum, ties="efron")
    return float(model.fit(start_params=np.array([start]), disp=0).params[0])


def _separated(waits: Waits, during: NDArray[np.bool_], stratum: NDArray[np.int64]) -> bool:
    """Whether the likelihood rises without end: in no stratum has a case of one arm the event while one of the other
    still waits."""
    seen = waits.cause == EVENT

    def faces(arm: NDArray[np.bool_], place: int) -> bool:
        mine, others = seen & arm & (stratum == place), ~arm & (stratum == place)
        return bool(mine.any() and others.any() and waits.days[mine].min() <= waits.days[others].max())

    return not all(any(faces(arm, place) for place in np.unique(stratum)) for arm in (during, ~during))


def hazard_ratio(
    waits: Waits, during: NDArray[np.bool_], stratum: NDArray[np.int64], cluster: NDArray[np.int64] | None = None
) -> Difference:
    """The log hazard ratio as a difference from 0, with a jackknife over ``cluster`` (N,) or over cases.

    Raises RefusedError ``no_events``, also where the events of an arm are all of one cluster.
    """
    labels = np.arange(len(waits)) if cluster is None else cluster
    groups = np.unique(labels)
    whole = log_hazard_ratio(waits, during, stratum)
    left = np.array(
        [
            log_hazard_ratio(waits[kept], during[kept], stratum[kept], whole)
            for kept in (labels != one for one in groups)
        ]
    )
    error = float(np.sqrt((len(groups) - 1) / len(groups) * np.sum((left - whole) ** 2)))
    return Difference(0.0, whole, error, len(groups) - 1.0, len(groups))
