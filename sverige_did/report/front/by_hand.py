"""A difference by hand: both groups before and after, as they were printed or as registers have them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import levels, numbers
from sverige_did.report.labels import caption, hidden, in_language, short_name
from sverige_did.report.seen import GROUPS, READ_OFF, Level, dated, digits_of, ends, shown, unit_of
from sverige_did.report.tables import Table

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.results.published import Reported
    from sverige_did.words import Language

CHANGES = ("change", "ratio_change")
MARK = "*"
"""Beside a number that no source prints."""

COMPARABLE = ("share", "rate", "score")
"""The families of which a difference between groups of unlike size means something."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a group: a relative one, one between levels of a panel, or one in the outcome's own unit."""

    value: float
    kind: str
    printed: bool


def by_hand(release: Release, outcome: str, language: Language) -> Table | None:
    """Both groups before and after, and the difference by hand; None where nothing was seen of either."""
    pairs = {group: ends(release, outcome, group) for group in GROUPS}
    rows = []
    for group in GROUPS:
        before, after = pairs[group]
        change = _change(release, outcome, group, before, after)
        cells = [_cell(one, outcome, language) for one in (before, after)]
        name = in_language(getattr(release.study, group).label, language)
        rows.append((name, *cells, _difference(change, outcome, language)))
    if not any(any(sign.isdigit() for sign in cell) for row in rows for cell in row[1:]):
        return None  # a table of hidden numbers says nothing that the sentence above it does not
    gap = gap_by_hand(release, outcome)
    if gap is not None:
        rows.append((words.text("front.table.gap", language), "", "", _difference(gap, outcome, language)))
    heads = [words.text("front.table.group", language)]
    for key, at in (("before", 0), ("after", 1)):
        known = next((pair[at] for pair in pairs.values() if pair[at] is not None), None)
        said = "" if known is None else dated(known, language)
        head = words.text(f"front.table.{key}", language)
        heads.append(f"{head}, {said}" if said else head)
    heads.append(words.text("front.table.change", language))
    unit = unit_of(outcome, language, printed=release.study.kind == "published")
    name = f"{short_name(outcome, language)} ({unit})"
    return Table(caption(release, "front.table.caption", language, outcome=name), tuple(heads), tuple(rows),
                 frozenset({1, 2, 3}))  # fmt: skip


def gap_by_hand(release: Release, outcome: str) -> Change | None:
    """The difference between the changes of both groups; None where either is unknown or they are no equals."""
    first, second = (_change(release, outcome, group, *ends(release, outcome, group)) for group in GROUPS)
    if first is None or second is None or first.kind != second.kind or not _comparable(outcome, first.kind):
        return None
    return Change(first.value - second.value, first.kind, first.printed and second.printed)


def holds_unprinted(table: Table) -> bool:
    """Whether a table has a number beside which :data:`MARK` stands."""
    return any(cell.endswith(MARK) for row in table.rows for cell in row[1:])


def _cell(level: Level | None, outcome: str, language: Language) -> str:
    if level is not None and level.value is None:
        digits = levels.digits(outcome, 1 if CATALOGUE[outcome].unit == "percent" else 2)
        low, high = (None if end is None else levels.in_its_unit(outcome, end) for end in (level.low, level.high))
        return hidden(low, high, language, digits)
    if level is None:
        return "–"
    return shown(level, language, outcome) + ("" if level.printed else MARK)


def _comparable(outcome: str, kind: str) -> bool:
    kind_of = CATALOGUE[outcome]
    per_child = kind == "change_of_levels" and kind_of.of_the_group
    return kind == "ratio_change" or per_child or kind_of.family in COMPARABLE


def _change(release: Release, outcome: str, group: str, before: Level | None, after: Level | None) -> Change | None:
    """The change of a group and what kind of number it is: by hand from both levels, or as it was printed."""
    fact = _reported_change(release, outcome, group)
    if before is not None and after is not None and before.value is not None and after.value is not None:
        value = after.value - before.value
        # A level that was worked out from a printed change gives that change back.
        again = fact is not None and fact.provenance not in READ_OFF and math.isclose(fact.number, value)
        printed = (before.printed and after.printed) or again
        return Change(value, "change_of_levels" if after.label else "change", printed)
    if fact is None:
        return None
    kind = "ratio_change" if fact.measure == "ratio_change" else "change"
    return Change(fact.number, kind, fact.provenance not in READ_OFF)


def _reported_change(release: Release, outcome: str, group: str) -> Reported | None:
    """The change of a group until the plan's follow-up as a number that somebody reported."""
    until = release.study.periods.follow_up
    return next(
        (
            fact
            for fact in release.reported
            if (fact.outcome, fact.group) == (outcome, group)
            and fact.measure in CHANGES
            and isinstance(fact.value, float)
            and fact.period_end == until
        ),
        None,
    )


def _difference(change: Change | None, outcome: str, language: Language) -> str:
    if change is None:
        return "–"
    mark = "" if change.printed else MARK
    if change.kind == "ratio_change":
        return words.text("labels.percent", language, value=numbers.signed(change.value, language, 0)) + mark
    registered = change.kind == "change_of_levels"
    told = levels.in_its_unit(outcome, change.value) if registered else change.value
    return numbers.signed(told, language, digits_of(outcome, told, printed=not registered)) + mark
