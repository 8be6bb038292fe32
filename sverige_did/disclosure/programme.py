"""The disclosure programme: what is coarsened, in which order, until an outsider with all of it works nothing out.

First what is small stays inside (levels.py); then the attack of attack.py is run on all that would leave, and whatever
holds a hidden number too tightly is coarsened: curves by years, then left out; levels by years, then by windows, then
hidden; estimates in steps twice as wide, then the outcome is withheld. What was given up stands in the release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np

from sverige_did.disclosure.attack import Searched, search
from sverige_did.disclosure.known import Known
from sverige_did.disclosure.levels import RESOLUTIONS, Resolution, counted

Key = tuple[object, ...]
CurveBy = Literal["periods", "years", "none"]
WIDEST = 8.0
"""Steps are not made wider than so many times: what is rougher tells nothing, and is withheld instead."""

PASSES = 40
"""How often something may be coarsened before a study is refused."""

SEED = 1


class Decisions(NamedTuple):
    """How each outcome leaves: at which resolution what it counts is shown, and what else stays inside."""

    resolution: Mapping[tuple[str, ...], Resolution]
    curves: Mapping[str, CurveBy] = {}
    wider: Mapping[str, float] = {}
    shut: frozenset[Key] = frozenset()
    withheld: frozenset[str] = frozenset()


class Exposed(NamedTuple):
    """A hidden number that can be told too closely: its range, what was needed, and the values to blame."""

    name: str
    low: float
    high: float
    needed: float
    blamed: tuple[str, ...]


class Left(NamedTuple):
    """A hidden number, and between which values at least nobody outside can tell it."""

    name: str
    low: float
    high: float
    needed: float


Tried = dict[bytes, Searched]
"""What was found of relations that were tried before: most are the same from one pass to the next."""


class Outcome(NamedTuple):
    """What an attack found: the numbers that can be told too closely, and what is left of every hidden one."""

    exposed: tuple[Exposed, ...]
    left: tuple[Left, ...]


def attack(known: Known, tried: Tried | None = None) -> Outcome:
    """Try every hidden number under all of the release together; ``tried`` is looked up and added to."""
    exposed, left, held = [], [], {} if tried is None else tried
    for part in known.components():
        if part.key not in held:
            rng = np.random.default_rng(SEED)
            held[part.key] = search(part.relations, part.targets, part.needed, part.truth, rng=rng, of=part.of)
        found = held[part.key]
        for at, range_ in found.narrow.items():
            blamed = tuple(name for name in range_.binding if name)
            exposed.append(Exposed(part.names[at], range_.low, range_.high, float(part.needed[at]), blamed))
        columns = (found.low.tolist(), found.high.tolist(), part.needed.tolist())
        left += [Left(*one) for one in zip(part.names, *columns, strict=True)]
    return Outcome(tuple(exposed), tuple(left))


def attacked(known: Known, tried: Tried | None = None) -> tuple[Exposed, ...]:
    """Every hidden number that all of the release together tells too closely."""
    return attack(known, tried).exposed


def coarser(decisions: Decisions, exposed: Iterable[Exposed]) -> Decisions:
    """The decisions with every value to blame made one degree coarser, the one that tells most of each number first."""
    done: set[str] = set()
    for one in exposed:
        first = next((name for name in sorted(one.blamed, key=_cost) if name), None)
        subject = one.name.split("|")[0] if first is None else first
        if subject in done:
            continue
        done.add(subject)
        decisions = _COARSER[first.split("|")[0]](decisions, first) if first else decisions
    return decisions


def _cost(name: str) -> int:
    """What a reader loses least by goes first."""
    return ("event", "check", "dose", "economy", "target", "level", "estimate").index(name.split("|")[0])


def _curve(decisions: Decisions, name: str) -> Decisions:
    outcome = name.split("|")[1]
    by: CurveBy = "years" if decisions.curves.get(outcome, "periods") == "periods" else "none"
    return decisions._replace(curves={**decisions.curves, outcome: by})


def _estimate(decisions: Decisions, name: str) -> Decisions:
    outcome = name.split("|")[1]
    factor = 2 * decisions.wider.get(outcome, 1.0)
    if factor > WIDEST:
        return decisions._replace(withheld=decisions.withheld | {outcome})
    return decisions._replace(wider={**decisions.wider, outcome: factor})


def _level(decisions: Decisions, name: str) -> Decisions:
    _, outcome, group, label = name.split("|")
    what = counted(outcome)
    at = RESOLUTIONS.index(decisions.resolution[what])
    if at + 1 < len(RESOLUTIONS):
        return decisions._replace(resolution={**decisions.resolution, what: RESOLUTIONS[at + 1]})
    return decisions._replace(shut=decisions.shut | {(*what, group, label)})


def _target(decisions: Decisions, name: str) -> Decisions:
    _, outcome, group, label = name.split("|")
    return decisions._replace(shut=decisions.shut | {(*counted(outcome), group, label)})


def _dose(decisions: Decisions, name: str) -> Decisions:
    return decisions._replace(shut=decisions.shut | {("dose", name.split("|")[2])})


_COARSER: Mapping[str, Callable[[Decisions, str], Decisions]] = {
    "event": _curve, "check": _estimate, "estimate": _estimate, "level": _level, "economy": _estimate,
    "target": _target, "dose": _dose,
}  # fmt: skip
