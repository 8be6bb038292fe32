"""Bars from one amount to another, a row each, on one axis: what is left of a sum, or how likely something is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING

from sverige_did.report import svg, svg_shapes
from sverige_did.report.forest import Shapes
from sverige_did.report.overview import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

SIZE, AXIS = 13.0, 48.0
"""The size of letters, and the height below the rows for the numbers and the name of the axis."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One row: a ``bar`` between two values, a thin ``reach`` of what it can be, marks, and words at the right."""

    label: str
    said: str = ""
    bar: tuple[float, float] | None = None
    colour: str = svg.ACCENT
    reach: tuple[float, float] | None = None
    marks: tuple[tuple[float, svg_shapes.Shape, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Layout:
    """Widths in CSS pixels: of all, and where the plane begins and ends; ``beside``: names stand left of their rows."""

    width: float
    left: float
    right: float
    letters: int
    beside: bool


LAYOUTS: dict[Shape, Layout] = {
    "wide": Layout(870, 310, 630, 40, beside=True),
    "narrow": Layout(340, 14, 326, 46, beside=False),
}


def strips(
    name: str, rows: tuple[Strip, ...], ends: tuple[float, float], told: Callable[[float], str], axis: str, *,
    title: str, mark: str | None,
) -> Shapes:  # fmt: skip
    """The rows on an axis between two ``ends``, whose numbers are ``told`` as text; beyond an end there is an arrow."""
    drawn = {shape: _drawn(name, rows, ends, told, axis, shape, title=title, mark=mark) for shape in LAYOUTS}
    return Shapes(wide=drawn["wide"], narrow=drawn["narrow"])


def _drawn(
    name: str, rows: tuple[Strip, ...], ends: tuple[float, float], told: Callable[[float], str], axis: str,
    shape: Shape, *, title: str, mark: str | None,
) -> Markup:  # fmt: skip
    layout, y = LAYOUTS[shape], 24.0 if mark else 6.0
    top, strokes = y, list[str]()
    for row in rows:
        named = wrap(row.label if layout.beside else " · ".join(filter(None, (row.label, row.said))), layout.letters)
        lines = len(named) * svg_shapes.LEADING * SIZE
        empty = row.bar is None and row.reach is None and not row.marks
        height = max(28.0, lines + 8) if layout.beside else lines + (10 if empty else 30)
        middle = y + height / 2 if layout.beside else y + lines + 12
        strokes += _row(row, named, layout, ends, middle, y)
        y += height
    grid = [*_axis(layout, ends, told, axis, top, y)]
    return svg_shapes.element(
        f"{name}-{shape}",
        layout.width,
        y + AXIS + (0 if layout.beside else SIZE),
        [*grid, *strokes],
        title=title,
        mark=mark,
    )


def _at(value: float, ends: tuple[float, float], layout: Layout) -> float:
    share = (min(max(value, ends[0]), ends[1]) - ends[0]) / (ends[1] - ends[0])
    return layout.left + share * (layout.right - layout.left)


def _row(
    row: Strip, named: list[str], layout: Layout, ends: tuple[float, float], middle: float, y: float
) -> Iterator[str]:
    if row.bar is not None:
        places = [(_at(value, ends, layout), middle) for value in row.bar]
        yield svg_shapes.line(places, row.colour, 13)
    if row.reach is not None:
        yield svg_shapes.line([(_at(value, ends, layout), middle) for value in row.reach], svg.INK, 1.4)
        if row.reach[0] < ends[0]:
            yield svg_shapes.mark((layout.left, middle), "left", 8, svg.INK)
        if row.reach[1] > ends[1]:
            yield svg_shapes.mark((layout.right, middle), "right", 8, svg.INK)
    for value, shape, colour in row.marks:
        yield svg_shapes.mark((_at(value, ends, layout), middle), shape, 9, colour)
    if layout.beside:
        first = middle - (len(named) - 1) / 2 * svg_shapes.LEADING * SIZE + SIZE * svg_shapes.MIDDLE
        yield svg_shapes.text((layout.left - 10, first), "\n".join(named), "end", SIZE)
        yield svg_shapes.text((layout.right + 10, middle + SIZE * svg_shapes.MIDDLE), row.said, "start", SIZE)
    else:
        yield svg_shapes.text((layout.left, y + SIZE), "\n".join(named), "start", SIZE, halo=True)


def _axis(
    layout: Layout, ends: tuple[float, float], told: Callable[[float], str], name: str, top: float, bottom: float
) -> Iterator[str]:
    for value in svg_shapes.round_numbers(*ends):
        x = _at(value, ends, layout)
        yield svg_shapes.line([(x, top), (x, bottom)], svg.RULE, 1.2 if value == 0 else 0.5)
        yield svg_shapes.text((x, bottom + 6 + SIZE * svg_shapes.ASCENT), told(value), "middle", SIZE, svg.MUTED)
    yield svg_shapes.line([(layout.left, bottom), (layout.right, bottom)], svg.RULE, 0.8)
    base = (layout.left + layout.right) / 2, bottom + 23 + SIZE * svg_shapes.ASCENT
    said = name if layout.beside else "\n".join(wrap(name, 40))
    yield svg_shapes.text(base, said, "middle", SIZE, svg.MUTED)
