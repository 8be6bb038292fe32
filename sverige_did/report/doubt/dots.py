"""Dots out of five, and the sentence of each step of the rule that set them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.results.security import MOST

if TYPE_CHECKING:
    from sverige_did.results.security import Security, SecurityStep
    from sverige_did.words import Language

FULL, EMPTY = "\N{BLACK CIRCLE}", "\N{WHITE CIRCLE}"


def dots(count: int) -> str:
    """The dots as they are seen; a screen reader is told their number instead.

    >>> dots(2)
    '●●○○○'
    """
    return FULL * count + EMPTY * (MOST - count)


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
    """The rule's own steps for one outcome: where it starts and why, what it loses and why, and that the last dot stays."""
    start = words.text("doubt.security.starts", language, start=rating.start)
    said = [f"{start} {_capital(weakest_said(rating, language))}."]
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


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]
