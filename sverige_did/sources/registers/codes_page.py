"""The list of every code of a measure and of every account function that is accepted, written from the mapping."""

from __future__ import annotations

from collections.abc import Iterator

from sverige_did import words
from sverige_did.sources.registers.codes import AccountFunction, ByLadder, LawSpan, Measure, MeasureCodes
from sverige_did.words import Language


def codes_section(codes: MeasureCodes, language: Language) -> str:
    """Two tables in Markdown: the measures with their codes and rungs, and the account functions with theirs."""
    rows = [_measure(one, language) for one in codes.measures]
    functions = [_function(one, language) for one in codes.functions]
    parts = [
        f"### {_say('title', language)}",
        _say("intro", language),
        _table(("codes", "measure", "rung", "placed"), rows, language),
        "\n".join(_laws(codes, language)),
        _table(("function", "years", "text", "rungs"), functions, language),
    ]
    return "\n\n".join(parts) + "\n"


def _say(key: str, language: Language, /, **values: object) -> str:
    return words.text(f"schemas.codes.{key}", language, **values)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], language: Language) -> str:
    lines = [tuple(_say(f"heads.{head}", language) for head in heads), ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _measure(one: Measure, language: Language) -> tuple[str, ...]:
    name = one.da if language == "da" else one.en
    rung = _say("no_rung", language) if one.rung is None else _by_ladder(one.rung)
    placed = _by_ladder(one.placed).replace("True", _say("yes", language)).replace("False", _say("no", language))
    return ", ".join(f"`{code}`" for code in one.codes), name, rung, placed


def _by_ladder(value: object) -> str:
    return f"{value.kora} (kora), {value.support} (support)" if isinstance(value, ByLadder) else f"{value}"


def _function(one: AccountFunction, language: Language) -> tuple[str, ...]:
    years = f"{one.since or ''}–{one.until or ''}" if one.since or one.until else _say("all_years", language)
    return f"`{one.function}`", years, one.da if language == "da" else one.en, ", ".join(map(str, one.rungs))


def _laws(codes: MeasureCodes, language: Language) -> Iterator[str]:
    for law, span in codes.laws.items():
        yield f"- `{law}`: {_span(span)}"
    if codes.renumbered is not None:
        written = ", ".join(f"`{old}` → `{new}`" for old, new in codes.renumbered.instead.items())
        yield f"- {_say('renumbered', language, since=codes.renumbered.since, written=written)}"


def _span(span: LawSpan) -> str:
    return f"{span.since or ''} – {span.until or ''}".strip()
