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
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sverige_did.errors import refuse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOST = -1
"""The state after an episode that ends because nobody sees what comes then."""


@dataclass(frozen=True, slots=True, eq=False)
class Episodes:
    """N episodes: person ``who`` is in ``state`` on the days ``start <= day < stop`` and then in ``after``.

    All are (N,) whole numbers; states are 0 to ``states`` - 1 and ``after`` may be :data:`LOST`. A state that is never
    left has an episode without end. No two episodes of a person share a day.

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
        order = np.lexsort((self.start, self.who))
        same = self.who[order][1:] == self.who[order][:-1]
        if twice := int((same & (self.start[order][1:] < self.stop[order][:-1])).sum()):
            raise refuse("episodes_overlap", count=twice)


class Followed(NamedTuple):
    """Those who stood in one state on a landmark day, over H days, by cluster (G of them) and among S states.

    ``at_risk`` (G, H, S) are followed and in the state just before day u; ``moves`` (G, H, S, S) go from state to state
    on it. ``who`` (n,) and ``cluster`` (n,) are the person and cluster of each that is followed, ``left`` (n,) whether
    it was seen to leave the state at all.
    """

    at_risk: Floats
    moves: Floats
    who: Ints
    cluster: Ints
    left: NDArray[np.bool_]


def follow(
    episodes: Episodes, landmarks: ArrayLike, origin: int, cluster: ArrayLike, clusters: int, horizon: int
) -> Followed:
    """Everybody who is in ``origin`` on one of the ``landmarks`` (L,), from that day for ``horizon`` days.

    ``cluster`` (L, P) is the cluster of each person on each landmark, persons numbered from 0 to P - 1; a negative one
    leaves the person out. Linear in episodes times landmarks.
    """
    where, days = np.asarray(cluster), np.asarray(landmarks)
    at_risk = np.zeros((clusters, horizon + 1, episodes.states))
    moves = np.zeros((clusters, horizon, episodes.states, episodes.states))
    met: list[tuple[Ints, Ints, NDArray[np.bool_]]] = []
    for k, day in enumerate(days):
        here = (episodes.start <= day) & (day < episodes.stop) & (episodes.state == origin)
        here &= where[k, episodes.who] >= 0
        person = episodes.who[here]
        chosen = np.zeros(where.shape[1], dtype=np.bool_)
        chosen[person] = True
        rows = np.flatnonzero(chosen[episodes.who] & (episodes.stop > day) & (episodes.start <= day + horizon))
        seen = _unlost(episodes, rows)
        group = where[k, episodes.who[seen]]
        enters = np.maximum(episodes.start[seen] - day, 0)
        ends = np.minimum(episodes.stop[seen] - day, horizon + 1)
        # In the state just before day u: from the day after entering to the day of leaving, both counted from 1.
        np.add.at(at_risk, (group, enters, episodes.state[seen]), 1.0)
        inside = ends <= horizon
        np.add.at(at_risk, (group[inside], ends[inside], episodes.state[seen][inside]), -1.0)
        go = inside & (episodes.after[seen] != LOST)
        np.add.at(moves, (group[go], ends[go] - 1, episodes.state[seen][go], episodes.after[seen][go]), 1.0)
        leaves = (episodes.stop[here] <= day + horizon) & (episodes.after[here] != LOST)
        met.append((person, where[k, person], leaves))
    parts = [np.concatenate(part) if met else np.zeros(0, dtype=np.int64) for part in zip(*met, strict=True)]
    return Followed(np.cumsum(at_risk, axis=1)[:, :horizon], moves, parts[0], parts[1], parts[2].astype(np.bool_))


def _unlost(episodes: Episodes, rows: Ints) -> Ints:
    """The rows up to and with the first after which a person is lost: who comes back was not followed meanwhile."""
    rows = rows[np.lexsort((episodes.start[rows], episodes.who[rows]))]
    who, lost = episodes.who[rows], episodes.after[rows] == LOST
    before = np.cumsum(lost) - lost
    first = np.searchsorted(who, who)
    kept: Ints = rows[before == before[first]]
    return kept


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
