"""The effects of the model of moves rung by rung, which its tests and its calibration look at."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sverige_did.bayes.models.transitions import shares_of_moves


class MoveEffect(NamedTuple):
    """Effects in percentage points by rung: on each destination (draws, R, K), and summed down and up (draws, R)."""

    rungs: np.ndarray
    destinations: np.ndarray
    down: np.ndarray
    up: np.ndarray


def effect_on_moves(fit: Any, moves: Any, weights: Any = None) -> MoveEffect:
    shares = shares_of_moves(fit, moves, weights)
    effect, ladder = shares.with_it - shares.without, moves.ladder
    down, up = ((effect * side[shares.rungs]).sum(axis=2) for side in (ladder.down, ladder.up))
    return MoveEffect(shares.rungs, effect, down, up)
