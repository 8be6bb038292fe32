"""Names for the keys that a release carries; an unknown key is a fault, never a blank."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import CheckResult
    from sverige_did.study.study import Bilingual
    from sverige_did.words import Language


def in_language(text: Bilingual, language: Language) -> str:
    """The side of a bilingual text that the page is written in."""
    return text.da if language == "da" else text.en


def hidden(low: float | None, high: float | None, language: Language, digits: int = 2) -> str:
    """The word for a hidden number, with its range where one is told."""
    if low is None or high is None:
        return words.text("methods_table.hidden", language)
    ends = {"low": numbers.decimal(low, language, digits), "high": numbers.decimal(high, language, digits)}
    return words.text("methods_table.hidden_between", language, **ends)


def reading(release: Release, key: str, language: Language) -> str:
    """The plan's name of a reading, or the words for what all readings share; a plan without readings has numbers."""
    if key == "all" and not release.study.readings:
        return words.text("report.columns.value", language)
    known = {item.key: in_language(item.label, language) for item in release.study.readings}
    return known[key] if key in known else words.text(f"labels.reading.{key}", language)


def assumption(release: Release, key: str, language: Language) -> str:
    """The words for an assumption that a result names: a number or a prior of the plan, or a general one."""
    if key in {item.key for item in release.study.assumptions}:
        return words.text("labels.assumption.planned", language, name=number_name(key, language))
    if key in {f"prior_{prior.key}" for prior in release.study.priors}:
        return words.text("labels.assumption.prior", language, prior=prior_name(key.removeprefix("prior_"), language))
    return assumed(key, language)


def number_name(key: str, language: Language) -> str:
    """The words for a number that a plan assumes; a plan may assume one of its own, and that goes by its key."""
    known = f"labels.assumed_number.{key}"
    return words.text(known, language) if words.has(known, language) else f"»{key}«"


def prior_name(key: str, language: Language) -> str:
    """The words for a prior of a plan; a plan may name priors of its own, and those go by their key."""
    return words.text(f"labels.prior.{key}", language) if words.has(f"labels.prior.{key}", language) else f"»{key}«"


def assumed(key: str, language: Language) -> str:
    """The words for an assumption that is no number of the plan: those of the checks, or else those of the report.

    Raises KeyError where nobody has words for it.
    """
    of_checks = f"checks.assumption.{key}"
    return words.text(of_checks if words.has(of_checks, language) else f"labels.assumption.{key}", language)


def note(key: str, language: Language) -> str:
    """The words for a note on an estimate; a key with a dot names its own subject."""
    return words.text(key if "." in key else f"labels.note.{key}", language)


def check_said(release: Release, check: CheckResult, language: Language) -> str:
    """:func:`check_sentence`, which says beside a real number that it is held against made-up ones."""
    return check_sentence(check, language, synthetic=release.synthetic)


def check_sentence(check: CheckResult, language: Language, *, synthetic: bool = False) -> str:
    """What would overturn the finding, or why that could not be computed, with the check's own numbers."""
    own = f"checks.{check.check}.{check.key}"
    beside = words.text("checks.placebo_groups.made_up", language) if synthetic else ""
    filled = numbers_said(check, language) | {"made_up": beside}
    if check.about is not None:
        named = words.text(f"outcomes.{check.about}.phrase", language)
        filled["about"] = named[:1].upper() + named[1:]
    return words.text(own if words.has(own, language) else f"checks.any.{check.key}", language, **filled)


def numbers_said(check: CheckResult, language: Language) -> dict[str, str]:
    """The numbers of a check as its sentence has them: differences and amounts with their unit."""
    return spoken(check.numbers, language) | _on_scale(check, language)


def _on_scale(check: CheckResult, language: Language) -> dict[str, str]:
    """The differences and amounts among a check's numbers, with the unit of its scale."""
    if check.scale is None:
        return _on_axis(check, language)
    unit, scale = CATALOGUE[check.outcome].unit, check.scale
    filled = {}
    for name, value in check.numbers.items():
        if value is not None and name.startswith(("effect", "size", "did", "att_")):
            # The limits of an interval have their unit before them.
            ends = name.endswith(("_low", "_high")) and not name.startswith("att_")
            if scale == "log_odds" and not ends:
                filled[name] = effect_on_axis(scale, value, language, unit)
                continue
            shown = (
                numbers.bare(scale, value, language, check.step)
                if ends
                else numbers.amount(scale, value, language, unit, check.step)
            )
            filled[name] = shown.removeprefix("+") if name.startswith("size") else shown
    return filled


def _on_axis(check: CheckResult, language: Language) -> dict[str, str]:
    """Differences with the unit of the check's curve: a log ratio as a change in per cent, log-odds as one of odds."""
    axis = next((curve.y_name.removeprefix("checks.axis.effect_") for curve in check.curves), "")
    if not axis:
        return {}
    return {
        name: effect_on_axis(axis, value, language, CATALOGUE[check.outcome].unit)
        for name, value in check.numbers.items()
        if value is not None and name.startswith(("did", "att_", "whole_year"))
    }


def effect_on_axis(axis: str, value: float, language: Language, unit: str) -> str:
    """An effect as it is told beside a curve whose axis is ``checks.axis.effect_<axis>``."""
    if axis in {"log_ratio", "log_odds"}:
        told = numbers.change(math.exp(value), language)
        return told if axis == "log_ratio" else words.text("front.slider.odds", language, value=told)
    return numbers.amount(axis, value, language, unit)


def spoken(values: Mapping[str, float | None], language: Language) -> dict[str, str]:
    """Numbers for a sentence, at two significant figures; a number that does not exist is a dash, and a p-value of a
    tenth or more has the two decimals that it has in a table."""
    return {name: _in_sentence(name, value, language) for name, value in values.items()}


def _in_sentence(name: str, value: float | None, language: Language) -> str:
    if value is None:
        return "–"
    probability = name == "p" or name.startswith("p_")
    return (
        numbers.decimal(value, language, 2) if probability and value >= 0.1 else numbers.significant(value, language, 2)
    )


def short_name(outcome: str, language: Language) -> str:
    """The name of an outcome in a heading, a caption or a table."""
    return words.text(f"outcomes.{outcome}.short", language)


def mark(release: Release, language: Language) -> str | None:
    """The warning that figures of synthetic data carry; None where the data are real."""
    return words.text("report.synthetic.mark", language) if release.synthetic else None


def caption(release: Release, key: str, language: Language, **values: object) -> str:
    """The caption ``report.captions.<key>``, with the warning in front of it where the data are synthetic.

    A key with a dot names its own subject.
    """
    filled = words.text(key if "." in key else f"report.captions.{key}", language, **values)
    warning = mark(release, language)
    return filled if warning is None else f"{warning}: {filled}"
