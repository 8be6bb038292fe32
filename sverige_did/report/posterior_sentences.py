"""What a posterior of a panel says in sentences: the effect, what it rests on, what children not seen could change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.results.posteriors import NonResponse, PosteriorRecord, PosteriorScale, SpendingParts
    from sverige_did.words import Language

SENTENCE_LEVEL = 0.89
"""The interval of the sentence: wide enough to warn, and its unusual level keeps it from being read as a test."""

SENSITIVE = 0.05
"""Above this a posterior is sensitive to what was scaled (Kallioinen et al. 2024)."""


def amount_of(record: PosteriorRecord, scale: str, value: float, language: Language, step: float | None = None) -> str:
    """A number of the record on one of its scales, with the unit of its outcome; ``step`` is what it is rounded to."""
    return numbers.amount(scale, value, language, CATALOGUE[record.outcome].unit, step)


def sentences(record: PosteriorRecord, language: Language) -> Iterator[str]:
    """All that is said of a record that has a posterior, the effect first."""
    yield _headline(record, record.scales[0], language)
    if record.spending is not None:
        yield _spending(record, record.spending, language)
    resting = _resting(record, language)
    if resting:
        yield resting
    if record.power:
        yield _power(record.power, language)
    if record.left_out is not None:
        shown = record.left_out
        ends = {end: amount_of(record, "ratio", getattr(shown, end), language) for end in ("lowest", "highest")}
        counts = {"districts": shown.districts, "refitted": shown.refitted}
        yield words.text("posterior.left_out", language, **ends, **counts)
        if shown.gain is not None and shown.gain_error is not None:
            values = {
                "gain": numbers.signed(shown.gain, language, 1),
                "error": numbers.decimal(shown.gain_error, language, 1),
            }
            yield words.text(f"posterior.gain.{'better' if shown.gain > 0 else 'worse'}", language, **values)
    if record.non_response is not None:
        yield _non_response(record, record.non_response, language)
    if record.prior_level is not None and record.prior_share is not None:
        low, _, high = (numbers.significant(value, language, 2) for value in record.prior_level)
        unit = CATALOGUE[record.outcome].unit
        per_cent = words.text("labels.percent", language, value=high)
        high = per_cent if unit == "percent" else f"{high} {words.text(f'labels.unit.{unit}', language)}"
        share = numbers.percent(record.prior_share, language)
        yield words.text("posterior.prior_level", language, low=low, high=high, share=share)


def _headline(record: PosteriorRecord, own: PosteriorScale, language: Language) -> str:
    """The sentence that a council understands, on the outcome's own scale."""
    lower, upper = own.intervals[own.levels.index(SENTENCE_LEVEL)]
    values = {
        "outcome": words.text(f"outcomes.{record.outcome}.phrase", language),
        "level": numbers.percent(SENTENCE_LEVEL, language),
        "lower": numbers.bare(own.scale, lower, language, own.step),
        "upper": amount_of(record, own.scale, upper, language, own.step),
        "median": amount_of(record, own.scale, own.median, language, own.step),
        "rope": _percent(own.rope_mass, language),
        "negligible": amount_of(record, own.scale, own.rope or 0.0, language).removeprefix("+"),
    }
    if own.prob_benefit is None:
        return words.text("posterior.sentence.unsided", language, **values)
    values |= {
        "benefit": numbers.percent(own.prob_benefit, language),
        "beyond": _percent(own.prob_beyond, language),
        "threshold": amount_of(record, own.scale, own.threshold or 0.0, language),
    }
    return words.text("posterior.sentence.sided", language, **values)


def _spending(record: PosteriorRecord, parts: SpendingParts, language: Language) -> str:
    """How much of the effect comes from fewer or more children, and how much from cheaper or dearer ones."""
    if parts.by_use is None or parts.by_amount is None:
        return words.text("posterior.spending.hidden", language)
    values: dict[str, object] = {"level": numbers.percent(SENTENCE_LEVEL, language)}
    for name, part in (("use", parts.by_use), ("amount", parts.by_amount)):
        lower, upper = part.intervals[part.levels.index(SENTENCE_LEVEL)]
        values |= {
            name: amount_of(record, part.scale, part.median, language, part.step),
            f"{name}_lower": numbers.bare(part.scale, lower, language, part.step),
            f"{name}_upper": amount_of(record, part.scale, upper, language, part.step),
        }
    return words.text("posterior.spending.parts", language, **values)


def _percent(value: float | None, language: Language) -> str:
    return "–" if value is None else numbers.percent(value, language)


def _resting(record: PosteriorRecord, language: Language) -> str | None:
    """How far the probability of a benefit moves with what is assumed; None where no direction is better."""
    moved = {
        kind: [
            one.prob_benefit for one in record.alternative_priors if one.kind == kind and one.prob_benefit is not None
        ]
        for kind in ("effect", "shock")
    }
    if not moved["effect"]:
        return None
    values = {"prior_low": min(moved["effect"]), "prior_high": max(moved["effect"])}
    if not moved["shock"]:
        return words.text("posterior.resting_effect", language, **_percents(values, language))
    values |= {"shock_low": min(moved["shock"]), "shock_high": max(moved["shock"])}
    return words.text("posterior.resting", language, **_percents(values, language))


def _percents(values: dict[str, float], language: Language) -> dict[str, str]:
    return {name: numbers.percent(value, language) for name, value in values.items()}


def _power(power: dict[str, float], language: Language) -> str:
    """Whether the posterior moves with the prior of the effect, and with the likelihood too."""
    prior, data = power["effect"] > SENSITIVE, power["likelihood"] > SENSITIVE
    key = "little" if not prior else "conflict" if data else "prior"
    values = {name: numbers.decimal(power[name], language, 2) for name in ("effect", "likelihood")}
    limit = numbers.decimal(SENSITIVE, language, 2)
    if key == "little":
        return words.text("posterior.power.little", language, effect=values["effect"], limit=limit)
    return words.text(f"posterior.power.{key}", language, **values, limit=limit)


def _non_response(record: PosteriorRecord, shown: NonResponse, language: Language) -> str:
    """What it would mean if the children who were not rated again were worse off than the model says."""
    if shown.answered is None or shown.unanswered is None or shown.reference is None:
        return words.text("posterior.non_response.hidden", language)
    own = record.scales[0]

    def in_words(value: float) -> str:
        return amount_of(record, own.scale, value, language, own.step)

    each = (
        words.text(
            "posterior.non_response.at", language, delta=numbers.significant(delta, language), median=in_words(median)
        )
        for delta, median in zip(shown.delta[1:], shown.median[1:], strict=True)
    )
    said = words.text(
        "posterior.non_response.worse",
        language,
        answered=shown.answered,
        unanswered=shown.unanswered,
        each="; ".join(each),
        unit=words.text(f"labels.unit.{CATALOGUE[record.outcome].unit}", language),
        first=in_words(shown.median[0]),
        reference=in_words(shown.reference),
    )
    if not shown.prob_benefit:
        return said
    key = "never" if shown.tipping is None else "already" if shown.tipping == 0 else "tipping"
    values = {"tipping": in_words(shown.tipping)} if key == "tipping" and shown.tipping is not None else {}
    return f"{said} {words.text(f'posterior.non_response.{key}', language, **values)}"
