"""Dots out of five, and the sentence of each step of the rule that set them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.doubt.security import security
from sverige_did.results.security import MOST

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.results.security import Security, SecurityStep
    from sverige_did.words import Language

FULL, EMPTY = "\N{BLACK CIRCLE}", "\N{WHITE CIRCLE}"


def dots(count: int) -> str:
    """The dots as they are seen; a screen reader is told their number instead.

    >>> dots(2)
    '●●○○○'
    """
    return FULL * count + EMPTY * (MOST - count)


@dataclass(frozen=True, slots=True)
class Dotted:
    """The dots of an outcome as they are seen, as they are spoken, and as the words of a link to what lies behind."""

    seen: str
    spoken: str
    link: str


def dotted(release: Release, outcome: str, language: Language) -> Dotted | None:
    """The dots of an outcome; None where it says what was done."""
    rating = security(release, outcome)
    if rating is None:
        return None
    spoken, link = (words.text(f"doubt.{key}", language, dots=rating.dots) for key in ("dots", "link"))
    return Dotted(dots(rating.dots), spoken, link)


def step_said(step: SecurityStep, language: Language) -> str:
    """What a step says, as a part of a sentence."""
    told = {
        name: numbers.significant(value, language, 2) if name == "power" else numbers.decimal(value, language, 0)
        for name, value in step.numbers.items()
    }
    return words.text(f"doubt.security.{step.what}.{step.key}", language, **told)


def weakest_said(rating: Security, language: Language) -> str:
    """What sets where a rating starts."""
    return "; ".join(step_said(one, language) for one in rating.weakest)


def steps_said(rating: Security, language: Language) -> tuple[str, ...]:
    """The rule's own steps for one outcome: where it starts and what it loses, each with the reason."""
    start = words.text("doubt.security.starts", language, start=rating.start)
    if rating.start == 0:
        start = words.text("doubt.security.none", language)
    said = [f"{start} {weakest_said(rating, language)}."]
    others = [one for one in rating.steps if one.ceiling is not None and one not in rating.weakest]
    said += [
        f"{words.text('doubt.security.at_most', language, ceiling=one.ceiling)} {step_said(one, language)}."
        for one in sorted(others, key=lambda one: one.ceiling or 0)
    ]
    lost = [one for one in rating.steps if one.loses]
    said += [
        f"{words.text('doubt.security.loses', language, loses=one.loses)} {step_said(one, language)}." for one in lost
    ]
    if rating.dots > rating.start - sum(one.loses for one in lost):
        said.append(words.text("doubt.security.floor", language))
    return tuple(said)
