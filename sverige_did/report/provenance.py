"""What a reviewer needs to check the page: assumptions, deviations, versions, sources, the plan and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.report.headlines import ALL_READINGS, done
from sverige_did.report.labels import caption, check_sentence, in_language, number_name, short_name
from sverige_did.report.tables import Table, heads

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.results.sources import SourceFile
    from sverige_did.words import Language

NEEDS = ("before", "districts", "spells", "elsewhere")

OWN = "own assumption"
"""How a plan says that a number has no source but itself (study.Assumption.source)."""


def source_said(source: str, language: Language) -> str:
    """Where a number of a plan is from, in words where it is the plan's own."""
    return words.text("report.own_assumption", language) if source == OWN else source


def assumptions(release: Release, language: Language) -> Table | None:
    """Every number that no source prints: value, the values tried beside it, the reason and the source."""
    if not release.study.assumptions:
        return None
    columns = heads(("assumption", "value", "grid", "unit", "reason", "source"), language)
    rows = tuple(
        (
            number_name(item.key, language),
            numbers.significant(item.value, language),
            "; ".join(numbers.significant(value, language) for value in item.grid) or "–",
            words.text(f"labels.unit.{item.unit}", language),
            in_language(item.reason, language),
            source_said(item.source, language),
        )
        for item in release.study.assumptions
    )
    return Table(caption(release, "assumptions", language), columns, rows, frozenset({1, 2}))


def deviations(release: Release, language: Language) -> Table | None:
    """Where the analysis departs from the plan; None where it does not."""
    if not release.study.deviations:
        return None
    rows = tuple(
        (numbers.day(item.when, language), in_language(item.what, language), in_language(item.why, language))
        for item in release.study.deviations
    )
    columns = heads(("when", "what", "why"), language)
    return Table(caption(release, "deviations", language), columns, rows)


def versions(release: Release, language: Language) -> Table:
    """The packages that computed the release."""
    rows = tuple(sorted(release.versions.items()))
    return Table(caption(release, "versions", language), heads(("package", "version"), language), rows)


def sources(release: Release, language: Language) -> Table | None:
    """Each file with its publisher's table and stamp, and the credit that its licence wants; None without files."""
    if not release.sources:
        return None
    names = ("file", "table", "updated", "retrieved", "origin", "state")
    rows = tuple(
        (
            one.file,
            one.table or "–",
            one.updated or "–",
            "–" if one.retrieved is None else numbers.day(one.retrieved, language),
            _origin(one, language),
            words.text(f"report.sources.{'changed' if one.changed else 'unchanged'}", language),
        )
        for one in release.sources
    )
    return Table(caption(release, "sources", language), heads(names, language, "report.sources"), rows)


def _origin(one: SourceFile, language: Language) -> str:
    if one.synthetic:
        return words.text("report.sources.made_up", language)
    if one.credit is None:
        return words.text("report.sources.own", language)
    return words.text("report.sources.credit", language, credit=one.credit, licence=one.licence or "–")


def needs(release: Release) -> tuple[str, ...]:
    """What better data would be, as keys of ``report.needs``."""
    return ("adoption", "yearly", "spells") if release.policy == "tables" else NEEDS


def needed(release: Release, language: Language) -> tuple[tuple[str, str], ...]:
    """What the designs at hand could detect, outcome by outcome in words: what better data would have to beat."""
    shown = {release.main_reading, ALL_READINGS}
    return tuple(
        (short_name(check.outcome, language), check_sentence(check, language))
        for check in release.checks
        if check.check == "needed" and check.reading in shown
    )


def plan_text(release: Release) -> str:
    """The whole plan as YAML."""
    plan = release.study.model_dump(mode="json")
    return yaml.safe_dump(plan, allow_unicode=True, sort_keys=False, width=100)


def background(release: Release, language: Language) -> str:
    """What a source says in words of the treated group before the start: how it already differed from the others."""
    said = [
        fact.finding_da if language == "da" else fact.finding_en
        for fact in release.reported
        if (fact.measure, fact.group, fact.value) == ("context", "treated", None)
        and fact.period_end <= release.study.periods.baseline
    ]
    return "; ".join(one[:1].lower() + one[1:] for one in said)


def limits(release: Release) -> tuple[str, ...]:
    """Which limitations apply, as keys of ``report.limits``: read off the designs and the plan, not written by hand."""
    asked = [design for design in release.designs if not done(release, design.outcome)]
    classes, tables = {design.design_class for design in asked}, release.policy == "tables"
    compared = {design.design_class for design in asked if design.may_say_effect}
    applies = {
        "not_randomised": True,
        "apart_before": bool(background(release, "en")),
        "no_trend": any(design.may_say_effect and design.support.treated_dates < 3 for design in release.designs),
        "two_groups": compared == {"D1g"},
        "some_two_groups": "D1g" in compared and len(compared) > 1,
        "after_only": "D2" in classes,
        "treated_only": "D3" in classes,
        "other_cases": "D4" in classes,
        "nothing": None in classes,
        "lost": bool(release.study.readings and release.feasible)
        or any(design.support.numbers_lost for design in release.designs),
        "districts_assumed": release.study.kind == "published" and not release.study.control.districts_known,
        "shared_management": release.policy != "tables",
        **dict.fromkeys(("adoption_known", "hidden_adopters", "other_reforms", "stock_of_one_day"), tables),
    }
    return tuple(key for key, holds in applies.items() if holds)
