"""The levels of groups that leave: in half-years, in years or in windows, rounded to a base, small ones hidden.

One number of children has one decision, however many outcomes show it: per 1,000 children, as a share, in a sum. Hidden
numbers are those below ``hidden_below``, 0 among them, so that hidden says nothing about anybody; and what would give
them away. Where half-years would have to hide some, years are shown instead, and windows where years would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from typing import Literal, NamedTuple

import numpy as np

from sverige_did.disclosure.release import ReleasedLevel
from sverige_did.disclosure.rounding import nice_above, nice_below, to_step
from sverige_did.disclosure.small_counts import TOLERANCE, fewest_children, hidden_parts, is_small
from sverige_did.disclosure.sums import GroupSum, Matrix, matrices
from sverige_did.outcomes import CATALOGUE, parts_of
from sverige_did.panel import Panel
from sverige_did.study.study import PanelStudy
from sverige_did.windows import Bools, windows_of

Group = Literal["treated", "control"]
GROUPS: tuple[Group, ...] = ("treated", "control")
When = Literal["", "before", "after"]
Resolution = Literal["periods", "years", "windows"]
RESOLUTIONS: tuple[Resolution, ...] = ("periods", "years", "windows")
FEWEST_DISTRICTS = 3
"""A group of fewer districts is not released: of two, each knows the other."""

DOMINANT = 0.85
"""The largest share of an amount, or of its group's weight, that a single district may have (the (1, k) rule)."""

AMOUNT = 0.10
"""An amount must stay uncertain by so much of itself to either side (the p% rule)."""

CANDIDATES = 3
"""How many numbers of children a single district must be left."""

SCORE = 5.0
"""How far apart the mean of a group must leave the score of a child whose others are all known, in points or months."""


class Cell(NamedTuple):
    """One outcome in one group over a span of periods, with the rounded numbers that its level is made of.

    ``key`` is the same for all outcomes that count the same children. ``numerator`` and ``denominator`` are rounded in
    steps of ``step`` and ``denominator_step``, which is 0 where the denominator is public. ``held`` is a rounded
    numerator that was sent out before and is sent out again, nan where there is none.
    """

    outcome: str
    group: Group
    label: str
    periods: tuple[str, ...]
    resolution: Resolution
    when: When
    found: GroupSum
    step: float
    denominator_step: float
    held: float = float("nan")

    @property
    def room(self) -> float:
        """How far the rounded numerator can lie from the true one: a whole step where it was held."""
        return self.step if np.isfinite(self.held) else self.step / 2

    @property
    def key(self) -> tuple[object, ...]:
        """What is counted, where and when."""
        return (*counted(self.outcome), self.group, self.label)

    @property
    def numerator(self) -> float:
        """The rounded numerator, mean or amount."""
        return self.held if np.isfinite(self.held) else to_step(self.found.value, self.step)

    @property
    def denominator(self) -> float:
        """The rounded denominator."""
        return (
            to_step(self.found.denominator, self.denominator_step) if self.denominator_step else self.found.denominator
        )

    @property
    def level(self) -> float | None:
        """In the unit of the outcome; None where there is nothing to divide by."""
        if not np.isfinite(self.numerator):
            return None
        if np.isnan(self.found.denominator) or self.found.kind == "mean":
            return self.numerator
        per = CATALOGUE[self.outcome].per
        return per * self.numerator / self.denominator if self.denominator > 0 else None


def counted(outcome: str) -> tuple[str, ...]:
    """The numbers that an outcome adds up: the same for a share and for the rate of the same children."""
    return tuple(sorted(CATALOGUE[outcome].counts)) or (outcome,)


class Levels(NamedTuple):
    """All group levels of a panel, at every resolution, and which of them must stay inside."""

    cells: tuple[Cell, ...]
    hidden: frozenset[tuple[object, ...]]

    def at(self, outcome: str, resolution: Resolution) -> list[Cell]:
        """The cells of one outcome at one resolution."""
        return [cell for cell in self.cells if cell.outcome == outcome and cell.resolution == resolution]

    def finest(self, outcomes: Iterable[str]) -> Resolution:
        """The finest resolution that hides nothing of the outcomes; where there is none, the one that hides least."""
        shares = []
        for resolution in RESOLUTIONS:
            cells = [cell for outcome in outcomes for cell in self.at(outcome, resolution)]
            shown = [cell.key not in self.hidden for cell in cells]
            shares.append(float(np.mean(shown)) if shown else -1.0)
        return RESOLUTIONS[int(np.argmax(shares))]


