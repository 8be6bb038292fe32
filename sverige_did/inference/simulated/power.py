"""How often the verdict finds an effect of a given size in a design, and what it says of it when it does.

An effect is a share of the level of the treated districts after: -0.3 takes three of ten events away, so counts vary
less where fewer are left. Data sets are drawn in blocks of :data:`BLOCK`, each with a seed of its own made of the
study's seed and the block's number: however many jobs draw them, and in whatever order, the pooled answer is the same.

Type M is by how much the estimates that are supported exaggerate, type S how many of them have the wrong sign (Gelman &
Carlin 2014, Perspectives on Psychological Science 9:641).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import accumulate, chain
from operator import add
from typing import Self

import numpy as np
from scipy import special

from sverige_did.errors import refuse
from sverige_did.inference.simulated import vectorised
from sverige_did.inference.simulated.design import OwnDesign
from sverige_did.inference.simulated.size import BLOCK, blocks_of, everyone

FAR = 5.0
"""Standard errors that a power is off the wanted one where no more data sets are needed to tell on which side it is."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the verdict said of ``simulations`` data sets with an effect of ``change`` (a share of the level).

    ``truth``: the effect on the scale of the verdict · ``supported``: how often it was found · ``wrong``: of these,
    with the other sign · ``exaggerated``: the sum over those found of how many times the truth the estimate is. Tallies
    of blocks add up.
    """

    change: float
    truth: float
    simulations: int
    supported: int
    wrong: int
    exaggerated: float

    @property
    def power(self) -> float:
        """The share of data sets in which the effect is found, with either sign."""
        return self.supported / self.simulations

    @property
    def standard_error(self) -> float:
        """The Monte Carlo standard error of the power."""
        return float(np.sqrt(self.power * (1 - self.power) / self.simulations))

    @property
    def type_m(self) -> float:
        """By how many times those found exaggerate on average; nan where none was, or without an effect."""
        return self.exaggerated / self.supported if self.supported and self.truth else float("nan")

    @property
    def type_s(self) -> float:
        """The share of those found that have the wrong sign; nan where none was, or without an effect."""
        return self.wrong / self.supported if self.supported and self.truth else float("nan")

    def __add__(self, other: Self) -> Self:
        """Both together. Raises ValueError where they are about other effects."""
        if (self.change, self.truth) != (other.change, other.truth):
            raise ValueError("tallies of other effects do not add up")
        return replace(
            self,
            simulations=self.simulations + other.simulations,
            supported=self.supported + other.supported,
            wrong=self.wrong + other.wrong,
            exaggerated=self.exaggerated + other.exaggerated,
        )


def block_of_power(
    design: OwnDesign,
    changes: Sequence[float],
    *,
    seed: int,
    block: int,
    alpha: float = 0.05,
    draws: int = 999,
    size: int = BLOCK,
) -> tuple[Tally, ...]:
    """One tally for each of ``changes``, from ``size`` data sets that are drawn alike for all of them.

    The design must carry a verdict (:func:`~sverige_did.inference.verdict.refusals`).
    """
    return tuple(_tally(design, change, seed, block, alpha, draws, size) for change in changes)


def pooled(blocks: Iterable[Sequence[Tally]]) -> tuple[Tally, ...]:
    """The blocks together, in the order of their numbers. Raises ValueError for no block at all."""
    every = list(blocks)
    if not every:
        raise ValueError("no block to pool")
    found = list(every[0])
    for block in every[1:]:
        found = [one + other for one, other in zip(found, block, strict=True)]
    return tuple(found)


def power(
    design: OwnDesign, changes: Sequence[float], *, seed: int, simulations: int, alpha: float = 0.05, draws: int = 999
) -> tuple[Tally, ...]:
    """The tallies of all blocks; ``simulations`` is rounded up to whole blocks."""
    blocks = -(-simulations // BLOCK)
    return pooled(
        block_of_power(design, changes, seed=seed, block=block, alpha=alpha, draws=draws) for block in range(blocks)
    )


def smallest_found(
    design: OwnDesign,
    *,
    sign: int,
    seed: int,
    wanted: float = 0.8,
    simulations: int = 2_000,
    alpha: float = 0.05,
    steps: int = 6,
    most: float = 0.99,
) -> float | None:
    """The smallest change, as a share of the level, that is found in ``wanted`` of all cases; None up to ``most``.

    Halved ``steps`` times between nothing and ``most``: within ``most / 2**steps``, and a Monte Carlo error besides.
    The same data sets are drawn at every step, so that the search is not led astray by chance. A rise may go to thrice
    the level, a fall only to nothing.
    """

    def found(size: float) -> bool:
        return _is_found(design, sign * size, wanted, seed, simulations, alpha)

    size = halved(found, most if sign < 0 else 3 * most, steps)
    return None if size is None else sign * size


def halved(found: Callable[[float], bool], most: float, steps: int) -> float | None:
    """The smallest size that is found, within ``most / 2**steps`` and never too small; None where not even ``most`` is.

    >>> halved(lambda size: size >= 0.3, 1.0, 4)
    0.3125
    """
    if not found(most):
        return None
    low, high = 0.0, most
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def fewest_times(
    design: OwnDesign,
    multiplied: Sequence[str],
    change: float,
    tried: Sequence[int],
    *,
    seed: int,
    wanted: float = 0.8,
    simulations: int = 2_000,
    alpha: float = 0.05,
) -> int | None:
    """The first of ``tried`` (rising) with which the change is found in ``wanted`` of all cases; None where none does.

    ``multiplied`` are arguments of :func:`stretched`. The search halves, because more is never less.
    """

    def found(times: int) -> bool:
        larger = stretched(design, **dict.fromkeys(multiplied, times))
        return _is_found(larger, change, wanted, seed, simulations, alpha)

    return first_found(found, tried)


def first_found(found: Callable[[int], bool], tried: Sequence[int]) -> int | None:
    """The first of ``tried`` (rising) that is found, where all after it are; None where none is."""
    if not found(tried[-1]):
        return None
    low, high = -1, len(tried) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(tried[middle]) else (middle, high)
    return tried[high]


def stretched(
    design: OwnDesign,
    *,
    districts: int = 1,
    before: int = 1,
    after: int = 1,
    children: int = 1,
    shock: float = 1.0,
) -> OwnDesign:
    """The same design with so many times its districts, periods before and after, children, and swings.

    Districts and periods are those that there are, once more. Raises RefusedError ``out_of_range`` for less than once.
    """
    if min(districts, before, after) < 1 or min(children, shock) < 0 or children == 0:
        found = f"{districts}, {before}, {after}, {children:g}, {shock:g}"
        raise refuse(
            "out_of_range", name="districts, before, after, children, shock", found=found, expected=">= 1; > 0"
        )
    data = design.data
    rows = np.tile(np.arange(len(data.y)), districts)
    times = np.concatenate([
        np.tile(np.flatnonzero(data.before), before), np.tile(np.flatnonzero(~data.before), after)
    ])  # fmt: skip
    m = data.children[np.ix_(rows, times)] * children
    wider = replace(
        data,
        sample=data.sample.taken(rows),
        y=data.y[np.ix_(rows, times)],
        children=np.maximum(np.rint(m), 1.0) + 0 * m if data.family == "binomial" else m,
        before=data.before[times],
    )
    # Strata are those that there are: a district drawn twice stands in its own.
    return replace(design, data=wider, rates=design.rates[rows], shock_sd=design.shock_sd * shock)


def _tally(design: OwnDesign, change: float, seed: int, block: int, alpha: float, draws: int, size: int) -> Tally:
    return reduce(add, _parts(design, change, seed, block, alpha, draws, size))


def _parts(
    design: OwnDesign, change: float, seed: int, block: int, alpha: float, draws: int, size: int
) -> Iterator[Tally]:
    """What was said of the data sets of a block that are simulated together, time after time."""
    with_effect = replace(design, effect=change)
    rng, sample = np.random.default_rng([seed, block]), design.sample
    truth = _truth(design, change)
    for part, n in enumerate(blocks_of(design, size)):
        y = with_effect.changes(n, rng)
        said = vectorised.verdicts(y, sample, alpha, draws, np.random.default_rng([seed, block, part]))
        estimates = everyone(sample) @ y[:, said]
        wrong = int((estimates * truth < 0).sum()) if truth else 0
        exaggerated = float(np.abs(estimates / truth).sum()) if truth else 0.0
        yield Tally(change, truth, n, int(said.sum()), wrong, exaggerated)


def _is_found(design: OwnDesign, change: float, wanted: float, seed: int, simulations: int, alpha: float) -> bool:
    """Whether the :func:`power` is at least ``wanted``, of whole blocks of data sets.

    Of many districts few data sets are simulated together, and where the first of them are :data:`FAR` off what is
    wanted, the rest are not.
    """
    blocks = range(-(-simulations // BLOCK))
    parts = chain.from_iterable(_parts(design, change, seed, block, alpha, 999, BLOCK) for block in blocks)
    for sofar in accumulate(parts):
        if abs(sofar.power - wanted) > FAR * np.sqrt(wanted * (1 - wanted) / sofar.simulations):
            break
    return sofar.power >= wanted


def _truth(design: OwnDesign, change: float) -> float:
    """The effect on the scale of the verdict: the treated districts' own, weighted as the estimate weighs them."""
    after, treated = design.rates[:, 1], design.sample.treated
    moved = design.moved_by(change)
    if design.data.scale == "ratio":
        own = np.full(after.size, np.log1p(change)) if change > -1 else np.full(after.size, -np.inf)
    elif design.data.scale == "log_odds":
        own = special.logit(moved) - special.logit(after)
    else:
        own = moved - after
    return float(everyone(design.sample)[treated] @ own[treated])
