"""The whole path of every child on the ladder, from clarification and early help to institutions, and how it left it.

On each day a child is in one state: that of the most intrusive measure that it has, or, with an open case and no
measure, under clarification. An examination is clarification too; measures before a decision (section 11, barnets lov
§ 30) are early help, whatever rung a ladder puts them on. When nothing more follows the child is ``out``, and may
come back; one that turns 18 is ``of_age`` and is no child who went home. Who moves out of the municipality, or is
placed where nobody has written down, is lost from sight from that day on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.panel.frame import PanelFrame, Tables
from sverige_did.sources.panel.placements import MAJORITY, NAMES
from sverige_did.sources.registers.codes import MeasureCodes, Rung
from sverige_did.sources.spells.overlaps import resolve_overlaps
from sverige_did.sources.spells.spells import OPEN, IntArray, Spells, birthday, day_number, make_spells

RUNGS = ("clarification", "early_help", "prevention", *NAMES.values())
"""The states that a child can stand on, least intrusive first."""

OUT, OF_AGE = len(RUNGS), len(RUNGS) + 1
STATES = (*RUNGS, "out", "of_age")
"""All states; their places are their numbers."""

LOST = -1
"""What comes after a state when nobody sees what comes: it is the number of no state."""

_EXAMINATION, _EARLY_HELP = "examination", "early_help"
"""The keys of measures that stand on a state of their own, also in a mapping that a plan brings itself."""

_CLARIFICATION, _EARLY, _PREVENTION, _UNKNOWN, _FIRST_PLACE = range(1, 6)
"""How intrusive each is: of several on one day the highest counts. A place not known is below every known one."""

_STATE = np.array([-1, 0, 1, 2, -1, 3, 4, 5, 6])
"""The state of each of these; a place that is not known is none."""


class Paths(NamedTuple):
    """N stretches of days without a change: ``child``, ``state``, ``start``, ``stop`` and the state ``after``, (N,)
    each.

    ``before`` (N,) is the state that the child came from straight away, :data:`LOST` where it was not seen or in none.
    ``known`` (N,) is False where a stretch followed one in a place that nobody knows: it is no arrival from outside.
    """

    child: IntArray
    state: IntArray
    start: IntArray
    stop: IntArray
    after: IntArray
    before: IntArray
    known: np.ndarray
    remarks: tuple[Problem, ...]


def ladder_paths(tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes) -> Paths:
    """The path of every child with a measure or a case, under age and up to the end of the grid.

    Raises RefusedError for a measure that the mapping lacks (``reg_unknown_code``).
    """
    rows = _rows(tables, panel_frame, codes)
    if rows.empty:
        return _none()
    last = int(panel_frame.windows.bounds[-1])
    child = panel_frame.codes(rows["child"])
    spells = make_spells(
        child,
        rows["level"].to_numpy(dtype=np.int64),
        np.zeros(len(rows), dtype=np.int64),
        rows["start"].to_numpy(dtype=np.int64),
        rows["end"].to_numpy(dtype=np.int64),
        end_inclusive=panel_frame.rules.last_day_counts,
        censored_on=last,
    )
    of_age = birthday(panel_frame.born, MAJORITY)
    stop = np.minimum(spells.stop, of_age[spells.child])
    kept = np.flatnonzero(stop > spells.start)
    if not len(kept):
        return _none()
    whole = spells.cut(kept, spells.start[kept], stop[kept])
    reason = rows["end_reason"].to_numpy()
    pieces = _joined(resolve_overlaps(whole, "highest_rung"))
    remarks = tuple(_remarks(rows, spells, whole, pieces, tables["placements"].file))
    return _linked(pieces, of_age, last, _ends(whole, reason), remarks)


def _none() -> Paths:
    """The paths of nobody."""
    nothing = np.zeros(0, dtype=np.int64)
    return Paths(nothing, nothing, nothing, nothing, nothing, nothing, nothing.astype(np.bool_), ())


def _rows(tables: Tables, panel_frame: PanelFrame, codes: MeasureCodes) -> pd.DataFrame:
    """Every measure and every case: the child, how intrusive it is, its days, and why it ended."""
    measures = tables["placements"].usable()
    place = codes.place(measures["measure"], ladder=panel_frame.rules.home_based)
    rung = place["rung"].fillna(0).to_numpy(dtype=np.int64)
    level_of = np.array([0, *(_of_rung(one) for one in Rung)])
    unknown = np.where(place["placed"].astype(bool), _UNKNOWN, level_of[Rung.PREVENTION])
    level = np.where(rung == 0, unknown, level_of[rung])
    level = np.where(place["measure"] == _EXAMINATION, _CLARIFICATION, level)
    level = np.where(place["measure"] == _EARLY_HELP, _EARLY, level)
    found = [measures[["child", "start", "end", "end_reason"]].assign(level=level, case=False)]
    if "cases" in tables:
        cases = tables["cases"].usable().rename(columns={"opened": "start", "closed": "end"})
        found.append(cases[["child", "start", "end"]].assign(end_reason=None, level=_CLARIFICATION, case=True))
    made = pd.concat(found, ignore_index=True)
    days = {name: day_number(made[name].to_numpy()) for name in ("start", "end")}
    return made.assign(**days)


def _of_rung(rung: Rung) -> int:
    """Services for all count as early help: they are measures, and none of section 52."""
    return {Rung.GENERAL: _EARLY, Rung.PREVENTION: _PREVENTION}.get(rung, _FIRST_PLACE + rung - Rung.HOME_BASED)


def _joined(spells: Spells) -> Spells:
    """In the order of children and days, with stretches of the same level that follow each other as one."""
    order = np.lexsort((spells.start, spells.child))
    child, level, start, stop = (one[order] for one in (spells.child, spells.rung, spells.start, spells.stop))
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (child[1:] != child[:-1]) | (level[1:] != level[:-1]) | (start[1:] != stop[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(order)) - 1
    return spells.cut(order[first], start[first], stop[last])


def _ends(spells: Spells, reason: np.ndarray) -> pd.Series[str]:
    """Why a child's measure ended, by child and the day on which it did; of several the first in the register."""
    assert spells.row is not None, "make_spells numbers them"
    given = pd.Series(reason[spells.row], index=pd.MultiIndex.from_arrays([spells.child, spells.stop])).dropna()
    return given[~given.index.duplicated()]


