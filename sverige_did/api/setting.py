"""What every method of a study takes: the arrays, the windows and what was said of them once."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sverige_did.api.shown import Context
from sverige_did.api.times import Times
from sverige_did.did.arrays import DistrictPanel, Weighting
from sverige_did.did.window import Window
from sverige_did.errors import refuse
from sverige_did.inference.level_choice import Choice
from sverige_did.results.estimates import Remark

type Floats = NDArray[np.float64]
type Codes = NDArray[np.intp]

OwnScale = Literal["own", "ratio", "log_odds"]
"""On which the changes of units are taken, and trends are parallel: the unit of the outcome, logarithms, log-odds."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One outcome of a study as arrays.

    ``window`` is None where units start at different dates. ``cluster`` (U,) are codes of what was assigned together,
    ``covariates`` (U, p) fixed before any start. ``donut`` are the periods that one unit or more started in.
    """

    panel: DistrictPanel
    times: Times
    window: Window | None
    context: Context
    weighting: Weighting
    cluster: Codes | None
    covariates: Floats
    scale: OwnScale
    per: float
    chosen: Choice
    seed: int
    remarks: tuple[Remark, ...] = ()

    @property
    def alpha(self) -> float:
        """One minus the level of the intervals."""
        return 1 - self.context.level

    @property
    def counted(self) -> dict[str, int]:
        """How many units there are, and how many of them are treated, as a row has it."""
        return {"n_units": self.context.n_units, "n_treated": self.context.n_treated}

    def rng(self) -> np.random.Generator:
        """Randomness of its own: a result does not depend on which others were asked for."""
        return np.random.default_rng([self.seed, zlib.crc32(self.context.outcome.encode())])

    def one_start(self) -> Window:
        """The windows before and after; refused (``did_staggered``) where units start at different dates."""
        if self.window is None:
            self.panel.go_live()
            raise refuse("did_staggered")
        return self.window

    def plainly(self, method: str) -> None:
        """Refuse where the study has clusters or covariates, which ``method`` does not know."""
        for name, there in (("cluster", self.cluster is not None), ("covariates", self.covariates.shape[1] > 0)):
            if there:
                raise refuse("frame_not_known_here", name=name, method=method)
