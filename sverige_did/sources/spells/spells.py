"""Spells: which child was on which rung of the ladder, from which day up to which day, and where.

A day is a whole number: days since 1970-01-01. Whatever the register means by an end date, from here on a spell
covers ``start <= day < stop``, so that its length is ``stop - start`` and two spells that follow each other share
a day number and no day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

OPEN: Final = int(np.iinfo(np.int64).max)
"""The end day of a spell that still runs."""

UNKNOWN_DISTRICT: Final = -1
"""The district of a day on which no residence is known: counted on its own, never spread over the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Spells as columns of shape (n,), made by :func:`make_spells`; a higher ``rung`` is a more intrusive measure.

    ``start`` and ``stop`` are days with ``start <= stop <= censored_on``; nothing is known from the day
    ``censored_on`` on. ``row``, where known, is the row of the register that the spell is a piece of, counted from 0.
    """

    child: IntArray
    rung: IntArray
    district: IntArray
    start: IntArray
    stop: IntArray
    censored_on: int
    row: IntArray | None = None

    def __len__(self) -> int:
        return len(self.child)

    def cut(self, source: IntArray, start: IntArray, stop: IntArray, district: IntArray | None = None) -> Spells:
        """Pieces of these spells: piece k is a part of spell ``source[k]``, with its own days and, maybe, district."""
        return Spells(
            child=self.child[source],
            rung=self.rung[source],
            district=self.district[source] if district is None else district,
            start=start,
            stop=stop,
            censored_on=self.censored_on,
            row=None if self.row is None else self.row[source],
        )


def make_spells(
    child: ArrayLike,
    rung: ArrayLike,
    district: ArrayLike,
    start: ArrayLike,
    end: ArrayLike,
    *,
    end_inclusive: bool,
    censored_on: int,
) -> Spells:
    """Spells from the columns of a register; every column holds whole numbers, one a spell.

    ``end_inclusive`` says whether ``end`` is the last day of the spell (True) or the first day after it (False);
    an ``end`` of :data:`OPEN` still runs. Spells are cut at ``censored_on``, the first day that was not observed.
    Refuses an empty table, columns of unequal length or not of whole numbers, and spells that end before they start;
    there rows are numbered from 1.
    """
    columns = {"child": child, "rung": rung, "district": district, "start": start, "end": end}
    whole = {name: _whole(values, name) for name, values in columns.items()}
    _refuse_unequal(whole)
    first, last = whole["start"], whole["end"]
    reversed_ = last < first
    if reversed_.any():  # the row is named, never what it holds
        raise refuse("spell_reversed", count=int(reversed_.sum()), row=int(reversed_.argmax()) + 1)
    stop = np.where(last >= censored_on, censored_on, last + int(end_inclusive))
    return Spells(
        child=whole["child"],
        rung=whole["rung"],
        district=whole["district"],
        start=np.minimum(first, censored_on),
        stop=stop,
        censored_on=censored_on,
        row=np.arange(len(first)),
    )


def day_number(dates: ArrayLike) -> IntArray:
    """Dates (anything numpy reads as dates) as days since 1970-01-01; a missing date becomes :data:`OPEN`."""
    days = np.asarray(dates, dtype="datetime64[D]")
    return np.where(np.isnat(days), OPEN, days.astype(np.int64))


def birthday(birth: IntArray, age: int) -> IntArray:
    """The day on which a child born on the day ``birth`` turns ``age``; born on 29 February, on 1 March in other
    years."""
    born = birth.astype("datetime64[D]")
    month = born.astype("datetime64[M]")
    in_month = (born - month.astype("datetime64[D]")).astype(np.int64)
    month_then = month + np.timedelta64(12 * age, "M")
    day: IntArray = month_then.astype("datetime64[D]").astype(np.int64) + in_month
    return day


def order_by_child(spells: Spells) -> IntArray:
    """The row numbers of the spells sorted by child, then start; linear in n where they already are."""
    base, low = int(spells.start.min()), int(spells.child.min())
    width = int(spells.stop.max()) - base + 1
    if (int(spells.child.max()) - low + 1) * width > OPEN:  # child codes too far apart for one sort key
        return np.lexsort((spells.start, spells.child)).astype(np.int64)
    return np.argsort((spells.child - low) * width + (spells.start - base), kind="stable")


def _whole(values: ArrayLike, column: str) -> IntArray:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise refuse("spells_not_whole", found=str(array.dtype), column=column)
    return array.astype(np.int64, copy=False)


def _refuse_unequal(columns: dict[str, IntArray]) -> None:
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise refuse("spells_unequal", found=", ".join(f"{name}: {len(v)}" for name, v in columns.items()))
    if lengths == {0}:
        raise refuse("spells_empty")
