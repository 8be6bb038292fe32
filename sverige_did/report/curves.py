"""The sensitivity figures: one small figure for each outcome, one line for each reading, along one assumption."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import cycle
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from sverige_did import words
from sverige_did.report import numbers, svg, svg_shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from markupsafe import Markup

    from sverige_did.results.estimates import Curve
    from sverige_did.words import Language

WIDTH, HEIGHT = 360.0, 290.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 349.0, 26.0, 229.0
"""The edges of the plane in CSS pixels; the names of readings, and a long name of the axis, push its top down."""

LEGEND_ROW = 19.0
"""The height that two names of readings need; they stand two by two."""

SAMPLE, LETTER = 22.0, 6.6
"""The length of a line beside its name, and the room for a letter of the name."""

NAMES, NUMBERS = 12.0, 13.0
"""Font sizes."""

WRAP = 46
"""Characters of an axis' name on one line."""

LINES = (((), svg.ACCENT), ((3.7, 1.6), "#b45309"), ((1.0, 1.65), svg.INK), ((6.4, 1.6, 1.0, 1.6), svg.MUTED))
"""Dashes and colour of the first, second, ... reading: told apart without colour."""

MARKED = ("#b45309", 2.0, (1.0, 1.65))
"""Colour, width and dashes of the upright line at a value that stands out."""

MARGIN = 0.05
"""The fraction of what is shown that stays empty beyond its ends."""

POINTS_IN_TABLE = 21

DATE = "checks.axis.placebo_date"
"""The axis whose values are dates, in years."""

HALF = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """One curve, the name of the reading it belongs to, and curves along the same steps that only the table tells."""

    label: str
    curve: Curve
    beside: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Plane:
    """Where numbers lie on the figure: the ends of both axes, and the upper edge in CSS pixels."""

    x: tuple[float, float]
    y: tuple[float, float]
    top: float

    def at(self, x: float, y: float) -> svg_shapes.Point:
        """The place of a point on the figure."""
        (left, right), (low, high) = self.x, self.y
        across, up = (x - left) / (right - left), (y - low) / (high - low)
        return LEFT + across * (RIGHT - LEFT), BOTTOM - up * (BOTTOM - self.top)


def curve_figure(
    name: str, lines: tuple[Line, ...], language: Language, *, title: str, mark: str | None,
    within: tuple[Curve, ...] = (),
) -> Markup:  # fmt: skip
    """Lines that share their axes as one SVG; ``name`` must be unique on the page.

    The axes also have room for the curves ``within``, so that several figures have the same.
    """
    curves = [line.curve for line in lines]
    legend = LEGEND_ROW * math.ceil(len(lines) / 2) if len(lines) > 1 else 0.0
    further_rows = svg_shapes.LEADING * NAMES * _name(curves[0].y_name, language).count("\n")
    plane = Plane(
        x=ends_of(x for curve in (*curves, *within) for x in (*curve.x, *_marked(curve))),
        y=ends_of(y for curve in (*curves, *within) for y in (*curve.y, *(curve.lower or ()), *(curve.upper or ()))),
        top=TOP + legend + further_rows,
    )
    drawn = [*_grid(plane, curves[0], language)]
    for at, (curve, (dashes, colour)) in enumerate(zip(curves, cycle(LINES))):
        drawn += _line(plane, curve, dashes, colour, filled=at == 0)
    drawn += _uprights(plane, curves)
    drawn += [*_axes(plane, curves[0], language), *(_legend(lines) if len(lines) > 1 else ())]
    return svg_shapes.element(name, WIDTH, HEIGHT, drawn, title=title, mark=mark)


def _uprights(plane: Plane, curves: list[Curve]) -> Iterator[str]:
    """The upright line of each curve that has one: in the style of its own line where several stand out."""
    several = len({x for curve in curves for x in _marked(curve)}) > 1
    for curve, (dashes, colour) in zip(curves, cycle(LINES)):
        style = (colour, MARKED[1], dashes) if several else MARKED
        yield from (svg_shapes.line([plane.at(x, y) for y in plane.y], *style) for x in _marked(curve))
        if not several and _marked(curve):
            return


def _marked(curve: Curve) -> tuple[float, ...]:
    """The value of x that stands out, if there is one."""
    return () if curve.marked is None else (curve.marked,)