def levels_of(panel: Panel, study: PanelStudy) -> Levels:
    """Every level of every outcome of the panel, plan or not: somebody else may print the others."""
    base, threshold = study.register_rules.base, study.hidden_below
    every = matrices(panel)
    cells: list[Cell] = []
    hidden: set[tuple[object, ...]] = set()
    shortest = min(float(one.years.min()) for one in every.values())
    for group in GROUPS:
        for resolution, label, periods, when in _spans(every.values(), study):
            made, few = {}, set()
            for name, matrix in every.items():
                found = matrix.summed(group, matrix.columns(periods))
                if found is not None:
                    here = tuple(one for one in periods if one in matrix.periods)
                    made[name] = _cell(found, group, label, here, resolution, when, base, shortest)
                    few |= {name} if _concentrated(matrix, group, matrix.columns(periods)) else set()
            sums = {name: cell.found for name, cell in made.items()}
            hidden |= {made[name].key for name in hidden_of(sums, threshold) | few if name in made}
            cells += made.values()
    return Levels(tuple(cells), frozenset(hidden))


def _spans(every: Iterable[Matrix], study: PanelStudy) -> Iterator[tuple[Resolution, str, tuple[str, ...], When]]:
    """The periods, the whole years, and the windows before and after."""
    days = sorted(
        {
            (start, end, label)
            for one in every
            for start, end, label in zip(one.start, one.end, one.periods, strict=True)
        }
    )
    start, end = (np.array([one[at] for one in days]) for at in (0, 1))
    labels = np.array([one[2] for one in days])
    yield from (("periods", label, (label,), "") for label in labels.tolist())
    year = start.astype("datetime64[Y]").astype(int) + 1970
    for one in np.unique(year):
        mine = labels[year == one].tolist()
        yield "years", str(one) if len(mine) > 1 else mine[0], tuple(mine), ""
    windows = windows_of(start, end, study.periods)
    sides: tuple[tuple[When, Bools], ...] = (("before", windows.before), ("after", windows.after))
    for when, side in sides:
        mine = labels[side].tolist()
        if mine:
            yield "windows", f"{mine[0]}–{mine[-1]}", tuple(mine), when


def _cell(
    found: GroupSum, group: Group, label: str, periods: tuple[str, ...], resolution: Resolution, when: When, base: int,
    shortest: float,
) -> Cell:  # fmt: skip
    # A window is as exact as its shortest period: what it adds up is many times as much.
    years = shortest if resolution == "windows" else found.length
    per_head = CATALOGUE[found.outcome].unit == "rate_per_1000" or found.kind in {"money", "mean"}
    below = base * years if found.kind == "person_years" else float(base)
    step = step_of(found, base, years)
    return Cell(found.outcome, group, label, periods, resolution, when, found, step, 0.0 if per_head else below)


def step_of(found: GroupSum, base: int, years: float) -> float:
    """In what steps a sum is rounded: ``base`` children, or what they cost, or what leaves a score its doubt."""
    if found.kind == "person_years":
        return base * years
    if found.kind == "mean":
        return nice_above(SCORE / found.denominator) if found.denominator > 0 else SCORE
    if found.kind == "money":
        return nice_below(max(abs(found.value), 1e-6) / 50)
    return float(base)


def _concentrated(matrix: Matrix, group: str, columns: Bools) -> bool:
    """Whether a number rests on fewer than three districts, or an amount on one of them."""
    if not matrix.districts:
        return False
    amounts = matrix.amount[matrix.of(group)][:, columns]
    if np.isfinite(amounts).any(axis=1).sum() < FEWEST_DISTRICTS:
        return True
    each = np.nansum(amounts, axis=1)
    return matrix.kind == "money" and bool(each.max() > DOMINANT * max(each.sum(), TOLERANCE))


