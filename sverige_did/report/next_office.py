"""What the next office takes over: a sheet for the Social Investment Model and a draft of a knowledge declaration.

Both are written from the release alone, so that disclosure control stands in front, and say no more of an outcome than
the one sentence that its design and verdict allow.
"""

from __future__ import annotations

import csv
import io
import math
import re
from html import escape
from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report.claims import amount_of, claim, interval_of
from sverige_did.report.economy import economy_main, economy_sentences
from sverige_did.report.headlines import design_of, done, headline
from sverige_did.report.labels import in_language, mark, short_name
from sverige_did.report.numbers import day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sverige_did.disclosure.release import Release
    from sverige_did.results.estimates import Finding
    from sverige_did.words import Language

COLUMNS = (
    "outcome", "target_group", "comparison", "effect", "lower", "upper", "scale", "level", "shown", "interval",
    "from", "to", "months", "use", "sentence", "plan_sha256", "synthetic",
)  # fmt: skip
"""The columns of the sheet, one row an outcome; their heads are words of the language."""

DIMENSIONS = ("target_group", "method", "implementation", "effect", "economy")
"""What a knowledge declaration tells of, in its order."""

USES = {"supported": "yes", "bounded": "range", "inconclusive": "range", "conditional": "range"}
"""What an effect of each verdict may be used for in a calculation; of every other nothing may."""

KNOWN = frozenset({"supported", "bounded"})
"""The verdicts by which an effect is known; an inconclusive one is not."""

FORMULA = "=+-@\t\r\n"
AMOUNT = re.compile(r"[+-]?\d[\d.,]*(?: [^\W\d_%]+| %)*")
"""A number with its unit, which begins like a formula and is none."""

DAYS_IN_MONTH = 30.4375


def investment_sheet(release: Release, language: Language) -> str:
    """CSV with a row for each outcome that could be an effect: estimate, interval, target group and horizon.

    The numbers are those of the release and blank where the design identifies no effect. Danish has semicolons and
    decimal commas.
    """
    with words.naming(release.study.named_unit):
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";" if language == "da" else ",", lineterminator="\n")
        writer.writerow([_say(f"column.{name}", language) for name in COLUMNS])
        for item in release.study.outcomes:
            if not done(release, item.outcome):
                row = _row(release, item.outcome, language)
                writer.writerow([_cell(row.get(name, "")) for name in COLUMNS])
        return text.getvalue()


def _row(release: Release, outcome: str, language: Language) -> dict[str, str]:
    periods, study = release.study.periods, release.study
    months = (periods.follow_up - periods.treatment_start).days / DAYS_IN_MONTH
    row = {
        "outcome": short_name(outcome, language),
        "target_group": in_language(study.population, language),
        "comparison": in_language(study.control.label, language),
        "from": f"{periods.treatment_start}",
        "to": f"{periods.follow_up}",
        "months": f"{months:.0f}",
        "use": _say("use.no", language),
        "sentence": claim(release, outcome, language),
        "plan_sha256": release.plan_sha256,
        "synthetic": _say("yes" if release.synthetic else "no", language),
    }
    shown = _usable(release, outcome)
    if shown is None:
        return row
    result = shown.result
    numbers = {"effect": result.estimate, "lower": result.lower, "upper": result.upper, "level": result.level}
    return row | {
        **{name: _number(value, language) for name, value in numbers.items()},
        "scale": result.scale,
        "shown": amount_of(result, outcome, language),
        "interval": interval_of(result, outcome, language),
        "use": _say(f"use.{USES[shown.verdict]}", language),
    }


def _cell(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it: one that begins as a formula does gets an apostrophe."""
    return f"'{text}" if text[:1] in {*FORMULA} and not AMOUNT.fullmatch(text) else text


def _plain(sentence: str) -> str:
    """The sentence in Markdown on one line, without a tag, a link or a picture: plans are other people's texts."""
    return re.sub(r"\](?=[(\[:])", r"]\\", escape(" ".join(sentence.split()), quote=False)).replace("`", "'")


def _number(value: float | None, language: Language) -> str:
    text = "" if value is None else f"{value:g}"
    return text.replace(".", ",") if language == "da" else text


def knowledge_declaration(release: Release, language: Language) -> str:
    """Markdown with the five dimensions, each with what is known and what is not."""
    with words.naming(release.study.named_unit):
        title = _plain(in_language(release.study.title, language))
        parts = [f"# {_say('title', language, study=title)}"]
        if said := mark(release, language):
            parts.append(f"**{said}**")
        parts.append(_say("intro", language))
        for name in DIMENSIONS:
            known = _listed(_known(release, name, language)) or f"- {_say('nothing', language)}"
            parts += [
                f"## {_say(f'dimension.{name}', language)}",
                f"### {_say('known', language)}",
                known,
                f"### {_say('unknown', language)}",
                _listed(_unknown(release, name, language)),
            ]
        return "\n\n".join(parts) + "\n"


def _listed(sentences: Iterator[str]) -> str:
    return "\n".join(f"- {_plain(sentence)}" for sentence in sentences)


def _known(release: Release, dimension: str, language: Language) -> Iterator[str]:
    study = release.study
    if dimension == "target_group":
        yield in_language(study.population, language)
        yield _say("compared", language, treated=in_language(study.treated.label, language),
                   control=in_language(study.control.label, language))  # fmt: skip
    elif dimension == "method":
        yield in_language(study.question, language)
        periods = study.periods
        days = {"start": periods.treatment_start, "end": periods.follow_up, "before": periods.baseline}
        yield _say("period", language, **{name: day(when, language) for name, when in days.items()})
    elif dimension == "implementation":
        yield from _claims(release, language, implementation=True, known=True)
    elif dimension == "effect":
        yield from _claims(release, language, implementation=False, known=True)
    elif _saving_is_known(release):
        yield from economy_sentences(release, language)


def _unknown(release: Release, dimension: str, language: Language) -> Iterator[str]:
    if dimension in {"implementation", "effect"}:
        yield from _claims(release, language, implementation=dimension == "implementation", known=False)
    if dimension == "economy" and not _saving_is_known(release):
        yield from economy_sentences(release, language)
    yield _say(f"missing.{dimension}", language)


def _claims(release: Release, language: Language, *, implementation: bool, known: bool) -> Iterator[str]:
    """The sentences of the outcomes of one dimension, either those that tell something or those that cannot."""
    for one in release.study.outcomes:
        if done(release, one.outcome) == implementation and _is_known(release, one.outcome) == known:
            yield claim(release, one.outcome, language)


def _saving_is_known(release: Release) -> bool:
    """Whether the limits of what was saved leave out nothing saved."""
    main = economy_main(release)
    saving = main.saving if main else None
    return (
        saving is not None and saving.lower is not None and saving.upper is not None and saving.lower * saving.upper > 0
    )


def _usable(release: Release, outcome: str) -> Finding | None:
    """The finding that a calculation may use: of a design that lets it be called an effect, with both limits."""
    shown = headline(release, outcome)
    if shown is None or shown.verdict not in USES or not design_of(release, outcome).may_say_effect:
        return None
    limits = (shown.result.lower, shown.result.upper)
    return shown if all(one is not None and math.isfinite(one) for one in limits) else None


def _is_known(release: Release, outcome: str) -> bool:
    """Whether an effect of the outcome is known, or what was done."""
    if done(release, outcome):
        return headline(release, outcome) is not None
    shown = _usable(release, outcome)
    return shown is not None and shown.verdict in KNOWN


def _say(key: str, language: Language, /, **values: object) -> str:
    return words.text(f"next_office.{key}", language, **values)
