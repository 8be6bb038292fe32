"""What cannot be told in a municipality as small as this, and what would let it be: from released facts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report.labels import caption, short_name
from sverige_did.report.tables import Table, heads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language

SUBJECT = "unanswered"
COUNTED_FEW = ("levels_windows", "levels_years", "levels_some", "curve_none", "curve_years")
"""What was given up, in the order in which the first that holds says what is missing."""


def unanswered(release: Release, language: Language) -> Table | None:
    """A row for every outcome of which something stays inside; None where nothing does, or nothing was counted here."""
    rows = tuple(_rows(release, language)) if release.policy == "registers" else ()
    if not rows:
        return None
    shown = caption(release, f"{SUBJECT}.caption", language)
    return Table(shown, heads(("outcome", "missing", "remedy"), language, f"{SUBJECT}.column"), rows)


def _rows(release: Release, language: Language) -> Iterator[tuple[str, str, str]]:
    for wanted in release.study.outcomes:
        outcome = wanted.outcome
        given_up = {one.what for one in release.given_up if one.outcome == outcome}
        if lone := given_up & {"few_districts", "one_district"}:
            yield _row(outcome, lone.pop(), "districts", language)
        elif outcome in release.withheld:
            yield _withheld(release, outcome, language)
        elif first := next((what for what in COUNTED_FEW if what in given_up), None):
            yield _row(outcome, first, "longer", language)


def _row(outcome: str, missing: str, remedy: str, language: Language) -> tuple[str, str, str]:
    said = (words.text(f"{SUBJECT}.missing.{missing}", language), words.text(f"{SUBJECT}.remedy.{remedy}", language))
    return (short_name(outcome, language), *said)


def _withheld(release: Release, outcome: str, language: Language) -> tuple[str, str, str]:
    """Where the same children are told of more coarsely on this page, that is named first."""
    row = _row(outcome, "withheld", "together", language)
    names = ", ".join(short_name(one, language) for one in coarser(release, outcome))
    return (*row[:2], words.text(f"{SUBJECT}.remedy.coarser", language, names=names, others=row[2])) if names else row


def coarser(release: Release, outcome: str) -> tuple[str, ...]:
    """The outcomes shown here that count the children of this one among others."""
    own = CATALOGUE[outcome]
    shown = [one.outcome for one in release.study.outcomes if one.outcome not in release.withheld]
    return tuple(
        name
        for name in shown
        if name == own.part_of or outcome in CATALOGUE[name].sum_of or set(own.counts) < set(CATALOGUE[name].counts)
    )
