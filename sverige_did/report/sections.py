"""One section a question: what was reported, what the design allows, every estimate, and what would overturn it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers
from sverige_did.report.claims import amount_of, interval_of
from sverige_did.report.forest import Bar, Look, Shapes, forest
from sverige_did.report.headlines import (
    ALL_READINGS,
    NOT_ABOUT_THE_OUTCOME,
    elsewhere,
    findings_of,
    headline,
    kind_of,
    reading_of,
    told,
)
from sverige_did.report.labels import assumption, caption, in_language, mark, note, reading, short_name
from sverige_did.report.tables import Table, distinctions, heads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import CheckResult, Finding
    from sverige_did.results.published import Reported
    from sverige_did.words import Language


NUMBERS = frozenset({"level", "count", "change", "ratio", "ratio_change"})
"""Measures of reported figures that an estimate is made of."""


def remarks(release: Release, outcome: str, language: Language) -> tuple[str, ...]:
    """What must be kept in mind about an outcome: its twin per resident, what it cannot serve for, and what of it
    no source prints."""
    entry = CATALOGUE[outcome]
    said = [] if entry.use == "effect" else [words.text(f"report.use.{entry.use}", language)]
    if entry.family == "moves":
        said.append(words.text("report.moves", language))
    if entry.twin is not None:
        twin = words.text(f"outcomes.{entry.twin}.phrase", language)
        said.append(words.text("report.twin", language, twin=twin))
    return (*said, *_unprinted(release, outcome, language))


def _unprinted(release: Release, outcome: str, language: Language) -> Iterator[str]:
    """Which numbers behind an outcome are worked out or read by us, or that none of its own is printed at all."""
    if release.study.kind != "published" or headline(release, outcome) is None:
        return
    mine = [one for one in release.reported if one.outcome.partition(".")[0] == outcome]
    if not mine:
        made_of = [short_name(one, language) for one in _made_of(release, outcome)]
        if made_of:
            yield words.text("report.not_printed", language, others="; ".join(made_of))
        return
    read = [one for one in mine if one.provenance in {"derived", "inferred"} and one.measure in NUMBERS]
    if read:
        said = "; ".join(f"{one.finding_da if language == 'da' else one.finding_en} ({one.fact_id})" for one in read)
        yield words.text("report.worked_out", language, findings=said)


def _made_of(release: Release, outcome: str) -> tuple[str, ...]:
    """The outcomes that an outcome is worked out from, those that something is printed of."""
    printed = {one.outcome for one in release.reported}
    return tuple(key for key in CATALOGUE[outcome].made_of if key in printed)


def given(release: Release, outcome: str, language: Language) -> tuple[str, ...]:
    """What the estimates of an outcome assume, each once."""
    named = dict.fromkeys(name for item in findings_of(release, outcome) for name in item.result.assumptions)
    return tuple(assumption(release, name, language) for name in named)


def notes(release: Release, outcome: str, language: Language) -> tuple[str, ...]:
    """The notes on the estimates of an outcome, each once."""
    named = dict.fromkeys(name for item in findings_of(release, outcome) for name in item.result.notes)
    return tuple(note(name, language) for name in named)


def sensitivity_analyses(release: Release, outcome: str, *, other_readings: bool) -> dict[str, list[CheckResult]]:
    """The checks of an outcome by name, in its reading or in the others; those that could not run last."""
    own = {reading_of(release, outcome), ALL_READINGS}
    found: dict[str, list[CheckResult]] = {}
    for check in sorted(release.checks, key=lambda item: item.status == "could_not_run"):
        if check.outcome == outcome and (check.reading not in own) == other_readings:
            found.setdefault(check.check, []).append(check)
    return found


def assumed_by(release: Release, check: CheckResult, language: Language) -> str:
    """What a check takes for granted; empty where that is nothing."""
    return "; ".join(assumption(release, key, language) for key in check.assumptions)


def reported_value(fact: Reported, language: Language) -> str:
    """A reported figure with its unit; a direction has no number."""
    if fact.value is None:
        return words.text("report.reported.direction", language)
    if not isinstance(fact.value, float):
        return numbers.day(fact.value, language)
    unit = words.text(f"labels.unit.{fact.unit}", language)
    return f"{numbers.significant(fact.value, language)} {unit}".strip()


def source_name(release: Release, file: str, language: Language) -> str:
    """The plan's name of the document that a figure is from, or the file as the data name it."""
    named = {source.file: source.label for source in release.study.sources}
    return in_language(named[file], language) if file in named else file


def fact_anchor(fact_id: str) -> str:
    """The id of a reported figure's row in the annex's table of all of them."""
    return f"fact-{fact_id}"


WEB = "web"
"""The place of a figure that is on a web page, which has no other."""


def source_href(file: str) -> str | None:
    """Where a source can be read; None for a file that the plan has no address of."""
    return file if file.startswith(("https://", "http://")) else None


