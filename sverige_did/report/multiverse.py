"""The specification curve: estimates from low to high in bins, below them the choices of each bin, beside other
questions.

A bin's dot is its middle estimate and its bar the middle of the intervals; a square below is filled as far as the bin's
specifications made the choice. Questions that are not the plan's have one line each, and no part in the curve.
"""

from __future__ import annotations

from textwrap import fill, wrap
from typing import TYPE_CHECKING, NamedTuple

from sverige_did import words
from sverige_did.report import numbers, svg, svg_shapes
from sverige_did.report.curves import ends_of
from sverige_did.report.forest import Shapes
from sverige_did.report.labels import caption, check_sentence, mark, short_name
from sverige_did.report.strips import Layout
from sverige_did.report.tables import Table, heads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from sverige_did.disclosure.release import Release
    from sverige_did.report.overview import Shape
    from sverige_did.results.estimates import CheckResult, Curve
    from sverige_did.words import Language

CHECK = "multiverse"
SIZE = 13.0
"""The size of letters."""

PLANE, ROW, GROUP, LINE = 190.0, 21.0, 9.0, 26.0
"""The heights of the curve, of a row of choices, between two axes of choices, and of the line of another question."""


LAYOUTS: dict[Shape, Layout] = {
    "wide": Layout(870, 300, 850, 38, beside=True),
    "narrow": Layout(340, 44, 334, 44, beside=False),
}


class Told(NamedTuple):
    """The curve of one outcome: its name, what it says, the caption, the figure, and its two tables."""

    name: str
    said: str
    caption: str
    figure: Shapes
    tables: tuple[Table, ...]


def multiverse(release: Release, language: Language) -> tuple[Told, ...]:
    """Every specification curve that is drawn."""
    return tuple(_told(release, one, language) for one in release.checks if one.check == CHECK and one.curves)


def _told(release: Release, check: CheckResult, language: Language) -> Told:
    name = short_name(check.outcome, language)
    shown = caption(release, "multiverse", language, outcome=name)
    drawn = {
        shape: _Figure(check, layout, language).svg(
            f"multiverse-{check.outcome}-{shape}", shown, mark(release, language)
        )
        for shape, layout in LAYOUTS.items()
    }
    tables = (_bins(release, check, language), _questions(release, check, language))
    made = tuple(table for table in tables if table.rows)
    return Told(name, check_sentence(check, language), shown, Shapes(drawn["wide"], drawn["narrow"]), made)


def _parts(check: CheckResult, kind: str) -> list[tuple[str, str, Curve]]:
    """The curves of a kind with their axis and option."""
    named = ((curve.name.split("."), curve) for curve in check.curves)
    return [(name[1], name[2], curve) for name, curve in named if name[0] == kind]


def axis_name(axis: str, language: Language) -> str:
    """What an axis of choices is called."""
    return words.text(f"checks.multiverse_axis.{axis}", language)


def choice_name(axis: str, option: str, language: Language) -> str:
    """What an option of an axis is called."""
    return words.text(f"checks.multiverse_choice.{axis}.{option}", language)


