"""How much data would be needed: the trade-offs of a new evaluation, simulated and drawn, before anybody begins.

Each scene is an outcome with a design that a municipality could have, and figures that vary one thing at a time. The
power is that of the verdict, the very rule that the pages of a study follow; nothing is read off any data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from sverige_did import words
from sverige_did.checks.needed import multiplier
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.inference.simulated.power import power
from sverige_did.report import numbers
from sverige_did.report.curves import Line, curve_figure
from sverige_did.report.pages import environment
from sverige_did.report.tables import Table
from sverige_did.results.estimates import Curve

if TYPE_CHECKING:
    from sverige_did.words import Language

SIZES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Effects along the axis, as shares of the level."""

WANTED = 0.8
"""The power that a design is asked for."""

CASES = (60, 90, 150, 250, 400, 600)
"""Numbers of cases in which a measure began, of a review of cases before and during."""

DESIGN_EFFECTS = (1.0, 1.5, 2.2)
"""How many times the variance is larger because a caseworker's cases go alike."""

Said = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Variation:
    """One figure of a scene: ``key`` says what is varied, ``lines`` are the changed numbers of each line."""

    key: str
    lines: tuple[Mapping[str, float], ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """An outcome of a new evaluation: the usual ``design``, the variations, and the ``sign`` of a good effect."""

    key: str
    design: Mapping[str, Any]
    variations: tuple[Variation, ...]
    sign: int = -1


@dataclass(frozen=True, slots=True)
class Found:
    """The powers of the lines of one figure along :data:`SIZES`, with the numbers that were simulated."""

    variation: Variation
    powers: tuple[tuple[float, ...], ...] = field(repr=False)

    def smallest(self, at: int) -> float | None:
        """The smallest effect that line ``at`` finds with the power wanted, between the points; None where none."""
        powers = np.maximum.accumulate(self.powers[at])
        if powers[-1] < WANTED:
            return None
        beyond = int(np.argmax(powers >= WANTED))
        low, high = powers[beyond - 1], powers[beyond]
        return float(SIZES[beyond - 1] + (WANTED - low) / (high - low) * (SIZES[beyond] - SIZES[beyond - 1]))


COMMON = {"districts": 20, "treated": 4, "before": 4, "after": 4, "memory": 0.3}
DISTRICTS = Variation("districts", ({"districts": 20, "treated": 4}, {"districts": 40, "treated": 8},
                                    {"districts": 80, "treated": 16}))  # fmt: skip
TREATED = Variation("treated", ({"treated": 4}, {"treated": 6}, {"treated": 10}))
PERIODS = Variation("periods", ({"before": 1, "after": 1}, {"before": 4, "after": 4}, {"before": 10, "after": 10}))
SWINGS = Variation("shock", ({"shock": 0.05}, {"shock": 0.15}, {"shock": 0.3}))

SCENES = (
    Scene("share", COMMON | {"family": "binomial", "level": 0.25, "children": 18, "shock": 0.15, "between": 0.3},
          (DISTRICTS, TREATED, PERIODS, SWINGS)),
    Scene("complaints", COMMON | {"family": "poisson", "level": 0.014, "children": 150, "shock": 0.15, "between": 0.3},
          (DISTRICTS, PERIODS, Variation("children", ({"children": 150}, {"children": 500}, {"children": 1500})))),
    Scene("sdq", COMMON | {"family": "normal", "level": 14.0, "child_sd": 6.0, "children": 15, "shock": 0.05,
                           "before": 1, "after": 1},
          (Variation("rated", ({"children": 5}, {"children": 15}, {"children": 50})), DISTRICTS,
           Variation("waves", ({"before": 1, "after": 1}, {"before": 2, "after": 2}, {"before": 4, "after": 4})))),
)  # fmt: skip
"""The outcomes of the sources: the share in institutions, complaints, and children's wellbeing."""


def simulated(simulations: int, seed: int, told: Said = lambda _done, _all: None) -> dict[str, tuple[Found, ...]]:
    """The figures of every scene; ``told`` is called after each line with how many are done, of how many."""
    count = sum(len(one.lines) for scene in SCENES for one in scene.variations)
    done, found = 0, {}
    for scene in SCENES:
        figures = []
        for variation in scene.variations:
            powers = []
            for changed in variation.lines:
                design = planned_design(**(dict(scene.design) | dict(changed)))
                effects = [scene.sign * size for size in SIZES]
                tallies = power(design, effects, seed=seed, simulations=simulations)
                powers.append(tuple(one.power for one in tallies))
                done += 1
                told(done, count)
            figures.append(Found(variation, tuple(powers)))
        found[scene.key] = tuple(figures)
    return found


def render_planner(found: Mapping[str, tuple[Found, ...]], simulations: int, language: Language) -> str:
    """The page as text: style and figures inline, no script, nothing fetched."""
    other: Language = "en" if language == "da" else "da"
    css = files("sverige_did.report").joinpath("static/report.css").read_text("utf-8")
    return environment().get_template("planner.html.j2").render(
        language=language,
        other=other,
        sibling=f"planner.{other}.html",
        css=Markup(css),  # noqa: S704 (a file of this package)
        t=partial(_text, language),
        scenes=[(scene, list(_views(scene, found[scene.key], language))) for scene in SCENES],
        review=_review(language),
        simulations=numbers.decimal(simulations, language, 0),
    )  # fmt: skip


def _views(scene: Scene, found: tuple[Found, ...], language: Language) -> Iterator[tuple[str, Markup, Table]]:
    """Of each figure its title, the drawing, and the table of the smallest effects found."""
    for figure in found:
        title = words.text(f"planner.varied.{figure.variation.key}", language)
        names = [_named(figure.variation, scene, at, language) for at in range(len(figure.powers))]
        lines = tuple(
            Line(name, Curve(name=name, x_name="planner.axis.effect", y_name="planner.axis.found",
                             x=tuple(100 * size for size in SIZES), y=tuple(100 * one for one in powers)))
            for name, powers in zip(names, figure.powers, strict=True)
        )  # fmt: skip
        alt = words.text("planner.alt", language, title=title, said="; ".join(
            f"{name}: {_smallest(figure, at, language)}" for at, name in enumerate(names)
        ))  # fmt: skip
        drawn = curve_figure(f"{scene.key}-{figure.variation.key}", lines, language, title=alt, mark=None)
        rows = tuple((name, _smallest(figure, at, language)) for at, name in enumerate(names))
        columns = (words.text("planner.column.design", language), words.text("planner.column.smallest", language))
        yield title, drawn, Table(title, columns, rows, frozenset({1}))


def _smallest(figure: Found, at: int, language: Language) -> str:
    size = figure.smallest(at)
    if size is None:
        return words.text("planner.none", language)
    return words.text("labels.percent", language, value=numbers.decimal(100 * size, language, 0))


def _named(variation: Variation, scene: Scene, at: int, language: Language) -> str:
    """A line's name: the numbers that stand for it."""
    values = {
        name: numbers.decimal(100 * value if name == "shock" else value, language, 0)
        for name, value in (dict(scene.design) | dict(variation.lines[at])).items()
        if isinstance(value, int | float)
    }
    return words.text(f"planner.line.{variation.key}", language, **values)


def _review(language: Language) -> tuple[Markup, Table]:
    """Of a review of cases: the smallest hazard ratio found, by the number of cases and how alike cases are."""
    lines, ratios = [], {}
    for effect in DESIGN_EFFECTS:
        ratios[effect] = tuple(float(np.exp(multiplier() * np.sqrt(4 * effect / events))) for events in CASES)
        name = words.text("planner.line.review", language, effect=numbers.decimal(effect, language, 1))
        curve = Curve(name=name, x_name="planner.axis.cases", y_name="planner.axis.ratio", x=CASES, y=ratios[effect])
        lines.append(Line(name, curve))
    title = words.text("planner.varied.cases", language)
    rows = tuple(
        (numbers.decimal(events, language, 0), *(numbers.decimal(ratios[effect][at], language, 2)
                                                 for effect in DESIGN_EFFECTS))
        for at, events in enumerate(CASES)
    )  # fmt: skip
    columns = (words.text("planner.column.cases", language), *(line.label for line in lines))
    drawn = curve_figure("review-cases", tuple(lines), language, title=title, mark=None)
    return drawn, Table(title, columns, rows, frozenset(range(4)))


def _text(language: Language, key: str, **values: object) -> str:
    return words.text(key, language, **values)
