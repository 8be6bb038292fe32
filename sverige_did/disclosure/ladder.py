"""Disclosure control of the ladder: what is about few children stays inside, and what would give them away with it.

Of those who stand on a rung the shares add up to everybody, so one that is hidden is never hidden alone; and since
moves down and up of all placed children are released too, no single rung's is. Numbers leave without their counts, in
steps of about what the plan's base of children makes of them, and differences are those of the rounded numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sverige_did.disclosure.remarks import few_untold
from sverige_did.disclosure.rounding import down, nice_above, to_step, up
from sverige_did.disclosure.small_counts import is_small
from sverige_did.results.ladder import SHARES, LadderCell, LadderContrast, LadderRecord, Quantity
from sverige_did.study.study import PanelStudy

OLDEST = 18.0
"""Years: how far one child can move a mean of ages."""

PLACED = frozenset({"home_based", "network", "foster", "institution"})
"""The rungs whose moves together are the outcomes ``moved_down_share`` and ``moved_up_share``."""

Bools = NDArray[np.bool_]


def release_ladder(record: LadderRecord | None, study: PanelStudy) -> LadderRecord | None:
    """The record without small numbers, without what would tell them, and without any count of children."""
    if record is None:
        return None
    base, months = study.register_rules.base if study.tables is None else 1, record.time_months or 12.0
    sides = [coarse_side(side, base, months) for side in _sides(record.cells)]
    step = {(one.rung, one.quantity): 0.0 for one in record.cells}
    for side in sides:
        for cell in side.cells:
            place = (cell.rung, cell.quantity)
            step[place] = max(step[place], side.steps.get(place, 0.0))
    kept = [one for side in sides for one in _released(side.cells, study.hidden_below)]
    shown = {(one.rung, one.quantity) for one in kept}
    shown -= {(one.rung, one.quantity) for one in kept if one.status != "shown"}
    contrasts = (one for one in record.contrasts if (one.rung, one.quantity) in shown)
    return record.model_copy(
        update={
            "cells": tuple(kept),
            "contrasts": tuple(_again(one, kept, step[one.rung, one.quantity]) for one in contrasts),
            "remarks": few_untold(record.remarks, study),
        }
    )


class CoarseSide(NamedTuple):
    """The cells of one group and window with rounded values, and in what steps: by rung and quantity."""

    cells: list[LadderCell]
    steps: dict[tuple[str, Quantity], float]


def coarse_side(side: list[LadderCell], base: int, months: float) -> CoarseSide:
    """Every value in steps of what ``base`` children make of it, each by itself.

    ``months``: how long children are followed for months on a rung.
    """
    standing = {one.rung: (one.children or 0) + (one.rest or 0) for one in side if one.quantity == "stay"}
    steps = {
        (one.rung, one.quantity): _step(one, standing.get(one.rung, 0), base, months)
        for one in side if one.value is not None
    }  # fmt: skip
    made = [
        one if one.value is None
        else one.model_copy(update={"value": to_step(one.value, steps[one.rung, one.quantity])})
        for one in side
    ]  # fmt: skip
    return CoarseSide(made, steps)


def _step(one: LadderCell, standing: int, base: int, months: float) -> float:
    """What ``base`` children more or less make of a number of those who stand on its rung, or arrive on it."""
    if one.quantity == "arrived":
        return nice_above(base * (one.value or 0.0) / one.children) if one.children else 1.0
    most = {"months": months, "age": OLDEST}.get(one.quantity, 100.0)
    return nice_above(most * min(base / max(standing, base), 0.5) / 2)


def _again(one: LadderContrast, cells: list[LadderCell], step: float) -> LadderContrast:
    """The difference again from the four numbers as they are shown; its limits moved with it, and outwards."""
    value = {
        (cell.group, cell.moment): cell.value or 0.0
        for cell in cells if (cell.rung, cell.quantity) == (one.rung, one.quantity)
    }  # fmt: skip
    changes = [value[group, "after"] - value[group, "before"] for group in ("treated", "control")]
    estimate = to_step(changes[0] - changes[1], 1e-6)
    lower, upper = (None if end is None else end - one.estimate + estimate for end in (one.lower, one.upper))
    return one.model_copy(
        update={
            "estimate": estimate,
            "lower": None if lower is None else down(lower, step),
            "upper": None if upper is None else up(upper, step),
        }
    )


def _sides(cells: Iterable[LadderCell]) -> Iterator[list[LadderCell]]:
    """The cells of each group and window."""
    every = list(cells)
    for group, moment in product(("treated", "control"), ("before", "after")):
        yield [one for one in every if (one.group, one.moment) == (group, moment)]


def _released(side: list[LadderCell], threshold: int) -> Iterator[LadderCell]:
    hidden = hidden_cells(side, threshold)
    for one in side:
        bare = {"children": None, "rest": None}
        if (one.rung, one.quantity) in hidden:
            yield one.model_copy(update=bare | {"status": "hidden", "value": None})
        else:
            yield one.model_copy(update=bare)


def hidden_cells(side: list[LadderCell], threshold: int) -> set[tuple[str, Quantity]]:
    """The rungs and quantities of one group and window whose numbers stay inside; nobody's are about nobody."""
    seen = {(one.rung, one.quantity): one for one in side if one.status == "shown"}
    rungs = list(dict.fromkeys(rung for rung, quantity in seen if quantity == "stay"))
    shares = _hidden_shares(seen, rungs, threshold)
    hidden = {place for place in seen if place[1] in SHARES and shares.get(place, False)}
    for place, one in seen.items():
        rung, quantity = place
        children, rest = one.children or 0, one.rest
        few = is_small(children, threshold) or (rest is not None and rest < threshold)
        if quantity == "months":
            few |= children < threshold  # with nobody leaving it would tell of each of them
        if quantity == "measure":
            up = seen[rung, "up"]
            few |= (rung, "up") in hidden or is_small((up.children or 0) - children, threshold)
        if quantity not in SHARES and (few or _standing(seen, rung, threshold)):
            hidden.add(place)
    return hidden


