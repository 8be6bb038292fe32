"""The caller's table with his names of its columns, and how a fault in it is told: by column, unit and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sverige_did.api.named import Named
from sverige_did.did.columns import EMPTY, Bools
from sverige_did.errors import UNSEEN, InputError, Problem

type Names = Sequence[str]

SHOWN = 6
"""So many rows or units are named; of the others it is said how many there are."""


class Given(NamedTuple):
    """A table of N rows with the columns that stand for unit and time."""

    frame: pd.DataFrame
    unit: str
    time: str

    def column(self, name: str) -> pd.Series[Any]:
        """One column (N,); refused by name where the table has none, or two of that name."""
        found = self.frame[name] if name in self.frame.columns else None
        if not isinstance(found, pd.Series):
            expected = listed(map(str, self.frame.columns), shown=30)
            raise InputError(Problem("frame_column", found=str(name), expected=expected))
        return found

    def rows(self, wrong: Bools, beside: str | None = None) -> str:
        """The rows (N,) that are ``wrong``, by unit and period, with what stands in the column ``beside``."""
        at = np.flatnonzero(wrong)
        told = [f"{self.frame[self.unit].iloc[i]} {self.frame[self.time].iloc[i]}" for i in at[:SHOWN]]
        if beside is not None:
            told = [f"{row} ({self.frame[beside].iloc[i]})" for row, i in zip(told, at[:SHOWN], strict=True)]
        return listed(told, of=at.size)

    def units(self, wrong: Bools) -> str:
        """The units that have a row (N,) that is ``wrong``."""
        return listed(dict.fromkeys(map(str, self.frame.loc[wrong, self.unit])))

    def missing(self, name: str) -> Bools:
        """Which rows (N,) have no value in a column: nothing, nan, or text that says so."""
        values = self.column(name)
        gone = values.isna().to_numpy(dtype=bool)
        if values.dtype.kind in "biufM":
            return gone
        text = np.array([isinstance(one, str) and one.strip().casefold() in EMPTY for one in values], dtype=bool)
        return np.asarray(gone | text)

    def whole(self, name: str) -> None:
        """Refuse where a row has no value in the column."""
        gone = self.missing(name)
        if gone.any():
            at = np.flatnonzero(gone)
            # Their unit or period may be what is missing, so that rows go by their place in the table.
            found = listed((str(one) for one in self.frame.index[at]), shown=SHOWN, of=at.size)
            raise InputError(Problem("frame_missing", column=name, found=found))

    def numbers(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A column as numbers (N,), nan where none stands; refused where something else does, or an infinite one."""
        values = self.column(name)
        gone = self.missing(name)
        read = np.full(len(values), np.nan)
        if values.dtype.kind not in "Mmc":
            read = pd.to_numeric(values.where(~gone), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = ~np.isfinite(read) & ~gone
        if wrong.any():
            raise InputError(Problem("frame_numbers", column=name, found=self.rows(wrong, name)))
        return read


def without_blanks(given: Given, named: Named) -> tuple[Given, tuple[str, ...]]:
    """The table with the names of units, strata and clusters as they read, and those that had blanks around them.

    ``S05`` with a blank before it is no other school to anybody but a machine.
    """
    found: list[str] = []
    frame = given.frame
    for name in (named.unit, named.strata, named.cluster):
        column = None if name is None else frame.get(name)
        if name is None or not isinstance(column, pd.Series) or column.dtype.kind in "biufM":
            continue
        _seen(given, name, column)
        around = np.array([isinstance(one, str) and one != one.strip() for one in column], dtype=bool)
        if around.any():
            found += [one.strip() for one in column[around]]
            plain = [one.strip() if isinstance(one, str) else one for one in column]
            frame = frame.assign(**{name: pd.Series(plain, index=frame.index, dtype=object)})
    return given._replace(frame=frame), tuple(dict.fromkeys(found))


def _seen(given: Given, name: str, column: pd.Series[Any]) -> None:
    """Refuse names with signs that are not seen: two units would look alike, and one may command a terminal."""
    odd = np.array([isinstance(one, str) and UNSEEN.search(one) is not None for one in column], dtype=bool)
    if odd.any():
        raise InputError(Problem("text_unseen", column=name, found=listed(map(str, given.frame.index[odd]))))


def listed(names: Any, *, shown: int = SHOWN, of: int | None = None) -> str:
    """The first few names, and how many more there are."""
    every = list(names)
    more = (len(every) if of is None else of) - len(every[:shown])
    return ", ".join(every[:shown]) + (f" … (+{more})" if more > 0 else "")


def as_frame(data: object) -> pd.DataFrame:
    """A table of pandas, polars, pyarrow or a dict of columns as pandas' own; refused where it is none."""
    if isinstance(data, pd.DataFrame):
        frame = data.reset_index(drop=data.index.names == [None]).rename(columns=str)
        if frame.empty:
            raise InputError(Problem("frame_no_table", found=str(frame.shape)))
        return frame
    if isinstance(data, Mapping):
        try:
            return as_frame(pd.DataFrame({name: np.asarray(values) for name, values in data.items()}))
        except ValueError:
            lengths = ", ".join(f"{name}: {np.size(values)}" for name, values in data.items())
            raise InputError(Problem("frame_no_table", found=lengths)) from None
    collected = data.collect() if hasattr(data, "collect") else data  # a lazy frame of polars
    if hasattr(collected, "to_pandas"):
        return as_frame(collected.to_pandas())
    raise InputError(Problem("frame_no_table", found=type(data).__name__))


def one_a_unit(given: Given, name: str, unit: np.ndarray[Any, np.dtype[np.intp]], n_units: int) -> pd.Series[Any]:
    """The one value (U,) that each unit has in a column; refused where it has several, or some rows lack it."""
    values = given.column(name)
    distinct = values.groupby(unit).nunique(dropna=False).reindex(range(n_units))
    several = (distinct > 1).to_numpy()[unit]
    if several.any():
        raise InputError(Problem("frame_varies", column=name, found=given.units(several)))
    return values.groupby(unit).first(skipna=False).reindex(range(n_units))
