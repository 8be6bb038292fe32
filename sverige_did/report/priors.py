"""What was believed before and after, and whether the draws behind it may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.forest import Bar, Shapes, forest
from sverige_did.report.headlines import reported_first
from sverige_did.report.labels import caption, in_language, mark, prior_name, short_name
from sverige_did.report.tables import Table, distinctions, heads
from sverige_did.study.priors import PACKAGE_REASON

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Diagnostics, Finding
    from sverige_did.study.study import PriorSpec
    from sverige_did.words import Language

EFFECT_PRIOR = "effect"
"""Priors of the plan whose key begins so are beliefs about the effect itself; the rest are about the data."""


def prior_range(prior: PriorSpec) -> tuple[float, float, float]:
    """The 2.5 %, 50 % and 97.5 % points of a prior in its unit; a half-normal starts at zero."""
    levels = np.array([0.025, 0.5, 0.975])
    if prior.a is not None and prior.b is not None:
        points = special.betaincinv(prior.a, prior.b, levels)
    else:
        assert prior.sd is not None  # PriorSpec: without a and b there is an sd
        half = prior.family == "half_normal"
        points = prior.sd * special.ndtri((1 + levels) / 2) if half else prior.mean + prior.sd * special.ndtri(levels)
    return float(points[0]), float(points[1]), float(points[2])


def priors(release: Release, language: Language) -> Table | None:
    """Every prior of the plan with its 95 % range in its unit, and the reason: the package's where it gives none."""
    if not release.study.priors:
        return None
    columns = heads(("prior", "family", "median", "range", "unit", "reason"), language)
    rows = tuple(_prior_row(prior, language) for prior in release.study.priors)
    return Table(caption(release, "priors", language), columns, rows, frozenset({2, 3}))


def _prior_row(prior: PriorSpec, language: Language) -> tuple[str, ...]:
    lower, median, upper = (numbers.significant(point, language) for point in prior_range(prior))
    return (
        prior_name(prior.key, language),
        words.text(f"labels.prior_family.{prior.family}", language),
        median,
        words.text("report.cell.range", language, lower=lower, upper=upper),
        words.text(f"labels.unit.{prior.unit}", language),
        in_language(prior.reason, language)
        if prior.reason
        else words.text(f"priors.{PACKAGE_REASON[prior.key]}", language),
    )


def belief_bars(release: Release, language: Language) -> tuple[Bar, ...]:
    """The priors of the effect, and the posterior of every outcome that has one on the log-odds scale."""
    bars = []
    for prior in release.study.priors:
        if prior.key.startswith(EFFECT_PRIOR) and prior.unit == "log_odds":
            lower, median, upper = prior_range(prior)
            label = words.text("report.beliefs.prior", language, prior=prior_name(prior.key, language))
            bars.append(Bar(label, "prior", median, lower, upper))
    for wanted in release.study.outcomes:
        shown = tuple(item for item in reported_first(release, wanted.outcome) if _is_posterior(item))
        name = short_name(wanted.outcome, language)
        for item, apart in zip(shown, distinctions(release, shown, language), strict=True):
            label, result = ", ".join(filter(None, (name, apart))), item.result
            bars.append(Bar(label, "posterior", result.estimate, result.lower, result.upper))
    return tuple(bars)


def _is_posterior(finding: Finding) -> bool:
    result = finding.result
    return (result.estimator, result.scale, result.estimand) == ("bayes", "log_odds", "att")


def belief_figure(release: Release, language: Language) -> tuple[Shapes, Table] | None:
    """Priors beside posteriors as a figure with its numbers; None where nothing was sampled."""
    bars = belief_bars(release, language)
    if all(bar.look == "prior" for bar in bars):
        return None
    title = caption(release, "beliefs", language)
    figure = forest("beliefs", bars, language, scale="log_odds", title=title, mark=mark(release, language))
    rows = tuple(
        (bar.label, *(_or_dash(value, language) for value in (bar.point, bar.lower, bar.upper))) for bar in bars
    )
    columns = heads(("belief", "median", "smallest", "largest"), language)
    return figure, Table(title, columns, rows, frozenset({1, 2, 3}))


def _or_dash(value: float | None, language: Language) -> str:
    return "–" if value is None else numbers.decimal(value, language, 2)


def diagnostics(release: Release, language: Language) -> Table | None:
    """The convergence criteria of every fit, with what was found."""
    if not release.diagnostics:
        return None
    names = ("fit", "draws", "r_hat", "ess_bulk", "ess_tail", "divergences", "bfmi", "seed", "passed")
    rows = tuple(_diagnostics_row(fit, language) for fit in release.diagnostics)
    return Table(caption(release, "diagnostics", language), heads(names, language), rows, frozenset(range(1, 8)))


def _diagnostics_row(fit: Diagnostics, language: Language) -> tuple[str, ...]:
    return (
        fit.fit,
        numbers.decimal(fit.chains * fit.draws, language, 0),
        numbers.decimal(fit.r_hat_max, language, 3),
        numbers.decimal(fit.ess_bulk_min, language, 0),
        numbers.decimal(fit.ess_tail_min, language, 0),
        numbers.decimal(fit.divergences, language, 0),
        numbers.decimal(fit.bfmi_min, language, 2),
        str(fit.seed),
        words.text("report.diagnostics.yes" if fit.passed else "report.diagnostics.no", language),
    )


def diagnostics_sentence(release: Release, language: Language) -> str:
    """Whether all draws may be used, in words."""
    failed = sum(not fit.passed for fit in release.diagnostics)
    if not release.diagnostics:
        return words.text("report.diagnostics.nothing", language)
    key = "all_passed" if failed == 0 else "failed"
    return words.text(f"report.diagnostics.{key}", language, count=len(release.diagnostics), failed=failed)
