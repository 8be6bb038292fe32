"""The posteriors of a panel: each beside the estimate without a prior, what it rests on, and whether its model fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.forest import Bar, Shapes, forest
from sverige_did.report.headlines import findings_of
from sverige_did.report.labels import mark, prior_name
from sverige_did.report.overview import TICKS, spread
from sverige_did.report.posterior_sentences import amount_of, sentences
from sverige_did.report.tables import FigureView, Table, method_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Estimate
    from sverige_did.results.posteriors import PosteriorRecord, PredictiveCheck, Stance
    from sverige_did.words import Language

WIDTH, HEIGHT = 400.0, 250.0
PRIOR_GREY = "#8a93a0"


@dataclass(frozen=True, slots=True)
class PosteriorView:
    """One posterior as it is told; ``refusal`` has sentences where there is none, and then nothing else is filled."""

    outcome: str
    name: str
    likelihood: str
    refusal: tuple[str, ...]
    sentences: tuple[str, ...] = ()
    densities: FigureView | None = None
    stances: Shapes | None = None
    stance_table: Table | None = None
    scales: Table | None = None
    checks: tuple[str, ...] = ()
    learned: Table | None = None


def posteriors(release: Release, language: Language) -> tuple[PosteriorView, ...]:
    """One view a record: those with a posterior first, each in the plan's order."""
    order = {item.outcome: at for at, item in enumerate(release.study.outcomes)}
    ranked = sorted(release.posteriors, key=lambda one: (one.refused, order.get(one.outcome, len(order))))
    return tuple(_view(release, one, language) for one in ranked)


def _view(release: Release, record: PosteriorRecord, language: Language) -> PosteriorView:
    name = words.text(f"outcomes.{record.outcome}.short", language)
    likelihood = words.text(f"posterior.likelihood.{record.likelihood}", language)
    if record.refused:
        why = (words.text(one.key, language, **one.values) for one in record.remarks)
        return PosteriorView(record.outcome, name, likelihood, tuple(why))
    return PosteriorView(
        outcome=record.outcome,
        name=name,
        likelihood=likelihood,
        refusal=(),
        sentences=tuple(sentences(record, language)),
        densities=_densities(release, record, name, language) if record.densities else None,
        stances=_stances(release, record, name, language) if record.stances else None,
        stance_table=_stance_table(release, record, name, language) if record.stances else None,
        scales=_scales(release, record, name, language),
        checks=tuple(_check(release, one, language) for one in record.checks),
        learned=_learned(release, record, name, language) if record.learned else None,
    )


def _caption(release: Release, key: str, language: Language, **values: object) -> str:
    told, warning = words.text(f"posterior.caption.{key}", language, **values), mark(release, language)
    return told if warning is None else f"{warning}: {told}"


def _columns(names: tuple[str, ...], language: Language) -> tuple[str, ...]:
    return tuple(words.text(f"posterior.column.{name}", language) for name in names)


def _percent_cell(value: float | None, language: Language) -> str:
    return "–" if value is None else words.text("labels.percent", language, value=numbers.percent(value, language))


def _check(release: Release, check: PredictiveCheck, language: Language) -> str:
    """One predictive check in words, with what a misfit means."""
    limit = release.study.posterior.doubtful if release.study.posterior else 0.0
    values = {
        "check": words.text(f"posterior.check.{check.check}", language),
        "p": numbers.p_value(check.p, language),
    }
    if check.p >= limit:
        return words.text("posterior.fits", language, **values)
    meaning = words.text(f"posterior.meaning.{check.check}.{check.side}", language)
    return words.text(f"posterior.{check.side}", language, **values, meaning=meaning)


