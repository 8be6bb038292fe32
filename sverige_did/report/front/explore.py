"""What a reader can move: an assumption along curves that are already computed, and the reading of a damaged table."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers
from sverige_did.report.claims import amount_of, interval_of
from sverige_did.report.headlines import ALL_READINGS, DID, elsewhere, headline, pick, reading_of
from sverige_did.report.labels import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import CheckResult, Curve
    from sverige_did.words import Language

SLIDERS = {
    "shock_curve": "prob_benefit",
    "tipping_shock": "interval",
    "shared_shock": "interval",
    "relative_magnitudes": "interval",
    "spillover": "att",
}
"""The checks that can be moved, each with the name of its curve; the first two are on one scale, and share a slider."""

TRANSFORMED = {
    "checks.axis.effect_log_ratio": "change",
    "checks.axis.effect_log_odds": "odds",
    "checks.axis.prob_benefit": "percent",
}
"""How the numbers of an axis are told: a log ratio as a change in per cent, log-odds as one of the odds, a probability
in per cent; others in the outcome's own unit."""


@dataclass(frozen=True, slots=True)
class Slider:
    """An assumption that can be moved: its name, its ends, and all that the script needs, as JSON."""

    key: str
    label: str
    low: float
    high: float
    start: float
    said: str
    data: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One reading of a damaged table: its name, and the number with its interval in it."""

    key: str
    label: str
    sentence: str
    gives_up: bool


def slider(release: Release, outcome: str, language: Language) -> Slider | None:
    """The first assumption of an outcome that has a curve of at least three points; None where none has."""
    better = any(one.outcome == outcome and one.benefit != "none" for one in release.study.outcomes)
    found = [one for one in _curves(release, outcome) if better or TRANSFORMED.get(one[1].y_name) != "percent"]
    if not found:
        return _spill_over(release, outcome, language)
    check, curve = found[0]
    together = [one for one in found if one[1].x_name == curve.x_name and len(one[1].x) == len(curve.x)]
    parts: dict[str, dict[str, object]] = {}
    for _, one in together:
        kind = TRANSFORMED.get(one.y_name, one.y_name.removeprefix("checks.axis.effect_"))
        name = "chance" if kind == "percent" else "effect"
        parts.setdefault(name, {"kind": kind, "y": one.y, "lower": one.lower, "upper": one.upper})
    unit = CATALOGUE[outcome].unit
    steps = {name: _told(part, unit, language) for name, part in parts.items()}
    sentence = words.text(f"front.slider.{'_'.join(sorted(steps))}", language)
    if "chance" in steps:
        kind = str(parts.get("effect", {}).get("kind", ""))
        beside = (_exact(release, outcome, kind, language), _planned(release, outcome, language))
        sentence = " ".join(one for one in (sentence, *beside) if one)
    payload = {"x": [numbers.significant(x, language) for x in curve.x], "steps": steps, "sentence": sentence}
    return _slider(f"{outcome}-{check.check}", words.text(curve.x_name, language), payload, _start(curve))


EXACT = frozenset({"exact", "exact_sampling"})
"""Inferences of a figure whose limits are not those of the approximate test that a curve is made with."""


def _exact(release: Release, outcome: str, kind: str, language: Language) -> str:
    """That the figure beside has another test, where both tell of the same number."""
    plain = pick(release, outcome, DID, "ratio")
    other = kind == "change" and plain is not None and plain.result.inference in EXACT
    return words.text("front.slider.exact", language) if other else ""


def _planned(release: Release, outcome: str, language: Language) -> str:
    """The probability of the model whose shocks are not held at a value, which the annex tells."""
    main = headline(release, outcome)
    if main is None or main.result.prob_benefit is None:
        return ""
    share = words.text("labels.percent", language, value=numbers.percent(main.result.prob_benefit, language))
    return words.text("front.slider.planned", language, chance=share)


def _start(curve: Curve) -> int:
    """Where a slider stands at first: a share of the effect at none, where it says what the page says; else midway."""
    if min(curve.x) < 0 < max(curve.x):
        return min(range(len(curve.x)), key=lambda step: abs(curve.x[step]))
    return len(curve.x) // 2


STEPS = 16
"""Of a slider whose curve is a formula of released numbers."""


def _spill_over(release: Release, outcome: str, language: Language) -> Slider | None:
    """The effect if the controls moved by a share of it, from the released difference: a curve itself is not let out
    where children are few."""
    main = headline(release, outcome)
    check = next((one for one in release.checks if (one.outcome, one.check) == (outcome, "spillover")), None)
    if main is None or check is None or check.scale != main.result.scale or check.status != "ran":
        return None
    low, high, result = check.numbers.get("kappa_low"), check.numbers.get("kappa_high"), main.result
    if low is None or high is None or result.lower is None or result.upper is None or result.scale == "ratio":
        return None
    x = [low + (high - low) * step / (STEPS - 1) for step in range(STEPS)]
    ends = [tuple(value / (1 - one) for value in (result.estimate, result.lower, result.upper)) for one in x]
    told = [
        words.text("front.slider.with_limits", language,
                   value=numbers.amount(result.scale, middle, language, CATALOGUE[outcome].unit, result.step),
                   lower=numbers.bare(result.scale, lower, language, result.step),
                   upper=numbers.bare(result.scale, upper, language, result.step))
        for middle, lower, upper in ends
    ]  # fmt: skip
    payload = {"x": [numbers.significant(one, language, 2) for one in x], "steps": {"effect": told},
               "sentence": words.text("front.slider.effect", language)}  # fmt: skip
    at = min(range(STEPS), key=lambda step: abs(x[step]))
    return _slider(f"{outcome}-spillover", words.text("checks.axis.kappa", language), payload, at)


def _slider(key: str, label: str, payload: Mapping[str, object], at: int) -> Slider:
    xs = payload["x"]
    assert isinstance(xs, list)
    packed = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return Slider(key=key, label=label, low=0, high=len(xs) - 1, start=at, said=_filled(payload, at), data=packed)


def _curves(release: Release, outcome: str) -> Iterator[tuple[CheckResult, Curve]]:
    own = {reading_of(release, outcome), ALL_READINGS}
    for name, wanted in SLIDERS.items():
        for check in release.checks:
            if (check.outcome, check.check) == (outcome, name) and check.reading in own:
                yield from ((check, one) for one in check.curves if one.name == wanted and len(one.x) > 2)


def _told(part: Mapping[str, object], unit: str, language: Language) -> list[str]:
    """A part's text at each step of the slider: all numbers are formatted here, and none in the browser."""
    kind, y, lower, upper = str(part["kind"]), part["y"], part["lower"], part["upper"]
    assert isinstance(y, tuple) and isinstance(lower, tuple) and isinstance(upper, tuple)  # noqa: PT018
    return [
        words.text("front.slider.with_limits", language, value=_number(value, kind, unit, language),
                   lower=_bare(low, kind, language), upper=_bare(high, kind, language))
        if lower else _number(value, kind, unit, language)
        for value, low, high in zip(y, lower or y, upper or y, strict=True)
    ]  # fmt: skip


