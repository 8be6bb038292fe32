"""The one sentence that may be said about an outcome, filled from its headline finding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers
from sverige_did.report.headlines import design_of, headline
from sverige_did.report.labels import in_language
from sverige_did.results.estimates import WITHOUT_LEVEL

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Estimate
    from sverige_did.words import Language

NULL = {"ratio": 1.0}
"""The value that means no difference, where it is not 0."""

FEW_DISTRICTS = frozenset(
    {"inference.note.few_treated", "inference.note.few_control", "inference.note.few_assignments",
     "errors.too_few_treated", "errors.too_few_control", "errors.staggered_single"}
)  # fmt: skip
"""The remarks of a methods table by which districts are too few for a verdict."""


def claim(release: Release, outcome: str, language: Language) -> str:
    """The sentence that the design and the verdict allow.

    A sentence of its own where nothing was registered, and where only the level of one group is known.
    """
    shown = headline(release, outcome)
    if outcome in release.withheld:
        key = "claim_withheld_districts" if of_few_districts(release, outcome) else "claim_withheld"
        return words.text(f"methods_table.{key}", language, **_names(release, outcome, language))
    if shown is None:
        design_class = design_of(release, outcome).design_class
        key = "design.claim.none" if design_class is None else f"design.claim.{design_class}.refused"
        key = "design.claim.contradicted" if outcome in release.contradicted else key
        return words.text(_why_refused(release, outcome, key), language, **_names(release, outcome, language))
    result = shown.result
    others = said_of_others(release, outcome, language)
    key = "report.level_in_words" if others else "design.claim.level"
    said = words.text(
        key if result.estimand == "level" else _why_refused(release, outcome, shown.claim_key),
        language,
        others=others,
        estimate=amount_of(result, outcome, language),
        interval=interval_of(result, outcome, language),
        direction=words.text(f"design.direction.{_direction(result)}", language),
        side=words.text(f"design.side.{_side_told(release, outcome, result, language)}", language),
        times=_times(release, outcome, language),
        reservation=words.text(f"design.reservation.{_reservation(result)}", language),
        **_names(release, outcome, language),
    )
    return " ".join(one for one in (said, _below_the_top(release, outcome, result, language)) if one)


def said_of_others(release: Release, outcome: str, language: Language) -> str:
    """What a source says in words of the controls, where it prints no number of them; empty where it says nothing."""
    facts = [one for one in release.reported if (one.outcome, one.group) == (outcome, "control")]
    if any(isinstance(one.value, float) for one in facts):
        return ""
    said = [one.finding_da if language == "da" else one.finding_en for one in facts if one.measure == "direction"]
    return "; ".join(said)


def _below_the_top(release: Release, outcome: str, result: Estimate, language: Language) -> str:
    """A share of the moves, without those that could go one way only."""
    if result.estimand != "share_of_moves":
        return ""
    mine = (one.result for one in release.findings if one.outcome == outcome)
    other = next((one for one in mine if one.estimand == "share_of_moves_below_top"), None)
    if other is None:
        return ""
    amount = numbers.amount("share", other.estimate, language, CATALOGUE[outcome].unit, other.step)
    interval = interval_of(other, outcome, language)
    return words.text("report.below_the_top", language, amount=amount, interval=interval)


def of_few_districts(release: Release, outcome: str) -> bool:
    """Whether an outcome is withheld because a group has too few districts, however many children it has."""
    return any(one.outcome == outcome and one.what in {"few_districts", "one_district"} for one in release.given_up)


def _times(release: Release, outcome: str, language: Language) -> str:
    """How many times as much as the others one or two treated districts may swing; empty for every other verdict."""
    found = (record.relative_spread for record in release.methods_tables if record.outcome == outcome)
    most = next((one for one in found if one is not None), None)
    return "" if most is None else numbers.decimal(most, language, 1)


def _why_refused(release: Release, outcome: str, key: str) -> str:
    """The key of the sentence: that districts are few is said only where that is the reason."""
    tables = any(record.outcome == outcome for record in release.methods_tables)
    return (
        "design.claim.not_computed" if key.endswith(".refused") and tables and not untestable(release, outcome) else key
    )


def untestable(release: Release, outcome: str) -> bool:
    """Whether an outcome has no verdict because its districts are too few for any."""
    tables = (record for record in release.methods_tables if record.outcome == outcome)
    return any(
        record.verdict == "refused" and remark.key in FEW_DISTRICTS for record in tables for remark in record.remarks
    )


def _names(release: Release, outcome: str, language: Language) -> dict[str, str]:
    return {
        "outcome": words.text(f"outcomes.{outcome}.phrase", language),
        "treated": in_language(release.study.treated.label, language),
        "control": in_language(release.study.control.label, language),
    }


def amount_of(result: Estimate, outcome: str, language: Language) -> str:
    """The estimate with its unit; a part of a whole with what it is a part of."""
    unit = CATALOGUE[outcome].unit
    amount = numbers.amount(_told_on(result), result.estimate, language, unit, result.step)
    return words.text(f"labels.part.{result.estimand}", language, amount=amount) if _is_part(result) else amount


def _is_part(result: Estimate) -> bool:
    return result.estimand.startswith("share_of_")


def _told_on(result: Estimate) -> str:
    """The scale a number is reported on: a part of a whole in per cent of it, and not as a change."""
    return "share" if _is_part(result) else result.scale


def interval_of(result: Estimate, outcome: str, language: Language) -> str:
    """The interval with its unit and level; bounds are called what they are."""
    if result.lower is None or result.upper is None or result.level is None:
        return words.text("report.interval.none", language)
    scale, unit = _told_on(result), CATALOGUE[outcome].unit
    values = {
        "lower": numbers.bare(scale, result.lower, language, result.step),
        "upper": numbers.amount(scale, result.upper, language, unit, result.step),
        "least": numbers.amount(scale, result.lower, language, unit, result.step),
    }
    span = words.text(f"report.span.{_span(result.lower, result.upper)}", language, **values)
    if result.inference in WITHOUT_LEVEL:
        return words.text("report.interval.bounds", language, span=span)
    return words.text("report.interval.level", language, level=numbers.percent(result.level, language), span=span)


def _span(lower: float, upper: float) -> str:
    if math.isinf(lower):
        return "any" if math.isinf(upper) else "at_most"
    return "at_least" if math.isinf(upper) else "both"


def _sign(result: Estimate) -> int:
    null = NULL.get(result.scale, 0.0)
    return (result.estimate > null) - (result.estimate < null)


def _direction(result: Estimate) -> str:
    return {-1: "lower", 0: "same", 1: "higher"}[_sign(result)]


def side_of(release: Release, outcome: str, result: Estimate) -> str:
    """Whether a result points to the side that counts as better, to the worse, or to neither."""
    benefit = {item.outcome: item.benefit for item in release.study.outcomes}[outcome]
    wanted = {"lower": -1, "higher": 1, "none": 0}[benefit]
    return {1: "better", -1: "worse", 0: "neither"}[wanted * _sign(result)]


def _side_told(release: Release, outcome: str, result: Estimate, language: Language) -> str:
    """The side of a result; of one that is told as 0 it is neither."""
    told = numbers.bare(_told_on(result), result.estimate, language)
    return side_of(release, outcome, result) if any(one in "123456789" for one in told) else "neither"


def _reservation(result: Estimate) -> str:
    if result.lower is None or result.upper is None:
        return "no_interval"
    if result.inference in WITHOUT_LEVEL:
        return "bounds"
    return "includes" if result.lower <= NULL.get(result.scale, 0.0) <= result.upper else "excludes"
