"""The unit of a study in the sentences about it: written of districts (of tables, of areas), told of municipalities.

Only whole words change, and what stands right before a singular where the grammar asks for it. Names of fields, and
what is filled into them, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

Unit = Literal["district", "municipality", "area"]
"""What a study with a plan compares."""

Told = Literal[
    "district", "municipality", "area", "school", "class", "state", "county", "region", "hospital", "country",
    "firm", "person", "unit",
]  # fmt: skip
"""What sentences can be told of: what a plan compares, what else a table may, and ``unit`` for anything."""

WRITTEN_OF: Unit = "district"
PREFIXES = ("", "indsats", "kontrol")
"""What the unit is compounded with: the sentences have programme districts and control districts in one word."""

CODES = frozenset({"id", "code", "name", "no", "nr", "number", "kode", "navn", "nummer"})
"""What stands beside the word for the unit in the name of a column."""


def told_of(unit: Told, texts: Mapping[str, str]) -> Callable[[str], str]:
    """What turns a sentence about districts or areas into one about ``unit``, by the ``units`` of a language."""
    *written, theirs = (texts[f"units.{one}.forms"].split(", ") for one in (WRITTEN_OF, "area", unit))
    agreement = dict(pair.split("=") for pair in texts[f"units.{unit}.agreement"].split())
    whole, part = (
        {f"{prefix}{old.removesuffix('-')}": f"{prefix}{new.removesuffix('-')}" for prefix in PREFIXES
         for ours in written for old, new in zip(ours, theirs, strict=True) if old.endswith("-") is compound}
        for compound in (False, True)
    )  # fmt: skip
    # A genitive ends the word; a compound goes on.
    word = re.compile(
        rf"(?<![\w{{.])(?:(?P<whole>{_any(whole)})(?P<genitive>s?)(?!\w)|(?P<part>{_any(part)})(?=\w\w))", re.I
    )
    singular = {f"{prefix}{theirs[0]}" for prefix in PREFIXES}
    before = re.compile(rf"\b(?P<words>(?:{_any(agreement)})(?: \w+)?) (?P<unit>(?:{_any(singular)})s?)(?!\w)", re.I)

    def one(found: re.Match[str]) -> str:
        if found["part"]:
            return _like(found["part"], part[found["part"].lower()])
        return _like(found["whole"], whole[found["whole"].lower()]) + found["genitive"]

    def agreeing(found: re.Match[str]) -> str:
        said = [_like(each, agreement.get(each.lower(), each)) for each in found["words"].split(" ")]
        return f"{' '.join(said)} {found['unit']}"

    return lambda sentence: before.sub(agreeing, word.sub(one, sentence))


def named_like(column: str, forms: Mapping[Told, Iterable[str]]) -> Told:
    """What a column of a table is called after, by the ``forms`` of every unit; ``unit`` where it is none of them."""
    parts = [part for part in re.split(r"[\W_]+", column.casefold()) if part]
    plain = "".join(part for part in parts if part not in CODES)
    return next((unit for unit, every in forms.items() if plain in every), "unit")


def _any(words: Iterable[str]) -> str:
    """Any of the words, the longest first; nothing where there are none."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "(?!)"


def _like(old: str, new: str) -> str:
    """``new`` with a capital where ``old`` has one."""
    return new[0].upper() + new[1:] if old[0].isupper() else new
