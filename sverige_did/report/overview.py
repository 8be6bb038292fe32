"""The first figure: every outcome that can stand on one scale, the published change beside what it can carry.

The scale is the ratio of after to before relative to the controls, drawn in logarithms and labelled in per cent.
Outcomes that identify no effect stand apart, in grey, with one mark only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.results.estimates import EFFECT_CLASSES

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sverige_did.report.headlines import Row
    from sverige_did.results.estimates import Finding
    from sverige_did.words import Language

Shape = Literal["wide", "narrow"]
TICKS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 10.0, 20.0)
FAR = (0.1, 4.0)
"""No interval stretches the axis beyond these ratios: it ends in an arrow there. An estimate always has its place."""

CLOSE = 0.13
"""The fraction of the axis that a tick label needs on a wide page; a narrow page needs half as much again."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Measures in CSS pixels; ``left`` and ``right`` are the fractions of the width that the axis spans."""

    width: float
    row: float
    grey_row: float
    heading: float
    left: float
    right: float
    font: float
    label_above: bool


LAYOUTS: dict[Shape, Layout] = {
    "wide": Layout(925, 33, 25, 28, 0.25, 0.63, 14, label_above=False),
    "narrow": Layout(340, 58, 44, 46, 0.06, 0.92, 13, label_above=True),
}
OFFSETS = {"raw": -9.0, "did": 0.0, "bayes": 9.0}
LEGEND_HEIGHT, AXIS_HEIGHT = {"wide": 46.0, "narrow": 96.0}, 44.0


def limits(shown: tuple[Row, ...]) -> tuple[float, float]:
    """The ends of the axis as ratios: ticks that hold every estimate, and every interval as far as ``FAR``."""
    results = [item.result for row in shown for item in (row.raw, row.did, row.bayes, row.level) if item is not None]
    ends = [end for result in results for end in (result.lower, result.upper) if end is not None]
    near = [min(max(end, FAR[0]), FAR[1]) for end in ends]
    values = [0.75, 1.5, *near, *(result.estimate for result in results if result.estimate > 0)]
    low = max((tick for tick in TICKS if tick <= min(values)), default=TICKS[0])
    high = min((tick for tick in TICKS if tick >= max(values)), default=TICKS[-1])
    return low, high


def spread(low: float, high: float, close: float) -> list[float]:
    """The ticks between two ratios that are at least ``close`` of the axis apart; no difference is always there."""
    least = close * math.log(high / low)
    kept = [1.0]
    for side in (TICKS[TICKS.index(1.0) + 1 :], TICKS[: TICKS.index(1.0)][::-1]):
        last = 1.0
        for tick in side:
            if low <= tick <= high and abs(math.log(tick / last)) >= least:
                kept.append(tick)
                last = tick
    return sorted(kept)


def overview(shown: tuple[Row, ...], language: Language, shape: Shape, *, title: str, mark: str | None) -> Markup:
    """The figure as SVG, for a wide or a narrow page."""
    layout = LAYOUTS[shape]
    groups = [
        ("effect", [row for row in shown if row.design_class in EFFECT_CLASSES]),
        ("level", [row for row in shown if row.design_class not in EFFECT_CLASSES]),
    ]
    groups = [(kind, members) for kind, members in groups if members]
    present = frozenset(kind for kind in MARKS if any(getattr(row, kind) is not None for row in shown))
    heights = {"effect": layout.row, "level": layout.grey_row}
    body = sum(layout.heading + heights[kind] * len(members) for kind, members in groups)
    height = body + LEGEND_HEIGHT[shape] + AXIS_HEIGHT

    def paint(figure: Figure) -> None:
        bottom, tall = AXIS_HEIGHT / height, body / height
        axes = figure.add_axes((layout.left, bottom, layout.right - layout.left, tall))
        low, high = limits(shown)
        axes.set_xlim(math.log(low), math.log(high))
        axes.set_ylim(body, 0)
        _axis(axes, low, high, language, layout)
        y = 0.0
        for kind, members in groups:
            _heading(axes, y + layout.heading / 2, kind, present, language, layout)
            y += layout.heading
            for row in members:
                _row(axes, row, y, heights[kind], language, layout)
                y += heights[kind]
        _legend(figure, present, language, columns=3 if shape == "wide" else 1)

    return svg.draw(f"overview-{shape}", layout.width, height, paint, title=title, mark=mark)


