"""Amounts in the prices of one year, by the index that the plan names."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse
from sverige_did.study.blocks import Prices


def fixed_prices(amount: ArrayLike, year: ArrayLike, index: Prices) -> NDArray[np.float64]:
    """Amounts of the given years in prices of the index's base year: amount x level(base) / level(year), same shape.

    A missing amount stays missing. Refuses years, the base year among them, that the index does not have.
    """
    amounts, years = np.broadcast_arrays(np.asarray(amount, dtype=np.float64), np.asarray(year, dtype=np.int64))
    levels = {one.year: one.level for one in index.levels}
    needed, place = np.unique(years, return_inverse=True)
    missing = sorted({index.base_year, *needed.tolist()} - levels.keys())
    if missing:
        raise refuse("price_year_missing", found=", ".join(map(str, missing)), index=index.name)
    level = np.array([levels[y] for y in needed.tolist()])[place.reshape(years.shape)]
    result: NDArray[np.float64] = amounts * levels[index.base_year] / level
    return result
