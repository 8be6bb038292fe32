"""The specification curve of an outcome: every combination of the choices that its plan or its arrays allow.

Pieces are made once and shared: a panel an origin of the numbers, levels a panel and pair of windows, districts and
weights a comparison. What remains of a specification is two vectors of levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from sverige_did.checks.multiverse import FEWEST, Choices, multiverse
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.missing_periods import filled
from sverige_did.did.scales import Scale
from sverige_did.did.window import Window
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.assignments import Moves, moves_of, reference_moves
from sverige_did.inference.districts import Bools, Floats
from sverige_did.inference.specifications import (
    Comparison,
    Specification,
    comparison,
    estimates,
    only,
    pooled,
    reassigned,
)
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.seen import Seen, named
from sverige_did.study.multiverse import AXES, Multiverse, before_of

SCALES: dict[str, Scale] = {"difference": "identity", "ratio": "log", "odds": "logit"}

LISTED = 5_000
"""At most so many reassignments are listed; more are drawn, as many as the plan says."""

FEWEST_ALIKE = 3
"""Controls that are nearest in size, at least."""


class Origin(NamedTuple):
    """Where the numbers of specifications are from: a panel, its planned window and the option of each axis that this
    fixes. ``stop``: the periods after, should they go on to the end of the panel."""

    choices: Choices
    panel: DistrictPanel
    window: Window
    stop: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What all specifications of an outcome share: districts (G,) by name, who is treated, and how they count.

    ``sizes`` (G,) are children, None where nobody knows them; ``top`` is the largest level of a share. ``lottery``
    (n, G): the sets that the treated were drawn from, None where nobody drew.
    """

    labels: tuple[str, ...]
    treated: Bools
    strata: np.ndarray
    weights: dict[str, Floats]
    sizes: Floats | None
    scales: tuple[str, ...]
    top: float = 1.0
    lottery: Bools | None = None


def specification_curve(seen: Seen[Any], ground: Ground, origins: Sequence[Origin], plan: Multiverse) -> CheckResult:
    """All of it as a check.

    Raises RefusedError ``multiverse_few`` where fewer than a bin of the curve answer the planned question.
    """
    choices, made, lost = _all(ground, origins, plan)
    top = ground.top
    found = estimates(made, alpha=seen.alpha, top=top)
    able = np.flatnonzero(np.isfinite(found.estimate) & (found.std_error > 0) & np.isfinite(found.df))
    found, lost = only(found, able), lost + len(made) - able.size
    choices, made = [choices[at] for at in able], [made[at] for at in able]
    same = np.array([not any(one[axis] != choices[0][axis] for axis in plan.other_estimands) for one in choices])
    if same.sum() < FEWEST:
        raise refuse("multiverse_few", found=str(int(same.sum())), expected=f">= {FEWEST}")
    own = [made[at] for at in np.flatnonzero(same)]
    moves = _moves(ground, draws=plan.draws, rng=seen.data.shared_rng())
    moved = reassigned(own, moves.rows, top=top)
    together = pooled(only(found, same), moved, every=moves.enumerated, alpha=seen.alpha)
    return multiverse(choices, found, same, together, axis=seen.axis, alpha=seen.alpha, lost=lost, **named(seen))


def _moves(ground: Ground, *, draws: int, rng: np.random.Generator) -> Moves:
    """Through the sets of the lottery where there was one, and all others of as many districts where nobody drew."""
    if ground.lottery is not None:
        rows = moves_of(ground.lottery, ground.treated, ground.strata)
        return Moves(rows, 1 / len(rows), True)
    return reference_moves(
        ground.treated, ground.weights["planned"], ground.strata, draws=draws, rng=rng, limit=LISTED
    )  # fmt: skip


