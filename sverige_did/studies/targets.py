"""A target held against figures of several dates: what was registered, and how sure one can be of the level behind.

The belief after one evaluation is the next one's prior (bayes/models/sequential.py). A level that lies on the target's
side is no effect: nothing here compares the treated group with anybody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import expit, logit

from sverige_did.bayes.models.sequential import (
    Belief,
    begin,
    binomial,
    carried,
    change_quantile,
    poisson,
    prob_at_most,
    prob_change_at_most,
    quantile,
    remembered,
    seen,
)
from sverige_did.results.targets import TargetMoment
from sverige_did.study.economy import Target

Moment = Literal["before", "mid_term", "final"]

GRID = 301
"""Values of a level, evenly over :data:`REACH` to either side of the middle of its scale."""

REACH = 8.0


class Figure(NamedTuple):
    """One number of the treated group: ``events``, of a ``total`` where it is a share, on one date."""

    moment: Moment
    day: date
    events: float
    total: float | None = None
    registered: float | None = None
    facts: tuple[str, ...] = ()


class Prior(NamedTuple):
    """What is believed of a level before any figure, and of how it moves.

    ``mean`` and ``sd`` are in log-odds for a share, in the log of the number else. ``step`` is the sd of what may have
    changed from before to after beside the swings: the programme's doing and what all districts share.
    """

    mean: float
    sd: float
    squared_weights: float
    swing_scale: float
    step: float
    serial: float = 0.0


def followed(
    target: Target, figures: Sequence[Figure], prior: Prior, level: float, per: float = 1.0
) -> tuple[TargetMoment, ...]:
    """The target at each figure's date, in their order; the first is the one before where there is any.

    ``per`` times the number is the level in the target's unit, where that is no share. Raises RefusedError where the
    figures contradict the prior altogether.
    """
    centre = 0.0 if figures[0].total is not None else prior.mean
    at = np.linspace(centre - REACH, centre + REACH, GRID)
    belief = begin(at, prior.mean, prior.sd, prior.swing_scale, prior.squared_weights)
    made: list[TargetMoment] = []
    first = figures[0]
    for place, figure in enumerate(figures):
        if place:
            others = prior.step if figures[place - 1].moment == "before" else 0.0
            belief = carried(belief, prior.squared_weights, others, prior.serial)
        seen_in = (
            poisson(belief, figure.events) if figure.total is None else binomial(belief, figure.events, figure.total)
        )
        belief = seen(belief, seen_in)
        made.append(_moment(target, belief, figure, first, level, per))
        if place == 0 and figure.moment == "before":
            belief = remembered(belief)
    return tuple(made)


def alone(target: Target, figures: Sequence[Figure], prior: Prior, level: float, per: float = 1.0) -> float | None:
    """The probability at the last figure had those between it and the first not been known."""
    if len(figures) < 3:
        return None
    return followed(target, (figures[0], figures[-1]), prior, level, per)[-1].probability


def _moment(target: Target, belief: Belief, figure: Figure, first: Figure, level: float, per: float) -> TargetMoment:
    number = registered(target, figure, first, per)
    bare = TargetMoment(
        moment=figure.moment, day=figure.day, status="computed", registered=number, facts=figure.facts,
        meets=on_its_side(target, number),
    )  # fmt: skip
    if target.value is None or (target.measure == "change" and figure.moment == "before"):
        return bare
    tail = (1 - level) / 2
    if target.measure == "change":
        below = prob_change_at_most(belief, math.log1p(target.value / 100))
        low, middle, high = (100 * math.expm1(change_quantile(belief, p)) for p in (tail, 0.5, 1 - tail))
    elif figure.total is not None:
        below = prob_at_most(belief, float(logit(target.value / 100)))
        low, middle, high = (100 * float(expit(quantile(belief, p))) for p in (tail, 0.5, 1 - tail))
    else:
        below = prob_at_most(belief, math.log(target.value / per)) if target.value > 0 else 0.0
        low, middle, high = (per * math.exp(quantile(belief, p)) for p in (tail, 0.5, 1 - tail))
    probability = below if target.direction == "at_most" else 1 - below
    return bare.model_copy(update={"probability": probability, "middle": middle, "lower": low, "upper": high})


def registered(target: Target, figure: Figure, first: Figure, per: float = 1.0) -> float | None:
    """The number itself in the target's unit: as printed, or worked out from the counts."""
    if figure.registered is not None:
        return figure.registered
    if target.measure == "change":
        return None if figure.moment == "before" or not first.events else 100 * (figure.events / first.events - 1)
    if figure.total is not None:
        return 100 * figure.events / figure.total if figure.total else None
    return per * figure.events


def on_its_side(target: Target, number: float | None) -> bool | None:
    """Whether a number lies on the target's side; None without one."""
    if number is None or target.value is None:
        return None
    return number <= target.value if target.direction == "at_most" else number >= target.value