def _densities(release: Release, record: PosteriorRecord, name: str, language: Language) -> FigureView:
    """Prior and posterior of the effect on one axis, told as changes in per cent."""
    told = _caption(release, "densities", language, outcome=name)
    prior, posterior = record.densities

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.04, 0.24, 0.92, 0.6))
        axes.fill_between(prior.x, prior.y, color=PRIOR_GREY, alpha=0.25, linewidth=0)
        axes.plot(prior.x, prior.y, "--", color=svg.MUTED, linewidth=1.5, label=words.text("posterior.prior", language))
        axes.plot(
            posterior.x, posterior.y, color=svg.ACCENT, linewidth=2.5, label=words.text("posterior.posterior", language)
        )
        _dress(axes, prior.x_name, language)
        figure.legend(loc="upper left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=12, borderaxespad=0)

    drawn = svg.draw(
        f"densities-{record.outcome}-{record.likelihood}",
        WIDTH,
        HEIGHT,
        paint,
        title=told,
        mark=mark(release, language),
    )
    rows = tuple(
        (
            words.text("labels.percent", language, value=numbers.percent_change(float(np.exp(x)), language)),
            numbers.decimal(before, language, 2),
            numbers.decimal(after, language, 2),
        )
        for x, before, after in list(zip(prior.x, prior.y, posterior.y, strict=True))[::6]
    )
    return FigureView(drawn, Table(told, _columns(("effect", "prior", "posterior"), language), rows, frozenset({1, 2})))


def _dress(axes: Axes, x_name: str, language: Language) -> None:
    axes.axvline(0, color=svg.INK, linewidth=1)
    low, high = axes.get_xlim()
    least, most = (min(max(float(np.exp(end)), TICKS[0]), TICKS[-1]) for end in (low, high))
    ticks = spread(least, most, 0.2)
    told = [words.text("labels.percent", language, value=numbers.percent_change(tick, language)) for tick in ticks]
    axes.set_xticks(np.log(ticks), told)
    axes.set_yticks([])
    axes.set_ylim(bottom=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(words.text(x_name, language), fontsize=12)


def _stance_name(stance: Stance, language: Language) -> str:
    if stance.kind == "effect":
        return words.text("posterior.stance.effect", language, prior=prior_name(stance.prior, language))
    value = "–" if stance.value is None else numbers.significant(stance.value, language)
    return words.text("posterior.stance.shock", language, value=value)


def _level(release: Release, language: Language) -> str:
    return numbers.percent(release.study.level, language)


def _stances(release: Release, record: PosteriorRecord, name: str, language: Language) -> Shapes:
    """The effect under every other prior, as bars on the axis of ratios."""
    bars = tuple(
        Bar(_stance_name(one, language), "posterior", one.median, one.lower, one.upper) for one in record.stances
    )
    title = _caption(release, "stances", language, outcome=name, level=_level(release, language))
    figure = f"stances-{record.outcome}-{record.likelihood}"
    return forest(figure, bars, language, scale="ratio", title=title, mark=mark(release, language))


def _stance_table(release: Release, record: PosteriorRecord, name: str, language: Language) -> Table:
    rows = tuple(
        (
            _stance_name(one, language),
            amount_of(record, "ratio", one.median, language),
            _span(record, "ratio", one.lower, one.upper, language),
            _percent_cell(one.prob_benefit, language),
            words.text(f"posterior.how.{'sampled' if one.sampled else 'reweighted'}", language),
        )
        for one in record.stances
    )
    told = _caption(release, "stances", language, outcome=name, level=_level(release, language))
    return Table(
        told, _columns(("prior", "median", "interval", "benefit", "how"), language), rows, frozenset({1, 2, 3})
    )


def _span(record: PosteriorRecord, scale: str, lower: float, upper: float, language: Language) -> str:
    ends = (numbers.bare(scale, lower, language), amount_of(record, scale, upper, language))
    return words.text("report.cell.range", language, lower=ends[0], upper=ends[1])


def _scales(release: Release, record: PosteriorRecord, name: str, language: Language) -> Table:
    """The estimate without a prior beside the posterior, for the treated districts and for a new one."""
    own = record.estimates[0].scale
    rows = list(_design_rows(release, record, own, language))
    for estimand in ("att", "new_district"):
        told = {one.scale: one for one in record.estimates if one.estimand == estimand}
        if told:
            rows.append(
                _side_by_side(record, words.text(f"posterior.estimand.{estimand}", language), told, own, language)
            )
    caption = _caption(release, "scales", language, outcome=name, level=_level(release, language))
    return Table(caption, _columns(("what", "own", "ratio", "benefit"), language), tuple(rows), frozenset({1, 2, 3}))


def _design_rows(release: Release, record: PosteriorRecord, own: str, language: Language) -> Iterator[tuple[str, ...]]:
    """The first estimate with limits and without a prior on each scale, by its method."""
    found = [
        item.result
        for item in findings_of(release, record.outcome)
        if item.result.inference != "posterior" and item.result.lower is not None and item.result.estimand == "att"
    ]
    first = next(iter(found), None)
    if first is not None:
        told = {one.scale: one for one in reversed(found) if one.inference == first.inference}
        method = method_label(first, language).replace("\n", ", ")
        yield _side_by_side(record, words.text("posterior.design_based", language, method=method), told, own, language)


def _side_by_side(
    record: PosteriorRecord, label: str, told: dict[str, Estimate], own: str, language: Language
) -> tuple[str, ...]:
    benefit = next((told[scale].prob_benefit for scale in (own, "ratio") if scale in told), None)
    return (
        label,
        _cell(record, told.get(own), language),
        _cell(record, told.get("ratio"), language),
        _percent_cell(benefit, language),
    )


def _cell(record: PosteriorRecord, result: Estimate | None, language: Language) -> str:
    if result is None or result.lower is None or result.upper is None:
        return "–"
    span = _span(record, result.scale, result.lower, result.upper, language)
    return f"{amount_of(record, result.scale, result.estimate, language)} ({span})"


def _learned(release: Release, record: PosteriorRecord, name: str, language: Language) -> Table:
    rows = tuple(
        (
            words.text(f"posterior.parameter.{one.parameter}", language),
            numbers.significant(one.prior_median, language),
            numbers.significant(one.posterior_median, language),
            numbers.decimal(one.shrinkage, language, 2),
            numbers.decimal(one.overlap, language, 2),
        )
        for one in record.learned
    )
    columns = _columns(("parameter", "prior", "posterior", "shrinkage", "overlap"), language)
    return Table(_caption(release, "learned", language, outcome=name), columns, rows, frozenset({1, 2, 3, 4}))
