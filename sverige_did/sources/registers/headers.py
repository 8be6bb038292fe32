"""Names as people write them: one spelling for a name in Danish or English, and the nearest known one.

Nothing here decides for the reader: an inexact match is only ever a suggestion.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sverige_did.sources.registers.register import Register

_DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ö": "oe", "ä": "ae"})
_CLOSE = 0.75  # difflib ratio: one or two letters wrong in a district's name


def repair(text: str) -> str:
    """Text that was UTF-8 but was read as Windows-1252 (``SÃ¸nder`` for ``Sønder``), put right; else unchanged."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def fold(text: str) -> str:
    """The name without case, spaces, punctuation, accents and the two ways of writing æ, ø and å."""
    plain = text.casefold()
    if not text.isascii():  # letters of English are what they are, and a register has a million codes in them
        plain = unicodedata.normalize("NFC", repair(text)).casefold().translate(_DANISH)
        plain = unicodedata.normalize("NFKD", plain)
    return "".join(filter(str.isalnum, plain))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs by spelling or encoding only, or is closest to it; None when none is near."""
    spelled = {fold(candidate): candidate for candidate in known}
    if fold(name) in spelled:
        return spelled[fold(name)]
    close = difflib.get_close_matches(fold(name), spelled, n=1, cutoff=_CLOSE)
    return spelled[close[0]] if close else None


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """How a file's headers stand to a register: ``known`` maps a header to the register's column.

    ``unknown`` pairs each foreign header with the column it may be a misspelling of; ``missing`` are required columns
    that the file lacks; ``twice`` are columns that several headers claim.
    """

    known: dict[str, str]
    unknown: tuple[tuple[str, str | None], ...]
    missing: tuple[str, ...]
    twice: tuple[str, ...]


def match_headers(found: Sequence[str], register: Register) -> HeaderMatch:
    """Match headers in Danish or English, in any case and with or without spaces and underscores."""
    spellings = {fold(name): column.name for column in register.columns for name in column.names}
    known = {header: spellings[fold(header)] for header in found if fold(header) in spellings}
    names = list(known.values())
    twice = {name for name in names if names.count(name) > 1} | {known[h] for h in known if found.count(h) > 1}
    foreign = [header for header in found if header.strip() and header not in known]
    free = [column.name for column in register.columns if column.name not in names]
    unknown = tuple((header, _suggest(header, register, free)) for header in foreign)
    missing = tuple(column.name for column in register.columns if not column.optional and column.name not in names)
    return HeaderMatch(known, unknown, missing, tuple(sorted(twice)))


def _suggest(header: str, register: Register, free: Sequence[str]) -> str | None:
    owner = {name: column.name for column in register.columns if column.name in free for name in column.names}
    close = nearest(header, owner)
    return owner[close] if close else None
