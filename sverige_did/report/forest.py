"""Bars under each other on one axis: the estimates of an outcome, or beliefs before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.overview import TICKS, Shape, spread

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sverige_did.words import Language

Look = Literal["raw", "sampling", "posterior", "prior"]
LOOKS: dict[Look, tuple[str, str, float]] = {
    "raw": ("D", svg.MUTED, 1.4),
    "sampling": ("s", svg.INK, 1.4),
    "posterior": ("o", svg.ACCENT, 3.0),
    "prior": ("D", "#8a93a0", 3.0),
}
AXIS = 52.0
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
    """Measures in CSS pixels; ``left`` and ``right`` are the fractions of the width that the axis spans."""

    width: float
    row: float
    left: float
    right: float
    label_above: bool


LAYOUTS: dict[Shape, Layout] = {
    "wide": Layout(720, 26, 0.46, 0.97, label_above=False),
    "narrow": Layout(340, 42, 0.04, 0.94, label_above=True),
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


def _draw(
    name: str, bars: tuple[Bar, ...], language: Language, shape: Shape, *, scale: str, title: str, mark: str | None
) -> Markup:
    layout = LAYOUTS[shape]
    body, head = layout.row * len(bars), 22.0 if mark else 4.0
    height = body + AXIS + head

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((layout.left, AXIS / height, layout.right - layout.left, body / height))
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.set_xlim(*_limits(bars, is_ratio=scale == "ratio"))
        for y, bar in enumerate(bars):
            _bar(axes, y + (0.2 if layout.label_above else 0.0), bar, is_ratio=scale == "ratio")
        if scale != "share":  # a share has no value that means no difference
            axes.axvline(0, color=svg.INK, linewidth=1)
        _names(axes, bars, layout)
        axes.grid(axis="x", color=svg.RULE, linewidth=0.5)
        axes.set_axisbelow(True)
        _ticks(axes, language, layout, scale)
        key = "report.overview.axis" if scale == "ratio" else f"labels.scale.{scale}"
        axes.set_xlabel(words.text(key, language), fontsize=12, color=svg.MUTED)

    return svg.draw(f"{name}-{shape}", layout.width, height, paint, title=title, mark=mark)


def _names(axes: Axes, bars: tuple[Bar, ...], layout: Layout) -> None:
    """The names at the left of the bars, or above them on a ground that the axis does not shine through."""
    axes.spines["left"].set_visible(False)
    if not layout.label_above:
        axes.set_yticks(range(len(bars)), [bar.label for bar in bars], color=svg.INK)
        axes.tick_params(axis="y", length=0)
        return
    axes.set_yticks([])
    band = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    for y, bar in enumerate(bars):
        axes.text(0, y - 0.2, bar.label, transform=axes.get_yaxis_transform(), va="center", fontsize=12, bbox=band)


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


def _bar(axes: Axes, y: float, bar: Bar, *, is_ratio: bool) -> None:
    marker, colour, line = LOOKS[bar.look]
    low, high = axes.get_xlim()
    if bar.lower is not None and bar.upper is not None:
        ends = [_place(end, is_ratio=is_ratio) for end in (bar.lower, bar.upper)]
        axes.plot(np.clip(ends, low, high), [y, y], color=colour, linewidth=line, solid_capstyle="butt")
        for beyond, edge, arrow in ((ends[0] < low, low, "<"), (ends[1] > high, high, ">")):
            if beyond:
                axes.plot(edge, y, marker=arrow, color=colour, markersize=7, clip_on=False)
    point = _place(bar.point, is_ratio=is_ratio)
    if low <= point <= high:
        axes.plot(point, y, marker=marker, color=colour, markersize=6, zorder=3)


def _ticks(axes: Axes, language: Language, layout: Layout, scale: str) -> None:
    if scale != "ratio":
        factor = 100 if scale == "share" else 1
        axes.locator_params(axis="x", nbins=5)
        axes.xaxis.set_major_formatter(lambda value, _: numbers.significant(factor * value, language))
        return
    low, high = axes.get_xlim()
    ticks = spread(math.exp(low), math.exp(high), 50 / (layout.width * (layout.right - layout.left)))
    told = [words.text("labels.percent", language, value=numbers.percent_change(tick, language)) for tick in ticks]
    axes.set_xticks(np.log(ticks), told)
