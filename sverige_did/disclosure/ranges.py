"""Between which values a hidden level lies, as anybody can work it out from the levels that are shown.

A function of what is shown, of resident children (public) and of the rules, and of nothing else: who has the release
could compute the same ranges, so that telling them tells nothing. True numbers, the districts behind a group, estimates
and curves have no part in it. That parts add up to no more than their whole and half-years to their window is all that
is used; numerators are rounded outwards to the base.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sverige_did.disclosure.levels import GROUPS, Cell, counted
from sverige_did.disclosure.release import ReleasedLevel
from sverige_did.disclosure.rounding import down, to_step, up
from sverige_did.outcomes import CATALOGUE
from sverige_did.panel import COUNTED

Floats = NDArray[np.float64]
DIGITS = {"percent": 1}
"""With how many decimals levels are printed; :data:`USUAL_DIGITS` otherwise."""

USUAL_DIGITS = 2
WIDEST = 0.5
"""A share whose range is more than this part of everybody says next to nothing, and is hidden without one."""

WHOLE = "placed"
PARTS = ("home_based", "network", "foster", "institution")
AS_EXACT = 7
"""Decimals to which a linear programme is trusted: an end that is a multiple of a step is one."""


class Public(NamedTuple):
    """What is known of one released level without the register.

    ``per_number``: the level that one in the numerator makes, nan where the denominator is not public · ``step``: in
    what steps the numerator is rounded · ``level``: what is shown, None where it is hidden.
    """

    outcome: str
    group: str
    label: str
    periods: tuple[str, ...]
    per_number: float
    step: float
    level: float | None


def public(cell: Cell, level: ReleasedLevel) -> Public:
    """A released level with the public part of its cell: never what was counted, nor a denominator of few."""
    per, below = CATALOGUE[cell.outcome].per, cell.found.denominator
    bare = np.isnan(below)
    known = bare or (cell.denominator_step == 0 and below > 0)
    each = float("nan") if not known else 1.0 if bare else per / below
    return Public(cell.outcome, cell.group, cell.label, cell.periods, each, cell.step, level.level)


def with_ranges(
    shown: Sequence[tuple[Cell, ReleasedLevel]], *, steps_off: float
) -> tuple[tuple[Cell, ReleasedLevel], ...]:
    """The levels, those hidden with the range that the others leave them, where there is one.

    ``steps_off``: how many steps a rounded numerator may lie from the true one, a half, or a whole where levels that
    were sent out before are held.
    """
    of_people = [one for one in shown if one[0].found.kind in COUNTED]
    found = ranges([public(*one) for one in of_people], steps_off)

    def ranged(level: ReleasedLevel) -> ReleasedLevel:
        low, high = found.get((level.outcome, level.group, level.period), (None, None))
        return level.model_copy(update={"low": low, "high": high})

    return tuple((cell, ranged(level)) for cell, level in shown)


def ranges(shown: Iterable[Public], steps_off: float) -> dict[tuple[str, str, str], tuple[float, float]]:
    """The range of every hidden level that has an upper end, by outcome, group and period.

    >>> from sverige_did.disclosure.ranges import Public, ranges
    >>> whole = Public("placed_total", "treated", "2014H1", ("2014H1",), 1.0, 2.5, 5.0)
    >>> part = Public("institution_per_1000", "treated", "2014H1", ("2014H1",), 1.0, 2.5, None)
    >>> ranges([whole, part], 0.5)
    {('institution_per_1000', 'treated', '2014H1'): (0.0, 7.5)}
    """
    found = {}
    every = list(shown)
    for group in GROUPS:
        mine = [one for one in every if one.group == group]
        if any(one.level is None for one in mine):
            numbers = _Numbers(mine, steps_off)
            for one in mine:
                range_ = numbers.level(one) if one.level is None else None
                if range_ is not None:
                    found[one.outcome, one.group, one.label] = range_
    return found


class _Numbers:
    """The unknown numbers of one group by what is counted and period, and what the levels shown say of them."""

    def __init__(self, shown: Sequence[Public], steps_off: float) -> None:
        names = {term for one in shown for term in (*counted(one.outcome), *CATALOGUE[one.outcome].over)}
        periods = {period for one in shown for period in one.periods}
        pairs = [(term, period) for term in sorted(names | {WHOLE, *PARTS}) for period in sorted(periods)]
        self.at = {pair: place for place, pair in enumerate(pairs)}
        self.steps = {(counted(one.outcome), one.label): one.step for one in shown}
        rows, most = [], []
        for period in periods:
            rows.append(sum((self.row((part,), (period,)) for part in PARTS), -self.row((WHOLE,), (period,))))
            most.append(0.0)
        for one in shown:
            if one.level is not None and np.isfinite(one.per_number):
                number, room = to_step(one.level / one.per_number, one.step), steps_off * one.step
                row = self.row(counted(one.outcome), one.periods)
                rows += [row, -row]
                most += [number + room, room - number]
        self.rows, self.most = np.array(rows), np.array(most)
        self.told: dict[bytes, tuple[float, float]] = {}

    def row(self, terms: Collection[str], periods: Collection[str]) -> Floats:
        """1 for every number that is added up, (V,)."""
        found = np.zeros(len(self.at))
        found[[self.at[term, period] for term in terms for period in periods]] = 1.0
        return found

    def range(self, row: Floats) -> tuple[float, float]:
        """The smallest and the largest value of a sum; 0 and infinity where nothing is said."""
        if row.tobytes() not in self.told:
            least, most = (linprog(sign * row, A_ub=self.rows, b_ub=self.most, method="highs") for sign in (1.0, -1.0))
            low = float(row @ least.x) if least.x is not None else 0.0
            high = float(row @ most.x) if most.x is not None else np.inf
            self.told[row.tobytes()] = (round(max(low, 0.0), AS_EXACT), round(high, AS_EXACT))
        return self.told[row.tobytes()]

    def level(self, one: Public) -> tuple[float, float] | None:
        """The range of a hidden level in its unit, outwards to the digits that are printed; None where it says little.

        Both ends of the numerator are multiples of its step, and so are those of a denominator that is not public.
        """
        low, high = self._rounded(counted(one.outcome), one)
        each, limit = (one.per_number,) * 2, np.inf
        over = CATALOGUE[one.outcome].over
        if not np.isfinite(one.per_number):
            least, most = self._rounded(over, one)
            per = CATALOGUE[one.outcome].per
            each = (per / most if most > 0 else 0.0, per / least if least > 0 else np.inf)
            limit = per if CATALOGUE[one.outcome].family == "share" else np.inf
        if not np.isfinite(high * each[1]):
            return None
        printed = 10.0 ** -DIGITS.get(CATALOGUE[one.outcome].unit, USUAL_DIGITS)
        ends = down(low * each[0], printed), up(min(high * each[1], limit), printed)
        return None if ends[1] - ends[0] > WIDEST * limit else ends

    def _rounded(self, terms: Collection[str], one: Public) -> tuple[float, float]:
        low, high = self.range(self.row(terms, one.periods))
        return down(low, one.step), up(high, one.step)
