"""Were the targets met? A bar for each, and what could be said of it at each evaluation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers, svg
from sverige_did.report.headlines import ALL_READINGS
from sverige_did.report.labels import assumption, caption, in_language, mark, reading
from sverige_did.report.provenance import source_said
from sverige_did.report.sections import source_name
from sverige_did.report.strips import Strip, strips
from sverige_did.report.tables import Table, heads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.report.forest import Shapes
    from sverige_did.results.targets import TargetMoment, TargetRecord
    from sverige_did.study.economy import Target
    from sverige_did.words import Language

COLUMN = "targets.column"

NEVER = 0.001
"""No probability is told as smaller than this, or as larger than one less it."""


def targets_first(release: Release) -> tuple[TargetRecord, ...]:
    """One record a target: in the main reading where it has one, else in the first that it can be read in."""
    best: dict[str, TargetRecord] = {}
    for record in release.targets:
        if record.key not in best or record.reading == release.main_reading:
            best[record.key] = record
    return tuple(best.values())


def target_figure(release: Release, language: Language) -> tuple[Shapes, str] | None:
    """A bar for the probability at the last date at which the target can be held against figures."""
    records = targets_first(release)
    if not records:
        return None
    title = caption(release, "targets.caption.figure", language)
    rows = tuple(_row(release, record, language) for record in records)
    drawn = strips(
        "targets", rows, (0.0, 1.0), lambda value: numbers.significant(100 * value, language),
        words.text("targets.axis", language), title=title, mark=mark(release, language),
    )  # fmt: skip
    return drawn, title


def _row(release: Release, record: TargetRecord, language: Language) -> Strip:
    label = _label(release, record, language)
    if record.met_before:
        label = words.text("targets.met_before", language, label=label)
    last = record.last
    if _from_itself(release, record):
        return Strip(label, words.text("targets.status.from_itself", language))
    if last is None:
        return Strip(label, words.text(f"targets.status.{_why(record)}", language))
    if last.probability is None:
        key = "met" if last.meets else "not_met"
        return Strip(label, words.text(f"targets.in_words.{key}", language, year=last.day.year))
    earlier = [one for one in record.moments if one.moment != "before" and one is not last]
    marks = tuple((one.probability, "diamond", svg.INK) for one in earlier if one.probability is not None)
    share = _percent(last.probability, language)
    said = words.text("targets.probability", language, value=share, year=last.day.year)
    return Strip(label, said, bar=(0.0, last.probability), colour=svg.ACCENT, marks=marks)  # type: ignore[arg-type]


def _label(release: Release, record: TargetRecord, language: Language) -> str:
    """The name of a target, with the reading where it is another than the page's main one."""
    label = in_language(_target(release, record).label, language)
    if record.reading in {ALL_READINGS, release.main_reading}:
        return label
    return f"{label} ({reading(release, record.reading, language)})"


def _from_itself(release: Release, record: TargetRecord) -> bool:
    """Whether a target was worked out from the very figure that it is held against: then it is met by construction."""
    named = set(_parts(_target(release, record).source))
    return record.last is not None and not named.isdisjoint(record.last.facts)


def _parts(source: str) -> list[str]:
    return [part.strip() for part in source.split(",")]


def _why(record: TargetRecord) -> str:
    """Why nothing can be said of a target at any date."""
    after = [one.status for one in record.moments if one.moment != "before"]
    return after[-1] if after else "no_figure"


def _target(release: Release, record: TargetRecord) -> Target:
    return next(one for one in release.study.targets if one.key == record.key)


def target_sentences(release: Release, language: Language) -> tuple[str, ...]:
    """How many targets the figures can be held against, and how many of those lay on the target's side."""
    records = targets_first(release)
    if not records:
        return ()
    said = [(one.last, _target(release, one).date) for one in records]
    circular = sum(_from_itself(release, one) for one in records)
    said = [(last, due) for one, (last, due) in zip(records, said, strict=True) if not _from_itself(release, one)]
    known = [last for last, due in said if last is not None and last.day >= due]
    early = sum(last is not None and last.day < due for last, due in said)
    values = {
        "total": len(records),
        "known": len(known),
        "met": sum(bool(one.meets) for one in known),
        "early": early,
        "none": len(said) - len(known) - early,
        "before": sum(bool(one.met_before) for one in records),
    }
    answer = words.text("targets.answer", language, **values)
    if circular:
        answer = f"{answer} {words.text('targets.from_itself', language, count=circular)}"
    return (
        answer,
        words.text("targets.no_effect", language),
        words.text("targets.read", language),
    )


def target_table(release: Release, language: Language) -> Table | None:
    """Every target, reading and date: what was registered, the probability, and how far it moved."""
    rows = tuple(row for record in release.targets for row in _rows(release, record, language))
    if not rows:
        return None
    names = ("target", "due", "moment", "registered", "side", "probability", "level", "source")
    title = caption(release, "targets.caption.table", language)
    return Table(title, heads(names, language, COLUMN), rows, frozenset({3, 5, 6}))


