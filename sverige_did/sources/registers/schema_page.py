"""The page that tells a municipality how to make each register, written from the same values that check it."""

from __future__ import annotations

from sverige_did import words
from sverige_did.sources.registers.register import Column, Register
from sverige_did.sources.registers.schemas import CASE_REGISTERS, REGISTERS
from sverige_did.words import Language

_HEADS = ("column", "header_da", "content", "unit", "allowed", "blank", "note")


def schema_page(language: Language = "en") -> str:
    """docs/schemas.md (``en``) or docs/schemas.da.md (``da``) as Markdown."""
    parts = [f"# {_say('title', language)}", _say("intro", language), _say("files", language)]
    parts += [_register(register, language, "") for register in REGISTERS]
    parts += [f"# {_say('cases_title', language)}", _say("cases_intro", language)]
    parts += [_register(register, language, "case_") for register in CASE_REGISTERS]
    return "\n\n".join(parts) + "\n"


def _say(key: str, language: Language, /, **values: object) -> str:
    return words.text(f"schemas.{key}", language, **values)


def _register(register: Register, language: Language, prefix: str) -> str:
    heads = [_say(f"heads.{head}", language) for head in _HEADS]
    rows = [_row(column, f"{prefix}{register.name}", language) for column in _shortened(register.columns)]
    table = [heads, ["---"] * len(heads), *rows]
    key = ", ".join(f"`{name}`" for name in register.key)
    lines = [
        f"## `{register.da}` / `{register.name}`",
        _say(f"registers.{prefix}{register.name}", language),
        _say("one_row", language, key=key) if key else _say("no_key", language),
        "\n".join("| " + " | ".join(row) + " |" for row in table),
    ]
    return "\n\n".join(lines)


def _shortened(columns: tuple[Column, ...]) -> list[Column]:
    """The columns without q2 to q25: the page describes one SDQ item for all."""
    return [column for column in columns if column.note != "item" or column.name == "q1"]


def _row(column: Column, owner: str, language: Language) -> list[str]:
    many = column.note == "item"
    note = f"notes.{column.note or column.name}"
    own = f"notes.{owner}_{column.name}"
    return [
        "`q1`–`q25`" if many else f"`{column.name}`",
        "`spm1`–`spm25`" if many else f"`{column.da}`",
        _say(f"kinds.{column.kind}", language) + (f" ({_say('optional', language)})" if column.optional else ""),
        _say(f"units.{column.unit}", language) if column.unit else "",
        _allowed(column),
        _say(f"missing.{column.missing}", language),
        _say(own if words.has(f"schemas.{own}", language) else note, language),
    ]


def _allowed(column: Column) -> str:
    if column.allowed:
        return ", ".join(f"`{value.da}`/`{value.name}`" for value in column.allowed)
    if column.low is None:
        return ""
    return f"≥ {column.low:g}" if column.high is None else f"{column.low:g}–{column.high:g}"
