"""Waits as arrays: how long each case was followed, and how its wait ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAITING, EVENT, EXIT = 0, 1, 2
"""How a wait was last seen: not ended yet, ended by what is waited for, ended otherwise (a competing exit)."""


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """N waits: ``days`` (N,) from the beginning to the end or to the day last seen, and ``cause`` (N,) how it ended.

    Raises RefusedError: ``waits_lengths``, ``waits_days`` (negative or not finite), ``waits_cause``.
    """

    days: NDArray[np.float64]
    cause: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.days.ndim != 1 or self.days.shape != self.cause.shape:
            raise refuse("waits_lengths", found=f"{self.days.shape}, {self.cause.shape}")
        if not (np.isfinite(self.days).all() and (self.days >= 0).all()):
            raise refuse("waits_days")
        if not np.isin(self.cause, (WAITING, EVENT, EXIT)).all():
            raise refuse("waits_cause")

    def __len__(self) -> int:
        return len(self.days)

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Waits:
        """The waits of some rows."""
        return Waits(self.days[rows], self.cause[rows])

    def until(self, horizon: float) -> Waits:
        """The same waits seen no longer than ``horizon`` days: what ends later is still waiting then.

        >>> import numpy as np
        >>> seen = Waits(np.array([10.0, 200.0]), np.array([1, 1])).until(180)
        >>> seen.days.tolist(), seen.cause.tolist()
        ([10.0, 180.0], [1, 0])
        """
        late = self.days > horizon
        return Waits(np.minimum(self.days, horizon), np.where(late, WAITING, self.cause))
