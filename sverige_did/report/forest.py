"""Bars under each other on one axis: the estimates of an outcome, or beliefs before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from sverige_did import words
from sverige_did.report import numbers, svg, svg_shapes
from sverige_did.report.overview import TICKS, Shape, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from sverige_did.words import Language

Look = Literal["raw", "sampling", "posterior", "prior"]
LOOKS: dict[Look, tuple[svg_shapes.Shape, str, float]] = {
    "raw": ("diamond", svg.MUTED, 1.4),
    "sampling": ("square", svg.INK, 1.4),
    "posterior": ("circle", svg.ACCENT, 3.0),
    "prior": ("diamond", "#8a93a0", 3.0),
}
"""The mark at the point, its colour, and the width of the bar."""

AXIS = 52.0
"""The height below the bars, for the numbers and the name of the axis."""

NAMES, NUMBERS = 12.0, 13.0
"""Font sizes."""

NARROWEST = math.log(2)
"""A ratio axis spans at least a halving and a doubling, so that a small difference looks small."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A point with its limits; without limits it is a point alone, and an infinite limit ends in an arrow."""

    label: str
    look: Look
    point: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Measures in CSS pixels; ``left`` and ``right`` are the fractions of the width that the axis spans. A name goes on
    to another line after ``letters``, and its row is that much higher.
    """

    width: float
    row: float
    left: float
    right: float
    letters: int
    size: float
    label_above: bool

    def named(self, bar: Bar) -> list[str]:
        """The lines of a bar's name."""
        return wrap(bar.label, self.letters, break_on_hyphens=False) or [""]


LAYOUTS: dict[Shape, Layout] = {
    "wide": Layout(720, 26, 0.46, 0.955, 48, NUMBERS, label_above=False),
    "narrow": Layout(340, 42, 0.04, 0.92, 50, NAMES, label_above=True),
}


@dataclass(frozen=True, slots=True)
class Shapes:
    """One figure drawn twice: for a wide page, and for a narrow one with the names above the bars."""

    wide: Markup
    narrow: Markup


def forest(name: str, bars: tuple[Bar, ...], language: Language, *, scale: str, title: str, mark: str | None) -> Shapes:
    """The bars on the axis of their scale; a ratio is drawn in logarithms and labelled in per cent."""
    draw = partial(_draw, name, bars, language, scale=scale, title=title, mark=mark)
    return Shapes(wide=draw("wide"), narrow=draw("narrow"))


@dataclass(frozen=True, slots=True)
class Axis:
    """The axis: its ends in the unit of its scale, in logarithms where that is a ratio, and on the figure."""

    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """The place of a number on the figure; beyond an end it is the end."""
        across = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + across * (self.right - self.left)


def _draw(
    name: str, bars: tuple[Bar, ...], language: Language, shape: Shape, *, scale: str, title: str, mark: str | None
) -> Markup:
    layout, top = LAYOUTS[shape], 22.0 if mark else 4.0
    more = [(len(layout.named(bar)) - 1) * svg_shapes.LEADING * layout.size for bar in bars]
    edges = list(accumulate([layout.row + height for height in more], initial=top))
    bottom = edges[-1]
    axis = Axis(*_limits(bars, is_ratio=scale == "ratio"), layout.left * layout.width, layout.right * layout.width)
    middles = [(above + below) / 2 for above, below in pairwise(edges)]
    lower = [height / 2 + 0.2 * layout.row if layout.label_above else 0.0 for height in more]
    strips = [(bar, middle + down) for bar, middle, down in zip(bars, middles, lower, strict=True)]
    drawn = [*_grid(axis, top, bottom, layout.width, language, scale)]
    for bar, y in strips:
        drawn += _bar(axis, y, bar, is_ratio=scale == "ratio")
    if scale != "share":  # a share has no value that means no difference
        drawn.append(svg_shapes.line([(axis.at(0), top), (axis.at(0), bottom)], svg.INK, 1))
    for bar, y in strips:
        drawn += _point(axis, y, bar, is_ratio=scale == "ratio")
    drawn += [_name(axis, bar, middle, layout) for bar, middle in zip(bars, middles, strict=True)]
    return svg_shapes.element(f"{name}-{shape}", layout.width, bottom + AXIS, drawn, title=title, mark=mark)