def hidden_of(sums: dict[str, GroupSum], threshold: int) -> set[str]:
    """The outcomes of one group and span whose numbers stay inside, and those that would tell them.

    The parts of the placed are looked at together, whether or not the plan has them all.
    """
    entries = {name: CATALOGUE[name] for name in sums}
    hidden = {name for name, one in sums.items() if is_small(one.children, threshold) or one.rest < threshold}
    for name, entry in entries.items():
        other = entry.rest_with
        if other in sums and hidden.isdisjoint((name, other)):
            left = sums[name].denominator - sums[name].value - sums[other].value
            hidden |= {min(other, name, key=lambda key: sums[key].value)} if left < threshold else set()
    for whole, total in sums.items():
        parts = {part.key: sums[part.key] for part in parts_of(whole) if part.key in sums}
        if parts and total.kind != "money" and whole not in hidden:
            hidden = (hidden - parts.keys()) | _hidden_parts(parts, total, threshold)
    # Nobody is told from few: a 0 that was shown would say that the hidden ones are 1 to 4.
    hidden |= {name for name, one in sums.items() if one.children == 0 or one.denominator == 0}
    hidden |= {name for name, one in sums.items() if one.kind not in {"mean", "money"} and one.denominator < threshold}
    hidden |= {name for name, entry in entries.items() if hidden & {entry.about, entry.part_of}}
    hidden |= {name for name, entry in entries.items() if len(hidden.intersection(entry.sum_of)) == 1}
    return hidden | {twin for name in hidden if (twin := CATALOGUE[name].twin)}


def _hidden_parts(parts: dict[str, GroupSum], total: GroupSum, threshold: int) -> set[str]:
    """The parts of a whole that stay inside; those placed nobody knows where are a part too: subtraction tells it."""
    placed, elsewhere = total.value, max(total.value - sum(one.value for one in parts.values()), 0.0)
    years = [*(one.value for one in parts.values()), *([elsewhere] if elsewhere > TOLERANCE else [])]
    children = [fewest_children(each, total.length) for each in years]
    others = [fewest_children(placed - each, total.length) for each in years]
    return set(compress(parts, hidden_parts(children, others, threshold)))


def with_earlier(levels: Levels, earlier: Iterable[ReleasedLevel]) -> Levels:
    """The levels with those held that were sent out before: one moves only when it is off by a whole step.

    Two releases that differ by a few children then show the same. Only numerators over public denominators are held.
    """
    told = {(one.outcome, one.group, one.period): one.level for one in earlier if one.level is not None}
    return levels._replace(cells=tuple(_held(cell, told) for cell in levels.cells))


def _held(cell: Cell, told: Mapping[tuple[str, Group, str], float]) -> Cell:
    level = told.get((cell.outcome, cell.group, cell.label))
    below = cell.found.denominator
    if level is None or cell.denominator_step or cell.found.kind == "mean" or not below > 0:
        return cell
    before = to_step(level * below / CATALOGUE[cell.outcome].per, cell.step)
    moved = before != to_step(cell.found.value, cell.step)
    return cell._replace(held=before) if moved and abs(before - cell.found.value) < cell.step else cell


def released_levels(
    levels: Levels,
    wanted: Iterable[str],
    chosen: dict[tuple[str, ...], Resolution],
    shut: frozenset[tuple[object, ...]],
) -> Iterator[tuple[Cell, ReleasedLevel]]:
    """The levels of the plan's outcomes at the resolution chosen for what they count, and their windows beside them.

    ``shut`` are further ones that stay inside.
    """
    for outcome in wanted:
        resolutions = dict.fromkeys((chosen[counted(outcome)], "windows"))
        for cell in (cell for resolution in resolutions for cell in levels.at(outcome, resolution)):
            out = cell.key in levels.hidden | shut or cell.level is None
            status: Literal["shown", "hidden"] = "hidden" if out else "shown"
            level = None if out or cell.level is None else float(f"{cell.level:.6g}")
            yield cell, ReleasedLevel(outcome=outcome, group=cell.group, period=cell.label, status=status, level=level)
