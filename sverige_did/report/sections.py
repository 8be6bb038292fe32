"""One section a question: what was reported, what the design allows, every estimate, and what would overturn it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers
from sverige_did.report.claims import amount_of, claim, interval_of
from sverige_did.report.forest import Bar, Look, Shapes, forest
from sverige_did.report.headlines import (
    ALL_READINGS,
    NOT_ABOUT_THE_OUTCOME,
    design_of,
    elsewhere,
    findings_of,
    headline,
    question_standing,
    reading_of,
    standing,
)
from sverige_did.report.labels import assumption, caption, check_sentence, in_language, mark, note, reading
from sverige_did.report.spending import spending
from sverige_did.report.tables import FigureView, GroupedTable, Table, distinctions, estimates, heads

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import CheckResult, Finding
    from sverige_did.results.published import Reported
    from sverige_did.study.study import Outcome
    from sverige_did.words import Language


@dataclass(frozen=True, slots=True)
class Doubt:
    """What one check found in one reading, in words."""

    reading: str
    sentence: str
    given: str
    could_not_run: bool


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """Everything that is told about one outcome."""

    key: str
    name: str
    role: str
    benefit: str
    class_key: str
    standing: str
    number: str
    elsewhere: str
    claim: str
    remarks: tuple[str, ...]
    reported: Table | None
    figure: Shapes | None
    figure_caption: str
    parts: FigureView | None
    estimates: GroupedTable | None
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
    doubts: tuple[tuple[str, tuple[Doubt, ...]], ...]
    other_doubts: tuple[tuple[str, tuple[Doubt, ...]], ...]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question with its outcomes."""

    key: str
    text: str
    standing: str
    outcomes: tuple[OutcomeView, ...]


def questions(release: Release, language: Language) -> tuple[QuestionView, ...]:
    """Every question of the plan, in its order; one without outcomes is told as such."""
    views = []
    for question in release.study.questions:
        wanted = [item for item in release.study.outcomes if item.question == question.key]
        views.append(
            QuestionView(
                key=question.key,
                text=in_language(question.text, language),
                standing=question_standing(release, question.key),
                outcomes=tuple(_outcome(release, item, language) for item in wanted),
            )
        )
    return tuple(views)


def _outcome(release: Release, wanted: Outcome, language: Language) -> OutcomeView:
    key = wanted.outcome
    name = words.text(f"outcomes.{key}.short", language)
    found = findings_of(release, key)
    told = caption(release, "estimates", language, outcome=name)
    return OutcomeView(
        key=key,
        name=name,
        role=words.text(f"labels.role.{wanted.role}", language),
        benefit=words.text(f"labels.benefit.{wanted.benefit}", language),
        class_key=design_of(release, key).design_class or "none",
        standing=standing(release, key),
        number=_number(release, key, language),
        elsewhere=_elsewhere(release, key, language),
        claim=claim(release, key, language),
        remarks=_remarks(key, language),
        reported=_reported_table(release, key, language),
        figure=_figure(release, key, language),
        figure_caption=caption(release, "forest", language, outcome=name),
        parts=spending(release, key, language),
        estimates=estimates(release, key, language, caption=told) if found else None,
        assumptions=_assumptions(release, key, language),
        notes=tuple(
            note(name, language) for name in dict.fromkeys(name for item in found for name in item.result.notes)
        ),
        doubts=_doubts(release, key, language),
        other_doubts=_other_doubts(release, key, language),
    )


def _remarks(key: str, language: Language) -> tuple[str, ...]:
    """What must be kept in mind about an outcome: its twin per resident, and what it cannot serve for."""
    entry = CATALOGUE[key]
    told = [] if entry.use == "effect" else [words.text(f"report.use.{entry.use}", language)]
    if entry.twin is not None:
        twin = words.text(f"outcomes.{entry.twin}.phrase", language)
        told.append(words.text("report.twin", language, twin=twin))
    return tuple(told)


def _assumptions(release: Release, key: str, language: Language) -> tuple[str, ...]:
    found = findings_of(release, key)
    named = dict.fromkeys(name for item in found for name in item.result.assumptions)
    return tuple(assumption(release, name, language) for name in named)


def _doubts(release: Release, key: str, language: Language) -> tuple[tuple[str, tuple[Doubt, ...]], ...]:
    """The checks of one outcome in the reading it is told in; those that could not run last."""
    told = {reading_of(release, key), ALL_READINGS}
    return _grouped(release, [check for check in release.checks if check.reading in told], key, language)


