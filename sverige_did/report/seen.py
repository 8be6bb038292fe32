"""What was seen before any comparison: each group before and after, as it was printed or as it may be released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
from babel.dates import format_skeleton

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.periods import period_days, periods_in, span_days
from sverige_did.report import levels, numbers
from sverige_did.report.sections import fact_anchor, places_said, source_href
from sverige_did.study.study import PanelStudy
from sverige_did.windows import StudyWindows, windows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sverige_did.disclosure.release import Release, ReleasedLevel
    from sverige_did.results.published import Reported
    from sverige_did.words import Language

GROUPS = ("treated", "control")
LEVELS = ("level", "count", "total")
NEAR_START = timedelta(days=92)
"""A figure of a day no farther from the start is one of the start."""

STOCK_DAYS = {(6, 30): "middle", (12, 31): "end"}
"""The days on which stocks are counted, as keys of ``front.moment``."""

READ_OFF = frozenset({"derived", "inferred"})
"""Provenances of a number that no source prints: it follows from others, or is how we read something."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a group over the days ``first`` to ``last``, in the outcome's unit; None where it is hidden.

    ``label`` names the window of a panel and is empty for a printed figure. ``low`` and ``high`` are the range that is
    told of a hidden one. ``printed``: whether a source prints the number itself. ``at_start``: whether its day is
    so near the start that a source would date it by that.
    """

    first: date
    last: date
    value: float | None
    label: str = ""
    low: float | None = None
    high: float | None = None
    printed: bool = True
    at_start: bool = False


def series(release: Release, outcome: str, group: str) -> tuple[Level, ...]:
    """The levels of a group in their order: those printed of one day or year, or those of the windows before and after.

    Of a day that several sources print, the first in the order of the release counts. Numbers that add up over time are
    those of a period: windows are not equally long.
    """
    if isinstance(release.study, PanelStudy):
        mine = (one for one in release.windows if (one.outcome, one.group) == (outcome, group))
        return tuple(_window(one) for one in mine)
    found: dict[date, Level] = {}
    for fact in release.reported:
        if (fact.outcome, fact.group) == (outcome, group) and fact.measure in LEVELS and isinstance(fact.value, float):
            near = abs(fact.period_end - release.study.periods.treatment_start) <= NEAR_START
            level = Level(fact.period_start, fact.period_end, fact.value, printed=fact.provenance not in READ_OFF,
                          at_start=near)  # fmt: skip
            found.setdefault(fact.period_end, level)
    return tuple(found[day] for day in sorted(found))


def _window(one: ReleasedLevel) -> Level:
    """A window as one level: ``2009H1–2013H1`` is nine half-years."""
    days = span_days(one.period)
    periods = periods_in(one.period) if CATALOGUE[one.outcome].adds_up else 1
    level, low, high = (None if value is None else value / periods for value in (one.level, one.low, one.high))
    return Level(days.start, days.end, level, one.period, low, high)


def ends(release: Release, outcome: str, group: str) -> tuple[Level | None, Level | None]:
    """The levels before and after that the comparison is about; None for one that is not known.

    Of printed figures after is the last one until the plan's follow-up: later ones have no comparison.
    """
    levels = series(release, outcome, group)
    if isinstance(release.study, PanelStudy):
        return (levels[0], levels[-1]) if len(levels) == 2 else (None, None)
    inside = _windows(release, levels)
    before, after = list(compress(levels, inside.before)), list(compress(levels, inside.after))
    return (before[0] if before else None), (after[-1] if after else None)


def first_and_last(release: Release, outcome: str, group: str) -> tuple[Level | None, Level | None]:
    """As :func:`ends`; where a panel's windows are no levels, as where units begin apart, the last period before the
    first start and the last of all that count."""
    found = ends(release, outcome, group)
    if found != (None, None) or not isinstance(release.study, PanelStudy):
        return found
    levels = [
        Level(*period_days(one.period), one.level, one.period)
        for one in release.levels
        if (one.outcome, one.group) == (outcome, group)
    ]
    inside = _windows(release, levels)
    before, after = list(compress(levels, inside.before)), list(compress(levels, inside.after))
    return (before[-1] if before else None), (after[-1] if after else None)


def _windows(release: Release, levels: Sequence[Level]) -> StudyWindows:
    first, last = (np.array([getattr(one, end) for one in levels], "M8[D]") for end in ("first", "last"))
    return windows_of(first, last, release.study.periods)


def moment(level: Level, language: Language) -> str:
    """When a level was seen, with its preposition: ``in 2014`` for a year, ``in mid-2013`` for a day of stock.

    A printed figure has no finer day: its source says "at the start", or in the middle or at the end of a year.
    """
    if level.label:
        return words.text("front.moment.in", language, when=_span(level.first, level.last, language))
    if (level.last - level.first).days > 300:
        return words.text("front.moment.in", language, when=level.last.year)
    day = STOCK_DAYS.get((level.last.month, level.last.day))
    if day is None:
        when = str(format_skeleton("yMMMM", level.last, locale=numbers.LOCALE[language]))
        said = words.text("front.moment.in", language, when=when)
    else:
        said = words.text(f"front.moment.{day}", language, when=level.last.year)
    return words.text("front.moment.start", language, when=said) if level.at_start else said


def dated(level: Level, language: Language) -> str:
    """As :func:`moment` for the head of a column: years and windows without a preposition."""
    if level.label:
        return _span(level.first, level.last, language)
    return str(level.last.year) if (level.last - level.first).days > 300 else moment(level, language)


def _span(first: date, last: date, language: Language) -> str:
    """The days of a window: ``2014`` or ``2012–2013`` for whole years, else its months."""
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return str(last.year) if first.year == last.year else f"{first.year}–{last.year}"
    ends = (str(format_skeleton("yMMM", day, locale=numbers.LOCALE[language])) for day in (first, last))
    return " – ".join(ends)


def shown(level: Level, language: Language, outcome: str) -> str:
    """A level without its unit; a hidden number is called so, and one that nobody printed is a dash."""
    if level.value is None:
        return words.text("front.hidden", language)
    told = levels.in_its_unit(outcome, level.value) if level.label else level.value
    return numbers.decimal(told, language, digits_of(outcome, told, printed=not level.label))


def digits_of(outcome: str, told: float, *, printed: bool) -> int:
    """Decimals of a level in its unit: those of a printed figure as it was printed, those of a register by the unit."""
    if printed and told == round(told):
        return 0
    usual = {"children": 0, "rate_per_1000": 2, "follow_ups": 2}.get(CATALOGUE[outcome].unit, 1)
    return usual if printed else levels.digits(outcome, usual)


def with_unit(level: Level, language: Language, outcome: str) -> str:
    """A level with the sign of per cent, where it is one."""
    told = shown(level, language, outcome)
    if level.value is None or CATALOGUE[outcome].unit != "percent":
        return told
    return words.text("labels.percent", language, value=told)


CARRIED = frozenset({"percent", "children"})
"""Units that need no words beside a number: a percentage has its sign, and children are named by the outcome."""


def unit_of(outcome: str, language: Language, *, printed: bool) -> str:
    """The unit of an outcome's levels in words, as sources print them or as registers hold them."""
    unit = CATALOGUE[outcome].unit
    return words.text(f"labels.unit.{unit}", language) if printed else levels.unit_of(outcome, language)


