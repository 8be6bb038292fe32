"""Events of placements, as municipalities report them to Statistics Denmark, to spells of the register of placements.

A spell begins with a start, a change of place or a continuation that reopens a placement, and ends on the day of the
end or on the day before the next place. Decisions and changes of the legal basis move no child: they are counted and
told. What does not follow from the events is refused with its rows, and never put right by guessing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.sources.registers.converting import shown
from sverige_did.sources.registers.tables import RegisterTable

UNKNOWN_PLACE = "99"
"""How the value set of places writes that a place is not known; then the legal basis is the measure."""

_DAY = pd.Timedelta(days=1)
_OPENS = frozenset({"start", "continuation"})


class Event(NamedTuple):
    """One event of a child; ``measure`` is the code of its place, else of its legal basis, else None."""

    row: int
    day: pd.Timestamp
    event: str
    measure: str | None
    price: float


@dataclass
class _Child:
    """The spells of one child as they come about; ``open`` is the last of them while it runs."""

    spells: list[dict[str, object]] = field(default_factory=list)
    open: bool = False
    began: int = 0
    problems: list[tuple[str, int, int | None]] = field(default_factory=list)


def spells_of(table: RegisterTable, codes: MeasureCodes) -> tuple[pd.DataFrame, tuple[Problem, ...], dict[str, int]]:
    """The spells (``child``, ``measure``, ``start``, ``end``, ``price``), what is wrong, and how many events of each
    kind there were, with ``repeated`` for rows that stand more than once.
    """
    frame = table.frame.dropna(subset=["child", "date", "event"])
    counts = Counter(frame["event"])
    again = frame.duplicated()
    counts["repeated"] = int(again.sum())
    frame = frame[~again]
    problems = list(_unknown_codes(table, codes))
    spells: list[dict[str, object]] = []
    for child, events in _by_child(frame, codes).items():
        lived = _Child()
        for _, day in _by_day(events):
            _step(lived, day)
        spells += [{"child": child, **spell} for spell in lived.spells]
        for key, row, earlier in lived.problems:
            values: dict[str, object] = {} if earlier is None else {"earlier": earlier}
            warned = key in {"event_same_day"}
            problems.append(
                Problem(key, file=table.file, row=row, column="event", severity="warning" if warned else "error",
                        values=values)
            )  # fmt: skip
    columns = ["child", "measure", "start", "end", "price"]
    return pd.DataFrame(spells, columns=pd.Index(columns)), tuple(problems), dict(counts)


def place_code(text: str) -> str:
    """A place of the value set as the mapping writes it (``23``, ``023``: ``ANBAAR 23``); other codes as they are."""
    return f"ANBAAR {int(text)}" if re.fullmatch(r"0*[0-9]{1,2}", text) else text


def _by_child(frame: pd.DataFrame, codes: MeasureCodes) -> dict[str, list[Event]]:
    """The events of each child in the order of the file; a code that the mapping lacks is named by itself."""
    known = frame["place"].notna() & (frame["place"] != UNKNOWN_PLACE)
    measures = frame["place"].map(place_code, na_action="ignore").where(known, frame["basis"])
    measures = measures.where(~measures.isin(list(codes.unknown(measures.dropna().unique()))))
    found: dict[str, list[Event]] = {}
    columns = (frame[name].tolist() for name in ("child", "date", "event"))
    for row, child, day, event, measure, price in zip(
        frame.index.tolist(), *columns, measures.tolist(), frame["price"].tolist(), strict=True
    ):
        one = Event(row, day, event, measure if isinstance(measure, str) else None, price)
        found.setdefault(child, []).append(one)
    return found


def _unknown_codes(table: RegisterTable, codes: MeasureCodes) -> Iterator[Problem]:
    for column in ("place", "basis"):
        cells = table.frame[column].dropna()
        written = cells.map(place_code) if column == "place" else cells
        lacking = codes.unknown(set(written))
        for row, code in zip(cells.index.tolist(), written, strict=True):
            if code in lacking and code != f"ANBAAR {UNKNOWN_PLACE}":
                yield Problem("reg_unknown_code", file=table.file, row=int(row), column=column,
                              found=shown(cells[row]), expected=lacking[code])  # fmt: skip


def _by_day(events: list[Event]) -> Iterator[tuple[pd.Timestamp, list[Event]]]:
    days: dict[pd.Timestamp, list[Event]] = {}
    for event in events:
        days.setdefault(event.day, []).append(event)
    yield from sorted(days.items())


def _step(lived: _Child, today: list[Event]) -> None:
    """All events of one day. A placement that runs ends before another begins; one that does not, begins first."""
    of = {kind: [one for one in today if one.event == kind] for kind in {event.event for event in today}}
    for kind, those in of.items():
        if len(those) > 1 and kind != "decision":
            key = "event_two_places" if kind == "change_of_place" else "event_twice_a_day"
            lived.problems += [(key, one.row, those[0].row) for one in those[1:]]
            of[kind] = those[:1]
    ends, starts = of.get("end", []), [*of.get("start", []), *of.get("continuation", [])]
    moves = of.get("change_of_place", [])
    if lived.open and ends and (starts or moves):  # out of one place and into another on the same day
        for one in ends:
            _end(lived, one)
        ends = []
    for one in starts:
        _begin(lived, one)
    for one in moves:
        _move(lived, one)
    for one in of.get("change_of_basis", []):
        if not lived.open and not ends:
            lived.problems.append(("event_before_start", one.row, None))
    for one in ends:
        _end(lived, one)


def _begin(lived: _Child, event: Event) -> None:
    if lived.open and event.event == "continuation":
        if event.measure is not None and event.measure != lived.spells[-1]["measure"]:
            _move(lived, event)
        return
    if lived.open:
        lived.problems.append(("event_still_open", event.row, lived.began))
        return
    _open(lived, event)


def _move(lived: _Child, event: Event) -> None:
    if not lived.open:
        lived.problems.append(("event_before_start", event.row, None))
    elif event.measure is None:
        lived.problems.append(("event_no_place", event.row, None))
    elif lived.spells[-1]["start"] == event.day:  # nobody was a day in the first of two places
        if lived.spells[-1]["measure"] != event.measure:
            lived.problems.append(("event_same_day", event.row, lived.began))
        lived.spells[-1] |= {"measure": event.measure, "price": event.price}
    else:
        lived.spells[-1]["end"] = event.day - _DAY
        _open(lived, event)


def _open(lived: _Child, event: Event) -> None:
    if event.measure is None:
        lived.problems.append(("event_no_place", event.row, None))
    previous = lived.spells[-1] if lived.spells else None
    if previous is not None and previous["end"] == event.day and previous["start"] != event.day:
        previous["end"] = event.day - _DAY  # the day on which one place follows another is one day
    lived.spells.append(
        {"measure": event.measure, "start": event.day, "end": pd.NaT, "price": event.price}
    )  # fmt: skip
    lived.open, lived.began = True, event.row


def _end(lived: _Child, event: Event) -> None:
    if not lived.open:
        lived.problems.append(("event_end_without_start", event.row, None))
        return
    lived.spells[-1]["end"] = event.day
    lived.open = False
