"""The sensitivity figures and the damaged tables: what would have to be otherwise, and which readings remain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.curves import Line, curve_figure, points
from sverige_did.report.labels import caption, in_language, mark, reading
from sverige_did.report.tables import FigureView, Table, heads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Curve
    from sverige_did.results.published import Feasible, Reported
    from sverige_did.words import Language

TABLES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class CheckView:
    """All figures of one check: those of the first outcome of the plan that it was run on, and the others."""

    title: str
    first: tuple[FigureView, ...]
    others: tuple[FigureView, ...]


@dataclass(frozen=True, slots=True)
class ReadingView:
    """One reading of one damaged table: how many tables fit, and which printed figures contradict each other."""

    outcome: str
    reading: str
    fitting: int
    consistent: bool
    shown: int
    conflicts: tuple[tuple[str, ...], ...]
    given_up: tuple[str, ...]
    intervals: Table | None
    tables: Table | None


def sensitivity(release: Release, language: Language) -> tuple[CheckView, ...]:
    """The figures of every check that has curves, in the order of the release."""
    gathered: dict[str, dict[tuple[str, str], list[Line]]] = {}
    for check in release.checks:
        for curve, beside in _led(check.curves):
            line = Line(reading(release, check.reading, language), curve, beside)
            gathered.setdefault(check.check, {}).setdefault((check.outcome, curve.name), []).append(line)
    return tuple(_check_view(release, check, groups, language) for check, groups in gathered.items())


def _led(curves: tuple[Curve, ...]) -> Iterator[tuple[Curve, tuple[Curve, ...]]]:
    """The curves to draw, each with those along the same steps: a p-value says again what the interval shows."""
    waiting = curves
    while waiting:
        first, *rest = waiting
        beside = tuple(curve for curve in rest if (curve.x_name, curve.x) == (first.x_name, first.x))
        yield first, beside
        waiting = tuple(curve for curve in rest if curve not in beside)


def _check_view(
    release: Release, check: str, groups: Mapping[tuple[str, str], list[Line]], language: Language
) -> CheckView:
    title = words.text(f"labels.check.{check}", language)
    first, figures = next(iter(groups))[0], {}
    for (outcome, name), lines in groups.items():
        told = _curve_caption(release, title, outcome, lines[0], language)
        figure_name = f"{check}-{outcome}-{name}"
        svg = curve_figure(figure_name, tuple(lines), language, title=told, mark=mark(release, language))
        figures[outcome, name] = FigureView(svg, _curve_table(lines, told, language))
    return CheckView(
        title,
        first=tuple(view for (outcome, _), view in figures.items() if outcome == first),
        others=tuple(view for (outcome, _), view in figures.items() if outcome != first),
    )


def _curve_caption(release: Release, check: str, outcome: str, line: Line, language: Language) -> str:
    name = words.text(f"outcomes.{outcome}.short", language)
    return caption(release, "curve", language, check=check, outcome=name, y=words.text(line.curve.y_name, language))


def _curve_table(lines: list[Line], told: str, language: Language) -> Table:
    first, beside = lines[0].curve, lines[0].beside
    columns = tuple(words.text(name, language) for name in (first.x_name, first.y_name))
    others = tuple(words.text(curve.y_name, language) for curve in beside)
    (interval,), names = heads(("interval",), language), heads(("reading",), language) if len(lines) > 1 else ()
    # A lone line needs no name.
    rows = tuple((*point, *(line.label for _ in names)) for line in lines for point in points(line, language))
    return Table(told, (*columns, interval, *others, *names), rows, frozenset(range(1, 3 + len(beside))))


def readings(release: Release, language: Language) -> tuple[ReadingView, ...]:
    """Every reading of every damaged table that was enumerated."""
    facts = {fact.fact_id: fact for fact in release.reported}
    return tuple(_reading_view(release, found, facts, language) for found in release.feasible)


def _reading_view(release: Release, found: Feasible, facts: Mapping[str, Reported], language: Language) -> ReadingView:
    def said(fact_id: str) -> str:
        fact = facts[fact_id]
        finding = fact.finding_da if language == "da" else fact.finding_en
        return words.text("report.damaged.fact", language, finding=finding, fact=fact_id, place=fact.place)

    name = words.text(f"outcomes.{found.outcome}.short", language)
    label = reading(release, found.reading, language)
    told = caption(release, "feasible", language, outcome=name, reading=label)
    return ReadingView(
        outcome=name,
        reading=label,
        fitting=len(found.tables) if found.consistent else 0,
        consistent=found.consistent,
        shown=min(len(found.tables), TABLES_SHOWN),
        conflicts=tuple(tuple(said(fact) for fact in conflict) for conflict in sorted(found.conflicts, key=len)),
        given_up=tuple(said(fact) for fact in found.given_up),
        intervals=_intervals(found, told, language),
        tables=_tables(found, told, language),
    )


def _intervals(found: Feasible, told: str, language: Language) -> Table | None:
    if not found.intervals:
        return None
    rows = tuple(
        (_quantity(name, language), numbers.significant(low, language), numbers.significant(high, language))
        for name, (low, high) in found.intervals.items()
    )
    return Table(told, heads(("quantity", "smallest", "largest"), language), rows, frozenset({1, 2}))


def _tables(found: Feasible, told: str, language: Language) -> Table | None:
    """The first tables that fit, each a column: there are more cells than a screen is wide."""
    if not found.tables:
        return None
    first = found.tables[:TABLES_SHOWN]
    rows = tuple(
        (_quantity(name, language), *(numbers.decimal(table[at], language, 0) for table in first))
        for at, name in enumerate(found.unknowns)
    )
    names = tuple(words.text("report.damaged.table", language, number=at + 1) for at in range(len(first)))
    return Table(told, (*heads(("quantity",), language), *names), rows, frozenset(range(1, len(first) + 1)))


def _quantity(name: str, language: Language) -> str:
    """The words for a count; a plan may count what nobody has words for, and that goes by its name."""
    key = f"labels.quantity.{name}"
    return words.text(key, language) if words.has(key, language) else name


def reading_definitions(release: Release, language: Language) -> tuple[tuple[str, str], ...]:
    """Each reading of the plan with what it means."""
    return tuple(
        (in_language(item.label, language), in_language(item.definition, language)) for item in release.study.readings
    )
