"""The sensitivity figures and the damaged tables: what would have to be otherwise, and which readings remain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import multiverse, numbers
from sverige_did.report.curves import Line, curve_figure, points
from sverige_did.report.labels import caption, in_language, mark, reading, short_name
from sverige_did.report.tables import FigureView, Table, heads
from sverige_did.study.study import PanelStudy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Curve
    from sverige_did.results.published import Feasible
    from sverige_did.words import Language

TABLES_SHOWN = 12

OF_AREAS = "areas_"
"""How the names of curves begin in which the study's own difference is marked."""


CheckFigures = tuple[str, list[FigureView], list[FigureView]]
"""The title of a check, the figures of the first outcome of the plan that it was run on, and those of the others."""


def sensitivity(release: Release, language: Language) -> tuple[CheckFigures, ...]:
    """The figures of every check that has curves, in the order of the release."""
    gathered: dict[str, dict[tuple[str, str], list[Line]]] = {}
    for check in (one for one in release.checks if one.check != multiverse.CHECK):
        for curve, beside in _led(check.curves):
            line = Line(reading(release, check.reading, language), curve, beside)
            gathered.setdefault(check.check, {}).setdefault((check.outcome, curve.name), []).append(line)
    return tuple(_check_figures(release, check, groups, language) for check, groups in gathered.items())


def _led(curves: tuple[Curve, ...]) -> Iterator[tuple[Curve, tuple[Curve, ...]]]:
    """The curves to draw, each with those along the same steps: a p-value says again what the interval shows."""
    waiting = curves
    while waiting:
        first, *rest = waiting
        beside = tuple(curve for curve in rest if (curve.x_name, curve.x) == (first.x_name, first.x))
        yield first, beside
        waiting = tuple(curve for curve in rest if curve not in beside)


def _check_figures(
    release: Release, check: str, groups: Mapping[tuple[str, str], list[Line]], language: Language
) -> CheckFigures:
    title = words.text(f"labels.check.{check}", language)
    first, figures = next(iter(groups))[0], {}
    for (outcome, name), lines in groups.items():
        heading = _curve_caption(release, title, outcome, lines[0], language)
        figure_name = f"{check}-{outcome}-{name}"
        svg = curve_figure(figure_name, tuple(lines), language, title=heading, mark=mark(release, language))
        figures[outcome, name] = FigureView(svg, _curve_table(lines, heading, language))
    of_first = [view for (outcome, _), view in figures.items() if outcome == first]
    return title, of_first, [view for (outcome, _), view in figures.items() if outcome != first]


def _curve_caption(release: Release, check: str, outcome: str, line: Line, language: Language) -> str:
    name, y = short_name(outcome, language), words.text(line.curve.y_name, language)
    shown = caption(release, "curve", language, check=check, outcome=name, y=y)
    return f"{shown}. {_marked(release, outcome, line, language)}" if line.curve.marked is not None else shown


def _marked(release: Release, outcome: str, line: Line, language: Language) -> str:
    """What the upright line is: the study's own difference; or another's, as the plan calls it, and its number."""
    study = release.study
    if line.curve.name.startswith(OF_AREAS):
        return words.text("report.captions.own_difference", language)
    groups = study.placebo_groups if isinstance(study, PanelStudy) else None
    (one,) = (one for one in (groups.compared if groups else ()) if one.outcome == outcome)
    value = numbers.significant(line.curve.marked or 0.0, language)
    label = in_language(one.label, language)
    key = "report.captions.compared_made_up" if release.synthetic else "report.captions.compared"
    return words.text(key, language, label=label, value=value, source=one.source)


def _curve_table(lines: list[Line], heading: str, language: Language) -> Table:
    first, beside = lines[0].curve, lines[0].beside
    columns = tuple(words.text(name, language) for name in (first.x_name, first.y_name))
    others = tuple(words.text(curve.y_name, language) for curve in beside)
    (interval,), names = heads(("interval",), language), heads(("reading",), language) if len(lines) > 1 else ()
    # A lone line needs no name.
    rows = tuple((*point, *(line.label for _ in names)) for line in lines for point in points(line, language))
    return Table(heading, (*columns, interval, *others, *names), rows, frozenset(range(1, 3 + len(beside))))


def fact_said(release: Release, fact_id: str, language: Language) -> str:
    """A reported figure in words, with its number in the data."""
    fact = next(fact for fact in release.reported if fact.fact_id == fact_id)
    finding = fact.finding_da if language == "da" else fact.finding_en
    return words.text("report.damaged.fact", language, finding=finding, fact=fact_id, place=fact.place)


def _feasible_caption(release: Release, found: Feasible, language: Language) -> str:
    name, label = short_name(found.outcome, language), reading(release, found.reading, language)
    return caption(release, "feasible", language, outcome=name, reading=label)


def feasible_intervals(release: Release, found: Feasible, language: Language) -> Table:
    """The smallest and largest value that each quantity of a damaged table can have in one reading."""
    rows = tuple(
        (_quantity(name, language), numbers.significant(low, language), numbers.significant(high, language))
        for name, (low, high) in found.intervals.items()
    )
    columns = heads(("quantity", "smallest", "largest"), language)
    return Table(_feasible_caption(release, found, language), columns, rows, frozenset({1, 2}))


def feasible_tables(release: Release, found: Feasible, language: Language) -> Table:
    """The first tables that fit, each a column: there are more cells than a screen is wide."""
    first = found.tables[:TABLES_SHOWN]
    rows = tuple(
        (_quantity(name, language), *(numbers.decimal(table[at], language, 0) for table in first))
        for at, name in enumerate(found.unknowns)
    )
    names = tuple(words.text("report.damaged.table", language, number=at + 1) for at in range(len(first)))
    columns = (*heads(("quantity",), language), *names)
    return Table(_feasible_caption(release, found, language), columns, rows, frozenset(range(1, len(first) + 1)))


def _quantity(name: str, language: Language) -> str:
    """The words for a count; a plan may count what nobody has words for, and that goes by its name."""
    key = f"labels.quantity.{name}"
    return words.text(key, language) if words.has(key, language) else name
