"""What stands beside a difference by hand: other printed figures, and why the sentence above has another number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers, seen
from sverige_did.report.claims import amount_of, interval_of
from sverige_did.report.front.by_hand import by_hand, gap_by_hand, holds_unprinted
from sverige_did.report.headlines import BAYES, answering, design_of, headline, kind_of, pick
from sverige_did.report.labels import short_name
from sverige_did.report.sections import source_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language

SIZE = "control_to_treated"
"""The plan's assumption of how many times as many children the controls have placed."""


def notes(release: Release, question: str, outcome: str, language: Language) -> tuple[str, ...]:
    """The notes below the table by hand of a question's spokesman, each in one or two sentences."""
    found = (
        _marks(release, outcome, language),
        _printed_otherwise(release, question, outcome, language),
        _other_arithmetic(release, outcome, language),
        _scaled(release, outcome, language),
        _over_starts(release, outcome, language),
        _primary(release, question, outcome, language),
    )
    return tuple(one for several in found for one in several)


def _marks(release: Release, outcome: str, language: Language) -> Iterator[str]:
    """What a dash and a star in the table mean, where it has them."""
    table = by_hand(release, outcome, language)
    if table is None or release.study.kind != "published":
        return
    if any("–" in row for row in table.rows):
        yield words.text("front.table.dash", language)
    if holds_unprinted(table):
        yield words.text("front.table.unprinted", language)


def _printed_otherwise(release: Release, question: str, outcome: str, language: Language) -> Iterator[str]:
    """Another measure of the same question whose printed levels would have made other numbers of children."""
    if release.study.kind != "published" or CATALOGUE[outcome].unit != "children":
        return
    before, after = seen.ends(release, outcome, "treated")
    for other in answering(release, question):
        pair = seen.ends(release, other, "treated")
        known = [one.value for one in (before, after, *pair) if one is not None and one.value is not None]
        if other == outcome or len(known) < 4 or not known[2]:
            continue
        implied = known[0] * known[3] / known[2]
        if round(implied) == round(known[1]):
            continue
        levels = [
            words.text("front.seen.moment", language, value=seen.with_unit(one, language, other),
                       when=seen.moment(one, language))
            for one in pair if one is not None
        ]  # fmt: skip
        yield words.text(
            "front.beside.printed_otherwise", language, source=_source_of(release, other, language),
            other=words.text(f"outcomes.{other}.phrase", language), levels=seen.joined(levels, language),
            before=numbers.decimal(known[0], language, 0), after=numbers.decimal(known[1], language, 0),
            implied=numbers.decimal(implied, language, 0), name=short_name(outcome, language),
            other_name=short_name(other, language),
        )  # fmt: skip


def _source_of(release: Release, outcome: str, language: Language) -> str:
    """The document that prints the last level of an outcome."""
    facts = (one for one in release.reported if one.outcome == outcome and one.measure in seen.LEVELS)
    return source_name(release, max(facts, key=lambda one: one.period_end).source_file, language)


def _other_arithmetic(release: Release, outcome: str, language: Language) -> Iterator[str]:
    """Why a sentence that multiplies, or weighs what was known, has another number than a table that subtracts."""
    main, gap = headline(release, outcome), gap_by_hand(release, outcome)
    if main is None or gap is None or release.study.kind != "published" or main.result.scale != "ratio":
        return
    weighed = kind_of(main) in BAYES
    if gap.kind != "ratio_change":
        yield words.text(f"front.beside.ratio{'_weighed' if weighed else ''}", language)
    elif weighed:
        yield words.text("front.beside.weighed", language)


def _scaled(release: Release, outcome: str, language: Language) -> Iterator[str]:
    """Two changes in money of groups of unlike size: the controls' is divided before it is subtracted."""
    scaled = pick(release, outcome, ("did_scaled",), "mio_dkk")
    plain = pick(release, outcome, ("did",), "mio_dkk")
    size = next((one for one in release.study.assumptions if one.key == SIZE), None)
    if scaled is None or plain is None or size is None:
        return
    values = {name: amount_of(one.result, outcome, language) for name, one in (("scaled", scaled), ("plain", plain))}
    yield words.text("front.beside.scaled", language, times=numbers.significant(size.value, language), **values)


def _over_starts(release: Release, outcome: str, language: Language) -> Iterator[str]:
    """Where units begin at different dates: what the levels at the top make by hand, and why it differs."""
    if design_of(release, outcome).design_class != "D5":
        return
    pairs = [seen.first_and_last(release, outcome, group) for group in seen.GROUPS]
    known = [one.value for pair in pairs for one in pair if one is not None and one.value is not None]
    main = headline(release, outcome)
    if len(known) != 4 or main is None or main.result.scale != CATALOGUE[outcome].scale:
        return
    gap = (known[1] - known[0]) - (known[3] - known[2])
    unit, amount = CATALOGUE[outcome].unit, amount_of(main.result, outcome, language)
    told = numbers.amount(main.result.scale, gap, language, unit, main.result.step)
    yield words.text("front.beside.over_starts", language, gap=told, amount=amount)


def primary_beside(release: Release, question: str, outcome: str, language: Language) -> str:
    """The number of the plan's primary outcome, where another one of its question tells it; empty elsewhere."""
    primary = _primary_of(release, question, outcome)
    found = None if primary is None else headline(release, primary)
    if primary is None or found is None or found.verdict == "refused" or primary in release.withheld:
        return ""
    return words.text("front.beside.primary", language, name=short_name(primary, language),
                      amount=amount_of(found.result, primary, language),
                      interval=interval_of(found.result, primary, language))  # fmt: skip


def _primary(release: Release, question: str, outcome: str, language: Language) -> Iterator[str]:
    """Why the plan's primary outcome does not stand first in the answer to its question."""
    primary = _primary_of(release, question, outcome)
    if primary is not None:
        whole = "children" if CATALOGUE[outcome].unit == "children" else "level"
        names = {"name": short_name(outcome, language), "primary": short_name(primary, language)}
        yield words.text(f"front.beside.chosen_{whole}", language, **names)


def _primary_of(release: Release, question: str, outcome: str) -> str | None:
    """The plan's primary outcome of a question, where it is another than the one that tells it."""
    asked = (one for one in release.study.outcomes if one.question == question and one.role == "primary")
    primary = next(asked, None)
    return None if primary is None or primary.outcome == outcome else primary.outcome
