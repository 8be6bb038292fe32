"""The posteriors of a panel: each beside the estimate without a prior, what it rests on, and whether its model fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.forest import Bar, Shapes, forest
from sverige_did.report.headlines import findings_of
from sverige_did.report.labels import caption, mark, prior_name, short_name
from sverige_did.report.overview import TICKS, spread
from sverige_did.report.posterior_sentences import amount_of
from sverige_did.report.tables import FigureView, Table, heads, method_label, painted
from sverige_did.study.priors import SHOCK_OF_AREAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Estimate
    from sverige_did.results.posteriors import AlternativePrior, Learned, PosteriorRecord, PredictiveCheck
    from sverige_did.words import Language

HEIGHT = 250.0
UNTAUGHT = (0.1, 0.9)
"""A posterior is its prior again where it is narrower by less than the first and has more in common than the second.

So is the spread of effects among few treated districts, and often how long swings last where there are two windows.
"""
PRIOR_GREY = "#8a93a0"
COLUMN = "posterior.column"


def posteriors(release: Release) -> list[PosteriorRecord]:
    """The records as they are reported: those with a posterior first, each in the plan's order."""
    order = {item.outcome: at for at, item in enumerate(release.study.outcomes)}
    return sorted(release.posteriors, key=lambda one: (one.refused, order.get(one.outcome, len(order))))


def _caption(release: Release, key: str, record: PosteriorRecord, language: Language) -> str:
    level = numbers.percent(release.study.level, language)
    name = short_name(record.outcome, language)
    return caption(release, f"posterior.caption.{key}", language, outcome=name, level=level)


def _percent_cell(value: float | None, language: Language) -> str:
    return "–" if value is None else words.text("labels.percent", language, value=numbers.percent(value, language))


def misfit(release: Release, check: PredictiveCheck, language: Language) -> str:
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


def densities(release: Release, record: PosteriorRecord, language: Language) -> FigureView:
    """Prior and posterior of the effect on one axis, reported as changes in per cent."""
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

    rows = tuple(
        (
            numbers.change(float(np.exp(x)), language),
            numbers.decimal(before, language, 2),
            numbers.decimal(after, language, 2),
        )
        for x, before, after in list(zip(prior.x, prior.y, posterior.y, strict=True))[::6]
    )
    columns = heads(("effect", "prior", "posterior"), language, COLUMN)
    table = Table(_caption(release, "densities", record, language), columns, rows, frozenset({1, 2}))
    return painted(release, f"densities-{record.outcome}-{record.likelihood}", HEIGHT, paint, table, language)


