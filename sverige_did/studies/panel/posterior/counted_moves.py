"""Moves on the ladder as the model of moves takes them: those of each rung summed over the plan's windows.

Moves are events, and no child's half-year is counted twice. They are summed all the same, over the plan's window before
and over that after (Bertrand, Duflo and Mullainathan 2004, section IV.C): a district that moves many children in one
half-year does so in the next as well, and rows of single half-years, each with a deviation of its own, would take that
for independent evidence. Summed, kappa carries all that a district does on its own in a window; and rungs on which one
or two children stand make rows with something in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sverige_did.bayes.models.transitions import Ladder, Moves
from sverige_did.errors import refuse
from sverige_did.sources.panel.moves import EXITS, rungs_of
from sverige_did.studies.panel.frame_windows import weights_of_frame, windows_of_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.sources.panel.frame import PanelFrame
    from sverige_did.sources.panel.moves import Moved
    from sverige_did.sources.registers.codes import Ladder as LadderRule
    from sverige_did.study.study import PanelStudy


class Counted(NamedTuple):
    """The moves as the model takes them.

    ``weights`` (G,) are the resident children of each of its districts before go-live, or ones; ``apart`` is how many
    periods lie between the middles of the two windows; ``left_out`` how many rungs only the programme has seen.
    """

    moves: Moves
    weights: NDArray[np.float64]
    apart: float
    left_out: int


def ladder_of(rule: LadderRule) -> Ladder:
    """The rungs of the plan's ladder, between any two of which a child can move, and two exits: care or childhood ends.

    From the top rung no move is up and from the lowest none is down: there is nowhere to move to.
    """
    rungs = np.array([float(rung) for rung in rungs_of(rule)])
    destination = np.concatenate([rungs, np.full(EXITS, np.nan)])
    return Ladder(rungs, destination, np.ones((len(rungs), len(destination)), dtype=np.bool_))


def side_of(outcome: str, moves: Moves) -> NDArray[np.bool_]:
    """Which destinations of each row (N, K) are the outcome's."""
    ladder = moves.ladder
    return np.asarray((ladder.down if outcome == "moved_down_share" else ladder.up)[moves.origin])


def count(moved: Moved, panel_frame: PanelFrame, study: PanelStudy) -> Counted:
    """The moves of each district summed over the plan's windows before and after.

    A rung on which nobody stood without the programme is left out: there is nothing to hold its moves against. So are
    districts in which nobody stood on any other. Raises RefusedError: ``posterior_no_cells``, and
    those of ``transitions.Moves``.
    """
    windows = windows_of_frame(panel_frame, study)
    before, after = windows.before, windows.after
    treated = panel_frame.treated
    counts = np.where(panel_frame.begun[:, :, None, None], 0, moved.counts)
    summed = np.stack([counts[:, window].sum(axis=1) for window in (before, after)], axis=1)
    stood = summed.sum(axis=3) > 0
    under = np.zeros(stood.shape, dtype=np.bool_)
    under[treated, 1] = True
    comparable = (stood & ~under).any(axis=(0, 1))
    seen = stood & comparable
    kept = np.flatnonzero(seen.any(axis=(1, 2)))
    if not kept.size:
        raise refuse("posterior_no_cells")
    district, period, origin = np.nonzero(seen[kept])
    moves = Moves(
        ladder=ladder_of(panel_frame.rules.home_based),
        district=district,
        period=period,
        origin=origin,
        treated=treated[kept],
        dose=(treated[kept][district] & (period == 1)).astype(float),
        counts=summed[kept][district, period, origin].astype(float),
    )
    at = np.arange(len(before))
    apart = float(at[after].mean() - at[before].mean()) if before.any() and after.any() else 1.0
    left_out = int((stood.any(axis=(0, 1)) & ~comparable).sum())
    return Counted(moves, weights_of_frame(panel_frame, study)[kept], apart, left_out)
