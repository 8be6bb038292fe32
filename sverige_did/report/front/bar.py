"""One interval as a bar: the estimate, its limits, no difference, and the side that counts as better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers, svg, svg_shapes

if TYPE_CHECKING:
    from markupsafe import Markup

    from sverige_did.words import Language

WIDTH, HEIGHT, PAD, MIDDLE, SIZE = 300.0, 88.0, 14.0, 30.0, 13.0
MARKED = 16.0
"""Room above the bar for the mark of synthetic data."""

FURTHEST = math.log(20)
"""A ratio axis ends at a twentieth and at twentyfold."""


def interval_bar(
    name: str, ends: tuple[float, float, float], *, scale: str, benefit: str, language: Language, title: str,
    mark: str | None, unit: str = "", step: float | None = None,
) -> Markup:  # fmt: skip
    """``ends``: lower limit, estimate and upper limit on ``scale``; a limit beyond the axis ends in an arrow-head.

    ``step``: what they are rounded to.
    """
    lower, point, upper = (_place(end, scale) for end in ends)
    reach = max(abs(place) for place in (lower, point, upper) if math.isfinite(place)) or 1.0
    reach = min(reach, FURTHEST) * 1.12 if scale == "ratio" else reach * 1.12
    half, top = WIDTH / 2 - PAD, 0.0 if mark is None else MARKED

    def at(place: float) -> float:
        return WIDTH / 2 + half * min(max(place / reach, -1.0), 1.0)

    drawn = []
    if benefit != "none":
        left, right = (PAD, WIDTH / 2) if benefit == "lower" else (WIDTH / 2, WIDTH - PAD)
        drawn.append(
            svg_shapes.band([(left, top + 12), (right, top + 12)], [(left, top + 48), (right, top + 48)], svg.TINT, 1)
        )
        better = words.text("front.bar.better", language)
        drawn.append(svg_shapes.text(((left + right) / 2, top + 9), better, "middle", 11, svg.MUTED))
    drawn.append(svg_shapes.line([(WIDTH / 2, top + 12), (WIDTH / 2, top + 48)], svg.INK, 1))
    drawn.append(svg_shapes.line([(at(lower), top + MIDDLE), (at(upper), top + MIDDLE)], svg.ACCENT, 5))
    if lower < -reach:
        drawn.append(svg_shapes.mark((PAD, top + MIDDLE), "left", 10, svg.ACCENT))
    if upper > reach:
        drawn.append(svg_shapes.mark((WIDTH - PAD, top + MIDDLE), "right", 10, svg.ACCENT))
    drawn.append(svg_shapes.mark((at(point), top + MIDDLE), "circle", 11, svg.ACCENT))
    shown = [_shown(end, scale, language, step) for end in ends]
    beside = [f"{said} {unit}".strip() if scale in NAMED else said for said in shown]
    for x, said in _apart([(at(lower), beside[0]), (at(upper), beside[2])]):
        drawn.append(svg_shapes.text((x, top + 64), said, "middle", SIZE, svg.INK))
    drawn.append(
        svg_shapes.text((WIDTH / 2, top + 80), words.text("front.bar.nothing", language), "middle", 11, svg.MUTED)
    )
    spoken = words.text("front.bar.spoken", language, title=title, lower=shown[0], estimate=shown[1], upper=shown[2],
                        unit=unit)  # fmt: skip
    return svg_shapes.element(name, WIDTH, top + HEIGHT, drawn, title=spoken.strip(), mark=mark)


NAMED = frozenset({"mio_dkk"})
"""Scales whose numbers say little without their unit, which then stands beside each limit."""


def _apart(placed: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Both limits at their places within the bar's width, and beside each other where they would meet."""
    (low, first), (high, second) = placed
    half = [0.28 * SIZE * len(said) for said in (first, second)]
    low = min(max(low, PAD / 2 + half[0]), WIDTH - PAD / 2 - 2 * half[1] - half[0] - SIZE)
    high = max(min(high, WIDTH - PAD / 2 - half[1]), low + half[0] + half[1] + SIZE)
    return [(low, first), (high, second)]


def _place(value: float, scale: str) -> float:
    if scale != "ratio":
        return value
    return math.log(value) if value > 0 else -math.inf


def _shown(value: float, scale: str, language: Language, step: float | None) -> str:
    if scale == "ratio":
        return numbers.change(value, language)
    return numbers.bare(scale, value, language, step)