def _dress(axes: Axes, x_name: str, language: Language) -> None:
    axes.axvline(0, color=svg.INK, linewidth=1)
    low, high = axes.get_xlim()
    least, most = (min(max(float(np.exp(end)), TICKS[0]), TICKS[-1]) for end in (low, high))
    ticks = spread(least, most, 0.2)
    axes.set_xticks(np.log(ticks), [numbers.change(tick, language) for tick in ticks])
    axes.set_yticks([])
    axes.set_ylim(bottom=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(words.text(x_name, language), fontsize=12)


def _prior_named(other: AlternativePrior, language: Language) -> str:
    if other.kind == "effect":
        return words.text("posterior.alternative_prior.effect", language, prior=prior_name(other.prior, language))
    value = "–" if other.value is None else numbers.significant(other.value, language)
    kind = "areas" if other.prior == SHOCK_OF_AREAS else "shock"
    return words.text(f"posterior.alternative_prior.{kind}", language, value=value)


def alternative_priors(release: Release, record: PosteriorRecord, language: Language) -> Shapes:
    """The effect under every other prior, as bars on the axis of ratios."""
    others = record.alternative_priors
    bars = tuple(Bar(_prior_named(one, language), "posterior", one.median, one.lower, one.upper) for one in others)
    title = _caption(release, "alternative_priors", record, language)
    figure = f"priors-{record.outcome}-{record.likelihood}"
    return forest(figure, bars, language, scale="ratio", title=title, mark=mark(release, language))


def alternative_prior_table(release: Release, record: PosteriorRecord, language: Language) -> Table:
    """The same as numbers, with how each was made."""
    rows = tuple(
        (
            _prior_named(one, language),
            amount_of(record, "ratio", one.median, language),
            _span(record, "ratio", one.lower, one.upper, language),
            _percent_cell(one.prob_benefit, language),
            words.text(f"posterior.how.{'sampled' if one.sampled else 'reweighted'}", language),
        )
        for one in record.alternative_priors
    )
    columns = heads(("prior", "median", "interval", "benefit", "how"), language, COLUMN)
    return Table(_caption(release, "alternative_priors", record, language), columns, rows, frozenset({1, 2, 3}))


def _span(
    record: PosteriorRecord, scale: str, lower: float, upper: float, language: Language, step: float | None = None
) -> str:
    ends = (numbers.bare(scale, lower, language, step), amount_of(record, scale, upper, language, step))
    return words.text("report.cell.range", language, lower=ends[0], upper=ends[1])


def scales(release: Release, record: PosteriorRecord, language: Language) -> Table:
    """The estimate without a prior beside the posterior, for the treated districts and for a new one."""
    own = record.estimates[0].scale
    rows = list(_design_rows(release, record, own, language))
    for estimand in ("att", "new_district"):
        shown = {one.scale: one for one in record.estimates if one.estimand == estimand}
        if shown:
            label = words.text(f"posterior.estimand.{estimand}", language)
            rows.append(_side_by_side(record, label, shown, own, language))
    columns = heads(("what", "own", "ratio", "benefit"), language, COLUMN)
    return Table(_caption(release, "scales", record, language), columns, tuple(rows), frozenset({1, 2, 3}))


def _design_rows(release: Release, record: PosteriorRecord, own: str, language: Language) -> Iterator[tuple[str, ...]]:
    """The first estimate with limits and without a prior on each scale, by its method."""
    found = [
        item.result
        for item in findings_of(release, record.outcome)
        if item.result.inference != "posterior" and item.result.lower is not None and item.result.estimand == "att"
    ]
    first = next(iter(found), None)
    if first is not None:
        shown = {one.scale: one for one in reversed(found) if one.inference == first.inference}
        method = method_label(first, language).replace("\n", ", ")
        yield _side_by_side(record, words.text("posterior.design_based", language, method=method), shown, own, language)


def _side_by_side(
    record: PosteriorRecord, label: str, shown: dict[str, Estimate], own: str, language: Language
) -> tuple[str, ...]:
    benefit = next((shown[scale].prob_benefit for scale in (own, "ratio") if scale in shown), None)
    return (
        label,
        _cell(record, shown.get(own), language),
        _cell(record, shown.get("ratio"), language),
        _percent_cell(benefit, language),
    )


def _cell(record: PosteriorRecord, result: Estimate | None, language: Language) -> str:
    if result is None or result.lower is None or result.upper is None:
        return "–"
    span = _span(record, result.scale, result.lower, result.upper, language, result.step)
    return f"{amount_of(record, result.scale, result.estimate, language, result.step)} ({span})"


def learned(release: Release, record: PosteriorRecord, language: Language) -> Table:
    """Every parameter before and after."""
    rows = tuple(
        (
            words.text(f"posterior.parameter.{one.parameter}", language),
            numbers.significant(one.prior_median, language),
            _after(one, language),
            numbers.decimal(one.shrinkage, language, 2),
            numbers.decimal(one.overlap, language, 2),
        )
        for one in record.learned
    )
    columns = heads(("parameter", "prior", "posterior", "shrinkage", "overlap"), language, COLUMN)
    return Table(_caption(release, "learned", record, language), columns, rows, frozenset({1, 2, 3, 4}))


def _after(one: Learned, language: Language) -> str:
    """The middle after the data, and beside it if it is the assumption's own."""
    value = numbers.significant(one.posterior_median, language)
    shrinkage, overlap = UNTAUGHT
    if one.shrinkage < shrinkage and one.overlap > overlap:
        return words.text("posterior.assumed_alone", language, value=value)
    return value