def places_said(release: Release, file: str, places: Iterable[str], language: Language) -> str:
    """A document and the places in it; a place that its name says already, in either language, is not said twice."""
    named = {source.file: source.label for source in release.study.sources}.get(file)
    known = "" if named is None else f"{named.da} {named.en}"
    told = [place for place in places if place != WEB and place.casefold() not in known.casefold()]
    document = source_name(release, file, language)
    return f"{document}: {', '.join(told)}" if told else document


def reported_row(release: Release, fact: Reported, language: Language, *, anchored: bool = False) -> tuple[str, ...]:
    """One reported figure as a row: finding, number, group, place and how it came to us.

    The place is a link where the source has an address; the number of the figure is one to its row in the table of all
    of them, and ``anchored`` in that table itself.
    """
    place = escape(places_said(release, fact.source_file, (fact.place,), language))
    href = source_href(fact.source_file)
    if href is not None:
        place = Markup('<a href="{}" rel="noreferrer">{}</a>').format(href, place)
    tag = '<span id="{}">{}</span>' if anchored else '<a href="#{}">{}</a>'
    number = Markup(tag).format(fact_anchor(fact.fact_id), fact.fact_id)  # noqa: S704 (both tags are written here)
    return (
        fact.finding_da if language == "da" else fact.finding_en,
        reported_value(fact, language),
        words.text(f"labels.group.{fact.group}", language),
        place,
        number + escape(f", {words.text(f'labels.provenance.{fact.provenance}', language)}"),
    )


REPORTED_COLUMNS = ("finding", "value", "group", "place", "fact")
"""The heads of a table of reported figures, a row each of :func:`reported_row`."""


def reported(release: Release, language: Language, outcome: str | None = None) -> Table | None:
    """Every reported figure of one outcome, or of all for whoever wants to check them; None where there are none."""
    facts = [fact for fact in release.reported if outcome in {None, fact.outcome.split(".")[0]}]
    if not facts:
        return None
    title = caption(release, "all_reported", language)
    if outcome is not None:
        title = caption(release, "reported", language, outcome=short_name(outcome, language))
    rows = tuple(reported_row(release, fact, language, anchored=outcome is None) for fact in facts)
    return Table(title, heads(REPORTED_COLUMNS, language), rows, frozenset({1}))


LOOK_OF: dict[str, Look] = {"before_after": "raw", "bayes": "posterior", "closed_form": "posterior"}


def figure(release: Release, key: str, language: Language) -> tuple[Shapes, str] | None:
    """Every finding on the scale of the headline, by method and reading; None where that is a single one."""
    main = headline(release, key)
    if main is None:
        return None
    order = [ALL_READINGS, *(item.key for item in release.study.readings)]
    shown = tuple(
        sorted(
            (item for item in findings_of(release, key) if item.result.scale == main.result.scale and _is_about(item)),
            key=lambda item: order.index(item.reading),
        )
    )
    apart = distinctions(release, shown, language)
    lined_up = {item.result.estimator for item in shown if _inferences(shown, item) > 1}
    bars = tuple(
        _bar(release, item, note, language, by_inference=item.result.estimator in lined_up)
        for item, note in zip(shown, apart, strict=True)
    )
    if len(bars) < 2:
        return None
    title = caption(release, "forest", language, outcome=short_name(key, language))
    scale, warning = main.result.scale, mark(release, language)
    return forest(f"forest-{key}", bars, language, scale=scale, title=title, mark=warning), title


def _inferences(shown: tuple[Finding, ...], item: Finding) -> int:
    """By how many methods of inference the same estimate stands in the figure."""
    alike = (other.result for other in shown if other.reading == item.reading)
    return len({other.inference for other in alike if other.estimator == item.result.estimator})


def _is_about(item: Finding) -> bool:
    return item.result.estimator not in NOT_ABOUT_THE_OUTCOME


def _bar(release: Release, item: Finding, apart: str, language: Language, *, by_inference: bool) -> Bar:
    """A bar named by its estimator, or by its inference where that alone tells it from the others."""
    result = told(item)
    if by_inference:
        parts = [words.text(f"labels.inference.{result.inference}", language)]
    else:
        parts = [words.text(f"labels.method.{result.estimator}", language), apart]
    if item.reading != ALL_READINGS:
        parts.append(reading(release, item.reading, language))
    label = ", ".join(part for part in parts if part)
    return Bar(label, LOOK_OF.get(kind_of(item), "sampling"), result.estimate, result.lower, result.upper)


def number(release: Release, outcome: str, language: Language) -> str:
    """The number of the headline with its interval; a dash where there is none."""
    main = headline(release, outcome)
    if main is None:
        return "–"
    return f"{amount_of(main.result, outcome, language)} ({interval_of(main.result, outcome, language)})"


def other_numbers(release: Release, outcome: str, language: Language) -> str:
    """The headline number in every other reading; empty where there is none."""
    others = [
        f"{reading(release, item.reading, language)}: {amount_of(item.result, outcome, language)}"
        for item in elsewhere(release, outcome)
    ]
    return words.text("report.elsewhere", language, others="; ".join(others)) if others else ""
