"""A card for each effect question: both groups before and after, one figure, and what would overturn the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.periods import period_days
from sverige_did.report import levels as group_levels
from sverige_did.report import numbers, seen, svg, svg_shapes
from sverige_did.report.claims import claim
from sverige_did.report.doubt.dots import Dotted, dotted
from sverige_did.report.forest import Bar, Shapes, forest
from sverige_did.report.front import beside, counterfactual, explore
from sverige_did.report.front.by_hand import by_hand
from sverige_did.report.front.first_screen import called, spokesman
from sverige_did.report.front.reasons import overturn
from sverige_did.report.headlines import (
    BAYES,
    DID,
    Standing,
    answering,
    design_of,
    done,
    headline,
    pick,
    question_standing_among_all,
)
from sverige_did.report.labels import caption, in_language, mark, short_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from sverige_did.disclosure.release import Release, ReleasedLevel
    from sverige_did.report.tables import Table
    from sverige_did.words import Language

UNANSWERED = frozenset({"refused", "no_data"})
"""Standings of a question of which there is nothing to draw or to work out."""

WIDTHS = {"wide": (640.0, 260.0), "narrow": (340.0, 230.0)}


@dataclass(frozen=True, slots=True)
class Other:
    """Another outcome of the same question, in one sentence."""

    outcome: str
    name: str
    sentence: str
    dots: Dotted | None


@dataclass(frozen=True, slots=True)
class Card:
    """One question of the plan, told by the outcome that tells it best."""

    question: str
    text: str
    standing: Standing
    verdict: str
    outcome: str
    name: str
    claim: str
    expected: str
    dots: Dotted | None
    by_hand: Table | None
    notes: tuple[str, ...]
    sources: tuple[seen.Source, ...]
    figure: tuple[Shapes, str] | None
    over_time: bool
    overturn: tuple[str, ...]
    size: str
    slider: explore.Slider | None
    choices: tuple[explore.Choice, ...]
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class ToldOnly:
    """A question without an effect to tell, and the sentence of each of its outcomes."""

    question: str
    text: str
    standing: Standing
    verdict: str
    outcomes: tuple[Other, ...]


def cards(release: Release, language: Language) -> tuple[Card, ...]:
    """The questions about an effect, in the plan's order."""
    return tuple(_card(release, key, language) for key in _questions(release, effects=True))


def told_only(release: Release, language: Language) -> tuple[ToldOnly, ...]:
    """The questions that have no effect to tell, each with the sentences that may be said."""
    return tuple(
        ToldOnly(
            question=key,
            text=next(in_language(one.text, language) for one in release.study.questions if one.key == key),
            standing=question_standing_among_all(release, key),
            verdict=words.text(f"front.verdict.{_called(release, key)}", language),
            outcomes=tuple(
                _other(release, one.outcome, language)
                for one in release.study.outcomes
                if one.question == key and not done(release, one.outcome)
            ),
        )
        for key in _questions(release, effects=False)
    )


def _called(release: Release, question: str) -> str:
    return called(release, answering(release, question)[0], question_standing_among_all(release, question))


def _questions(release: Release, *, effects: bool) -> Iterator[str]:
    """The questions that have an effect to tell or not; one whose numbers all stay hidden, or are none, has none."""
    for question in release.study.questions:
        asked = [one.outcome for one in release.study.outcomes if one.question == question.key]
        asked = [one for one in asked if not done(release, one)]
        able = any(design_of(release, one).may_say_effect for one in asked)
        if asked and (able and question_standing_among_all(release, question.key) not in UNANSWERED) == effects:
            yield question.key


def _other(release: Release, outcome: str, language: Language) -> Other:
    return Other(
        outcome,
        short_name(outcome, language),
        claim(release, outcome, language),
        dotted(release, outcome, language),
    )


def _card(release: Release, question: str, language: Language) -> Card:
    outcome = spokesman(release, question)
    asked = [one.outcome for one in release.study.outcomes if one.question == question]
    stands, drawn = question_standing_among_all(release, question), over_time(release, outcome, language)
    return Card(
        question=question,
        text=next(in_language(one.text, language) for one in release.study.questions if one.key == question),
        standing=stands,
        verdict=words.text(f"front.verdict.{stands}", language),
        outcome=outcome,
        name=short_name(outcome, language),
        claim=claim(release, outcome, language),
        expected=counterfactual.said(release, outcome, language),
        dots=dotted(release, outcome, language),
        by_hand=by_hand(release, outcome, language),
        notes=beside.notes(release, question, outcome, language),
        sources=seen.sources(release, outcome, language),
        figure=drawn or _three_bars(release, outcome, language),
        over_time=drawn is not None,
        overturn=tuple(overturn(release, outcome, language)),
        size=_size(release, outcome, language),
        slider=explore.slider(release, outcome, language),
        choices=explore.choices(release, outcome, language),
        others=tuple(_other(release, one, language) for one in asked if one != outcome and not done(release, one)),
    )


def _size(release: Release, outcome: str, language: Language) -> str:
    """How often the verdict errs in the outcome's own design, and how often it finds; empty where nobody simulated."""
    record = next((one for one in release.methods_tables if one.outcome == outcome), None)
    if record is None or record.size is None:
        return ""
    size, power = (numbers.decimal(100 * one, language, 0) for one in (record.size.size, record.size.power))
    return words.text(f"front.size{'_barred' if record.size.barred else ''}", language, size=size, power=power)