def _standing(seen: dict[tuple[str, Quantity], LadderCell], rung: str, threshold: int) -> bool:
    """Whether so few stand on a rung that nothing about them may leave; arrivals have a number of their own."""
    stay = seen.get((rung, "stay"))
    return stay is not None and (stay.children or 0) + (stay.rest or 0) < threshold


class _Grid(NamedTuple):
    """Children by rung and share (R, K), whether there is such a share, and whether it is hidden."""

    children: NDArray[np.float64]
    there: Bools
    hidden: Bools


def _hidden_shares(
    seen: dict[tuple[str, Quantity], LadderCell], rungs: list[str], threshold: int
) -> dict[tuple[str, Quantity], bool]:
    """Small shares, those that are nearly everybody, and as many more as it takes, in rows and in columns."""
    places = [[(rung, quantity) for quantity in SHARES] for rung in rungs]
    there = np.array([[place in seen for place in row] for row in places], dtype=np.bool_).reshape(-1, len(SHARES))
    children, rest = np.zeros(there.shape), np.full(there.shape, np.inf)
    for at in zip(*np.nonzero(there), strict=True):
        one = seen[places[at[0]][at[1]]]
        children[at], rest[at] = one.children or 0, np.inf if one.rest is None else one.rest
    hidden = there & (children > 0) & ((children < threshold) | (rest < threshold))
    few = np.array([_standing(seen, rung, threshold) for rung in rungs], dtype=bool)
    hidden[few] = there[few]
    placed = np.array([rung in PLACED for rung in rungs], dtype=bool)
    while True:
        before = hidden.copy()
        for row in range(len(rungs)):
            hidden[row] = _with_others(children[row], there[row], hidden[row], threshold)
        for column in (SHARES.index("down"), SHARES.index("up")):
            among = there[:, column] & placed
            hidden[:, column] = _with_others(children[:, column], among, hidden[:, column], threshold)
        if (hidden == before).all():
            break
    return {place: bool(hidden[i, k]) for i, row in enumerate(places) for k, place in enumerate(row)}


def _with_others(children: NDArray[np.float64], among: Bools, hidden: Bools, threshold: int) -> Bools:
    """The hidden ones with, fewest children first, as many others as make them two that hold ``threshold`` children.

    Of equally many the last goes first, so that how many stay on their rung is kept for as long as it can be.
    """
    found, mine = hidden.copy(), hidden & among
    while mine.any() and (mine != among).any() and (mine.sum() < 2 or children[mine].sum() < threshold):
        shown = np.flatnonzero(among & ~mine)[::-1]
        mine[shown[np.argmin(children[shown])]] = True
    return np.asarray(found | mine)