def _axis(axes: Axes, low: float, high: float, language: Language, layout: Layout) -> None:
    ticks = spread(low, high, CLOSE * (1.5 if layout.label_above else 1))
    axes.set_xticks(np.log(ticks), [numbers.change(tick, language) for tick in ticks], fontsize=layout.font - 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=svg.RULE, linewidth=0.5)
    axes.axvline(0, color=svg.INK, linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(words.text("report.overview.axis", language), fontsize=layout.font - 1, color=svg.MUTED)


def _heading(axes: Axes, y: float, kind: str, present: frozenset[str], language: Language, layout: Layout) -> None:
    left = -layout.left / (layout.right - layout.left)
    right = (1 - layout.left) / (layout.right - layout.left)
    text = words.text(f"report.overview.{kind}{'_short' if layout.label_above else ''}", language)
    transform = axes.get_yaxis_transform()
    ink = svg.INK if kind == "effect" else svg.MUTED
    band = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axes.text(
        left, y, text, transform=transform, va="center", fontsize=layout.font, weight="bold", color=ink, bbox=band
    )
    if not layout.label_above and kind == "effect":
        for key, x in (("did", 1.03), ("bayes", 1.03 + (right - 1.03) / 2)):
            if key not in present:
                continue
            head = words.text(f"report.mark.{key}_short", language)
            axes.text(x, y, head, transform=transform, va="center", fontsize=layout.font - 1, color=svg.MUTED)


def row_name(row: Row, language: Language) -> str:
    """The outcome's name, with the reading where it is not the figure's own."""
    name = words.text(f"outcomes.{row.outcome}.short", language)
    return f"{name} ({row.reading})" if row.reading else name


def _row(axes: Axes, row: Row, top: float, height: float, language: Language, layout: Layout) -> None:
    middle = top + height / 2 + (9 if layout.label_above else 0)
    _favourable(axes, row, top, height)
    name = row_name(row, language)
    ink = svg.INK if row.level is None else svg.MUTED
    transform = axes.get_yaxis_transform()
    if layout.label_above:
        axes.text(0, top + 12, name, transform=transform, va="center", fontsize=layout.font, color=ink)
    else:
        left = -layout.left / (layout.right - layout.left)
        axes.text(left, middle, name, transform=transform, va="center", fontsize=layout.font, color=ink)
        _numbers(axes, row, middle, language, layout)
    if row.level is not None:
        _mark(axes, row.level, middle, "level")
    for kind in ("raw", "did", "bayes"):
        finding = getattr(row, kind)
        if finding is not None:
            _mark(axes, finding, middle + OFFSETS[kind], kind)


def _favourable(axes: Axes, row: Row, top: float, height: float) -> None:
    if row.benefit == "none" or row.level is not None:
        return
    low, high = axes.get_xlim()
    span = (low, 0.0) if row.benefit == "lower" else (0.0, high)
    axes.fill_betweenx([top + 2, top + height - 2], *span, color=svg.TINT, linewidth=0, zorder=0)


@dataclass(frozen=True, slots=True)
class Mark:
    """How one kind of number is drawn; a line of width 0 is none."""

    marker: str
    fill: str
    edge: str
    size: float
    line: float


MARKS = {
    "raw": Mark("D", "white", svg.INK, 5.5, 0.0),
    "did": Mark("s", svg.INK, svg.INK, 5.5, 1.4),
    "bayes": Mark("o", svg.ACCENT, svg.ACCENT, 6.5, 3.2),
    "level": Mark("o", "#8a93a0", svg.MUTED, 5.5, 1.4),
}


def _mark(axes: Axes, finding: Finding, y: float, kind: str) -> None:
    """Dot and bar; a limit beyond the axis, or infinite, ends in an arrow-head."""
    style, result = MARKS[kind], finding.result
    low, high = axes.get_xlim()
    if style.line and result.lower is not None and result.upper is not None:
        ends = [math.log(end) if end > 0 else -math.inf for end in (result.lower, result.upper)]
        axes.plot(np.clip(ends, low, high), [y, y], color=style.edge, linewidth=style.line, solid_capstyle="butt")
        for beyond, edge, arrow in ((ends[0] < low, low, "<"), (ends[1] > high, high, ">")):
            if beyond:
                axes.plot(edge, y, marker=arrow, color=style.edge, markersize=7, clip_on=False)
    hollow = kind == "did" and rounding_only(finding)
    where = math.log(result.estimate) if result.estimate > 0 else -math.inf
    if low <= where <= high:
        axes.plot(
            where, y, marker=style.marker, markersize=style.size, color="white" if hollow else style.fill,
            markeredgecolor=style.edge, markeredgewidth=1.2, linestyle="none", zorder=3,
        )  # fmt: skip


def cell(finding: Finding | None, language: Language) -> str:
    """A finding as change in per cent with its interval, or that it has no chance in it; a dash where none."""
    if finding is None:
        return "–"
    result = finding.result
    percent = numbers.percent_change(result.estimate, language)
    if result.lower is None or result.upper is None:
        return percent
    low, high = (_limit(end, language) for end in (result.lower, result.upper))
    if rounding_only(finding):
        return words.text("report.overview.rounding_only", language, value=percent)
    return f"{percent} ({low}; {high})"


def _limit(end: float, language: Language) -> str:
    """A limit as a change in per cent; one that is not exactly no difference is not told as 0."""
    told = numbers.percent_change(end, language)
    if told != "0" or end == 1:
        return told
    return numbers.signed(100 * (end - 1), language, 1)


def rounding_only(finding: Finding) -> bool:
    """Whether the range of a finding is the rounding of printed figures alone, with no chance in it."""
    return finding.result.inference == "bounds"


def _numbers(axes: Axes, row: Row, y: float, language: Language, layout: Layout) -> None:
    right = (1 - layout.left) / (layout.right - layout.left)
    columns = ((row.did or row.level, 1.03), (row.bayes, 1.03 + (right - 1.03) / 2))
    for finding, x in columns:
        if finding is not None:
            ink = svg.MUTED if row.level is not None else svg.INK
            axes.text(
                x, y, cell(finding, language), transform=axes.get_yaxis_transform(),
                va="center", fontsize=layout.font - 1, color=ink,
            )  # fmt: skip


def _legend(figure: Figure, present: frozenset[str], language: Language, *, columns: int) -> None:
    handles: list[Line2D | Patch] = []
    for kind, style in MARKS.items():
        if kind not in present:
            continue
        handles.append(
            Line2D(
                [], [], marker=style.marker, markersize=style.size, color=style.edge, linewidth=style.line,
                markerfacecolor=style.fill, label=words.text(f"report.mark.{kind}", language),
            )
        )  # fmt: skip
    handles.append(Patch(facecolor=svg.TINT, label=words.text("report.mark.favourable", language)))
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=13,
        handletextpad=0.5, columnspacing=1.3, borderpad=0, borderaxespad=0, labelspacing=0.35,
    )  # fmt: skip