def ends_of(values: Iterable[float]) -> tuple[float, float]:
    """The ends of an axis that shows all finite values, a single one in the middle of something."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    if low == high:
        low, high = low - MARGIN * (abs(low) or 1.0), high + MARGIN * (abs(high) or 1.0)
    return low - MARGIN * (high - low), high + MARGIN * (high - low)


def _line(plane: Plane, curve: Curve, dashes: tuple[float, ...], colour: str, *, filled: bool) -> Iterator[str]:
    """A line with its limits: shaded for the first reading, thin lines for the others, so that none hides another.

    A line has a gap where it is infinite; the table says it.
    """
    upper, lower = ([*map(plane.at, curve.x, side)] for side in (curve.upper or (), curve.lower or ()))
    if filled and upper and lower:
        yield svg_shapes.band(upper, lower, colour, 0.12)
    yield svg_shapes.line([*map(plane.at, curve.x, curve.y)], colour, 2, dashes)
    if upper and lower:
        yield from (svg_shapes.line(side, colour, 0.8, dashes) for side in (lower, upper))


def _grid(plane: Plane, curve: Curve, language: Language) -> Iterator[str]:
    """Lines at round numbers, and the numbers."""
    for x in svg_shapes.round_numbers(*plane.x):
        low, high = plane.at(x, plane.y[0]), plane.at(x, plane.y[1])
        yield svg_shapes.line([low, high], svg.RULE, 0.5)
        base = low[0], BOTTOM + 5 + NUMBERS * svg_shapes.ASCENT
        yield svg_shapes.text(base, _along(curve, x, language), "middle", NUMBERS, svg.MUTED)
    for y in svg_shapes.round_numbers(*plane.y):
        left, right = plane.at(plane.x[0], y), plane.at(plane.x[1], y)
        yield svg_shapes.line([left, right], svg.RULE, 0.5)
        base = LEFT - 6, left[1] + NUMBERS * svg_shapes.MIDDLE
        yield svg_shapes.text(base, numbers.significant(y, language), "end", NUMBERS, svg.MUTED)


def _axes(plane: Plane, curve: Curve, language: Language) -> Iterator[str]:
    """Both axes with their names, and the line of no effect."""
    (left, right), (low, high) = plane.x, plane.y
    if low < 0 < high:
        yield svg_shapes.line([plane.at(left, 0), plane.at(right, 0)], svg.INK, 1)
    yield svg_shapes.line([plane.at(left, high), plane.at(left, low), plane.at(right, low)], svg.RULE, 0.8)
    x_name, y_name = _name(curve.x_name, language), _name(curve.y_name, language)
    yield svg_shapes.text(((LEFT + RIGHT) / 2, BOTTOM + 23 + NAMES * svg_shapes.ASCENT), x_name, "middle", NAMES)
    further_rows = svg_shapes.LEADING * NAMES * y_name.count("\n")
    yield svg_shapes.text((4, plane.top - 12 - further_rows), y_name, "start", NAMES)


def _name(key: str, language: Language) -> str:
    return fill(words.text(key, language), WRAP, break_on_hyphens=False)


def _legend(lines: tuple[Line, ...]) -> Iterator[str]:
    """The names of the readings, from above to below in two columns."""
    rows = math.ceil(len(lines) / 2)
    second = SAMPLE + LETTER * max(len(line.label) for line in lines[:rows]) + NAMES
    for at, (line, (dashes, colour)) in enumerate(zip(lines, cycle(LINES))):
        x, y = second * (at // rows), 6 + LEGEND_ROW * (at % rows)
        yield svg_shapes.line([(x, y), (x + SAMPLE, y)], colour, 2, dashes)
        yield svg_shapes.text((x + SAMPLE + 5, y + 4), line.label, "start", NAMES)


def points(line: Line, language: Language) -> list[tuple[str, ...]]:
    """At most 21 evenly spread points as text: x, y, the interval (empty without one), and y of the curves beside."""
    curve = line.curve
    steps = min(len(curve.x), POINTS_IN_TABLE)
    chosen = np.unique(np.linspace(0, len(curve.x) - 1, steps).round().astype(int))
    return [
        (*_point(curve, int(at), language), *(_or_dash(other.y[at], language) for other in line.beside))
        for at in chosen
    ]


def _point(curve: Curve, at: int, language: Language) -> tuple[str, str, str]:
    x, y = _along(curve, curve.x[at], language), _or_dash(curve.y[at], language)
    if not (curve.lower and curve.upper):
        return x, y, ""
    return x, y, f"{_or_dash(curve.lower[at], language)}; {_or_dash(curve.upper[at], language)}"


def _along(curve: Curve, value: float, language: Language) -> str:
    """A value of the assumption; a date as the year, or the half-year, that begins there."""
    if curve.x_name != DATE:
        return numbers.significant(value, language)
    year, part = divmod(value, 1)
    return f"{year:.0f}" if not part else f"{year:.0f}H2" if part == HALF else ""


def _or_dash(value: float, language: Language) -> str:
    return "–" if math.isnan(value) else numbers.significant(value, language)
