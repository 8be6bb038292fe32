"""The tables of a study of cases: groups, days, every estimate, other priors and the survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.case_names import (
    chance,
    days_of,
    per_cent,
    place_name,
    say,
    span,
    titled,
)
from sverige_did.report.case_sentences import posterior
from sverige_did.report.labels import in_language
from sverige_did.report.tables import Table, heads
from sverige_did.results.cases import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.cases import CaseRelease
    from sverige_did.results.cases import CaseDays, SurveyGroup
    from sverige_did.results.estimates import Finding
    from sverige_did.words import Language

COLUMN = "cases.column"
ARMS = ("before", "during")


def _or_hidden(value: float | None, language: Language) -> str:
    return say("hidden", language) if value is None else numbers.decimal(value, language, 0)


def _days_of(release: CaseRelease, place: str, arm: str, horizon: int) -> CaseDays | None:
    wanted = (place, arm, horizon)
    found = (one for one in release.days if (one.municipality, one.arm, one.horizon) == wanted)
    return next(found, None)


def groups(release: CaseRelease, language: Language) -> Table:
    """Cases, measures and days without one by municipality and arm; what is hidden says so."""
    horizon, rows = release.study.horizon, []
    for one in release.groups:
        days = _days_of(release, one.municipality, one.arm, horizon)
        without = None if days is None or days.with_measure is None else horizon - days.with_measure
        name = f"{place_name(release, one.municipality, language)}, {say(f'arm.{one.arm}', language)}"
        counts = (_or_hidden(value, language) for value in (one.cases, one.measures))
        rows.append((name, *counts, days_of(without, language)))
    rows.sort(key=lambda row: row[0].startswith(say("all", language)))
    columns = heads(("municipality", "cases"), language, COLUMN)
    columns += (say("column.measures", language, horizon=horizon), say("column.without", language, horizon=horizon))
    return Table(titled(release, "caption.groups", language), columns, tuple(rows), frozenset({1, 2, 3}))


def spent(release: CaseRelease, language: Language) -> Table:
    """What the first days of the average case are spent on, before and during: they add up to the horizon."""
    horizon, rows = release.study.horizon, []
    for arm in ARMS:
        if (days := _days_of(release, ALL, arm, horizon)) is not None:
            parts = (days.waiting, days.after_exit, days.with_measure)
            rows.append((say(f"arm.{arm}", language), *(_or_hidden(part, language) for part in parts)))
    columns = heads(("arm", "waiting", "after_exit", "with_measure"), language, COLUMN)
    title = titled(release, "caption.spent", language, horizon=horizon)
    return Table(title, columns, tuple(rows), frozenset({1, 2, 3}))


def estimates(release: CaseRelease, language: Language) -> Table:
    """Every released estimate with its interval and the method behind it."""
    rows = tuple(_estimate_row(release, one, language) for one in release.findings)
    columns = heads(("what", "municipality", "value", "interval"), language, COLUMN)
    return Table(titled(release, "caption.estimates", language), columns, rows, frozenset({2, 3}))


def _estimate_row(release: CaseRelease, one: Finding, language: Language) -> tuple[str, ...]:
    result = one.result
    kind, _, rest = result.estimand.partition("_")
    key = "estimate.first_days" if kind == "first" else f"estimate.{result.estimand}"
    what = f"{say(f'estimate.{one.outcome}', language)}: {say(key, language, horizon=rest.partition('_')[0])}"
    if result.inference != "none":
        what += f" ({words.text(f'labels.inference.{result.inference}', language)})"
    place = place_name(release, one.reading, language)
    if result.scale == "days":
        return what, place, numbers.signed(result.estimate, language, 1), span(result.lower, result.upper, language)
    if result.lower is None or result.upper is None:
        return what, place, numbers.change(result.estimate, language), "–"
    low, high = (numbers.change(end, language) for end in (result.lower, result.upper))
    interval = words.text("report.span.both", language, lower=low, upper=high)
    return what, place, numbers.change(result.estimate, language), interval


def other_priors(release: CaseRelease, language: Language) -> Table | None:
    """The mean change under other priors; None without a posterior."""
    tried = posterior(release, "waits").other_priors
    if not tried:
        return None
    rows = []
    for one in tried:
        key = {"beta": "case_change", "sigma_change": "case_change_sd"}[one.prior]
        name = words.text(f"priors.{key}", language).partition(".")[0]
        low, high = (numbers.change(end, language) for end in (one.lower, one.upper))
        interval = words.text("report.span.both", language, lower=low, upper=high)
        sd = numbers.significant(one.sd, language)
        rows.append((name, sd, numbers.change(one.median, language), interval, chance(one.prob_above, language)))
    columns = heads(("prior", "sd", "ratio", "interval", "faster"), language, COLUMN)
    return Table(titled(release, "caption.priors", language), columns, tuple(rows), frozenset({1, 2, 3, 4}))


def survey_tables(release: CaseRelease, language: Language) -> tuple[tuple[str, Table], ...]:
    """Every statement with a table of who agrees, in every municipality and wave."""
    survey = release.study.survey
    if survey is None:
        return ()
    tables = []
    for item in survey.items:
        mine = [one for one in release.survey if one.item == item.key]
        rows = tuple(_survey_rows(release, mine, language))
        columns = heads(("municipality", "respondents", "agree", "bounds"), language, COLUMN)
        title = titled(release, "caption.survey", language, item=in_language(item.text, language))
        tables.append((in_language(item.text, language), Table(title, columns, rows, frozenset({1, 2, 3}))))
    return tuple(tables)


def _survey_rows(release: CaseRelease, mine: list[SurveyGroup], language: Language) -> Iterator[tuple[str, ...]]:
    for one in sorted(mine, key=lambda group: group.municipality == ALL):
        name = f"{place_name(release, one.municipality, language)}, {say(f'arm.{one.wave}', language)}"
        answered = f"{_or_hidden(one.respondents, language)} / {one.invited}"
        bounds = "–"
        if one.lowest is not None and one.highest is not None:
            low, high = (per_cent(end, language) for end in (one.lowest, one.highest))
            bounds = words.text("report.span.both", language, lower=low, upper=high)
        yield name, answered, per_cent(one.agree, language), bounds


def deviations(release: CaseRelease, language: Language) -> Table | None:
    """Where the analysis departs from the plan; None where it does not."""
    rows = tuple(
        (numbers.day(one.when, language), in_language(one.what, language), in_language(one.why, language))
        for one in release.study.deviations
    )
    return (
        Table(words.text("report.captions.deviations", language), heads(("when", "what", "why"), language), rows)
        if rows
        else None
    )


def versions(release: CaseRelease, language: Language) -> Table:
    """The packages that computed the release."""
    rows = tuple(sorted(release.versions.items()))
    return Table(words.text("report.captions.versions", language), heads(("package", "version"), language), rows)
