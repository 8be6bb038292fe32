"""Made-up careers of children on the ladder that pass through given numbers on given days.

The numbers on each step come first (from printed figures or from a model), the children after: between two days,
children move, leave and arrive just so many times that every number is met exactly. Nothing is left to luck, and two
worlds that share their past differ only in what happens afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from sverige_did.errors import refuse
from sverige_did.sources.spells.spells import OPEN, IntArray

FloatArray = NDArray[np.float64]


class Step(IntEnum):
    """What a child with a case has at one time. A residential home and an institution are one rung of the ladder."""

    CLARIFICATION = 0
    PREVENTION = 1
    SUPPORT = 2
    HOME = 3
    NETWORK = 4
    FOSTER = 5
    RESIDENTIAL_HOME = 6
    INSTITUTION = 7


STEPS: Final = len(Step)
PLACED: Final = (Step.HOME, Step.NETWORK, Step.FOSTER, Step.RESIDENTIAL_HOME, Step.INSTITUTION)
"""Placements as Tables 3-8 of the mid-term evaluation count them; support at home is none."""

IN_INSTITUTION: Final = (Step.RESIDENTIAL_HOME, Step.INSTITUTION)
HALF_YEAR: Final = 182.6
"""Days in half a year: the unit of habits."""

FROM_CLARIFICATION: Final = 0.5
"""Share of those who arrive on a higher step whose case was under clarification until then; the others' is new."""

LONGEST_BEFORE: Final = 8.0
"""Years on the step before the first day, at most: with the seven years after it, less than a childhood."""


ASSUMED: Final[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("assumptions.yaml").read_text("utf-8"))
BY_STEP: Final = pd.DataFrame.from_dict(ASSUMED["steps"], orient="index")
"""What is assumed of each step, a row a step."""


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """How children come and go where no printed figure says.

    ``churn`` (S,) is the share of each step that leaves in half a year, ``moves`` (S, S) the share that goes from the
    row's step to the column's; ``years_before`` (S,) is the mean time on the step of those found there on day one.
    """

    churn: FloatArray
    moves: FloatArray
    years_before: FloatArray


