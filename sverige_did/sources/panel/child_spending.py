"""What was spent on the placements of each child in a stretch of time, by the district in which the panel counts it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sverige_did.sources.panel.frame import FloatArray, PanelFrame
from sverige_did.sources.panel.placements import Placements
from sverige_did.sources.panel.prices import fixed_prices
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, BoolArray, IntArray
from sverige_did.study.blocks import Prices


class Spent(NamedTuple):
    """Kroner a year in fixed prices, one ``amount`` (A,) for each ``child`` and ``district`` (A,) with any spending.

    ``priced`` (D,) is whether every day of a placement in the district has a price; where one has none, what was spent
    there is not known, and the amounts are those of the other days.
    """

    amount: FloatArray
    child: IntArray
    district: IntArray
    priced: BoolArray


def spent_on_children(placements: Placements, panel_frame: PanelFrame, index: Prices, inside: BoolArray) -> Spent:
    """Spending in the periods ``inside`` (T,) of the setting, at least one; a child without a known district is left
    out, as it is from the panel, and a day is paid for in the prices of its year.

    Raises RefusedError (``price_year_missing``).
    """
    known = placements.spells.district != UNKNOWN_DISTRICT
    start, stop, child, district = (
        column[known]
        for column in (
            placements.spells.start, placements.spells.stop, placements.spells.child, placements.spells.district,
        )
    )  # fmt: skip
    price, bounds = placements.price[known], panel_frame.windows.bounds
    first, last = bounds[:-1][inside], bounds[1:][inside]
    days = np.clip(np.minimum(stop[:, None], last) - np.maximum(start[:, None], first), 0, None)
    paid = np.where(np.isnan(price), 0.0, price)[:, None] * days
    year = first.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    kroner = fixed_prices(paid, np.broadcast_to(year, paid.shape), index).sum(axis=1)
    priced = np.ones(panel_frame.shape[0], dtype=np.bool_)
    priced[district[np.isnan(price) & (days.sum(axis=1) > 0)]] = False
    pairs, row = np.unique(np.stack([district, child]), axis=1, return_inverse=True)
    amount = np.bincount(row, weights=kroner, minlength=pairs.shape[1]) / panel_frame.length[inside].sum()
    some = amount > 0
    return Spent(amount[some], pairs[1][some], pairs[0][some], priced)
