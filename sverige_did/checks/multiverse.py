"""Every choice that could have been made instead, together: the specification curve.

Specifications that answer the plan's own question are pooled, and what they say together is held against the same
reassignments of the treated in all of them. Those that answer another question (another time after, other weights)
stand beside them, one line a question, and are pooled with nobody.

A single specification tells of the few cells in which it differs from the next one, so none leaves: the curve is drawn
of bins of at least :data:`FEWEST`, each by its middle, with how large a share of a bin made each choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from sverige_did.checks.curves import EffectScale, curve, effect_axis
from sverige_did.inference.districts import Bools, Floats, Ints
from sverige_did.inference.specifications import Estimates, Pooled, only
from sverige_did.results.estimates import CheckResult, Curve

FEWEST = 4
"""Specifications in a bin of the curve, at least."""

BINS = 24
"""Bins of the curve, at most."""

Choices = Mapping[str, str]
"""The option of every axis that a specification takes."""

Key = Literal["agree", "same_sign", "turns"]


def multiverse(
    choices: Sequence[Choices], found: Estimates, same: Bools, together: Pooled, outcome: str, *, scale: str,
    axis: EffectScale, alpha: float = 0.05, lost: int = 0,
) -> CheckResult:  # fmt: skip
    """``found`` of S specifications that take ``choices``, the planned one first; those of ``same`` (S,) ask its
    question, and ``together`` is what they say. ``lost``: how many more these data do not carry.
    """
    mine, value, name = only(found, same), found.estimate, effect_axis(axis, "axis")
    return CheckResult(
        check="multiverse",
        outcome=outcome,
        scale=scale,
        key=_key(together, alpha),
        numbers={
            "effect": float(value[0]),
            "effect_median": together.median,
            "effect_low": float(mine.estimate.min()),
            "effect_high": float(mine.estimate.max()),
            "specifications": float(value.size),
            "other": float(lost),
            "pooled": float(same.sum()),
            "percent_same_sign": 100 * together.same_sign,
            "percent_beyond": 100 * together.beyond,
            "p_median": together.p_median,
            "p_same_sign": together.p_same_sign,
            "p_beyond": together.p_beyond,
            "tried": float(together.tried),
        },
        curves=tuple(_curves(choices, found, same, name)),
    )


def _key(together: Pooled, alpha: float) -> Key:
    if together.same_sign < 1:
        return "turns"
    return "agree" if together.p_median <= alpha else "same_sign"


def _curves(choices: Sequence[Choices], found: Estimates, same: Bools, name: str) -> list[Curve]:
    """The sorted estimates in bins, the choices of each bin, and one line for every other question.

    The first is ``effects``; ``choice.<axis>.<option>`` is the share of each bin that takes the option; of
    ``question.<axis>.<option>`` the three points are the lowest estimate, the middle one and the highest, ``marked``
    by how many specifications there are.
    """
    if same.sum() < FEWEST:
        return []
    own = np.flatnonzero(same)
    taken = [choices[int(at)] for at in own]
    order = own[np.argsort(found.estimate[own], kind="stable")]
    bins = _bins(order)
    x = 100 * (np.cumsum([one.size for one in bins]) - np.array([one.size for one in bins]) / 2) / order.size
    y, lower, upper = (
        np.array([np.median(column[one]) for one in bins]) for column in (found.estimate, found.lower, found.upper)
    )
    drawn = [curve("effects", "specifications", name, x, y, lower, upper)]
    for where, option in _varied(taken):
        share = np.array([np.mean([choices[int(at)][where] == option for at in one]) for one in bins])
        drawn.append(curve(f"choice.{where}.{option}", "specifications", "share_of_bin", x, share))
    return [*drawn, *_other_questions(choices, found, same, name)]


def _bins(order: Ints) -> list[Ints]:
    return [np.asarray(one) for one in np.array_split(order, max(1, min(BINS, order.size // FEWEST)))]


def _varied(choices: Sequence[Choices]) -> list[tuple[str, str]]:
    """The axes that take more than one option, with each of their options, in order of appearance."""
    options = {axis: list(dict.fromkeys(one[axis] for one in choices)) for axis in choices[0]}
    return [(axis, option) for axis, taken in options.items() if len(taken) > 1 for option in taken]


def _other_questions(choices: Sequence[Choices], found: Estimates, same: Bools, name: str) -> list[Curve]:
    """One line for every question that differs from the plan's in a single choice, where enough ask it."""
    planned = choices[0]
    pooled_axes = {axis for axis, _ in _varied([choices[int(at)] for at in np.flatnonzero(same)])}
    groups: dict[tuple[str, str], list[int]] = {}
    for at in np.flatnonzero(~same):
        changed = [(axis, option) for axis, option in choices[int(at)].items()
                   if axis not in pooled_axes and option != planned[axis]]  # fmt: skip
        if len(changed) == 1:
            groups.setdefault(changed[0], []).append(int(at))
    lines = []
    for (axis, option), places in groups.items():
        if len(places) < FEWEST:
            continue
        mine = found.estimate[places]
        three: Floats = np.array([mine.min(), np.median(mine), mine.max()])
        made = curve(f"question.{axis}.{option}", "specifications", name, _THREE, three)
        lines.append(made.model_copy(update={"marked": float(len(places))}))
    return lines


_THREE = np.array([0.0, 50.0, 100.0])