def _linked(pieces: Spells, of_age: IntArray, last: int, ends: pd.Series[str], remarks: tuple[Problem, ...]) -> Paths:
    """Each stretch with what came before and what comes after it; stays out of measures and lives of age are added."""
    child, state, start, stop = pieces.child, _STATE[pieces.rung], pieces.start, pieces.stop
    n = len(child)
    follows = np.append((child[1:] == child[:-1]) & (start[1:] == stop[:-1]), False)
    again = np.append(child[1:] == child[:-1], False)
    follower = np.append(state[1:], LOST)
    why = ends.reindex(pd.MultiIndex.from_arrays([child, stop])).to_numpy()
    grown = (stop >= of_age[child]) | ((why == "aged_out") & ~again)
    gone = (why == "left_area") & ~follows
    after = np.where(follows, follower, np.where(grown, OF_AGE, OUT))
    after = np.where(~follows & ((stop >= last) | gone), LOST, after)
    after = np.where(~follows & grown & (stop < last), OF_AGE, after)
    before, known = np.full(n, LOST), np.ones(n, dtype=np.bool_)
    before[1:] = np.where(follows[:-1], state[:-1], LOST)
    known[1:] = ~(follows[:-1] & (state[:-1] == LOST))
    out = np.flatnonzero((after == OUT) & (state != LOST))
    until = np.where(again[out], np.append(start[1:], OPEN)[out], OPEN)
    back = np.where(again[out], np.append(state[1:], LOST)[out], LOST)
    aged = np.flatnonzero((after == OF_AGE) & (state != LOST))
    seen = np.flatnonzero(state != LOST)
    parts = (
        (child[seen], state[seen], start[seen], stop[seen], after[seen], before[seen], known[seen]),
        (child[out], np.full(len(out), OUT), stop[out], until, back, state[out], np.ones(len(out), dtype=np.bool_)),
        (child[aged], np.full(len(aged), OF_AGE), stop[aged], np.full(len(aged), OPEN), np.full(len(aged), LOST),
         state[aged], np.ones(len(aged), dtype=np.bool_)),
    )  # fmt: skip
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[2], columns[0]))
    who, what, begins, ends_on, then, came, seen_to = (column[order] for column in columns)
    return Paths(who, what, begins, ends_on, then, came, seen_to, remarks)


def _remarks(rows: pd.DataFrame, spells: Spells, kept: Spells, pieces: Spells, file: str) -> Iterator[Problem]:
    """What of the registers the paths do not show: stays without a day, two measures on one day, places not known."""
    case = rows["case"].to_numpy()
    counts = {
        "ladder_no_day": int(((spells.stop <= spells.start) & (spells.start < spells.censored_on) & ~case).sum()),
        "ladder_two_at_once": _overlapping(kept, case),
        "ladder_no_place": int((pieces.rung == _UNKNOWN).sum()),
    }
    for key, count in counts.items():
        if count:
            yield Problem(key, file=file, severity="warning", values={"count": str(count)})


def _overlapping(spells: Spells, case: np.ndarray) -> int:
    """How many measures begin while another one of the child's runs; a case around its measures is no second one."""
    assert spells.row is not None, "make_spells numbers them"
    rows = np.flatnonzero(~case[spells.row])
    order = rows[np.lexsort((spells.start[rows], spells.child[rows]))]
    child, start = spells.child[order], spells.start[order]
    reach = pd.Series(spells.stop[order]).groupby(child).cummax().to_numpy()
    return int(((child[1:] == child[:-1]) & (start[1:] < reach[:-1])).sum())
