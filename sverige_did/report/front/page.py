"""The answer page: one self-contained HTML file a language, complete without its script, from one release."""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.economy import economy_sentences, waterfall
from sverige_did.report.front import cards, first_screen, reasons
from sverige_did.report.front.glossary import Glossary, terms_in
from sverige_did.report.headlines import headline, rows, tally
from sverige_did.report.implementation import doses_said, what_was_done
from sverige_did.report.pages import context, environment, file_name, overview_figure
from sverige_did.report.provenance import limits
from sverige_did.report.tables import Table
from sverige_did.report.targets import target_sentences
from sverige_did.report.voices import heard
from sverige_did.results.estimates import WITHOUT_LEVEL

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.words import Language

SENTENCES = 3
"""Of money, so many sentences stand on the answer page; the rest in the annex."""

TARGET_SENTENCES = 2
"""Of the targets; the third reads a figure that only the annex has."""


def render_front(release: Release, language: Language) -> str:
    """The answer page as text: style, figures and script inline, nothing fetched.

    Raises KeyError where the release carries a key that the language files do not know.
    """
    with words.naming(release.study.named_unit):
        return environment().get_template("front/page.html.j2").render(_shown(release, language))


def _shown(release: Release, language: Language) -> dict[str, Any]:
    told = reasons.reasons(release, language)
    script = files("sverige_did.report").joinpath("static/front.js").read_text("utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    other: Language = "en" if language == "da" else "da"
    return (
        context(release, language)
        | {
            "sibling": file_name(release, other),
            "script": Markup(script),  # noqa: S704 (a file of this package)
            "script_source": f"'sha256-{digest}'",
            "terms_in": partial(terms_in, language),
            "marked": Glossary(language).mark,
            "lead": first_screen.lead(release, language),
            "later": first_screen.later(release, language),
            "tiles": first_screen.tiles(release, language),
            "numbers_only": _without_design,
            "finding": first_screen.finding(release, language),
            "overview": overview_figure(release, language),
            "reasons": told,
            "to_remember": tuple(key for key in limits(release) if _is_new(key, told, language)),
            "cards": cards.cards(release, language),
            "told_only": cards.told_only(release, language),
            "tally": first_screen.tally_said(release, language),
            "open": tally(release)["open"] > 0,
            "money": economy_sentences(release, language)[:SENTENCES],
            "waterfall": waterfall(release, language),
            "targets": target_sentences(release, language)[:TARGET_SENTENCES],
            "done": what_was_done(release),
            "doses": doses_said(release, language),
            "voices": _voices(release, language),
            "other_readings": any(row.reading for row in rows(release)),
            "rounding_only": _rounding_only(release),
            "credits": tuple(dict.fromkeys(f"{one.credit}, {one.licence}" for one in release.sources if one.credit)),
            "cited": citation(release, language),
        }
    )


def _without_design(table: Table) -> Table:
    """The numbers of the first figure without the names of designs, which the annex explains."""
    rows = tuple((row[0], *row[2:]) for row in table.rows)
    numeric = frozenset(at - 1 for at in table.numeric)
    return Table(table.caption, (table.columns[0], *table.columns[2:]), rows, numeric)


def _is_new(limit: str, told: tuple[reasons.Reason, ...], language: Language) -> bool:
    """Whether a limitation is not already one of the reasons above it."""
    said = words.text(f"report.limits.{limit}", language)
    return limit != "apart_before" and not any(said in reason.sentence for reason in told)


def _rounding_only(release: Release) -> bool:
    """Whether some main number has limits that hold rounding alone."""
    found = (headline(release, one.outcome) for one in release.study.outcomes)
    return any(one is not None and one.result.inference in WITHOUT_LEVEL for one in found)


def _voices(release: Release, language: Language) -> str:
    """How interviews and figures stand to each other, in one sentence; empty without interviews."""
    rows = heard(release, language)
    if not rows:
        return ""
    ways = [row.together for row in rows]
    return words.text(
        "front.voices", language, statements=len(release.statements), questions=len(ways),
        same=ways.count("same_way") + ways.count("agree"), other=ways.count("other_way") + ways.count("disagree"),
    )  # fmt: skip


def citation(release: Release, language: Language) -> str:
    """How the page is cited: title, package with its version, plan and the date on which it was written."""
    title = release.study.title.da if language == "da" else release.study.title.en
    return words.text(
        "front.citation", language, title=title, version=release.versions.get("sverige-did", "–"),
        sha=release.plan_sha256[:12], written=numbers.day(release.study.written, language),
    )  # fmt: skip