@dataclass(frozen=True, slots=True)
class Source:
    """A document with the places in it that figures are from; ``href`` is where it can be read, None where the plan has
    no address of it. ``facts`` are the numbers of the figures, each with its anchor in the annex.
    """

    said: str
    href: str | None
    facts: tuple[tuple[str, str], ...]


def sources(release: Release, outcome: str, language: Language) -> tuple[Source, ...]:
    """The documents and places that an outcome's reported figures are from, each once with the figures' numbers."""
    facts: Iterable[Reported] = (one for one in release.reported if one.outcome.partition(".")[0] == outcome)
    found: dict[str, list[Reported]] = {}
    for fact in facts:
        found.setdefault(fact.source_file, []).append(fact)
    return tuple(
        Source(
            places_said(release, file, dict.fromkeys(one.place for one in mine), language),
            source_href(file),
            tuple((one.fact_id, fact_anchor(one.fact_id)) for one in mine),
        )
        for file, mine in found.items()
    )


def joined(parts: Sequence[str], language: Language) -> str:
    """Several things in one sentence: with commas, and the language's and before the last."""
    if len(parts) < 2:
        return "".join(parts)
    return words.text("front.and", language, before=", ".join(parts[:-1]), last=parts[-1])


def periods_before_start(release: Release, outcome: str) -> int:
    """In how many periods before the start some treated district was seen, of a panel; 0 of printed figures."""
    seen = [
        Level(*period_days(period), 0.0)
        for one in release.coverage
        if (one.outcome, one.group) == (outcome, "treated")
        for period, units in zip(one.periods, one.units_seen, strict=True)
        if units
    ]
    return int(_windows(release, seen).before.sum())