def usual_habits() -> Habits:
    """Those that are assumed."""
    moves = np.zeros((STEPS, STEPS))
    for origin, target, share in ASSUMED["moves"]:
        moves[Step[origin.upper()], Step[target.upper()]] = share
    return Habits(BY_STEP["churn"].to_numpy(), moves, BY_STEP["years_before"].to_numpy())


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Stays in the order in which they end, shape (n,) each: ``start <= day < stop``, :data:`OPEN` while it runs.

    Children are numbered from 0 to ``children`` - 1 in the order of their cases; one case a child.
    """

    child: IntArray
    step: IntArray
    start: IntArray
    stop: IntArray
    children: int


class Route(NamedTuple):
    """What a history passes through after its first day: ``days`` (A,), ``stocks`` (A, S) on those days, and
    ``moves`` (A, S, S), how many go from step to step in the time up to each day; None leaves them to the habits."""

    days: IntArray
    stocks: IntArray
    moves: Sequence[IntArray | None]


def opening(day: int, stock: IntArray, habits: Habits, rng: np.random.Generator) -> History:
    """The children found on the steps on the first day, with stays that began some time before."""
    step = np.repeat(np.arange(STEPS), stock)
    years = np.minimum(rng.exponential(habits.years_before[step]), LONGEST_BEFORE)
    before = (years * 365.25).astype(np.int64)
    child = np.arange(len(step), dtype=np.int64)
    return History(child, step, day - before, np.full(len(step), OPEN), len(step))


def follow(history: History, day: int, route: Route, habits: Habits, rng: np.random.Generator) -> History:
    """The history continued from ``day`` along the route: the stocks are met exactly on each of its days.

    Raises RefusedError when prescribed moves need more children than there are.
    """
    running = history.stop == OPEN
    done = [np.stack([history.child, history.step, history.start, history.stop])[:, ~running]]
    here = [
        np.stack([history.child, history.start])[:, running & (history.step == step)].astype(np.int64)
        for step in range(STEPS)
    ]
    children = history.children
    for until, stock, moves in zip(route.days.tolist(), route.stocks, route.moves, strict=True):
        flow = _usual_moves(here, stock, habits, (until - day) / HALF_YEAR, rng) if moves is None else moves
        here, ended, children = _interval(here, stock, flow, (day, until), children, habits, rng)
        done += ended
        day = until
    for step, (child, start) in enumerate(here):
        done.append(np.stack([child, np.full_like(child, step), start, np.full_like(child, OPEN)]))
    child, step_of, start, stop = np.concatenate(done, axis=1)
    return History(child, step_of, start, stop, children)


def through(days: IntArray, stocks: IntArray, habits: Habits, rng: np.random.Generator) -> History:
    """Careers through the ``stocks`` (T, S) on the ``days`` (T,), the first of which is the first day."""
    return follow(opening(int(days[0]), stocks[0], habits, rng), int(days[0]), free(days[1:], stocks[1:]), habits, rng)


def free(days: IntArray, stocks: IntArray) -> Route:
    """A route on which habits alone say who moves."""
    return Route(days, stocks, [None] * len(days))


def _usual_moves(
    here: list[IntArray], stock: IntArray, habits: Habits, half_years: float, rng: np.random.Generator
) -> IntArray:
    """Moves by the habits, never more than there is room for on the step they lead to or children on the other."""
    there = np.array([members.shape[1] for members in here])
    moves = rng.binomial(there[:, None], np.minimum(habits.moves * half_years, 1))
    to_room = np.minimum(np.cumsum(moves, axis=0), stock)
    fitting = np.diff(to_room, axis=0, prepend=0)
    from_there = np.minimum(np.cumsum(fitting, axis=1), there[:, None])
    moved: IntArray = np.diff(from_there, axis=1, prepend=0)
    return moved


def _interval(
    here: list[IntArray],
    stock: IntArray,
    moves: IntArray,
    days: tuple[int, int],
    children: int,
    habits: Habits,
    rng: np.random.Generator,
) -> tuple[list[IntArray], list[IntArray], int]:
    """One interval: who stays on each step, the stays that ended, and the number of children known after it.

    Each child moves, leaves or arrives at most once. The steps above clarification are settled first, because some of
    their newcomers come from there.
    """
    half_years = (days[1] - days[0]) / HALF_YEAR
    ended: list[IntArray] = []
    arrived: list[list[IntArray]] = [[] for _ in range(STEPS)]
    stay: list[IntArray] = list(here)
    moves = moves.copy()
    for step in (*range(1, STEPS), 0):
        members = here[step][:, rng.permutation(here[step].shape[1])]
        out, coming = int(moves[step].sum()), int(moves[:, step].sum())
        still = members.shape[1] - out
        if still < 0 or coming > stock[step]:
            raise refuse("synth_moves", found=str(members.shape[1]), expected=f">= {out}", step=Step(step).name.lower())
        by_habit = int(rng.binomial(still, min(1.0, habits.churn[step] * half_years)))
        leave = max(by_habit, still + coming - int(stock[step]))
        day = _days(out + leave, days, rng)
        ended.append(np.stack([members[0, : len(day)], np.full_like(day, step), members[1, : len(day)], day]))
        target_of = np.repeat(np.arange(STEPS), moves[step])
        for target in np.unique(target_of):
            moved = np.flatnonzero(target_of == target)
            arrived[target].append(np.stack([members[0, moved], day[moved]]))
        stay[step] = members[:, out + leave :]
        new = int(stock[step]) - still - coming + leave
        if step:
            free_to_go = max(here[0].shape[1] - int(moves[0].sum()), 0)
            known = min(int(rng.binomial(new, FROM_CLARIFICATION)), free_to_go)
            moves[0, step] += known
            new -= known
        arrived[step].append(np.stack([children + np.arange(new), _days(new, days, rng)]))
        children += new
    return [np.concatenate([stay[s], *arrived[s]], axis=1) for s in range(STEPS)], ended, children


def _days(n: int, days: tuple[int, int], rng: np.random.Generator) -> IntArray:
    """Days after the first and no later than the second."""
    return rng.integers(days[0] + 1, days[1] + 1, n)
