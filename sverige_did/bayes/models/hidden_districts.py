"""What a printed group total hides: the districts whose shocks it averages over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Districts:
    """What a group total hides: its districts.

    ``treated`` and ``control`` are the sums of squared district weights (1/4 and 1/16 for 4 and 16 equal
    districts): the share of a district's shock variance that is left in the group's average.
    ``serial`` is the correlation r_s of a district's shocks before and after.
    """

    treated: float
    control: float
    serial: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.treated <= 1 and 0 < self.control <= 1 and 0 <= self.serial < 1):
            raise ValueError(f"sums of squared weights lie in (0, 1], the serial correlation in [0, 1): {self}")


def districts(treated: ArrayLike, control: ArrayLike, serial: float = 0.0) -> Districts:
    """Districts from their sizes (any unit; equal sizes for a plain number of districts)."""

    def squared(sizes: ArrayLike) -> float:
        weights = np.asarray(sizes, dtype=float)
        return float(np.sum((weights / weights.sum()) ** 2))

    return Districts(squared(treated), squared(control), serial)


def shock_factor(hidden: Districts) -> float:
    """c in Var(DiD) = V + c s^2, that is 2 (1 - r_s)(sum w_T^2 + sum w_C^2); .625 for 4 and 16 equal districts."""
    return 2 * (1 - hidden.serial) * (hidden.treated + hidden.control)
