"""From what one register gives to the outcomes that the catalogue makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.outcomes import CATALOGUE
from sverige_did.sources.panel.frame import FloatArray, Kind, PanelFrame, to_cells


class Tally(NamedTuple):
    """What one register gives by unit and period: the numbers that outcomes are made of, by the catalogue's names.

    ``numbers`` and what they can be divided by, ``over``, are (U, T), a row of ``units`` each; NaN is missing.
    """

    kind: Kind
    units: pd.DataFrame
    labels: tuple[str, ...]
    source: str
    numbers: Mapping[str, FloatArray]
    over: Mapping[str, FloatArray]

    def cells(self) -> Iterator[pd.DataFrame]:
        """The cells of every outcome of the catalogue that is made of these numbers."""
        for one in CATALOGUE.values():
            if one.counted and self.numbers.keys() >= set(one.counts) and self.over.keys() >= set(one.over):
                value = reduce(np.add, [self.numbers[name] for name in one.counts])
                below = reduce(np.add, [self.over[name] for name in one.over]) if one.over else None
                yield to_cells(one.key, self.kind, self.units, self.labels, value, below, self.source)


def by_district(
    panel_frame: PanelFrame, kind: Kind, source: str, numbers: Mapping[str, FloatArray], **over: FloatArray
) -> Tally:
    """Numbers (D, T) of the districts of a panel; all of them can be divided by ``residents`` too."""
    units, labels = panel_frame.units, panel_frame.windows.labels
    return Tally(kind, units, labels, source, numbers, {"residents": panel_frame.resident_years, **over})
