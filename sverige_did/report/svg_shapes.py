"""A small figure as SVG, stroke by stroke in CSS pixels: a page has dozens, and matplotlib takes 50 ms for each."""

from __future__ import annotations

from html import escape
from itertools import groupby
from math import isfinite
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from sverige_did.report.svg import INK, WARNING, in_the_pages_colours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[float, float]

Shape = Literal["circle", "square", "diamond", "left", "right"]
CORNERS: dict[Shape, tuple[Point, ...]] = {
    "square": ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)),
    "diamond": ((-0.7, 0.0), (0.0, -0.7), (0.7, 0.0), (0.0, 0.7)),
    "left": ((-0.5, 0.0), (0.5, -0.5), (0.5, 0.5)),
    "right": ((0.5, 0.0), (-0.5, 0.5), (-0.5, -0.5)),
}
"""Of a mark of size 1 around its place; ``left`` and ``right`` are arrow-heads."""

LOCATOR = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])

ASCENT, MIDDLE, LEADING = 0.8, 0.35, 1.2
"""From the top, and from the middle, of a line of text down to its base, and from base to base, in font sizes."""


def element(name: str, width: float, height: float, strokes: Iterable[str], *, title: str, mark: str | None) -> Markup:
    """The strokes as one ``<svg>`` element; the arguments are those of :func:`sverige_did.report.svg.draw`."""
    marked = [] if mark is None else [text((0.995 * width, 1 + 13 * ASCENT), mark, "end", 13, WARNING, weight="bold")]
    painted = in_the_pages_colours("\n".join([*strokes, *marked]))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{name}-title">'
        f'<title id="{name}-title">{escape(title)}</title>\n{painted}\n</svg>'
    )
    return Markup(svg)  # noqa: S704 (titles and texts are escaped in this file; the rest are numbers and our colours)


def line(points: Sequence[Point], colour: str, width: float, dashes: Sequence[float] = ()) -> str:
    """A line through the points, with a gap where one is not finite; ``dashes`` are in widths of the line."""
    dashed = f' stroke-dasharray="{",".join(f"{width * dash:.4g}" for dash in dashes)}"' if dashes else ""
    path = " ".join("M " + _through(run) for run in _runs(points))
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed} stroke-linejoin="round"/>'


def faint(points: Sequence[Point], colour: str, width: float) -> str:
    """A broad line that others can be seen through: a range without a value in it."""
    return (
        f'<path d="M {_through(points)}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-opacity="0.35"/>'
    )


def band(upper: Sequence[Point], lower: Sequence[Point], colour: str, opacity: float) -> str:
    """The area between two lines over the same steps, with a gap where a point of either is not finite."""
    pairs = [(*above, *below) for above, below in zip(upper, lower, strict=True)]
    path = " ".join(
        f"M {_through([pair[:2] for pair in run])} L {_through([pair[2:] for pair in reversed(run)])} Z"
        for run in _runs(pairs)
    )
    return f'<path d="{path}" fill="{colour}" fill-opacity="{opacity:g}"/>'


def mark(at: Point, shape: Shape, size: float, colour: str) -> str:
    """A filled mark around a place."""
    x, y = at
    if shape == "circle":
        return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{(size + 1) / 2:g}" fill="{colour}"/>'
    corners = " ".join(f"{x + size * dx:.2f},{y + size * dy:.2f}" for dx, dy in CORNERS[shape])
    return f'<polygon points="{corners}" fill="{colour}" stroke="{colour}"/>'


def text(
    base: Point, said: str, anchor: Literal["start", "middle", "end"], size: float, colour: str = INK, *,
    weight: str = "normal", halo: bool = False,
) -> str:  # fmt: skip
    """Text whose first line stands on ``base``, in the font of the page; with a halo no line shines through it."""
    x, y = base
    ground = ' stroke="#ffffff" stroke-width="4" paint-order="stroke"' if halo else ""
    return "\n".join(
        f'<text x="{x:.2f}" y="{y + at * LEADING * size:.2f}" text-anchor="{anchor}" font-size="{size:g}px"'
        f' font-weight="{weight}" fill="{colour}"{ground}>{escape(row)}</text>'
        for at, row in enumerate(said.split("\n"))
    )


def round_numbers(low: float, high: float) -> list[float]:
    """At most six round numbers that the axis from ``low`` to ``high`` reaches."""
    margin = 1e-9 * (high - low)
    return [float(tick) for tick in LOCATOR.tick_values(low, high) if low - margin <= tick <= high + margin]


def _runs[Numbers: tuple[float, ...]](points: Sequence[Numbers]) -> list[list[Numbers]]:
    return [list(run) for finite, run in groupby(points, lambda point: all(map(isfinite, point))) if finite]


def _through(points: Iterable[tuple[float, ...]]) -> str:
    return " L ".join(f"{x:.2f} {y:.2f}" for x, y in points)
