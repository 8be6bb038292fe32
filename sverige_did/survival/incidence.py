"""Cumulative incidence with competing exits (Aalen and Johansen 1978), of many weightings of the cases in one pass.

The share of cases with the event by day t, when a case that leaves otherwise never gets it:

    F_k(t) = sum_{t_i <= t} S(t_i-) d_k(t_i) / Y(t_i),   S(t) = prod_{t_i <= t} (1 - (d_1 + d_2)(t_i) / Y(t_i))

with Y cases still waiting just before t_i and d_k ending by cause k on it. Without exits 1 - F_1 is Kaplan and Meier's
(1958) curve. A weighting is a row of weights, one a case: zero leaves a case out, so that one call gives the curve and
every one of a jackknife. statsmodels' ``CumIncidenceRight`` takes one weighting at a time and is what tests hold it to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.errors import refuse
from sverige_did.survival.waits import EVENT, EXIT, Waits

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Step functions of R weightings: ``days`` (T,) on which they rise; ``event`` and ``exit`` (R, T) just after."""

    days: NDArray[np.float64]
    event: NDArray[np.float64]
    exit: NDArray[np.float64]

    def at(self, day: float) -> NDArray[np.float64]:
        """The share with the event by the end of a day, (R,)."""
        seen = int(np.searchsorted(self.days, day, side="right"))
        return self.event[:, seen - 1] if seen else np.zeros(len(self.event))

    def areas(self, horizon: float) -> Areas:
        """How the first ``horizon`` days of a case are spent on average."""
        left = np.clip(horizon - self.days, 0, None)
        steps = [np.diff(curve, axis=1, prepend=0.0) @ left for curve in (self.event, self.exit)]
        return Areas(horizon, *steps)


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """The average case's first ``horizon`` days, of R weightings (R,): they add up to the horizon.

    ``after_event``: days after what was waited for (the area under its incidence); ``after_exit``: days after another
    exit; :attr:`without`: days before the event or without it, the restricted mean time to it; :attr:`waiting`: those
    of them on which the case still waited.
    """

    horizon: float
    after_event: NDArray[np.float64]
    after_exit: NDArray[np.float64]

    @property
    def without(self) -> NDArray[np.float64]:
        """Days of the horizon without the event, (R,)."""
        return self.horizon - self.after_event

    @property
    def waiting(self) -> NDArray[np.float64]:
        """Days of the horizon spent waiting, (R,)."""
        return self.horizon - self.after_event - self.after_exit


def cumulative_incidence(waits: Waits, weights: NDArray[np.float64] | None = None) -> Incidence:
    """The curves of every row of ``weights`` (R, N); of all cases alike where none are given (R = 1).

    Raises RefusedError ``waits_none`` without cases.

    >>> import numpy as np
    >>> from sverige_did.survival.waits import Waits
    >>> found = cumulative_incidence(Waits(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 0])))
    >>> found.days.tolist(), found.event[0].round(3).tolist()
    ([1.0, 2.0, 3.0], [0.25, 0.25, 0.5])
    """
    if not len(waits):
        raise refuse("waits_none")
    w = np.ones((1, len(waits))) if weights is None else weights
    days = np.unique(waits.days[waits.cause != 0])
    at_risk = w @ (waits.days[:, None] >= days).astype(float)
    here = waits.days[:, None] == days
    event, leave = (w @ (here & (waits.cause == cause)[:, None]).astype(float) for cause in (EVENT, EXIT))
    with np.errstate(invalid="ignore", divide="ignore"):
        stay = np.where(at_risk > 0, 1 - (event + leave) / at_risk, 1.0)
        before = np.concatenate([np.ones((len(w), 1)), np.cumprod(stay, axis=1)[:, :-1]], axis=1)
        rises = [np.where(at_risk > 0, before * ended / at_risk, 0.0) for ended in (event, leave)]
    return Incidence(days, *(np.cumsum(rise, axis=1) for rise in rises))
