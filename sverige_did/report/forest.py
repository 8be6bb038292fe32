"""Bars under each other on one axis: the estimates of an outcome, or beliefs before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.overview import TICKS, spread

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
WIDTH, ROW, AXIS = 720.0, 26.0, 52.0
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


def forest(name: str, bars: tuple[Bar, ...], language: Language, *, scale: str, title: str, mark: str | None) -> Markup:
    """The bars as one SVG on the axis of their scale; a ratio is drawn in logarithms and labelled in per cent."""
    head = 22.0 if mark else 4.0
    height = ROW * len(bars) + AXIS + head
    is_ratio = scale == "ratio"

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.46, AXIS / height, 0.51, ROW * len(bars) / height))
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.set_xlim(*_limits(bars, is_ratio=is_ratio))
        for y, bar in enumerate(bars):
            _bar(axes, y, bar, is_ratio=is_ratio)
        axes.axvline(0, color=svg.INK, linewidth=1)
        axes.set_yticks(range(len(bars)), [bar.label for bar in bars], color=svg.INK)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=svg.RULE, linewidth=0.5)
        axes.set_axisbelow(True)
        _ticks(axes, language, is_ratio=is_ratio)
        key = "report.forest.ratio" if is_ratio else f"labels.scale.{scale}"
        axes.set_xlabel(words.text(key, language), fontsize=12, color=svg.MUTED)

    return svg.draw(name, WIDTH, height, paint, title=title, mark=mark)


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


def _ticks(axes: Axes, language: Language, *, is_ratio: bool) -> None:
    if not is_ratio:
        axes.xaxis.set_major_formatter(lambda value, _: numbers.significant(value, language))
        return
    low, high = axes.get_xlim()
    ticks = spread(math.exp(low), math.exp(high), 0.14)
    told = [words.text("labels.percent", language, value=numbers.percent_change(tick, language)) for tick in ticks]
    axes.set_xticks(np.log(ticks), told)
