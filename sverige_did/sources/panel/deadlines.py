"""When a follow-up was due, and whether it came in time: by the dates of the register or by a rule.

The rule has two parts: the first follow-up within so many months of the start of the measure, each later one within
so many months of the one before. Serviceloven § 70: three months, then six. Barnets lov § 95: three months, and no
fixed interval after that. A programme may set itself a target of its own.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.sources.spells.spells import BoolArray, IntArray, Spells

DAYS_IN_MONTH = 365.25 / 12


class Deadlines(NamedTuple):
    """One entry a deadline, shape (n,): the child, and whether the deadline was ``met``.

    ``day`` is when that was settled: the day of the follow-up that met it, else the last day in time.
    """

    child: IntArray
    day: IntArray
    met: BoolArray


def given_deadlines(child: IntArray, due: IntArray, done: IntArray) -> Deadlines:
    """Deadlines as the register has them; a follow-up that was not done has the day ``spells.OPEN``."""
    return Deadlines(child, np.minimum(done, due), done <= due)


def deadlines(
    spells: Spells,
    measure: ArrayLike,
    child: IntArray,
    of_measure: ArrayLike,
    done: IntArray,
    *,
    first_months: float,
    then_months: float | None,
) -> Deadlines:
    """The deadlines that were settled while each spell ran.

    ``measure`` (n,) codes the measure of each spell; ``child``, ``of_measure`` and ``done`` (m,) are the follow-ups
    that were done. Every follow-up, in time or late, starts the next interval. A missed deadline that no follow-up
    comes after starts it too, so that follow-ups left out for years are missed once an interval and not once in all.
    """
    first = round(first_months * DAYS_IN_MONTH)
    then = None if then_months is None else round(then_months * DAYS_IN_MONTH)
    codes = np.asarray(measure, dtype=np.int64)
    order = np.lexsort((done, np.asarray(of_measure), child))
    keys = list(zip(child[order].tolist(), np.asarray(of_measure)[order].tolist(), strict=True))
    days: dict[tuple[int, int], list[int]] = {}
    for key, day in zip(keys, done[order].tolist(), strict=True):
        days.setdefault(key, []).append(day)
    found = [
        [(int(who), *one) for one in _of_spell(int(start), int(stop), days.get((int(who), int(what)), []), first, then)]
        for who, what, start, stop in zip(spells.child, codes, spells.start, spells.stop, strict=True)
    ]
    table: NDArray[np.int64] = np.array(list(chain.from_iterable(found)), dtype=np.int64).reshape(-1, 3)
    return Deadlines(table[:, 0], table[:, 1], table[:, 2].astype(bool))


def _of_spell(start: int, stop: int, done: list[int], first: int, then: int | None) -> list[tuple[int, bool]]:
    """(settled, met) of the deadlines of one spell that covers ``start <= day < stop``; ``done`` is sorted."""
    found: list[tuple[int, bool]] = []
    came = [day for day in done if start <= day < stop]
    due, at = start + first, 0
    while True:
        met = at < len(came) and came[at] <= due
        settled = came[at] if met else due
        if settled >= stop:
            return found
        found.append((settled, met))
        if then is None:
            return found
        if at < len(came) and came[at] <= due + then:
            due, at = came[at] + then, at + 1
        else:
            due += then
