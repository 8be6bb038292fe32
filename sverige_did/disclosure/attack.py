"""What an outsider can work out: the range of every hidden number under all that is known of it.

Numbers that somebody wants are x (V,), none of them known. What is known is linear: rows r of A with
``low <= A x <= high``, as a rounded value gives one, and limits of each x. The range of a sum c x is then a linear
programme, and an integer one where x are whole (the attacker's problem of cell suppression: Fischetti & Salazar 2000,
Mathematical Programming 84; Hundepool et al. 2012, Statistical Disclosure Control, ch. 4).

Solutions are what is counted: two solutions that differ show that nobody can tell which of them is true. A solver that
stops early therefore makes a range too narrow here, and never too wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

ROUNDS = 12
"""Solutions that move as many numbers as they can, before those left are tried one by one."""

AT_ONCE = 300
"""How many numbers one such solution tries to move."""

NODES = 300
"""How many branches one integer programme may try: a number and no time, so that two runs find the same."""

GAP = 0.1
"""How far from the best a whole solution may be: any that differs will do."""

ENOUGH = 20
"""So many numbers that are too narrow are measured out, and no more: what tells them is made coarser, and all are tried
again."""

LARGE = 10_000
"""Numbers above which districts are moved a part at a time, each about so many numbers, while the others stay as they
are: what such a part finds is a solution of the whole, and the time grows as the districts do and not faster."""

SLACK = 1e-7
"""Room on each side of a row, against the rounding of sums."""


@dataclass(frozen=True, slots=True, eq=False)
class Relations:
    """What is known of V numbers.

    ``matrix`` (R, V) with ``low``, ``high`` (R,) and ``names`` (R,) of the values that say so; ``least``, ``most``
    (V,) limits of the numbers themselves, and ``whole`` (V,) which of them are whole.
    """

    matrix: csr_array
    low: Floats
    high: Floats
    names: tuple[str, ...]
    least: Floats
    most: Floats
    whole: Bools

    def holds(self, x: Floats) -> bool:
        """Whether the numbers (V,) are a solution."""
        sums = self.matrix @ x
        room = SLACK * (1 + np.abs(sums))
        inside = bool((sums >= self.low - room).all() and (sums <= self.high + room).all())
        return inside and bool((x >= self.least - SLACK).all() and (x <= self.most + SLACK).all())


class Range(NamedTuple):
    """The smallest and the largest value of a sum among the solutions found, and what held it there."""

    low: float
    high: float
    binding: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """From the one to the other."""
        return self.high - self.low


class Searched(NamedTuple):
    """How far apart solutions were found of K targets, ``low`` and ``high`` (K,), and those that are too ``narrow``.

    A target that is wide enough is not looked at further: its range is at least this wide.
    """

    low: Floats
    high: Floats
    narrow: dict[int, Range]


def _solve(known: Relations, objective: Floats, *, relaxed: bool = False) -> OptimizeResult:
    """The solution with the smallest ``objective`` (V,); ``relaxed`` forgets which numbers are whole."""
    if known.whole.any() and not relaxed:
        return milp(
            objective,
            constraints=LinearConstraint(known.matrix, known.low, known.high),
            bounds=Bounds(known.least, known.most),
            integrality=known.whole.astype(int),
            options={"node_limit": NODES, "mip_rel_gap": GAP},
        )
    upper, lower = np.isfinite(known.high), np.isfinite(known.low)
    found: OptimizeResult = linprog(  # type: ignore[call-overload] # its stubs know no sparse A_ub
        objective,
        A_ub=_stacked(known, upper, lower),
        b_ub=np.concatenate([known.high[upper], -known.low[lower]]),
        bounds=np.column_stack([known.least, known.most]),
        method="highs",
    )
    return found


def _stacked(known: Relations, upper: Bools, lower: Bools) -> csr_array:
    above, below = known.matrix[upper].tocoo(), known.matrix[lower].tocoo()
    rows = np.concatenate([above.row, below.row + above.shape[0]])
    columns, values = np.concatenate([above.col, below.col]), np.concatenate([above.data, -below.data])
    return csr_array((values, (rows, columns)), shape=(above.shape[0] + below.shape[0], known.least.size))


def feasible_range(known: Relations, target: Floats, truth: Floats) -> Range:
    """The range of ``target`` (V,) times the numbers; ``truth`` (V,) is a solution, and always within it.

    ``binding`` names the values without which it would be wider, those that hold it most first.
    """
    ends = [float(target @ truth)]
    held: dict[str, float] = {}
    whole = bool(known.whole.any())
    for sign in (1.0, -1.0):
        found = _solve(known, sign * target)
        if found.x is not None:
            ends.append(float(target @ found.x))
        elif found.status == 3:  # nothing limits it on this side
            ends.append(-sign * np.inf)
        for name, weight in _multipliers(known, _solve(known, sign * target, relaxed=True) if whole else found):
            held[name] = max(held.get(name, 0.0), weight)
    return Range(min(ends), max(ends), tuple(sorted(held, key=lambda name: -held[name])))


def _multipliers(known: Relations, found: OptimizeResult) -> list[tuple[str, float]]:
    """The values whose rows hold the optimum of a linear programme, by how far their room holds it."""
    if found.x is None:
        return []
    upper, lower = np.isfinite(known.high), np.isfinite(known.low)
    at = np.concatenate([np.flatnonzero(upper), np.flatnonzero(lower)])
    held = np.abs(found.ineqlin.marginals)
    weights = np.zeros(at.size)
    np.multiply(held, (known.high - known.low)[at], out=weights, where=held > SLACK)  # one end may be open
    return [(known.names[row], float(weight)) for row, weight in zip(at, weights, strict=True) if weight > SLACK]


def _moved(known: Relations, targets: csr_array, end: Floats, needed: Floats, *, upwards: bool) -> Floats | None:
    """A solution (V,) in which as much as possible of every target (K, V) lies ``needed`` (K,) beyond its ``end``."""
    size, number = known.least.size, needed.size
    sign = 1.0 if upwards else -1.0
    # Room s_k for each target: 0 <= s_k <= needed_k and s_k <= +-(c_k x - end_k); the sum of s is made large.
    beyond = hstack([-sign * targets, eye_array(number)], format="csr")
    rows = vstack([hstack([known.matrix, csr_array((known.matrix.shape[0], number))]), beyond], format="csr")
    wider = Relations(
        matrix=csr_array(rows),
        low=np.concatenate([known.low, np.full(number, -np.inf)]),
        high=np.concatenate([known.high, -sign * end]),
        names=(*known.names, *("" for _ in range(number))),
        least=np.concatenate([known.least, np.full(number, -known.most.max())]),
        most=np.concatenate([known.most, needed]),
        whole=np.concatenate([known.whole, np.zeros(number, dtype=bool)]),
    )
    objective = np.concatenate([np.zeros(size), -np.ones(number)])
    found = _solve(wider, objective)
    return None if found.x is None else np.asarray(found.x[:size])


def search(
    known: Relations, targets: csr_array, needed: Floats, truth: Floats, *, rng: np.random.Generator, of: Ints
) -> Searched:
    """Ranges of the targets (K, V), and those that are narrower than ``needed`` (K,), with their whole range.

    ``of`` (V,): the district that each number is of. Of those that are too narrow the first :data:`ENOUGH` only.

    Raises ValueError where ``truth`` contradicts what is known: then something false was released.
    """
    if not known.holds(truth):
        sums = known.matrix @ truth
        room = SLACK * (1 + np.abs(sums))
        wrong = [known.names[at] for at in np.flatnonzero((sums < known.low - room) | (sums > known.high + room))]
        raise ValueError(f"what is known contradicts the numbers: {', '.join(dict.fromkeys(wrong))}")
    low = high = np.asarray(targets @ truth)
    if truth.size > LARGE:
        parts = -(-truth.size // LARGE)
        of_part = np.unique(of, return_inverse=True)[1]
        of_part = rng.permutation(int(of_part.max()) + 1)[of_part] % parts
        for part in range(parts):
            low, high = _by_part(known, targets, needed, truth, np.flatnonzero(of_part == part), low, high, rng)
    low, high = _widened(known, targets, needed, low, high, rng)
    ranges = {}
    for k in np.flatnonzero(high - low < needed - SLACK):
        one = feasible_range(known, np.asarray(targets[[k]].toarray()[0]), truth)
        both = Range(min(one.low, low[k]), max(one.high, high[k]), one.binding)
        if both.width < needed[k] - SLACK:
            ranges[int(k)] = both
        if len(ranges) == ENOUGH:
            break
    return Searched(low, high, ranges)


def _widened(
    known: Relations, targets: csr_array, needed: Floats, low: Floats, high: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """``low`` and ``high`` (K,) of the targets among as many solutions as it takes, and :data:`ROUNDS` at most."""
    for turn in range(ROUNDS):
        waiting = np.flatnonzero(high - low < needed - SLACK)
        if not waiting.size:
            break
        some = rng.permutation(waiting)[:AT_ONCE]
        upwards = turn % 2 == 0
        found = _moved(known, targets[some], low[some] if upwards else high[some], needed[some], upwards=upwards)
        if found is not None:
            there = np.asarray(targets @ found)
            low, high = np.minimum(low, there), np.maximum(high, there)
    return low, high


def _by_part(
    known: Relations,
    targets: csr_array,
    needed: Floats,
    truth: Floats,
    mine: Ints,
    low: Floats,
    high: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """The same where the numbers ``mine`` alone may differ from the truth (V,)."""
    matrix, rest = csr_array(known.matrix[:, mine]), known.matrix @ truth - known.matrix[:, mine] @ truth[mine]
    rows = np.flatnonzero(np.diff(matrix.indptr))
    own = csr_array(targets[:, mine])
    about = np.flatnonzero((high - low < needed - SLACK) & (np.diff(own.indptr) > 0))
    others = np.asarray(targets[about] @ truth - own[about] @ truth[mine])
    inside = Relations(
        matrix=csr_array(matrix[rows]),
        low=known.low[rows] - rest[rows],
        high=known.high[rows] - rest[rows],
        names=tuple(known.names[row] for row in rows),
        least=known.least[mine],
        most=known.most[mine],
        whole=known.whole[mine],
    )
    found = _widened(inside, csr_array(own[about]), needed[about], low[about] - others, high[about] - others, rng)
    low, high = low.copy(), high.copy()
    low[about], high[about] = found[0] + others, found[1] + others
    return low, high
