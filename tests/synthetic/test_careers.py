from __future__ import annotations

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.spells.spells import OPEN
from sverige_did.synthetic.careers import STEPS, Habits, History, Route, Step, follow, opening, usual_habits

DAY = 14_000


def random_route(rng: np.random.Generator, intervals: int = 6) -> tuple[np.ndarray, Route]:
    stocks = rng.integers(0, 30, (intervals + 1, STEPS))
    days = DAY + np.cumsum(rng.integers(30, 200, intervals))
    return stocks[0], Route(days, stocks[1:], [None] * intervals)


def made(seed: int) -> tuple[History, Route, np.ndarray]:
    rng = np.random.default_rng(seed)
    stock, route = random_route(rng)
    history = follow(opening(DAY, stock, usual_habits(), rng), DAY, route, usual_habits(), rng)
    return history, route, stock


@pytest.mark.parametrize("seed", range(20))
def test_every_stock_is_met_on_its_day_counted_child_by_child(seed: int) -> None:
    history, route, stock = made(seed)
    for day, wanted in zip([DAY, *route.days.tolist()], [stock, *route.stocks], strict=True):
        counted = [0] * STEPS
        for step, start, stop in zip(history.step, history.start, history.stop, strict=True):
            counted[step] += start <= day < stop
        assert counted == wanted.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_a_child_is_in_one_place_at_a_time_and_has_one_unbroken_case(seed: int) -> None:
    history, _, _ = made(seed)
    order = np.lexsort((history.start, history.child))
    child, start, stop = history.child[order], history.start[order], history.stop[order]
    assert (start < stop).all()
    same = child[1:] == child[:-1]
    assert (start[1:][same] == stop[:-1][same]).all()
    assert np.unique(child).tolist() == list(range(history.children))


def test_prescribed_moves_happen_and_no_others_between_steps_above_clarification() -> None:
    rng = np.random.default_rng(5)
    stock = np.full(STEPS, 20)
    moves = np.zeros((STEPS, STEPS), dtype=np.int64)
    moves[Step.INSTITUTION, Step.FOSTER], moves[Step.FOSTER, Step.SUPPORT] = 7, 3
    route = Route(np.array([DAY + 90]), stock[None], [moves])
    history = follow(opening(DAY, stock, usual_habits(), rng), DAY, route, usual_habits(), rng)
    order = np.lexsort((history.start, history.child))
    child, step = history.child[order], history.step[order]
    on = np.flatnonzero((child[1:] == child[:-1]) & (step[:-1] != Step.CLARIFICATION))
    found = np.zeros_like(moves)
    np.add.at(found, (step[on], step[on + 1]), 1)
    assert (found == moves).all()


def test_moves_without_enough_children_are_refused() -> None:
    rng = np.random.default_rng(1)
    stock = np.full(STEPS, 2)
    moves = np.zeros((STEPS, STEPS), dtype=np.int64)
    moves[Step.FOSTER, Step.NETWORK] = 3
    route = Route(np.array([DAY + 90]), stock[None] + 5, [moves])
    with pytest.raises(RefusedError, match="foster"):
        follow(opening(DAY, stock, usual_habits(), rng), DAY, route, usual_habits(), rng)


def test_nothing_before_the_day_it_goes_on_from_is_changed() -> None:
    rng = np.random.default_rng(9)
    stock, route = random_route(rng)
    past = opening(DAY, stock, usual_habits(), rng)
    later = follow(past, DAY, route, usual_habits(), rng)
    begun = later.start <= DAY
    assert sorted(zip(later.child[begun], later.step[begun], later.start[begun], strict=True)) == sorted(
        zip(past.child, past.step, past.start, strict=True)
    )
    assert (later.stop[begun] > DAY).all()


def test_without_churn_or_moves_only_the_stocks_make_children_come_and_go() -> None:
    still = Habits(np.zeros(STEPS), np.zeros((STEPS, STEPS)), np.ones(STEPS))
    rng = np.random.default_rng(2)
    stock = np.arange(STEPS) + 3
    route = Route(np.array([DAY + 100, DAY + 200]), np.array([stock, stock]), [None, None])
    history = follow(opening(DAY, stock, still, rng), DAY, route, still, rng)
    assert history.children == stock.sum()
    assert (history.stop == OPEN).all()