def _three_bars(release: Release, outcome: str, language: Language) -> tuple[Shapes, str] | None:
    """The change as it was printed, held against the others, and with districts that may swing; None of one alone."""
    main = headline(release, outcome)
    if main is None:
        return None
    scale = main.result.scale
    chosen = (
        ("raw", "raw", pick(release, outcome, ("before_after",), scale)),
        ("did", "sampling", pick(release, outcome, ("did_identity", *DID), scale)),
        ("bayes", "posterior", pick(release, outcome, BAYES, scale)),
    )
    bars = tuple(
        Bar(words.text(f"front.figure.{key}", language), look, one.result.estimate, one.result.lower, one.result.upper)  # type: ignore[arg-type]
        for key, look, one in chosen
        if one is not None
    )
    if len(bars) < 2:
        return None
    title = caption(release, "front.figure.title", language, outcome=short_name(outcome, language))
    return forest(f"card-{outcome}", bars, language, scale=scale, title=title, mark=mark(release, language)), title


def over_time(release: Release, outcome: str, language: Language) -> tuple[Shapes, str] | None:
    """The level of both groups period by period, with the start; where one is hidden its range, if told, or a gap."""
    levels = [_told(one) for one in release.levels if one.outcome == outcome]
    if sum(one.level is not None for one in levels) < 4:
        return None
    unit = group_levels.unit_of(outcome, language)
    title = caption(release, "front.figure.over_time", language, outcome=short_name(outcome, language), unit=unit)
    if any(one.high is not None for one in levels):
        title = f"{title}. {words.text('front.figure.hidden_range', language)}"
    return Shapes(*(_lines(release, levels, shape, title, language) for shape in ("wide", "narrow"))), title


def _told(one: ReleasedLevel) -> ReleasedLevel:
    """A level, or the range of a hidden one, in the unit that it is told in."""
    level, low, high = group_levels.all_in_its_unit(one)
    return one.model_copy(update={"level": level, "low": low, "high": high})


def _lines(release: Release, levels: list[ReleasedLevel], shape: str, title: str, language: Language) -> Markup:
    width, height = WIDTHS[shape]
    # On a narrow figure the mark of synthetic data stands above the word for the start, and names within the lines.
    left, bottom = 46.0, height - 34.0
    right, top = (width - 120.0, 30.0) if shape == "wide" else (width - 14.0, 46.0)
    place = {one.period: _middle(one.period) for one in levels}
    first, last = min(place.values()), max(place.values())
    most = max(value for one in levels for value in (one.level, one.high) if value is not None)
    ticks = svg_shapes.round_numbers(0, most * 1.05)
    ceiling = max(ticks[-1], most * 1.05)

    def x(year: float) -> float:
        return left + (year - first) / ((last - first) or 1.0) * (right - left)

    def y(level: float) -> float:
        return bottom - level / (ceiling or 1.0) * (bottom - top)

    drawn = []
    for tick in ticks:
        drawn.append(svg_shapes.line([(left, y(tick)), (right, y(tick))], svg.RULE, 0.5))
        drawn.append(
            svg_shapes.text((left - 6, y(tick) + 4), numbers.significant(tick, language), "end", 12, svg.MUTED)
        )
    step = 1 if shape == "wide" or last - first < 5 else 2
    for year in range(int(first), int(last) + 1, step):
        if first <= year <= last:
            drawn.append(svg_shapes.text((x(year), bottom + 18), str(year), "middle", 12, svg.MUTED))
    start = release.study.periods.treatment_start
    at = x(start.year + (start.timetuple().tm_yday - 1) / 365.25)
    drawn.append(svg_shapes.line([(at, top - 6), (at, bottom)], svg.INK, 1, (3, 3)))
    drawn.append(
        svg_shapes.text((at + 4, top - 10), words.text("implementation.start", language), "start", 12, svg.MUTED)
    )
    ends = []
    for group, colour in (("control", svg.MUTED), ("treated", svg.ACCENT)):
        mine = sorted((one for one in levels if one.group == group), key=lambda one: place[one.period])
        points = [(x(place[one.period]), y(one.level) if one.level is not None else float("nan")) for one in mine]
        if not points:
            continue
        drawn += [
            svg_shapes.faint([(x(place[one.period]), y(end)) for end in (one.low, one.high)], colour, 5)
            for one in mine
            if one.low is not None and one.high is not None
        ]
        drawn.append(svg_shapes.line(points, colour, 2.2))
        drawn += [svg_shapes.mark(point, "circle", 5, colour) for point in points if point[1] == point[1]]
        shown = [point for point in points if point[1] == point[1]]
        if shown:
            ends.append((shown[-1], group, colour))
    drawn += _named(ends, shape, right, top, language)
    name = f"time-{levels[0].outcome}-{shape}"
    return svg_shapes.element(name, width, height, drawn, title=title, mark=mark(release, language))


def _named(
    ends: list[tuple[tuple[float, float], str, str]], shape: str, right: float, top: float, language: Language
) -> Iterator[str]:
    """The names of the groups at the ends of their lines, apart from each other; above them on a narrow page."""
    placed = sorted(ends, key=lambda one: one[0][1])
    last = -1e9
    for (_, y), group, colour in placed:
        name = words.text(f"labels.group.{group}", language)
        if shape == "narrow":
            last = max(y - 9, last + 16, top + 4)
            yield svg_shapes.text((right, last), name, "end", 12, colour, weight="bold", halo=True)
            continue
        y = max(y, last + 16)
        last = y
        yield svg_shapes.text((right + 8, y + 4), name, "start", 13, colour, weight="bold")


def _middle(period: str) -> float:
    days = period_days(period)
    middle = days.start + (days.end - days.start) / 2
    return middle.year + (middle.timetuple().tm_yday - 1) / 365.25
