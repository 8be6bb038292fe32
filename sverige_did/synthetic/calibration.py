"""The numbers that the synthetic municipality passes through so that every printed figure comes out again.

They stand in ``calibration.yaml``, with the reasons for what the figures leave open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from sverige_did.sources.spells.spells import IntArray
from sverige_did.synthetic.careers import PLACED, STEPS, Route, Step

FILE: Final = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What must come out. Stocks are (len(anchors), STEPS); ``untreated`` is the treated group had it followed the
    control group's development. Amounts are changes in DKK from 2013, by group, kind of spending and year."""

    anchors: tuple[date, ...]
    treated: IntArray
    control: IntArray
    untreated: IntArray
    moves: tuple[IntArray, ...]
    breakdowns: Mapping[str, int]
    complaints: tuple[float, float]
    pupil_share: float
    caseworkers: tuple[float, float]
    caseload: float
    spending: Mapping[tuple[str, str, int], float]
    investment: Mapping[int, float]


@cache
def targets() -> Targets:
    """The targets as the file has them."""
    data = yaml.safe_load(FILE.read_text("utf-8"))
    anchors = tuple(data["treated"])
    treated = np.array(list(data["treated"].values()), dtype=np.int64)
    control = _between(anchors, data["control"])
    scale = treated[0, list(PLACED)].sum() / control[0, list(PLACED)].sum()
    drift = np.rint((control - control[0]) * scale).astype(np.int64)
    return Targets(
        anchors=anchors,
        treated=treated,
        control=control,
        untreated=np.maximum(treated[0] + drift, 0),
        moves=_moves(data, anchors),
        breakdowns=data["breakdowns"],
        complaints=(data["complaints"][0], data["complaints"][1]),
        pupil_share=data["pupil_share"],
        caseworkers=(data["caseworkers"][0], data["caseworkers"][1]),
        caseload=data["caseload"],
        spending={(group, what, year): float(amount) for group, what, year, amount in data["spending"]},
        investment=data["investment"],
    )


def _between(anchors: tuple[date, ...], ends: Mapping[date, list[int]]) -> IntArray:
    """A straight line from the first date of ``ends`` to the last, level after it."""
    (first, before), (last, after) = ends.items()
    along = np.clip([(day - first).days / (last - first).days for day in anchors], 0, 1)[:, None]
    path: IntArray = np.rint(np.array(before) + along * (np.array(after) - np.array(before))).astype(np.int64)
    return path


def _moves(data: Mapping[str, Any], anchors: tuple[date, ...]) -> tuple[IntArray, ...]:
    """The moves (STEPS, STEPS) up to each anchor after the baseline and no later than the last that has any."""
    at = [anchors.index(day) - 1 for day in data["moved_by"]]
    tables = tuple(np.zeros((STEPS, STEPS), dtype=np.int64) for _ in range(at[-1] + 1))
    for origin, target, split in data["moves"]:
        for interval, count in zip(at, split, strict=True):
            tables[interval][Step[origin.upper()], Step[target.upper()]] += count
    return tables


def routes(targets: Targets) -> dict[str, Route]:
    """After the baseline: ``treated`` as printed, ``untreated`` the same group without the programme, ``control``."""
    days = np.array([(day - date(1970, 1, 1)).days for day in targets.anchors[1:]], dtype=np.int64)
    free = [None] * len(days)
    prescribed = [*targets.moves, *free[len(targets.moves) :]]
    return {
        "treated": Route(days, targets.treated[1:], prescribed),
        "untreated": Route(days, targets.untreated[1:], free),
        "control": Route(days, targets.control[1:], free),
    }