def _other_doubts(release: Release, key: str, language: Language) -> tuple[tuple[str, tuple[Doubt, ...]], ...]:
    """The same checks in the readings that the outcome is not told in."""
    told = {reading_of(release, key), ALL_READINGS}
    return _grouped(release, [check for check in release.checks if check.reading not in told], key, language)


def _grouped(
    release: Release, checks: list[CheckResult], key: str, language: Language
) -> tuple[tuple[str, tuple[Doubt, ...]], ...]:
    found: dict[str, list[Doubt]] = {}
    for check in sorted(checks, key=lambda item: item.status == "could_not_run"):
        if check.outcome == key:
            found.setdefault(check.check, []).append(_doubt(release, check, language))
    return tuple((words.text(f"labels.check.{name}", language), tuple(doubts)) for name, doubts in found.items())


def _doubt(release: Release, check: CheckResult, language: Language) -> Doubt:
    return Doubt(
        reading="" if check.reading == ALL_READINGS else reading(release, check.reading, language),
        sentence=check_sentence(check, language),
        given="; ".join(assumption(release, key, language) for key in check.assumptions),
        could_not_run=check.status == "could_not_run",
    )


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


def reported_row(release: Release, fact: Reported, language: Language) -> tuple[str, ...]:
    """One reported figure as a row: finding, number, group, place and how it came to us."""
    return (
        fact.finding_da if language == "da" else fact.finding_en,
        reported_value(fact, language),
        words.text(f"labels.group.{fact.group}", language),
        f"{source_name(release, fact.source_file, language)}: {fact.place}",
        f"{fact.fact_id}, {words.text(f'labels.provenance.{fact.provenance}', language)}",
    )


REPORTED_COLUMNS = ("finding", "value", "group", "place", "fact")


def _reported_table(release: Release, key: str, language: Language) -> Table | None:
    facts = [fact for fact in release.reported if fact.outcome.split(".")[0] == key]
    if not facts:
        return None
    name = words.text(f"outcomes.{key}.short", language)
    return Table(
        caption=caption(release, "reported", language, outcome=name),
        columns=heads(REPORTED_COLUMNS, language),
        rows=tuple(reported_row(release, fact, language) for fact in facts),
        numeric=frozenset({1}),
    )


LOOK_OF: dict[str, Look] = {"before_after": "raw", "bayes": "posterior", "closed_form": "posterior"}


def _figure(release: Release, key: str, language: Language) -> Shapes | None:
    """Every finding on the scale of the headline, by method and reading; None where that is a single one."""
    told = headline(release, key)
    if told is None:
        return None
    order = [ALL_READINGS, *(item.key for item in release.study.readings)]
    shown = tuple(
        sorted(
            (item for item in findings_of(release, key) if item.result.scale == told.result.scale and _is_about(item)),
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
    name = words.text(f"outcomes.{key}.short", language)
    title = caption(release, "forest", language, outcome=name)
    return forest(f"forest-{key}", bars, language, scale=told.result.scale, title=title, mark=mark(release, language))


def _inferences(shown: tuple[Finding, ...], item: Finding) -> int:
    """By how many methods of inference the same estimate stands in the figure."""
    alike = (other.result for other in shown if other.reading == item.reading)
    return len({other.inference for other in alike if other.estimator == item.result.estimator})


def _is_about(item: Finding) -> bool:
    return item.result.estimator not in NOT_ABOUT_THE_OUTCOME


def _bar(release: Release, item: Finding, apart: str, language: Language, *, by_inference: bool) -> Bar:
    """A bar named by its estimator, or by its inference where that alone tells it from the others."""
    result = item.result
    if by_inference:
        parts = [words.text(f"labels.inference.{result.inference}", language)]
    else:
        parts = [words.text(f"labels.method.{result.estimator}", language), apart]
    if item.reading != ALL_READINGS:
        parts.append(reading(release, item.reading, language))
    label = ", ".join(part for part in parts if part)
    return Bar(label, LOOK_OF.get(result.estimator, "sampling"), result.estimate, result.lower, result.upper)


def _number(release: Release, outcome: str, language: Language) -> str:
    told = headline(release, outcome)
    if told is None:
        return "–"
    return f"{amount_of(told.result, outcome, language)} ({interval_of(told.result, outcome, language)})"


def _elsewhere(release: Release, outcome: str, language: Language) -> str:
    """The headline number in every other reading; empty where there is none."""
    told = [
        f"{reading(release, item.reading, language)}: {amount_of(item.result, outcome, language)}"
        for item in elsewhere(release, outcome)
    ]
    return words.text("report.elsewhere", language, told="; ".join(told)) if told else ""