def _name(axis: Axis, bar: Bar, middle: float, layout: Layout) -> str:
    """The name at the left of its bar, or above it where the axis does not shine through."""
    named = layout.named(bar)
    first = middle - (len(named) - 1) / 2 * svg_shapes.LEADING * layout.size + layout.size * svg_shapes.MIDDLE
    if layout.label_above:
        base = axis.left, first - 0.2 * layout.row
        return svg_shapes.text(base, "\n".join(named), "start", layout.size, halo=True)
    return svg_shapes.text((axis.left - 3.5, first), "\n".join(named), "end", layout.size)


def _place(value: float, *, is_ratio: bool) -> float:
    if not is_ratio:
        return value
    return math.log(value) if value > 0 else -math.inf


def _limits(bars: tuple[Bar, ...], *, is_ratio: bool) -> tuple[float, float]:
    """Room for every finite number and for no difference, with a margin; a ratio stops at 0.05 and 20."""
    given = [value for bar in bars for value in (bar.point, bar.lower, bar.upper) if value is not None]
    places = [_place(value, is_ratio=is_ratio) for value in given]
    finite = [place for place in places if math.isfinite(place)]
    low, high = min([*finite, 0.0]), max([*finite, 0.0])
    margin = 0.06 * (high - low) or 1.0
    if not is_ratio:
        return low - margin, high + margin
    furthest = math.log(TICKS[-1])
    return max(min(low - margin, -NARROWEST), -furthest), min(max(high + margin, NARROWEST), furthest)


def _bar(axis: Axis, y: float, bar: Bar, *, is_ratio: bool) -> Iterator[str]:
    """The line between the limits, with an arrow-head where one lies beyond the axis."""
    if bar.lower is None or bar.upper is None:
        return
    _, colour, width = LOOKS[bar.look]
    lower, upper = (_place(end, is_ratio=is_ratio) for end in (bar.lower, bar.upper))
    yield svg_shapes.line([(axis.at(lower), y), (axis.at(upper), y)], colour, width)
    if lower < axis.low:
        yield svg_shapes.mark((axis.left, y), "left", 7, colour)
    if upper > axis.high:
        yield svg_shapes.mark((axis.right, y), "right", 7, colour)


def _point(axis: Axis, y: float, bar: Bar, *, is_ratio: bool) -> Iterator[str]:
    shape, colour, _ = LOOKS[bar.look]
    point = _place(bar.point, is_ratio=is_ratio)
    if axis.low <= point <= axis.high:
        yield svg_shapes.mark((axis.at(point), y), shape, 6, colour)


def _grid(axis: Axis, top: float, bottom: float, width: float, language: Language, scale: str) -> Iterator[str]:
    """The axis with its name, its numbers, and a line across the bars at each; no number leaves the figure."""
    for value, shown in _ticks(axis, language, scale):
        x = axis.at(value)
        yield svg_shapes.line([(x, top), (x, bottom)], svg.RULE, 0.5)
        yield svg_shapes.line([(x, bottom), (x, bottom + 3.5)], svg.MUTED, 0.8)
        half = 0.32 * NUMBERS * len(shown)
        base = min(max(x, half), width - half), bottom + 7 + NUMBERS * svg_shapes.ASCENT
        yield svg_shapes.text(base, shown, "middle", NUMBERS, svg.MUTED)
    yield svg_shapes.line([(axis.left, bottom), (axis.right, bottom)], svg.RULE, 0.8)
    name = words.text("report.overview.axis" if scale == "ratio" else f"labels.scale.{scale}", language)
    base = (axis.left + axis.right) / 2, bottom + 23 + NAMES * svg_shapes.ASCENT
    yield svg_shapes.text(base, name, "middle", NAMES, svg.MUTED)


def _ticks(axis: Axis, language: Language, scale: str) -> list[tuple[float, str]]:
    """Round numbers of the scale and how they are reported; a ratio is reported as a change in per cent."""
    if scale != "ratio":
        factor = 100 if scale == "share" else 1
        places = svg_shapes.round_numbers(axis.low, axis.high)
        return [(place, numbers.significant(factor * place, language)) for place in places]
    ratios = spread(math.exp(axis.low), math.exp(axis.high), 50 / (axis.right - axis.left))
    return [(math.log(ratio), numbers.change(ratio, language)) for ratio in ratios]