def _all(ground: Ground, origins: Sequence[Origin], plan: Multiverse) -> tuple[list[Choices], list[Specification], int]:
    """Every specification with its choices, the planned one first; and how many have windows with missing cells."""
    compared = dict(_comparisons(ground, plan))
    shapes = [
        (scale, estimator)
        for scale, estimator in product(plan.scale, plan.estimator)
        if scale in ground.scales and (estimator == "change" or scale == "difference")
    ]
    choices: list[Choices] = []
    made: list[Specification] = []
    lost = 0
    for origin in origins:
        for windows, levels in _levels(ground, origin, plan):
            if levels is None:
                lost += len(compared) * len(shapes)
                continue
            before, after = levels
            for (weights, controls), places in compared.items():
                for scale, estimator in shapes:
                    taken = {"weights": weights, "controls": controls, "scale": scale, "estimator": estimator}
                    taken |= {**windows, **origin.choices}
                    choices.append({axis: taken[axis] for axis in AXES})
                    level = estimator == "level_before"
                    made.append(Specification(before, after, places, SCALES[scale], level))
    return choices, made, lost


def _comparisons(ground: Ground, plan: Multiverse) -> Iterator[tuple[tuple[str, str], Comparison]]:
    for weights, controls in product(plan.weights, plan.controls):
        kept = None if controls == "all" else _alike(ground)
        if weights in ground.weights and (controls == "all" or kept is not None):
            yield (weights, controls), comparison(ground.treated, ground.weights[weights], ground.strata, kept)


def _alike(ground: Ground) -> Bools | None:
    """All treated, and the half of the controls of each stratum nearest in size to its treated; None where that is no
    choice."""
    if ground.sizes is None or np.ptp(ground.sizes) == 0:
        return None
    kept = ground.treated.copy()
    for s in np.unique(ground.strata):
        mine = ground.strata == s
        treated, controls = np.flatnonzero(mine & ground.treated), np.flatnonzero(mine & ~ground.treated)
        if not treated.size:
            continue
        apart = np.abs(np.log(ground.sizes[controls]) - np.log(ground.sizes[treated]).mean())
        kept[controls[np.argsort(apart, kind="stable")[: max(FEWEST_ALIKE, -(-controls.size // 2))]]] = True
    return None if kept.all() else kept


def _levels(ground: Ground, origin: Origin, plan: Multiverse) -> Iterator[tuple[Choices, tuple[Floats, Floats] | None]]:
    """The levels (G,) of every pair of windows; None of one in which not the same districts are compared."""
    known: set[tuple[tuple[float, ...], tuple[float, ...]]] = set()
    for before, last, after in product(plan.before, plan.last_before, plan.after):
        pre, post = before_of(origin.window.pre, before, last), _after(origin, after)
        if not pre or not post or (pre, post) in known:
            continue
        known.add((pre, post))
        windows = {"before": before, "last_before": last, "after": after}
        try:
            whole = filled(origin.panel, Window(pre, post))
        except RefusedError:
            yield windows, None
            continue
        place = {origin.panel.labels[unit]: at for at, unit in enumerate(whole.unit)}
        if place.keys() != set(ground.labels):
            yield windows, None
            continue
        rows = np.array([place[name] for name in ground.labels])
        levels = whole.levels()
        yield windows, (levels[0][rows], levels[1][rows])


def _after(origin: Origin, after: str) -> tuple[float, ...]:
    post = origin.window.post
    if after == "planned":
        return post
    if after == "to_stop":
        return origin.stop if len(origin.stop) > len(post) else ()
    wanted = max(1, round(1.0 / min(np.diff(origin.panel.periods), default=1.0)))
    return post[-wanted:] if wanted < len(post) else ()


def frozen(origin: Origin) -> Origin | None:
    """The same numbers by each district's mean denominator of the planned window before; None without denominators."""
    panel = origin.panel
    if panel.exposure is None:
        return None
    before, after = origin.window.sides(panel)
    size = np.nanmean(panel.wide(panel.exposure)[:, before], axis=1)
    inside = (before | after)[panel.time]
    if not (size > 0).all() or np.allclose(panel.exposure[inside], size[panel.unit][inside]):
        return None
    choices = {**origin.choices, "denominator": "frozen"}
    return origin._replace(choices=choices, panel=replace(panel, exposure=size[panel.unit]))


PLANNED_ORIGIN: Choices = {"partial": "planned", "residence": "planned", "placement": "planned", "denominator": "own"}
