"""Registers in which changes of placement were never reported, and the panels that they would have given.

Where a change is not reported, the old placement seems to go on to the day on which the new one ended, at the old
price. Changes are drawn by row and not by child, so that a larger share leaves out those of a smaller one and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sverige_did.panel import Panel
from sverige_did.sources.panel.build import build
from sverige_did.sources.panel.frame import Tables
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.spells.spells import OPEN, BoolArray, day_number
from sverige_did.study.study import PanelStudy

NEEDED = ("districts", "children", "residences", "placements", "breakdowns")
"""The registers that numbers of placements are made of."""


def unreported_panels(
    tables: Tables,
    study: PanelStudy,
    codes: MeasureCodes,
    shares: Sequence[float],
    *,
    draws: int,
    rng: np.random.Generator,
) -> dict[float, tuple[Panel, ...]]:
    """The panels that the same registers give with each share of the changes of placement left out, by share.

    There is one for each of ``draws`` choices of the changes; outcomes that no placement enters are not in them. Raises
    as :func:`~sverige_did.sources.panel.build.build` does.
    """
    delivered = tables["placements"]
    frame = delivered.usable()
    away = codes.place(frame["measure"], ladder=study.register_rules.home_based)["placed"].to_numpy(dtype=bool)
    inclusive = study.register_rules.last_day_counts
    chances = [rng.random(len(frame)) for _ in range(draws)]

    def counted(share: float, chance: ArrayLike) -> Panel:
        thinned = leave_changes_out(frame, away, np.asarray(chance) < share, last_day_counts=inclusive)
        needed = {name: tables[name] for name in NEEDED if name in tables}
        return build(needed | {"placements": replace(delivered, frame=thinned)}, study, codes).panel

    return {share: tuple(counted(share, chance) for chance in chances) for share in shares}


def leave_changes_out(
    frame: pd.DataFrame, away: BoolArray, chosen: BoolArray, *, last_day_counts: bool
) -> pd.DataFrame:
    """The placements ``frame`` (n rows) without the rows that are ``chosen`` (n,) and begin with a change of place.

    Only rows of children ``away`` from home (n,) are placements. A row left out gives its end, and why it ended, to
    the row before it; of several in a row the last does.
    """
    rows, change = changes_in_order(frame, away, last_day_counts=last_day_counts)
    hidden = change & chosen[rows]
    if not hidden.any():
        return frame
    run = np.cumsum(~hidden) - 1
    last = rows[np.append(run[1:] != run[:-1], True)]
    source = np.arange(len(frame))
    source[rows[~hidden]] = last
    ends = {name: frame[name].take(source).set_axis(frame.index) for name in ("end", "end_reason") if name in frame}
    thinned: pd.DataFrame = frame.assign(**ends).drop(index=frame.index[rows[hidden]])
    return thinned


def changes_in_order(frame: pd.DataFrame, away: BoolArray, *, last_day_counts: bool) -> tuple[np.ndarray, BoolArray]:
    """The rows of placements by child and start, (m,), and which of them begin where the one before ended, (m,).

    A row that begins on the last day of the one before is a change too: the day stands in both.
    """
    child, _ = pd.factorize(frame["child"])
    start, end = (day_number(frame[name].to_numpy()) for name in ("start", "end"))
    stop = np.where(end == OPEN, OPEN, end + int(last_day_counts))
    rows = np.flatnonzero(away)
    rows = rows[np.lexsort((stop[rows], start[rows], child[rows]))]
    same = np.append(False, child[rows][1:] == child[rows][:-1])[: len(rows)]
    apart = np.append(OPEN, start[rows][1:] - np.where(stop[rows] == OPEN, -OPEN, stop[rows])[:-1])[: len(rows)]
    return rows, same & np.isin(apart, (-1, 0))
