"""What would have been seen, had the treated developed as the others did: an estimate in numbers of children."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers
from sverige_did.report.headlines import BAYES, DID, design_of, headline, kind_of, pick
from sverige_did.report.labels import in_language
from sverige_did.report.seen import ends, moment
from sverige_did.results.estimates import WITHOUT_LEVEL

if TYPE_CHECKING:
    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Finding
    from sverige_did.words import Language


@dataclass(frozen=True, slots=True)
class Expected:
    """A level after the start, and what it would have been with the controls' development, with its limits.

    ``by_hand`` is the same without a prior, where the estimate has one; None where it has none.
    """

    seen: float
    expected: float
    lower: float
    upper: float
    by_hand: float | None = None


def expected(release: Release, outcome: str) -> Expected | None:
    """From the headline of an outcome and its level after; None where either is missing or chance has no part in it.

    A level below 0, or a share above 100, is cut there.
    """
    found = headline(release, outcome)
    _, after = ends(release, outcome, "treated")
    if (
        found is None
        or found.verdict == "refused"
        or after is None
        or after.value is None
        or not design_of(release, outcome).may_say_effect
    ):
        return None
    result, value = found.result, after.value
    if result.lower is None or result.upper is None or result.inference in WITHOUT_LEVEL:
        return None
    most = 100.0 if CATALOGUE[outcome].unit == "percent" and CATALOGUE[outcome].family == "share" else math.inf
    if result.scale == "ratio":
        if result.estimate <= 0 or value == 0:
            return None
        limits = (result.estimate, result.upper, result.lower)
        middle, low, high = (min(value / end, most) if end > 0 else most for end in limits)
        return Expected(value, middle, low, high, _without_prior(release, outcome, found, value))
    if result.scale != CATALOGUE[outcome].scale or CATALOGUE[outcome].of_the_group:
        return None
    places = (value - end for end in (result.estimate, result.upper, result.lower))
    middle, low, high = (min(max(place, 0.0), most) for place in places)
    return Expected(value, middle, low, high)


def _without_prior(release: Release, outcome: str, found: Finding, value: float) -> float | None:
    plain = pick(release, outcome, DID, "ratio") if kind_of(found) in BAYES else None
    return value / plain.result.estimate if plain is not None and plain.result.estimate > 0 else None


def said(release: Release, outcome: str, language: Language) -> str:
    """The counterfactual as natural frequencies; empty where it has none."""
    found = expected(release, outcome)
    if found is None:
        return ""
    digits = _digits(found)
    told = {
        name: numbers.decimal(value, language, digits)
        for name, value in (("seen", found.seen), ("expected", found.expected), ("lower", found.lower))
    }
    upper = numbers.decimal(found.upper, language, digits)
    key = "open" if math.isinf(found.upper) else "both"
    span = words.text(f"front.expected.{key}", language, lower=told.pop("lower"), upper=upper)
    kind = CATALOGUE[outcome]
    unit = "of_100" if kind.unit == "percent" else "of_1000" if kind.unit == "rate_per_1000" else "own"
    each = words.text(f"front.expected.unit.{unit}", language, unit=words.text(f"labels.unit.{kind.unit}", language))
    control = in_language(release.study.control.label, language)
    _, after = ends(release, outcome, "treated")
    assert after is not None  # there is no expected level without one that was seen
    when = moment(after, language)
    plain = None if found.by_hand is None else numbers.decimal(found.by_hand, language, digits)
    key = "sentence" if plain in {None, told["expected"]} else "weighed"
    return words.text(f"front.expected.{key}", language, **told, span=span, unit=each, control=control,
                      when=when[:1].upper() + when[1:], by_hand=plain)  # fmt: skip


def _digits(found: Expected) -> int:
    """As many decimals as the width of the interval bears: one tenth of it at the finest."""
    width = found.upper - found.lower if math.isfinite(found.upper) else found.expected
    return min(max(1 - math.floor(math.log10(width)) if width > 0 else 0, 0), 2) if width < 10 else 0
