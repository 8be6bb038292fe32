"""Where those who stand on a rung are some time later, and how long they are on each: Aalen and Johansen from that day.

All who are in state r on a landmark day are followed from it (Putter & Spitoni 2018, SMMR 27:2081): nothing is assumed
about how they came there, so no Markov property is needed. With dN_kj(u) moves from k to j on day u and Y_k(u) followed
and in k just before it (Aalen & Johansen 1978, Scand J Stat 5:141),

    p_j(u) = p_j(u - 1) + sum over k of p_k(u - 1) dN_kj(u) / Y_k(u),   p(0) = 1 for r

and the expected days in j up to day h are p_j(1) + ... + p_j(h), which over all j add up to h. Whoever is lost from
sight leaves the Y and takes nothing with them. Several landmarks are laid over each other, so the same person may
enter more than once: what is random is left to whoever leaves out whole districts (inference/jackknife.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOST = -1
"""The state after an episode that ends because nobody sees what comes then."""


@dataclass(frozen=True, slots=True, eq=False)
class Episodes:
    """N episodes: person ``who`` is in ``state`` on the days ``start <= day < stop`` and then in ``after``.

    All are (N,) whole numbers; states are 0 to ``states`` - 1 and ``after`` may be :data:`LOST`. A state that is never
    left has an episode without end. No two episodes of a person share a day. They are put in order: by person and day.

    Raises RefusedError: ``episodes_lengths``, ``episodes_states`` (a state that is none of them), ``episodes_reversed``
    (an episode without a day) and ``episodes_overlap``.
    """

    who: Ints
    state: Ints
    start: Ints
    stop: Ints
    after: Ints
    states: int

    def __post_init__(self) -> None:
        n = len(self.who)
        if any(np.shape(one) != (n,) for one in (self.state, self.start, self.stop, self.after)):
            raise refuse("episodes_lengths")
        outside = (
            (self.state < 0) | (self.state >= self.states) | (self.after < LOST) | (self.after >= self.states)
        ).sum()
        if outside:
            raise refuse("episodes_states", count=int(outside), most=self.states - 1)
        if empty := int((self.stop <= self.start).sum()):
            raise refuse("episodes_reversed", count=empty)
        self._put_in_order()
        same = self.who[1:] == self.who[:-1]
        if twice := int((same & (self.start[1:] < self.stop[:-1])).sum()):
            raise refuse("episodes_overlap", count=twice)

    def _put_in_order(self) -> None:
        """Person by person and from early to late, so that what comes next stands next."""
        order = np.lexsort((self.start, self.who))
        for name in ("who", "state", "start", "stop", "after"):
            object.__setattr__(self, name, np.asarray(getattr(self, name))[order])


class Followed(NamedTuple):
    """Those who stood in one state on a landmark day, over H days, by cluster (G of them) and among S states.

    ``at_risk`` (G, H, S) are followed and in the state just before day u; ``moves`` (G, H, S, S) go from state to state
    on it. Of each that is followed: ``who`` (n,) and ``cluster`` (n,) are the person and its cluster, ``landmark`` (n,)
    the place of its day among the landmarks, ``left`` (n,) whether it was seen to leave the state at all, and ``ends``
    (n,) its state on day H, :data:`LOST` where it is in none; it may have been out of sight before.
    """

    at_risk: Floats
    moves: Floats
    who: Ints
    cluster: Ints
    landmark: Ints
    left: NDArray[np.bool_]
    ends: Ints


class ClusterOn(Protocol):
    """The cluster (n,) of persons (n,) on a landmark, which is named by its place; a negative one leaves one out."""

    def __call__(self, who: Ints, landmark: int, /) -> Ints:
        """Asked once a landmark."""
        ...


def follow(
    episodes: Episodes, landmarks: ArrayLike, origin: int, cluster_on: ClusterOn, clusters: int, horizon: int
) -> Followed:
    """Everybody who is in ``origin`` on one of the ``landmarks`` (L,), from that day for ``horizon`` days.

    Linear in the episodes of the state times landmarks: of the others only those are looked at that follow on one.
    """
    at_risk = np.zeros((clusters, horizon + 1, episodes.states))
    moves = np.zeros((clusters, horizon, episodes.states, episodes.states))
    of_state = np.flatnonzero(episodes.state == origin)
    starts, stops = episodes.start[of_state], episodes.stop[of_state]
    met: list[tuple[NDArray[Any], ...]] = []
    for k, day in enumerate(np.asarray(landmarks)):
        here = of_state[(starts <= day) & (day < stops)]
        group = cluster_on(episodes.who[here], k)
        here, group = here[group >= 0], group[group >= 0]
        ends = np.full(len(here), LOST)
        for chain, seen, row in _from(episodes, here, int(day) + horizon):
            last = episodes.stop[row] > day + horizon
            ends[chain[last]] = episodes.state[row[last]]
            _count(episodes, row[seen], group[chain[seen]], int(day), at_risk, moves)
        leaves = (episodes.stop[here] <= day + horizon) & (episodes.after[here] != LOST)
        met.append((episodes.who[here], group, np.full(len(here), k), leaves, ends))
    parts = [np.concatenate(part) for part in zip(*met, strict=True)] if met else [np.zeros(0, dtype=np.int64)] * 5
    who, cluster, landmark, left, ends = parts
    risk = np.cumsum(at_risk, axis=1)[:, :horizon]
    return Followed(risk, moves, who, cluster, landmark, left.astype(np.bool_), ends)


def _from(episodes: Episodes, row: Ints, until: int) -> Iterator[tuple[Ints, NDArray[np.bool_], Ints]]:
    """The rows (n,) and then, as long as there are any, those that come next of the same persons up to a day.

    With each the place of its first row, and whether it is seen: who comes back after it was lost was not followed
    meanwhile.
    """
    chain, seen, last = np.arange(len(row)), np.ones(len(row), dtype=np.bool_), len(episodes.who) - 1
    while len(row):
        yield chain, seen, row
        then = np.minimum(row + 1, last)
        goes_on = (row < last) & (episodes.who[then] == episodes.who[row]) & (episodes.start[then] <= until)
        seen = (seen & (episodes.after[row] != LOST))[goes_on]
        chain, row = chain[goes_on], then[goes_on]


def _count(episodes: Episodes, row: Ints, group: Ints, day: int, at_risk: Floats, moves: Floats) -> None:
    """Add episodes and how they end. ``at_risk`` takes one where they begin to count and gives it where they end."""
    horizon, state, after = moves.shape[1], episodes.state[row], episodes.after[row]
    # In the state just before day u: from the day after entering to the day of leaving, both counted from 1.
    np.add.at(at_risk, (group, np.maximum(episodes.start[row] - day, 0), state), 1.0)
    ends = np.minimum(episodes.stop[row] - day, horizon + 1)
    inside = ends <= horizon
    np.add.at(at_risk, (group[inside], ends[inside], state[inside]), -1.0)
    go = inside & (after != LOST)
    np.add.at(moves, (group[go], ends[go] - 1, state[go], after[go]), 1.0)


def occupation(at_risk: Floats, moves: Floats, origin: int) -> Floats:
    """The shares (..., H, S) in each state on days 1 to H of those who stood in ``origin`` on day 0.

    ``at_risk`` (..., H, S) and ``moves`` (..., H, S, S) as in :class:`Followed`, summed over what is to be seen as one.
    NaN where nobody stood there. Where nobody is lost these are the plain proportions.
    """
    S = at_risk.shape[-1]
    step = np.divide(moves, at_risk[..., None], out=np.zeros_like(moves), where=at_risk[..., None] > 0)
    step += np.eye(S) * (1.0 - step.sum(axis=-1, keepdims=True))
    share = np.broadcast_to(np.eye(S)[[origin]], (*at_risk.shape[:-2], 1, S))
    share = np.where(at_risk[..., :1, [origin]] > 0, share, np.nan)
    found = np.empty(at_risk.shape)
    eventful = moves.any(axis=(-2, -1)).reshape(-1, at_risk.shape[-2]).any(axis=0)
    for day in range(at_risk.shape[-2]):
        if eventful[day]:
            share = share @ step[..., day, :, :]
        found[..., day, :] = share[..., 0, :]
    return found


def days_in(share: Floats) -> Floats:
    """The expected days (..., S) in each state over the H days of ``share`` (..., H, S); over the states they sum to H.

    >>> import numpy as np
    >>> days_in(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist()
    [1.5, 0.5]
    """
    days: Floats = share.sum(axis=-2)
    return days
