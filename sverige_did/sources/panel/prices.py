"""Amounts in the prices of one year, by an index that the user names."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from sverige_did.errors import refuse
from sverige_did.results.estimates import Frozen


class PriceIndex(Frozen):
    """A price level for each year; only ratios between years matter. ``source`` says where it was read."""

    name: str
    source: str = Field(min_length=1)
    years: tuple[int, ...]
    levels: tuple[float, ...]

    @model_validator(mode="after")
    def _one_positive_level_a_year(self) -> Self:
        if len(self.years) != len(self.levels) or len(set(self.years)) != len(self.years):
            raise ValueError(f"{self.name}: each year needs one level")
        if not all(np.isfinite(level) and level > 0 for level in self.levels):
            raise ValueError(f"{self.name}: a price level is a positive number")
        return self


def fixed_prices(amount: ArrayLike, year: ArrayLike, index: PriceIndex, *, base_year: int) -> NDArray[np.float64]:
    """Amounts of the given years in prices of ``base_year``: amount x level(base) / level(year), same shape.

    A missing amount stays missing. Refuses years, the base year among them, that the index does not have.
    """
    amounts, years = np.broadcast_arrays(np.asarray(amount, dtype=np.float64), np.asarray(year, dtype=np.int64))
    levels = dict(zip(index.years, index.levels, strict=True))
    needed, place = np.unique(years, return_inverse=True)
    missing = sorted({base_year, *needed.tolist()} - levels.keys())
    if missing:
        raise refuse("price_year_missing", found=", ".join(map(str, missing)), index=index.name)
    level = np.array([levels[y] for y in needed.tolist()])[place.reshape(years.shape)]
    result: NDArray[np.float64] = amounts * levels[base_year] / level
    return result
