"""The sensitivity figures: one small figure for each outcome, one line for each reading, along one assumption."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import cycle
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator

from sverige_did import words
from sverige_did.report import numbers, svg

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sverige_did.results import Curve
    from sverige_did.words import Language

WIDTH, HEIGHT = 360.0, 290.0
LEGEND_ROW = 0.065
"""The fraction of the height that two names of readings need; they stand two by two."""

WRAP = 46
"""Characters of an axis' name on one line."""

LINES = (("-", svg.ACCENT), ("--", "#b45309"), (":", svg.INK), ("-.", svg.MUTED))
"""Line pattern and colour of the first, second, ... reading: told apart without colour."""

POINTS_IN_TABLE = 21
LOCATOR = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])

DATE = "checks.axis.placebo_date"
"""The axis whose values are dates, in years."""

HALF = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """One curve, the name of the reading it belongs to, and curves along the same steps that only the table tells."""

    label: str
    curve: Curve
    beside: tuple[Curve, ...] = ()


def curve_figure(name: str, lines: tuple[Line, ...], language: Language, *, title: str, mark: str | None) -> Markup:
    """Lines that share their axes as one SVG; ``name`` must be unique on the page."""
    first = lines[0].curve

    def paint(figure: Figure) -> None:
        legend = LEGEND_ROW * math.ceil(len(lines) / 2) if len(lines) > 1 else 0.0
        axes = figure.add_axes((0.15, 0.21, 0.82, 0.7 - legend))
        for at, (line, (pattern, colour)) in enumerate(zip(lines, cycle(LINES))):
            _line(axes, line, pattern, colour, filled=at == 0)
        _dress(axes, first, language)
        if len(lines) > 1:
            figure.legend(
                loc="upper left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=12, borderpad=0,
                borderaxespad=0, handlelength=1.8, handletextpad=0.4, columnspacing=1.0,
            )  # fmt: skip

    return svg.draw(name, WIDTH, HEIGHT, paint, title=title, mark=mark)


def _line(axes: Axes, line: Line, pattern: str, colour: str, *, filled: bool) -> None:
    """A line with its limits: shaded for the first reading, thin lines for the others, so that none hides another."""
    x, y = (_finite(side) for side in (line.curve.x, line.curve.y))
    axes.plot(x, y, linestyle=pattern, color=colour, linewidth=2, label=line.label)
    if line.curve.lower and line.curve.upper:
        lower, upper = (_finite(side) for side in (line.curve.lower, line.curve.upper))
        if filled:
            axes.fill_between(x, lower, upper, color=colour, alpha=0.12, linewidth=0)
        for side in (lower, upper):
            axes.plot(x, side, linestyle=pattern, color=colour, linewidth=0.8)


def _finite(values: tuple[float, ...]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The values with a gap where one is infinite: a line cannot be drawn to infinity, the table says it."""
    array = np.array(values, dtype=np.float64)
    return np.where(np.isfinite(array), array, np.nan)


def _dress(axes: Axes, curve: Curve, language: Language) -> None:
    """The names of both axes, and a grid with its numbers.

    The grid is one collection of lines with plain text: a tick of matplotlib has five parts, a page a thousand ticks.
    """
    x_name, y_name = (
        fill(words.text(name, language), WRAP, break_on_hyphens=False) for name in (curve.x_name, curve.y_name)
    )
    axes.text(0.5, -0.14, x_name, transform=axes.transAxes, ha="center", va="top", fontsize=12, color=svg.INK)
    axes.text(-0.17, 1.07, y_name, transform=axes.transAxes, fontsize=12, color=svg.INK)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    columns, rows = _round_numbers(left, right), _round_numbers(low, high)
    ruled = [[(x, low), (x, high)] for x in columns] + [[(left, y), (right, y)] for y in rows]
    axes.add_collection(LineCollection(ruled, colors=svg.RULE, linewidths=0.5, zorder=0.5), autolim=False)
    if low < 0 < high:
        axes.plot([left, right], [0, 0], color=svg.INK, linewidth=1, scalex=False)
    axes.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[])
    below, beside = axes.get_xaxis_transform(), axes.get_yaxis_transform()
    for x in columns:
        told = _along(curve, x, language)
        axes.text(x, -0.03, told, transform=below, ha="center", va="top", color=svg.MUTED)
    for y in rows:
        told = numbers.significant(y, language)
        axes.text(-0.02, y, told, transform=beside, ha="right", va="center", color=svg.MUTED)


def _round_numbers(low: float, high: float) -> list[float]:
    """At most six round numbers that the axis from ``low`` to ``high`` reaches."""
    margin = 1e-9 * (high - low)
    return [float(tick) for tick in LOCATOR.tick_values(low, high) if low - margin <= tick <= high + margin]


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
