"""A made-up register of placements in which changes of placement were never reported."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sverige_did.errors import refuse
from sverige_did.sources.panel.unreported import leave_changes_out
from sverige_did.sources.registers.codes import standard_codes

LAST_DAY_COUNTS = False
"""The end of a made-up stay is the first day without it."""


def unreported(placements: pd.DataFrame, share: ArrayLike, rng: np.random.Generator) -> pd.DataFrame:
    """The register (n rows) without a ``share``, one number or (n,), of its changes of placement, each drawn by itself.

    The placement before seems to go on. Raises RefusedError (``out_of_range``) for a share outside 0 to 1.
    """
    shares = np.broadcast_to(np.asarray(share, dtype=float), (len(placements),))
    if not ((shares >= 0) & (shares <= 1)).all():
        raise refuse("out_of_range", name="share", found=f"{shares.min():g}–{shares.max():g}", expected="0–1")
    away = standard_codes().place(placements["measure"], ladder="kora")["placed"].to_numpy(dtype=bool)
    chosen = rng.random(len(placements)) < shares
    return leave_changes_out(placements, away, chosen, last_day_counts=LAST_DAY_COUNTS).reset_index(drop=True)


def without_changes(
    registers: Mapping[str, pd.DataFrame], share: float, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """A delivery whose register of placements lacks that share of the changes of placement."""
    return {**registers, "placements": unreported(registers["placements"], share, rng)}