LARGEST_LOG = 700.0
"""The exponential of more is no number."""


def _number(value: float, kind: str, unit: str, language: Language) -> str:
    if kind == "percent":
        return words.text("labels.percent", language, value=numbers.percent(value, language))
    if kind in {"change", "odds"}:
        told = numbers.change(math.exp(value), language) if value < LARGEST_LOG else "∞"
        return told if kind == "change" else words.text("front.slider.odds", language, value=told)
    return numbers.amount(kind, value, language, unit)


def _bare(value: float, kind: str, language: Language) -> str:
    """A limit, whose unit stands with the number before it."""
    if kind == "percent":
        return numbers.percent(value, language)
    if kind in {"change", "odds"}:
        return numbers.percent_change(math.exp(value), language) if value < LARGEST_LOG else "∞"
    return numbers.bare(kind, value, language)


def _filled(payload: Mapping[str, object], at: int) -> str:
    xs, steps, sentence = payload["x"], payload["steps"], str(payload["sentence"])
    assert isinstance(xs, list) and isinstance(steps, dict)  # noqa: PT018
    filled = sentence.replace("[x]", xs[at])
    for name, told in steps.items():
        filled = filled.replace(f"[{name}]", told[at])
    return words.one_stop(filled)


def choices(release: Release, outcome: str, language: Language) -> tuple[Choice, ...]:
    """The main number in each reading of the source; none where there is only one."""
    main, others = headline(release, outcome), elsewhere(release, outcome)
    if main is None or not others:
        return ()
    own = {one.reading: one for one in reversed(release.feasible)}  # a reading's first enumeration is its own
    gives_up = {key for key, one in own.items() if not one.consistent}
    return tuple(
        Choice(
            key=one.reading,
            label=reading(release, one.reading, language),
            sentence=f"{amount_of(one.result, outcome, language)} ({interval_of(one.result, outcome, language)})",
            gives_up=one.reading in gives_up,
        )
        for one in (main, *others)
    )