class _Figure:
    """One figure: the numbers on a plane, and everything below it."""

    def __init__(self, check: CheckResult, layout: Layout, language: Language) -> None:
        self.effects, self.layout, self.language = check.curves[0], layout, language
        self.choices, self.questions = _parts(check, "choice"), _parts(check, "question")
        self.planned = check.numbers["effect"] or 0.0
        beside = [y for _, _, curve in self.questions for y in curve.y]
        self.ends = ends_of([*self.effects.y, *self.effects.lower, *self.effects.upper, *beside, 0.0])
        self.top = 30.0 + svg_shapes.LEADING * SIZE * self._name().count("\n")

    def svg(self, name: str, title: str, marked: str | None) -> Markup:
        """The element."""
        strokes, y = [*self._curve()], self.top + PLANE + 14
        for part in (self._choices, self._questions):
            more, y = part(y)
            strokes += more
        return svg_shapes.element(name, self.layout.width, y + 4, strokes, title=title, mark=marked)

    def _name(self) -> str:
        return fill(words.text(self.effects.y_name, self.language), 60 if self.layout.beside else 40)

    def _x(self, at: int) -> float:
        wide = (self.layout.right - self.layout.left) / len(self.effects.x)
        return self.layout.left + wide * (at + 0.5)

    def _y(self, value: float) -> float:
        low, high = self.ends
        share = (min(max(value, low), high) - low) / (high - low)
        return self.top + PLANE * (1 - share)

    def _curve(self) -> Iterator[str]:
        left, right = self.layout.left, self.layout.right
        yield svg_shapes.text((4 if not self.layout.beside else left, SIZE + 2), self._name(), "start", SIZE, svg.MUTED)
        for value in svg_shapes.round_numbers(*self.ends):
            y = self._y(value)
            yield svg_shapes.line(
                [(left, y), (right, y)], svg.INK if value == 0 else svg.RULE, 1 if value == 0 else 0.5
            )
            told = numbers.significant(value, self.language)
            yield svg_shapes.text((left - 6, y + SIZE * svg_shapes.MIDDLE), told, "end", SIZE, svg.MUTED)
        planned = self._y(self.planned)
        yield svg_shapes.line([(left, planned), (right, planned)], svg.WARNING, 1.4, (3.7, 2.0))
        for at, (y, low, high) in enumerate(zip(self.effects.y, self.effects.lower, self.effects.upper, strict=True)):
            x = self._x(at)
            yield svg_shapes.line([(x, self._y(low)), (x, self._y(high))], svg.MUTED, 1.6)
            yield svg_shapes.mark((x, self._y(y)), "circle", 6, svg.ACCENT)

    def _choices(self, y: float) -> tuple[list[str], float]:
        """The axes that are pooled over, a row an option."""
        strokes, last = [], ""
        size = min(ROW - 5, (self.layout.right - self.layout.left) / len(self.effects.x) - 2)
        for axis, option, curve in self.choices:
            if axis != last:
                y += GROUP
                strokes.append(self._head(axis_name(axis, self.language), y))
                y, last = (y if self.layout.beside else y + ROW), axis
            strokes.append(self._label(choice_name(axis, option, self.language), y))
            y = y if self.layout.beside else y + ROW - 4
            strokes += (_square((self._x(at), y + ROW / 2), size, share) for at, share in enumerate(curve.y))
            y += ROW if self.layout.beside else ROW + 4
        return strokes, y

    def _head(self, said: str, y: float) -> str:
        """The name of an axis: above its rows, or left of the first of them."""
        if self.layout.beside:
            return svg_shapes.text((4, y + ROW / 2 + SIZE * svg_shapes.MIDDLE), said, "start", SIZE, svg.MUTED)
        return svg_shapes.text((4, y + SIZE), said, "start", SIZE, svg.MUTED)

    def _label(self, said: str, y: float) -> str:
        if self.layout.beside:
            base = (self.layout.left - 10, y + ROW / 2 + SIZE * svg_shapes.MIDDLE)
            return svg_shapes.text(base, said, "end", SIZE)
        return svg_shapes.text((self.layout.left, y + SIZE - 2), said, "start", SIZE, halo=True)

    def _questions(self, y: float) -> tuple[list[str], float]:
        """Other questions on an axis of their own below, each from its lowest estimate to its highest."""
        if not self.questions:
            return [], y
        strokes: list[str] = []
        y += 2 * GROUP
        for row in wrap(
            words.text("report.multiverse.other_questions", self.language), 100 if self.layout.beside else 46
        ):
            strokes.append(svg_shapes.text((4, y + SIZE), row, "start", SIZE, svg.MUTED))
            y += svg_shapes.LEADING * SIZE
        top = y = y + 6
        for axis, option, curve in self.questions:
            said = choice_name(axis, option, self.language)
            strokes.append(self._label(said, y + (LINE - ROW) / 2))
            y = y if self.layout.beside else y + ROW - 6
            low, middle, high = (self._across(value) for value in curve.y)
            strokes.append(svg_shapes.line([(low, y + LINE / 2), (high, y + LINE / 2)], svg.MUTED, 2))
            strokes.append(svg_shapes.mark((middle, y + LINE / 2), "diamond", 9, svg.INK))
            y += LINE
        return [*self._below(top, y), *strokes], y + 24

    def _across(self, value: float) -> float:
        low, high = self.ends
        share = (min(max(value, low), high) - low) / (high - low)
        return self.layout.left + share * (self.layout.right - self.layout.left)

    def _below(self, top: float, bottom: float) -> Iterator[str]:
        for value in svg_shapes.round_numbers(*self.ends):
            x = self._across(value)
            yield svg_shapes.line([(x, top), (x, bottom)], svg.RULE, 1.2 if value == 0 else 0.5)
            told = numbers.significant(value, self.language)
            yield svg_shapes.text((x, bottom + 6 + SIZE * svg_shapes.ASCENT), told, "middle", SIZE, svg.MUTED)
        x = self._across(self.planned)
        yield svg_shapes.line([(x, top), (x, bottom)], svg.WARNING, 1.4, (3.7, 2.0))


def _square(middle: svg_shapes.Point, size: float, share: float) -> str:
    """A square of a choice, filled as far up as the share of its specifications that make it; nothing is a dot."""
    x, y = middle
    half = size / 2
    if share <= 0:
        return svg_shapes.mark(middle, "circle", 1, svg.RULE)
    edge = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    level = y + half - share * size
    outline = svg_shapes.line([*edge, edge[0]], svg.ACCENT, 0.8)
    return outline + svg_shapes.band(
        [(x - half, level), (x + half, level)], [(x - half, y + half), (x + half, y + half)], svg.ACCENT, 0.85
    )


def _bins(release: Release, check: CheckResult, language: Language) -> Table:
    """Every bin of the curve: its place, estimate and interval, and the choices that most of it made."""
    name = short_name(check.outcome, language)
    effects, choices = check.curves[0], _parts(check, "choice")
    rows = []
    for at, (x, y, low, high) in enumerate(zip(effects.x, effects.y, effects.lower, effects.upper, strict=True)):
        most = [choice_name(axis, option, language) for axis, option, curve in choices if curve.y[at] > 0.5]
        ends = f"{numbers.significant(low, language)}; {numbers.significant(high, language)}"
        said = "; ".join(most) or "–"
        rows.append((numbers.significant(x, language, 2), numbers.significant(y, language), ends, said))
    shown = caption(release, "multiverse_bins", language, outcome=name)
    columns = heads(("rank", "estimate", "interval", "choices"), language, "report.multiverse.columns")
    return Table(shown, columns, tuple(rows), frozenset({0, 1, 2}))


def _questions(release: Release, check: CheckResult, language: Language) -> Table:
    """Every other question with its lowest, middle and highest estimate."""
    rows = tuple(
        (
            f"{axis_name(axis, language)}: {choice_name(axis, option, language)}",
            numbers.decimal(curve.marked or 0.0, language, 0),
            *(numbers.significant(value, language) for value in curve.y),
        )
        for axis, option, curve in _parts(check, "question")
    )
    shown = caption(release, "multiverse_questions", language, outcome=short_name(check.outcome, language))
    columns = heads(
        ("question", "specifications", "lowest", "middle", "highest"), language, "report.multiverse.columns"
    )
    return Table(shown, columns, rows, frozenset({1, 2, 3, 4}))
