"""The figures of a study of cases: differences by municipality, curves, what they are held against, and posteriors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did.report import numbers
from sverige_did.report.case_names import (
    chance,
    change_in_days,
    check_of,
    headline,
    mark,
    per_cent,
    place_name,
    say,
    span,
    titled,
)
from sverige_did.report.case_sentences import posterior
from sverige_did.report.curves import Line, curve_figure
from sverige_did.report.forest import Bar, Shapes, forest
from sverige_did.report.labels import in_language
from sverige_did.report.tables import FigureView, Table, heads
from sverige_did.results.cases import ALL
from sverige_did.results.estimates import Curve

if TYPE_CHECKING:
    from sverige_did.disclosure.cases import CaseRelease
    from sverige_did.report.forest import Look
    from sverige_did.results.estimates import Finding
    from sverige_did.words import Language

Figure = tuple[Shapes, Table]


def _bar(label: str, look: Look, found: Finding) -> Bar:
    return Bar(label, look, found.result.estimate, found.result.lower, found.result.upper)


def _in_days(release: CaseRelease, language: Language, name: str, bars: list[Bar]) -> Figure:
    """The bars on an axis of days, with their numbers."""
    title = titled(release, f"figure.{name}", language, horizon=release.study.horizon)
    drawn = forest(f"cases-{name}", tuple(bars), language, scale="days", title=title, mark=mark(release, language))
    rows = tuple((bar.label, change_in_days(bar.point, language), span(bar.lower, bar.upper, language)) for bar in bars)
    return drawn, Table(title, heads(("what", "value", "interval"), language, "cases.column"), rows, frozenset({1, 2}))


def main_figure(release: CaseRelease, language: Language) -> Figure | None:
    """Every municipality first, then their mean with both intervals; None where nothing may leave."""
    bars = []
    for one in release.study.municipalities:
        if found := headline(release, one.key):
            bars.append(_bar(one.name, "sampling", found))
    for inference, label in ((None, "together"), ("municipalities", "municipalities")):
        found = headline(release, ALL, inference)
        if found and found.result.inference != ("municipalities" if inference is None else None):
            bars.append(_bar(say(f"bar.{label}", language), "posterior", found))
    return _in_days(release, language, "main", bars) if bars else None


HELD = {"drift_before": "ahead_", "not_exempt": "", "censored_at_start": "", "only_completed": "naive_"}
"""The checks that are a difference in days, and how its numbers begin."""


def held_figure(release: CaseRelease, language: Language) -> Figure | None:
    """The headline beside every difference that it has to be held against."""
    found = headline(release, ALL)
    if found is None:
        return None
    bars = [_bar(say("bar.headline", language), "posterior", found)]
    for name, prefix in HELD.items():
        check = check_of(release, name)
        point = check.numbers.get(f"{prefix}estimate")
        if check.status == "ran" and point is not None:
            ends = (check.numbers[f"{prefix}{end}"] for end in ("lower", "upper"))
            bars.append(Bar(say(f"bar.{name}", language), "raw", point, *ends))
    return _in_days(release, language, "held", bars)


def curves(release: CaseRelease, language: Language) -> tuple[FigureView, ...]:
    """One small figure a municipality: the share with a measure, before and during."""
    views, horizon = [], float(release.study.horizon)
    whole = Curve(name="whole", x_name="cases.axis.days", y_name="cases.axis.share", x=(0.0, horizon), y=(0.0, 100.0))
    for one in release.study.municipalities:
        mine = [curve for curve in release.curves if curve.municipality == one.key and len(curve.days) > 1]
        if not mine:
            continue
        lines = tuple(
            Line(
                say(f"arm.{curve.arm}", language),
                Curve(
                    name=curve.arm, x_name="cases.axis.days", y_name="cases.axis.share",
                    x=tuple(map(float, curve.days)), y=tuple(100 * share for share in curve.share),
                ),
            )
            for curve in reversed(mine)
        )  # fmt: skip
        title = titled(release, "figure.curve", language, municipality=one.name)
        warning = mark(release, language)
        drawn = curve_figure(f"curve-{one.key}", lines, language, title=title, mark=warning, within=(whole,))
        rows = tuple(
            (say(f"arm.{curve.arm}", language), f"{day}", per_cent(share, language))
            for curve in mine
            for day, share in zip(curve.days, curve.share, strict=True)
        )
        table = Table(title, heads(("arm", "day", "share"), language, "cases.column"), rows, frozenset({1, 2}))
        views.append(FigureView(drawn, table))
    return tuple(views)


def bias_figure(release: CaseRelease, language: Language) -> FigureView | None:
    """The probability that the trial quickened the measure, along what else may have changed."""
    line = posterior(release, "waits").bias
    if line is None:
        return None
    shown = line.model_copy(update={"x_name": "cases.axis.bias_sd", "y_name": "cases.axis.probability"})
    title = titled(release, "figure.bias", language)
    drawn = curve_figure("cases-bias", (Line("", shown),), language, title=title, mark=mark(release, language))
    rows = tuple((numbers.significant(x, language), chance(y, language)) for x, y in zip(line.x, line.y, strict=True))
    columns = (say("axis.bias_sd", language), say("axis.probability", language))
    return FigureView(drawn, Table(title, columns, rows, frozenset({0, 1})))


def _ratios(release: CaseRelease, language: Language, name: str, bars: list[tuple[str, Bar]]) -> Figure | None:
    if not bars:
        return None
    level = numbers.percent(release.study.level, language)
    title = titled(release, f"figure.{name}", language, level=level)
    drawn = forest(
        f"cases-{name}", tuple(bar for _, bar in bars), language, scale="ratio", title=title,
        mark=mark(release, language),
    )  # fmt: skip
    rows = tuple(
        (bar.label, numbers.change(bar.point, language), *_limits(bar, language), above) for above, bar in bars
    )
    columns = heads(("what", "ratio", "interval", "faster" if name == "ratios" else "agree"), language, "cases.column")
    return drawn, Table(title, columns if name == "ratios" else columns[:3],
                        rows if name == "ratios" else tuple(row[:3] for row in rows), frozenset({1, 2, 3}))  # fmt: skip


def _limits(bar: Bar, language: Language) -> tuple[str]:
    low, high = (numbers.change(end or 1.0, language) for end in (bar.lower, bar.upper))
    return (say("cell.interval", language, lower=low, upper=high),)


def ratio_figure(release: CaseRelease, language: Language) -> Figure | None:
    """The pace during to before, of each municipality, all together, and one not seen."""
    bars = [
        (
            chance(one.prob_above, language),
            Bar(place_name(release, one.municipality, language), "posterior", one.median, one.lower, one.upper),
        )
        for one in posterior(release, "waits").ratios
    ]
    return _ratios(release, language, "ratios", bars)


def survey_figure(release: CaseRelease, language: Language) -> Figure | None:
    """The odds of agreeing more, statement by statement, of all municipalities together."""
    survey = release.study.survey
    texts = {one.key: in_language(one.text, language) for one in survey.items} if survey else {}
    bars = []
    for one in posterior(release, "survey").ratios:
        item, _, what = one.subject.rpartition(".")
        if what == "change" and one.municipality == ALL:
            bars.append(("", Bar(texts[item], "posterior", one.median, one.lower, one.upper)))
    return _ratios(release, language, "survey", bars)
