"""A small figure as SVG, stroke by stroke in CSS pixels: a page has dozens, and matplotlib takes 50 ms for each."""

from __future__ import annotations

from html import escape
from itertools import groupby
from math import isfinite
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from sverige_did.report.svg import INK, WARNING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[float, float]

ASCENT, MIDDLE, LEADING = 0.8, 0.26, 1.2
"""From the top, and from the middle, of a line of text down to its base, and from base to base, in font sizes."""


def element(name: str, width: float, height: float, strokes: Iterable[str], *, title: str, mark: str | None) -> Markup:
    """The strokes as one ``<svg>`` element; the arguments are those of :func:`sverige_did.report.svg.draw`."""
    marked = [] if mark is None else [text((0.995 * width, 1 + 13 * ASCENT), mark, "end", 13, WARNING, weight="bold")]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{name}-title">'
        f'<title id="{name}-title">{escape(title)}</title>\n{"\n".join([*strokes, *marked])}\n</svg>'
    )
    return Markup(svg)  # noqa: S704 (titles and texts are escaped in this file; the rest are numbers and our colours)


def line(points: Sequence[Point], colour: str, width: float, dashes: Sequence[float] = ()) -> str:
    """A line through the points, with a gap where one is not finite; ``dashes`` are in widths of the line."""
    dashed = f' stroke-dasharray="{",".join(f"{width * dash:.4g}" for dash in dashes)}"' if dashes else ""
    path = " ".join("M " + _through(run) for run in _runs(points))
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}'
        f' stroke-linejoin="round" stroke-linecap="{"butt" if dashes else "square"}"/>'
    )


def band(upper: Sequence[Point], lower: Sequence[Point], colour: str, opacity: float) -> str:
    """The area between two lines over the same steps, with a gap where a point of either is not finite."""
    pairs = [(*above, *below) for above, below in zip(upper, lower, strict=True)]
    path = " ".join(
        f"M {_through([pair[:2] for pair in run])} L {_through([pair[2:] for pair in reversed(run)])} Z"
        for run in _runs(pairs)
    )
    return f'<path d="{path}" fill="{colour}" fill-opacity="{opacity:g}"/>'


def text(
    base: Point, said: str, anchor: Literal["start", "middle", "end"], size: float, colour: str = INK, *,
    weight: str = "normal",
) -> str:  # fmt: skip
    """Text whose first line stands on ``base``, in the font of the page."""
    x, y = base
    return "\n".join(
        f'<text x="{x:.2f}" y="{y + at * LEADING * size:.2f}" text-anchor="{anchor}" font-size="{size:g}px"'
        f' font-weight="{weight}" fill="{colour}">{escape(row)}</text>'
        for at, row in enumerate(said.split("\n"))
    )


def _runs[Numbers: tuple[float, ...]](points: Sequence[Numbers]) -> list[list[Numbers]]:
    return [list(run) for finite, run in groupby(points, lambda point: all(map(isfinite, point))) if finite]


def _through(points: Iterable[tuple[float, ...]]) -> str:
    return " L ".join(f"{x:.2f} {y:.2f}" for x, y in points)