def _rows(release: Release, record: TargetRecord, language: Language) -> Iterator[tuple[str, ...]]:
    target = _target(release, record)
    name = in_language(target.label, language)
    if record.reading != ALL_READINGS:
        name = f"{name} ({reading(release, record.reading, language)})"
    due = numbers.day(target.date, language)
    if not record.moments:
        yield (
            name,
            due,
            "–",
            "–",
            words.text("targets.status.no_figure", language),
            "–",
            "–",
            _set_by(release, target, language),
        )
    for one in record.moments:
        yield (
            name,
            due,
            f"{words.text(f'targets.moment.{one.moment}', language)}, {one.day.year}",
            "–" if one.registered is None else numbers.significant(one.registered, language),
            _side_said(release, record, one, language),
            "–" if one.probability is None else _percent(one.probability, language),
            _level(one, language),
            "; ".join(
                part for part in (_figure_from(release, one, language), _set_by(release, target, language)) if part
            ),
        )


def _set_by(release: Release, target: Target, language: Language) -> str:
    """Where the target is from: fact ids as they are, a file by the plan's name of it."""
    said = ", ".join(source_name(release, part, language) for part in _parts(target.source))
    return words.text("targets.set_by", language, source=source_said(said, language))


def _figure_from(release: Release, one: TargetMoment, language: Language) -> str:
    """Where a registered number is from: the figure that prints it, or those that it is worked out from."""
    if one.registered is None and not one.facts:
        return ""
    if not one.facts:
        return words.text("targets.worked_out_of_reading", language)
    numbers_of = [
        fact.number for fact in release.reported if fact.fact_id in one.facts and isinstance(fact.value, float)
    ]
    known = one.registered is None or any(math.isclose(abs(value), abs(one.registered)) for value in numbers_of)
    return words.text(f"targets.{'printed' if known else 'worked_out'}", language, facts=", ".join(one.facts))


def _side_said(release: Release, record: TargetRecord, one: TargetMoment, language: Language) -> str:
    """On which side a number lay; of a target that was made of it, that it says nothing."""
    named = set(_parts(_target(release, record).source))
    if not named.isdisjoint(one.facts) and one.status == "computed":
        return words.text("targets.status.from_itself", language)
    return _side(one, language)


def _side(one: TargetMoment, language: Language) -> str:
    if one.meets is None or one.status in {"hidden", "not_due"}:
        return "–" if one.status == "computed" else words.text(f"targets.status.{one.status}", language)
    return words.text(f"targets.side.{'met' if one.meets else 'not_met'}", language)


def _level(one: TargetMoment, language: Language) -> str:
    if one.middle is None or one.lower is None or one.upper is None:
        return "–"
    middle, low, high = (numbers.significant(value, language) for value in (one.middle, one.lower, one.upper))
    return f"{middle} {words.text('report.cell.interval', language, lower=low, upper=high)}"


def _percent(value: float, language: Language) -> str:
    """A probability in per cent; none is told as certain."""
    if not NEVER <= value <= 1 - NEVER:
        key = "under" if value < NEVER else "over"
        limit = numbers.percent(NEVER if value < NEVER else 1 - NEVER, language)
        return words.text(f"targets.{key}", language, value=limit)
    return words.text("labels.percent", language, value=numbers.percent(value, language))


def target_moves(release: Release, language: Language) -> tuple[str, ...]:
    """From mid-term to the end: how far each answer moved, and what the last figures say by themselves."""
    return tuple(_moves(release, language))


def _moves(release: Release, language: Language) -> Iterator[str]:
    for record in targets_first(release):
        found = [one for one in record.moments if one.moment != "before" and one.probability is not None]
        if len(found) < 2:
            continue
        first, last = found[0], found[-1]
        assert first.probability is not None
        values = {
            "label": in_language(_target(release, record).label, language),
            "first": _percent(first.probability, language),
            "last": _percent(last.probability or 0.0, language),
            "year": first.day.year,
            "end": last.day.year,
            "alone": "–" if record.alone is None else _percent(record.alone, language),
        }
        yield words.text("targets.moved", language, **values)


def target_notes(release: Release, language: Language) -> tuple[str, ...]:
    """What is taken for granted, and what could not be computed, each once."""
    given = dict.fromkeys(key for record in release.targets for key in record.assumptions)
    said = [assumption(release, key, language) for key in given]
    remarks = dict.fromkeys(
        words.text(
            one.key, language, reading=reading(release, record.reading, language),
            **{name: numbers.separated(value, language) for name, value in one.values.items()},
        )
        for record in release.targets
        for one in record.remarks
    )  # fmt: skip
    rounded = [words.text("targets.rounded", language)] if release.policy == "registers" and release.targets else []
    taken = [words.text("report.given", language, what="; ".join(said))] if said else []
    return (*taken, *rounded, *remarks)
