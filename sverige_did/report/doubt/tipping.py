"""The tipping figure: how much of each doubt it would take, held against how much of it was seen.

Doubts of different units share one axis: so many times as much as was seen. What nothing was seen of has no place on
it, and is told in the table alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from sverige_did import words
from sverige_did.report import numbers, svg, svg_shapes
from sverige_did.report.doubt.judged import OPENS, assumed_swing, largest_swing, number, own_checks
from sverige_did.report.forest import Shapes
from sverige_did.report.labels import caption, mark, numbers_said, short_name
from sverige_did.report.tables import Table, heads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from markupsafe import Markup

    from sverige_did.disclosure.release import Release
    from sverige_did.report.overview import Shape
    from sverige_did.results.estimates import CheckResult
    from sverige_did.words import Language

MOST = 4.0
"""Where the axis ends: what takes more than so many times as much as was seen ends in an arrow."""


Then = Literal["whole", "includes", "excludes", "already"]
"""whole: it would be all of the result · includes: the interval would include no difference · excludes: of an open
answer, it would leave it out with less of the doubt than that · already: it includes it before any doubt."""


@dataclass(frozen=True, slots=True)
class Tipping:
    """How much of one doubt changes the answer.

    ``times`` as much as was seen, None where nothing was seen of it; infinite where no amount that was tried does.
    ``realistic`` is up to where it can well lie, in the same multiples: 1 is what was seen. ``takes`` and ``seen`` are
    told.
    """

    key: str
    times: float | None
    realistic: float
    then: Then
    takes: str
    seen: str


def tippings(release: Release, outcome: str, language: Language) -> tuple[Tipping, ...]:
    """The doubts of an outcome that have a tipping point, in the order of the checks."""
    found = {one.check: one for one in own_checks(release, outcome) if one.status == "ran"}
    made = (make(release, found[check], language) for check, make in MADE.items() if check in found)
    return tuple(one for one in made if one is not None)


def _say(key: str, language: Language, **values: str) -> str:
    return words.text(f"doubt.tipping.{key}", language, **values)


def _drift(_: Release, check: CheckResult, language: Language) -> Tipping | None:
    """Between periods after the start, held against the largest step before it."""
    times, said = number(check, "times"), numbers_said(check, language)
    if times is None:
        return None
    return Tipping("drift", times, 1.0, _then(check), _times(times, language), said["size_step"])


def _then(check: CheckResult) -> Then:
    """What becomes of the interval: an answer that is open cannot be lost."""
    if check.key in OPENS:
        return "excludes"
    return "already" if check.key.removesuffix("_years") == "none" else "includes"


def _swings(release: Release, check: CheckResult, language: Language) -> Tipping | None:
    said = numbers_said(check, language)
    if "tipping_shock" in check.numbers:  # of two totals: nothing was seen, so that the plan's own belief stands for it
        needed, most = number(check, "tipping_shock"), assumed_swing(release)
        if needed is None:
            return None
        seen = _say("assumed" if most else "nothing_seen", language, most=numbers.significant(most or 0.0, language, 2))
        return Tipping("swings", needed / most if most else None, 1.0, _then(check), said["tipping_shock"], seen)
    times, most, seen_of = number(check, "times"), largest_swing(release, check), number(check, "size_seen")
    if times is None:
        return None
    realistic = most / seen_of if most and seen_of else 1.0
    return Tipping("swings", times, realistic, _then(check), said["size_needed"], said["size_seen"])


def _shared(_: Release, check: CheckResult, language: Language) -> Tipping | None:
    """What districts of a group share; nobody has seen how much that is."""
    found = {one: number(check, f"percent_{one}") for one in ("treated", "control")}
    known = [value for value in found.values() if value is not None]
    if check.key == "open" or not known:
        return None
    said = words.text("labels.percent", language, value=numbers.significant(min(known), language, 2))
    return Tipping("shared", None, 1.0, "includes", said, _say("nothing_seen", language, most=""))


def _apart(_: Release, check: CheckResult, language: Language) -> Tipping | None:
    """With no period before nothing was seen of a drift; how much it would take is known all the same."""
    said = numbers_said(check, language)
    takes = said.get("size_limit") or said.get("limit", "–")
    return Tipping("apart", None, 1.0, _then(check), takes, _say("nothing_seen", language, most=""))


def _whole(key: str, effect: str, seen: str) -> Callable[[Release, CheckResult, Language], Tipping | None]:
    """What would be all of the result, held against what was seen where the two go the same way."""

    def made(_: Release, check: CheckResult, language: Language) -> Tipping | None:
        whole, found, said = number(check, effect), number(check, seen), numbers_said(check, language)
        if not whole or not found or whole * found < 0:  # what is rounded to none has no direction
            return None
        return Tipping(key, whole / found, 1.0, "whole", said[effect], said[seen])

    return made


MADE: dict[str, Callable[[Release, CheckResult, Language], Tipping | None]] = {
    "relative_magnitudes": _drift,
    "tipping_shock": _swings,
    "shared_shock": _shared,
    "absolute_violation": _apart,
    "pretrends": _whole("line", "effect_erases", "effect_slope"),
    "regression_to_mean": _whole("falling_back", "effect", "effect_by_itself"),
    "placebo_dates": _whole("false_start", "effect", "effect_largest"),
}
"""The checks that have a tipping point."""


def _times(times: float, language: Language) -> str:
    if math.isinf(times):
        return _say("beyond", language)
    return _say("times", language, times=numbers.significant(times, language, 2))


@dataclass(frozen=True, slots=True)
class TippingView:
    """The figure with how it is read, and its numbers; no figure where nothing was seen of any doubt."""

    shapes: Shapes | None
    read: str
    table: Table


def tipping_figure(release: Release, outcome: str, language: Language) -> TippingView | None:
    """The tipping points of an outcome drawn and told; None where it has none."""
    found = tippings(release, outcome, language)
    if not found:
        return None
    title = caption(release, "doubt.tipping.title", language, outcome=short_name(outcome, language))
    placed = tuple(one for one in found if one.times is not None)
    axis = "axis_assumed" if release.policy == "published" else "axis"
    draw = partial(_draw, placed, outcome, language, axis=axis, title=title, warning=mark(release, language))
    rows = tuple(
        (
            _say(f"name.{one.key}", language),
            one.takes,
            one.seen,
            "–" if one.times is None else _times(one.times, language),
            _say(f"then.{one.then}", language),
        )
        for one in found
    )
    columns = heads(("doubt", "takes", "seen", "times", "then"), language, "doubt.tipping.columns")
    shapes = Shapes(draw("wide"), draw("narrow")) if placed else None
    return TippingView(shapes, _read(placed, axis, language), Table(title, columns, rows))


def _read(placed: tuple[Tipping, ...], axis: str, language: Language) -> str:
    """How the figure is read; empty without one."""
    if not placed:
        return ""
    said = [_say("lead_assumed" if axis == "axis_assumed" else "lead", language)]
    if any(one.times == 0 for one in placed):
        said.append(_say("at_none", language))
    if any(one.then == "excludes" for one in placed):
        said.append(_say("less", language))
    return " ".join(said)


ROW = {"wide": 34.0, "narrow": 48.0}
WIDTH = {"wide": 720.0, "narrow": 340.0}
LEFT, RIGHT = {"wide": 0.4, "narrow": 0.04}, {"wide": 0.88, "narrow": 0.8}
SIZE, AXIS = 13.0, 50.0


def _draw(
    found: tuple[Tipping, ...], outcome: str, language: Language, shape: Shape, *, axis: str, title: str,
    warning: str | None,
) -> Markup:  # fmt: skip
    """A row a doubt: a band up to what is realistic, and a mark at what it takes; hollow where that is all of it."""
    width, row, top = WIDTH[shape], ROW[shape], 22.0 if warning else 6.0
    left, right, bottom = LEFT[shape] * width, RIGHT[shape] * width, top + len(found) * row

    def at(times: float) -> float:
        return left + (right - left) * min(max(times, 0.0), MOST) / MOST

    drawn = [svg_shapes.band([(at(0), top), (at(1), top)], [(at(0), bottom), (at(1), bottom)], svg.TINT, 1)]
    for tick in range(int(MOST) + 1):
        drawn.append(svg_shapes.line([(at(tick), top), (at(tick), bottom)], svg.RULE, 0.5))
        base = at(tick), bottom + 6 + SIZE * svg_shapes.ASCENT
        drawn.append(svg_shapes.text(base, numbers.decimal(tick, language, 0), "middle", SIZE, svg.MUTED))
    drawn.append(svg_shapes.line([(at(1), top), (at(1), bottom)], svg.INK, 1))
    for index, one in enumerate(found):
        drawn += _row(one, at, top + index * row, row, shape, language)
    name = (left + right) / 2, bottom + 24 + 12 * svg_shapes.ASCENT
    drawn.append(svg_shapes.text(name, _say(axis, language), "middle", 12, svg.MUTED))
    return svg_shapes.element(f"tipping-{outcome}-{shape}", width, bottom + AXIS, drawn, title=title, mark=warning)


def _row(
    one: Tipping, at: Callable[[float], float], top: float, row: float, shape: Shape, language: Language
) -> Iterator[str]:
    middle = top + (row / 2 if shape == "wide" else row - 14)
    times = one.times or 0.0
    if one.realistic > 1:
        yield svg_shapes.line([(at(1), middle), (at(one.realistic), middle)], svg.MUTED, 3, (1.2, 1))
    colour = svg.ACCENT if times >= one.realistic else svg.WARNING
    if times > MOST:
        yield svg_shapes.mark((at(MOST), middle), "right", 9, colour)
    else:
        yield svg_shapes.mark((at(times), middle), "diamond" if one.then == "whole" else "circle", 9, colour)
    said = _say(
        "short_beyond" if math.isinf(times) else "short", language, times=numbers.significant(times, language, 2)
    )
    yield svg_shapes.text((at(MOST) + 12, middle + 4), said, "start", 12, svg.INK)
    label = _say(f"name.{one.key}", language)
    if shape == "wide":
        yield svg_shapes.text((at(0) - 8, middle + 4), label, "end", SIZE)
    else:
        yield svg_shapes.text((at(0), top + 14), label, "start", 12, halo=True)
