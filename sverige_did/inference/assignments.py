"""Every way in which the same number of districts, stratum by stratum, could have been the treated ones.

Where districts weigh unlike each other it also matters which of them has which weight: then changes move to places, and
a place keeps its treatment and its weight. Places of the same arm, weight and stratum are one to the statistic, so only
the arrangements of changes over such kinds of place are listed.

The sums of any quantity over all K-subsets of G districts need no list of subsets: the sums within blocks of
districts are made once and added across blocks. The subsets themselves are the sums of unit vectors.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from itertools import combinations
from math import comb, factorial, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sverige_did.inference.districts import Bools, Floats, Ints

MAX_ENUMERATED = 1_000_000
"""Above this many assignments they are drawn instead of listed."""

MAX_MOVES = 50_000
"""Above this many ways to move changes to places with unlike weights they are drawn: eight districts have 40,320, and
twenty with treated ones of 100, 100, 1 and 1 children among controls of 100 have 29,070."""

BLOCK = 12
"""Districts a block: 2^12 subsets are added up by one matrix product."""

_CELLS = 2_000_000
"""Numbers that are drawn at a time."""


def count_assignments(treated: Bools, strata: Ints) -> int:
    """How many assignments there are: the product over strata of C(G_s, K_s)."""
    return prod(comb(int((strata == s).sum()), int(treated[strata == s].sum())) for s in np.unique(strata))


def smallest_p(treated: Bools, strata: Ints) -> float:
    """The smallest two-sided p-value of a studentised test over all assignments.

    One over their number, or two where the complement of every assignment is an assignment as well.
    """
    mirrored = all(2 * int(treated[strata == s].sum()) == int((strata == s).sum()) for s in np.unique(strata))
    return (2 if mirrored else 1) / count_assignments(treated, strata)


def _outer_sum(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    pairs: NDArray[Any] = left[:, None, :] + right[None, :, :]
    return pairs.reshape(-1, left.shape[1])


def _block_sums(features: NDArray[Any], largest: int) -> list[NDArray[Any]]:
    """Sums over the subsets of one block of districts, as a list by size 0, 1, ..., ``largest``."""
    size = features.shape[0]
    masks = np.arange(2**size)
    members = (masks[:, None] >> np.arange(size)) & 1
    sums = members.astype(features.dtype) @ features
    count = np.bitwise_count(masks)
    return [sums[count == k] for k in range(min(size, largest) + 1)]


def _join(left: list[NDArray[Any]], right: list[NDArray[Any]], sizes: range) -> list[NDArray[Any]]:
    """Subset sums of two blocks together, for the wanted sizes."""
    joined = []
    for k in sizes:
        pairs = [_outer_sum(left[i], right[k - i]) for i in range(len(left)) if 0 <= k - i < len(right)]
        joined.append(np.concatenate(pairs))
    return joined


def subset_sums(features: NDArray[Any], k: int) -> NDArray[Any]:
    """Sums of ``features`` (G, p) over all C(G, k) subsets of k rows: (C(G, k), p), in a fixed order."""
    blocks = np.array_split(features, -(-features.shape[0] // BLOCK))
    by_size = [_block_sums(block, k) for block in blocks]
    while len(by_size) > 1:
        right, left = by_size.pop(), by_size.pop()
        reachable = len(left) + len(right) - 2
        by_size.append(_join(left, right, range(min(reachable, k) + 1) if by_size else range(k, k + 1)))
    return by_size[0][-1]


def _enumerate(features: NDArray[Any], treated: Bools, strata: Ints) -> NDArray[Any]:
    by_stratum = [subset_sums(features[strata == s], int(treated[strata == s].sum())) for s in np.unique(strata)]
    return reduce(_outer_sum, by_stratum)


def all_assignments(treated: Bools, strata: Ints) -> Bools:
    """Every assignment as a row of booleans (n, G), in the order in which sums over them are made."""
    return _enumerate(np.eye(treated.size, dtype=np.int8), treated, strata).astype(bool)


def draw_assignments(treated: Bools, strata: Ints, draws: int, rng: np.random.Generator) -> Bools:
    """The observed assignment in row 0 and ``draws`` random ones below it: (1 + draws, G)."""
    drawn = np.zeros((1 + draws, treated.size), dtype=bool)
    drawn[0] = treated
    for s in np.unique(strata):
        members = np.flatnonzero(strata == s)
        wanted = int(treated[members].sum())
        for start in range(1, 1 + draws, rows := max(1, _CELLS // members.size)):
            block = drawn[start : start + rows]
            first = rng.random((len(block), members.size)).argpartition(wanted - 1, axis=1)[:, :wanted]
            np.put_along_axis(block, members[first], values=True, axis=1)
    return drawn


def reference_assignments(
    treated: Bools, strata: Ints, *, draws: int, rng: np.random.Generator, limit: int = MAX_ENUMERATED
) -> tuple[Bools, bool]:
    """All assignments and True; or, when there are more than ``limit``, 1 + ``draws`` of them and False."""
    if count_assignments(treated, strata) <= limit:
        return all_assignments(treated, strata), True
    return draw_assignments(treated, strata, draws, rng), False


def reference_sums(
    features: Floats,
    treated: Bools,
    strata: Ints,
    *,
    draws: int,
    rng: np.random.Generator,
    limit: int = MAX_ENUMERATED,
) -> tuple[Floats, bool]:
    """Sums (n, p) of ``features`` (G, p) over the treated of every reference assignment, and whether all were listed.

    Where they are drawn, row 0 is the observed one, so that hits / n is (1 + hits) / (1 + draws).
    """
    if count_assignments(treated, strata) <= limit:
        return _enumerate(features, treated, strata), True
    return sums_over(draw_assignments(treated, strata, draws, rng), features), False


def sums_over(rows: Bools, features: NDArray[Any]) -> Floats:
    """``rows`` (n, G) times ``features`` (G, ...), with a few rows at a time as numbers."""
    step = max(1, _CELLS // rows.shape[1])
    return np.concatenate([rows[start : start + step] @ features for start in range(0, len(rows), step)])


type Places = NDArray[np.int16] | Ints

type Labels = NDArray[np.int8]
"""Codes (n, G), one arrangement a row: a million of them have to fit."""


class Moves(NamedTuple):
    """Which change moves to each place: ``rows`` (n, G); the smallest p-value they can give; whether they are all."""

    rows: Places
    smallest_p: float
    enumerated: bool


def reference_moves(
    treated: Bools, weights: Floats, strata: Ints, *, draws: int, rng: np.random.Generator, limit: int
) -> Moves:
    """All moves within strata that tell apart who is treated with which weight; or 1 + ``draws``, the first of nobody.

    Where the weights are equal within strata these are the assignments, up to ``limit`` of them.
    """
    if all(np.ptp(weights[strata == s]) <= 1e-12 * weights.max() for s in np.unique(strata)):
        assignments, enumerated = reference_assignments(treated, strata, draws=draws, rng=rng, limit=limit)
        smallest = smallest_p(treated, strata) if enumerated else 1 / len(assignments)
        return Moves(moves_of(assignments, treated, strata), smallest, enumerated)
    kinds = _kinds(treated, weights, strata)
    ways = count_arrangements(kinds, strata)
    if ways <= min(limit, MAX_MOVES):
        rows = np.empty((ways, treated.size), dtype=np.int64)
        rows[:, np.argsort(kinds, kind="stable")] = np.argsort(all_arrangements(kinds, strata), axis=1, kind="stable")
        mirrored = all(_same_weights(treated[strata == s], weights[strata == s]) for s in np.unique(strata))
        return Moves(rows, (2 if mirrored else 1) / ways, True)
    return Moves(_drawn_once(strata, draws, rng), 1 / (1 + draws), False)


def _drawn_once(strata: Ints, draws: int, rng: np.random.Generator) -> Places:
    """Random moves within strata, the first of nobody: drawn once for tests that go through the same ones.

    A generator that stands where another stood gives the same, and stands afterwards where that one stood then.
    """
    state = rng.bit_generator.state
    if state["bit_generator"] != "PCG64":
        return _drawn(strata, draws, rng)
    known = (*state["state"].values(), state["has_uint32"], state["uinteger"])
    rows, rng.bit_generator.state = _drawn_from(strata.tobytes(), strata.dtype.str, draws, *known)
    return rows


@lru_cache(maxsize=1)
def _drawn_from(
    strata: bytes, kind: str, draws: int, state: int, inc: int, has_uint32: int, uinteger: int
) -> tuple[Places, Any]:
    """The moves of a generator that stands there, and where it stands afterwards."""
    generator = np.random.PCG64()
    generator.state = {
        "bit_generator": "PCG64", "state": {"state": state, "inc": inc}, "has_uint32": has_uint32, "uinteger": uinteger,
    }  # fmt: skip
    rows = _drawn(np.frombuffer(strata, dtype=kind), draws, np.random.Generator(generator))
    rows.setflags(write=False)
    return rows, generator.state


def _drawn(strata: Ints, draws: int, rng: np.random.Generator) -> Places:
    places: Places = np.arange(strata.size)
    if strata.size < np.iinfo(np.int16).max:
        places = places.astype(np.int16)
    rows = np.empty((1 + draws, strata.size), dtype=places.dtype)
    rows[:] = places
    for s in np.unique(strata):
        members = np.flatnonzero(strata == s)
        rows[1:, members] = rng.permuted(rows[1:, members], axis=1)
    return rows


def _kinds(treated: Bools, weights: Floats, strata: Ints) -> Ints:
    """The kind of every place (G,): its stratum, arm and weight."""
    what = np.column_stack([strata, treated, np.round(weights / weights.max(), 12)])
    return np.unique(what, axis=0, return_inverse=True)[1].ravel()


def _same_weights(treated: Bools, weights: Floats) -> bool:
    """Whether both arms of a stratum hold the same weights, so that every move has a mirror image."""
    return np.array_equal(*(np.sort(weights[treated == arm]) for arm in (True, False)))


def count_arrangements(labels: Ints, strata: Ints) -> int:
    """How many ways there are to exchange labels (G,) within strata, each occurring as often as it does."""
    sizes = (np.unique(labels[strata == s], return_counts=True)[1] for s in np.unique(strata))
    return prod(factorial(int(one.sum())) // prod(factorial(int(n)) for n in one) for one in sizes)


def all_arrangements(labels: Ints, strata: Ints) -> Labels:
    """Every exchange of ``labels`` 0, 1, ... (G,) within strata as a row (n, G)."""
    rows = np.empty((1, labels.size), dtype=np.int8)
    for s in np.unique(strata):
        members = np.flatnonzero(strata == s)
        inside = _arrangements(np.bincount(labels[members], minlength=int(labels.max()) + 1))
        rows = np.repeat(rows, len(inside), axis=0)
        rows[:, members] = np.tile(inside, (len(rows) // len(inside), 1))
    return rows


def _arrangements(sizes: Ints) -> Labels:
    """Every row of labels 0, 1, ... of which ``sizes`` says how often each occurs, one label placed after another."""
    n = int(sizes.sum())
    rows = np.full((1, n), sizes.size - 1, dtype=np.int8)
    free = np.arange(n)[None, :]
    for label, size in enumerate(sizes[:-1]):
        subsets = list(combinations(range(free.shape[1]), int(size)))
        chosen = np.array(subsets, dtype=np.intp).reshape(len(subsets), int(size))
        rest = np.ones((len(chosen), free.shape[1]), dtype=bool)
        np.put_along_axis(rest, chosen, values=False, axis=1)
        left = np.nonzero(rest)[1].reshape(len(chosen), -1)
        rows = np.repeat(rows, len(chosen), axis=0)
        places = free[:, chosen].reshape(len(rows), int(size))
        np.put_along_axis(rows, places, label, axis=1)
        free = free[:, left].reshape(len(rows), -1)
    return rows


def moves_of(assignments: Bools, treated: Bools, strata: Ints) -> Ints:
    """The change of every assigned district at the place of a treated one in its stratum."""
    rows = np.empty(assignments.shape, dtype=np.int64)
    for s in np.unique(strata):
        places = np.flatnonzero(strata == s)
        first = places[np.argsort(~treated[places], kind="stable")]
        rows[:, first] = places[np.argsort(~assignments[:, places], axis=1, kind="stable")]
    return rows
