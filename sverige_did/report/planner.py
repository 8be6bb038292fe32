"""How much data would be needed: the page that tells what was simulated of designs that nobody has begun."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.curves import Line, curve_figure
from sverige_did.report.pages import environment
from sverige_did.report.tables import Table
from sverige_did.results.estimates import Curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sverige_did.results.power import CaseReview, PlannedFigure
    from sverige_did.words import Language

SHARES = frozenset({"shock", "response", "retest"})
"""Numbers of a line that are shares, told in per cent."""

type View = tuple[str, Markup, Table]


def render_planner(found: Sequence[PlannedFigure], review: CaseReview, simulations: int, language: Language) -> str:
    """The page as text: style and figures inline, no script, nothing fetched."""
    other: Language = "en" if language == "da" else "da"
    css = files("sverige_did.report").joinpath("static/report.css").read_text("utf-8")
    scenes: dict[str, list[View]] = {}
    for figure in found:
        scenes.setdefault(figure.scene, []).append(_view(figure, language))
    return environment().get_template("planner.html.j2").render(
        language=language,
        other=other,
        sibling=f"planner.{other}.html",
        css=Markup(css),  # noqa: S704 (a file of this package)
        t=partial(_text, language),
        scenes=scenes,
        review=_review(review, language),
        simulations=numbers.decimal(simulations, language, 0),
    )  # fmt: skip


def _view(figure: PlannedFigure, language: Language) -> View:
    """The title of a figure, the drawing, and the table of the smallest effects found."""
    title = words.text(f"planner.varied.{figure.varied}", language)
    names = [_named(figure, at, language) for at in range(len(figure.lines))]
    least = [_smallest(size, language) for size in figure.smallest]
    lines = tuple(
        Line(name, Curve(name=name, x_name="planner.axis.effect", y_name="planner.axis.found",
                         x=tuple(100 * size for size in figure.sizes), y=tuple(100 * one for one in powers)))
        for name, powers in zip(names, figure.powers, strict=True)
    )  # fmt: skip
    said = "; ".join(f"{name}: {size}" for name, size in zip(names, least, strict=True))
    alt = words.text("planner.alt", language, title=title, said=said)
    drawn = curve_figure(f"{figure.scene}-{figure.varied}", lines, language, title=alt, mark=None)
    columns = (words.text("planner.column.design", language), words.text("planner.column.smallest", language))
    return title, drawn, Table(title, columns, tuple(zip(names, least, strict=True)), frozenset({1}))


def _smallest(size: float | None, language: Language) -> str:
    if size is None:
        return words.text("planner.none", language)
    return words.text("labels.percent", language, value=numbers.decimal(100 * size, language, 0))


def _named(figure: PlannedFigure, at: int, language: Language) -> str:
    """A line's name: the numbers that stand for it."""
    values = {
        name: numbers.decimal(100 * value if name in SHARES else value, language, 0)
        for name, value in figure.lines[at].items()
    }
    values["others"] = numbers.decimal(figure.lines[at]["districts"] - figure.lines[at]["treated"], language, 0)
    return words.text(f"planner.line.{figure.varied}", language, **values)


def _review(found: CaseReview, language: Language) -> tuple[Markup, Table]:
    """Of a review of cases: the smallest hazard ratio found, by the number of cases and how alike cases are."""
    lines = []
    for effect, ratios in zip(found.effects, found.ratios, strict=True):
        name = words.text("planner.line.review", language, effect=numbers.decimal(effect, language, 1))
        curve = Curve(name=name, x_name="planner.axis.cases", y_name="planner.axis.ratio", x=found.cases, y=ratios)
        lines.append(Line(name, curve))
    title = words.text("planner.varied.cases", language)
    rows = tuple(
        (numbers.decimal(events, language, 0), *(numbers.decimal(ratios[at], language, 2) for ratios in found.ratios))
        for at, events in enumerate(found.cases)
    )
    columns = (words.text("planner.column.cases", language), *(line.label for line in lines))
    drawn = curve_figure("review-cases", tuple(lines), language, title=title, mark=None)
    return drawn, Table(title, columns, rows, frozenset(range(len(columns))))


def _text(language: Language, key: str, **values: object) -> str:
    return words.text(key, language, **values)
