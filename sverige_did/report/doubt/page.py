"""The page of doubt: for each outcome how much it can bear, what would overturn it, every check, and ROBINS-I."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report.claims import claim
from sverige_did.report.doubt.change import would_change
from sverige_did.report.doubt.dots import Dotted, dotted, steps_said, weakest_said
from sverige_did.report.doubt.judged import KINDS, Judged, judged, status_of
from sverige_did.report.doubt.robins import Domain, shared_and_own, status_said
from sverige_did.report.doubt.security import ratings
from sverige_did.report.doubt.tipping import tipping_figure
from sverige_did.report.labels import caption, check_said, short_name
from sverige_did.report.pages import context, doubt_name, environment
from sverige_did.report.sections import assumed_by, sensitivity_analyses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sverige_did.disclosure.release import Release
    from sverige_did.report.doubt.tipping import TippingView
    from sverige_did.results.estimates import CheckResult
    from sverige_did.results.security import Security
    from sverige_did.words import Language

STATUSES = ("pass", "fail", "open", "unknown", "told")
"""How checks can come out, in the order in which they are counted."""


RULE = ("weakest", "design", "units", "before", "found", "data", "barred", "explanations", "stands", "unknown")
"""The sentences of the rule, in its order."""


@dataclass(frozen=True, slots=True)
class Row:
    """One check in the table: ``status`` is a class of the style, ``called`` its word."""

    name: str
    reading: str
    status: str
    called: str
    said: str
    assumed: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """All that stands about one outcome."""

    outcome: str
    name: str
    claim: str
    rating: Security
    dots: Dotted | None
    weakest: str
    steps: tuple[str, ...]
    change: str
    tipping: TippingView | None
    tally: str
    checks: tuple[tuple[str, tuple[Row, ...]], ...]
    further: tuple[Row, ...]
    domains: tuple[Domain, ...]


def render_doubt(release: Release, language: Language) -> str:
    """The page as text: style and figures inline, no script, nothing fetched.

    Raises KeyError where a check has a sentence that nobody has said how to read.
    """
    with words.naming(release.study.named_unit):
        other: Language = "en" if language == "da" else "da"
        shown = context(release, language) | {
            "sibling": doubt_name(release, other),
            "doubts": doubts(release, language),
            "shared": shared_and_own(release, _judgeable(ratings(release)), language)[0],
            "all_title": caption(release, "doubt.all_title", language),
            "captioned": partial(caption, release, language=language),
            "statuses": (*STATUSES[:4], "blind", STATUSES[4]),
            "rule": RULE,
        }
        return environment().get_template("doubt.html.j2").render(shown)


def doubts(release: Release, language: Language) -> tuple[Doubt, ...]:
    """Every outcome that asks for an effect, in the plan's order."""
    rated = ratings(release)
    _, domains = shared_and_own(release, _judgeable(rated), language)
    return tuple(_doubt(release, rating, domains.get(rating.outcome, ()), language) for rating in rated)


def _judgeable(rated: Sequence[Security]) -> tuple[str, ...]:
    """The outcomes of which there is a result to judge the risk of bias of."""
    return tuple(one.outcome for one in rated if one.dots)


def _doubt(release: Release, rating: Security, domains: tuple[Domain, ...], language: Language) -> Doubt:
    outcome, found = rating.outcome, judged(release, rating.outcome)
    return Doubt(
        outcome=outcome,
        name=short_name(outcome, language),
        claim=claim(release, outcome, language),
        rating=rating,
        dots=dotted(release, outcome, language),
        weakest=weakest_said(rating, language),
        steps=steps_said(rating, language),
        change=would_change(release, outcome, language),
        tipping=tipping_figure(release, outcome, language) if rating.dots else None,
        tally=_tally(found, language),
        checks=tuple(
            (words.text(f"doubt.kind.{kind}", language), rows)
            for kind in KINDS
            if (rows := tuple(_row(release, one, language) for one in found if one.kind == kind))
        ),
        further=_further(release, outcome, language),
        domains=domains,
    )


def _row(release: Release, one: Judged, language: Language) -> Row:
    return Row(
        name=words.text(f"labels.check.{one.check.check}", language),
        reading=one.check.reading,
        status=one.status,
        called=status_said(one, language),
        said=check_said(release, one.check, language),
        assumed=assumed_by(release, one.check, language),
    )


def _further(release: Release, outcome: str, language: Language) -> tuple[Row, ...]:
    """The checks in the other readings of a damaged source."""
    every = sensitivity_analyses(release, outcome, other_readings=True)
    return tuple(_row(release, _read(release, one), language) for made in every.values() for one in made)


def _read(release: Release, check: CheckResult) -> Judged:
    return Judged(check, "data", status_of(release, check))


def _tally(found: Sequence[Judged], language: Language) -> str:
    """How many checks came out how; empty where there are none."""
    counts = {status: sum(one.status == status for one in found) for status in STATUSES}
    parts = [words.text(f"doubt.counted.{key}", language, count=count) for key, count in counts.items() if count]
    return words.text("doubt.tally", language, total=len(found), parts=", ".join(parts)) if parts else ""
