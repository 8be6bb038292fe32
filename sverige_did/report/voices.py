"""What people said in interviews beside what the figures carry: where they meet, where not, where only one exists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sverige_did import words
from sverige_did.report import labels
from sverige_did.report.claims import side_of
from sverige_did.report.headlines import ROLES, Standing, headline, question_standing
from sverige_did.report.sections import source_name
from sverige_did.report.tables import Table, heads
from sverige_did.results.statements import Direction, SourceGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.results.statements import Statement
    from sverige_did.words import Language

DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
GROUPS: tuple[SourceGroup, ...] = get_args(SourceGroup)
SIGN: dict[Direction, str] = {"better": "▲", "worse": "▼", "mixed": "◆", "unchanged": "●"}

Said = Literal["better", "worse", "mixed", "divided", "nothing"]
"""What all who were asked about a question say together: ``divided`` where some say better and some worse."""

Together = Literal[
    "agree", "disagree", "figures_only", "voices_only", "same_way", "other_way", "voices_open", "figures_open"
]
"""How voices and figures stand to each other. Only figures that carry a finding can agree or disagree with voices;
figures that settle nothing can at most point the same way."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One question: how its figures stand and which way they point, and what was said of it.

    ``lines`` hold a sign, the direction in words, and the groups that say so with their numbers of statements.
    """

    question: str
    text: str
    standing: Standing
    points: str
    lines: tuple[tuple[str, str, str], ...]
    together: Together


def said(statements: Iterable[Statement]) -> Said:
    """What the statements about one question say together."""
    ways = {statement.direction for statement in statements}
    if {"better", "worse"} <= ways:
        return "divided"
    return next((way for way in ("better", "worse") if way in ways), "mixed" if ways else "nothing")


def together(standing: Standing, points: str, voices: Said) -> Together:
    """How the two stand to each other; ``points`` is better, worse, neither or empty where nothing was estimated."""
    if voices == "nothing":
        return "figures_only"
    if not points:
        return "voices_only"
    if voices not in {"better", "worse"}:
        return "voices_open"
    if standing == "supported":
        return "agree" if points == voices else "disagree"
    if points == "neither":
        return "figures_open"
    return "same_way" if points == voices else "other_way"


def heard(release: Release, language: Language) -> tuple[Heard, ...]:
    """Every question of the plan; nothing where the study has no interviews."""
    if not release.statements:
        return ()
    rows = []
    for question in release.study.questions:
        about = [statement for statement in release.statements if statement.question == question.key]
        standing, points = question_standing(release, question.key), _points(release, question.key)
        way = together(standing, points, said(about))
        text = labels.in_language(question.text, language)
        rows.append(Heard(question.key, text, standing, points, tuple(_lines(about, language)), way))
    return tuple(rows)


def _points(release: Release, question: str) -> str:
    """Which way the first finding of the weightiest outcome of a question points; empty where there is none."""
    wanted = [item for item in release.study.outcomes if item.question == question]
    for item in sorted(wanted, key=lambda one: ROLES.index(one.role)):
        shown = headline(release, item.outcome)
        if shown is not None and item.outcome not in release.withheld:
            return side_of(release, item.outcome, shown.result)
    return ""


def _lines(statements: list[Statement], language: Language) -> Iterator[tuple[str, str, str]]:
    """For each direction that somebody spoke in: its sign, its words, and who."""
    for way in DIRECTIONS:
        counts = Counter(one.source_group for one in statements if one.direction == way)
        who = (
            f"{words.text(f'voices.group.{group}', language)}\u00a0{counts[group]}" for group in GROUPS if counts[group]
        )
        if counts:
            yield SIGN[way], words.text(f"voices.direction.{way}", language), ", ".join(who)


def statements_table(release: Release, language: Language) -> Table:
    """Every statement with its place, question by question."""
    names = {question.key: labels.in_language(question.text, language) for question in release.study.questions}
    ordered = sorted(release.statements, key=lambda one: list(names).index(one.question))
    has_words = any(one.said_da for one in ordered)
    rows = tuple(
        (
            names[one.question],
            *([one.said_da if language == "da" else one.said_en] if has_words else []),
            words.text(f"voices.group.{one.source_group}", language),
            f"{SIGN[one.direction]} {words.text(f'voices.direction.{one.direction}', language)}",
            words.text(f"voices.strength.{one.strength}", language),
            f"{source_name(release, one.source, language)}: {one.place}",
        )
        for one in ordered
    )
    columns = ("question", *(("said",) if has_words else ()), "group", "direction", "strength", "place")
    title = words.text("voices.statements", language, count=len(rows))
    return Table(title, heads(columns, language, "voices.columns"), rows)
