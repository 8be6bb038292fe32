"""Every sentence a reader meets, in Danish and English: one YAML file a subject, the same keys in both.

A text is looked up by ``subject.key`` and filled with numbers that are already formatted. Sentences are written of
districts; within :func:`naming` they are told of what a study compares instead.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml

from sverige_did.words.units import WRITTEN_OF, Told, named_like, told_of

Language = Literal["da", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_language: ContextVar[Language | None] = ContextVar("language", default=None)
_unit: ContextVar[Told] = ContextVar("unit", default=WRITTEN_OF)


@contextmanager
def naming(unit: Told) -> Iterator[None]:
    """Within it every text is told of ``unit``. A page is made in one go, and its hundred sentences agree."""
    token = _unit.set(unit)
    try:
        yield
    finally:
        _unit.reset(token)


def unit() -> Told:
    """What texts are told of here and now."""
    return _unit.get()


@cache
def unit_of(column: str) -> Told:
    """What a table compares, by the name of the column that holds it in either language; ``unit`` for any other name.

    >>> unit_of("school_id"), unit_of("Kommune"), unit_of("countyreal")
    ('school', 'municipality', 'unit')
    """
    forms: dict[Told, set[str]] = {}
    for one in get_args(Told):
        each = [_catalogue(language, WRITTEN_OF)[f"units.{one}.forms"].split(", ") for language in LANGUAGES]
        forms[one] = {form for some in each for form in some}
    return named_like(column, forms)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Within it a text that is asked for in no language comes in this one."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def default_language() -> Language:
    """The language of texts when none is asked for: that of :func:`speaking`, ``SVERIGE_DID_LANG``, else English."""
    spoken = _language.get()
    if spoken is not None:
        return spoken
    requested = os.environ.get("SVERIGE_DID_LANG", "en")
    return requested if requested in LANGUAGES else "en"


def _flatten(tree: dict[str, Any], prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        name = f"{prefix}.{key}"
        flat |= _flatten(value, name) if isinstance(value, dict) else {name: str(value)}
    return flat


def catalogue(language: Language) -> dict[str, str]:
    """All texts of one language as ``{"subject.key": text}``, told of what :func:`naming` says."""
    return _catalogue(language, _unit.get())


@cache
def _catalogue(language: Language, unit: Told) -> dict[str, str]:
    if unit != WRITTEN_OF:
        written = _catalogue(language, WRITTEN_OF)
        told = told_of(unit, written)
        return {key: text if key.startswith("units.") else told(text) for key, text in written.items()}
    folder = files(__package__) / language
    texts: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            tree = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader) or {}
            texts |= _flatten(tree, file.name.removesuffix(".yaml"))
    return texts


def text(key: str, language: Language | None = None, /, **values: object) -> str:
    """The text ``subject.key``, with ``{name}`` fields filled from ``values``.

    Raises KeyError when the key or a field is missing: a hole in a report is a fault, not a blank.
    """
    return one_stop(catalogue(language or default_language())[key].format_map(values))


def counted(key: str, number: int, language: Language | None = None) -> str:
    """So many of something, with its word in the singular or the plural: ``key.one`` or ``key.more``.

    >>> counted("problems.warnings", 1, "en"), counted("problems.warnings", 0, "da")
    ('1 warning', '0 advarsler')
    """
    return text(f"{key}.{'one' if number == 1 else 'more'}", language, number=number)


_TWO_STOPS = re.compile(r"(?<=\w)\.\.(?=[\s)«»”]|$)")


def one_stop(text: str) -> str:
    """A sentence that ends in an abbreviation (»4 mio. kr.«) has one full stop and not two."""
    return _TWO_STOPS.sub(".", text) if ".." in text else text


def has(key: str, language: Language | None = None) -> bool:
    """Whether the key exists in that language."""
    return key in catalogue(language or default_language())
