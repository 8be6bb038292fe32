"""Paragraphs of the law, types of placement and account functions to the six rungs of the intervention ladder.

The ladders in use disagree about what »home-based« means, so which one is meant is always said by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from enum import IntEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from sverige_did.errors import refuse
from sverige_did.sources.files.plan_files import parse_plan
from sverige_did.sources.registers.converting import each_value
from sverige_did.sources.registers.headers import nearest
from sverige_did.study.read import read_text
from sverige_did.study.study import Plan

Ladder = Literal["kora", "support"]
"""``kora``: home-based are boarding school and own room, and these are placements; measures under SEL § 52 are
prevention. ``support``: home-based are supportive measures under SEL § 52; boarding school and own room keep rung 3 but
are no placements."""

_PARTS = re.compile(r"\d+[a-z]?", re.IGNORECASE)
_LAWS = {
    "sel": "SEL",
    "serviceloven": "SEL",
    "sel2019": "SEL2019",
    "bl": "BL",
    "barnetslov": "BL",
    "anbaar": "ANBAAR",
    "anbaar12": "ANBAAR",
}
_LAW = re.compile(
    r"\s*(?P<law>sel(?:2019)?|serviceloven|bl|barnets ?lov|anbaar(?:12)?)?\b[\s:§-]*(?P<rest>.*)", re.IGNORECASE
)


class Rung(IntEnum):
    """The steps of the ladder, from the child's own surroundings and upwards."""

    GENERAL = 1
    PREVENTION = 2
    HOME_BASED = 3
    NETWORK = 4
    FOSTER = 5
    INSTITUTION = 6


RungNumber = Annotated[int, Field(ge=1, le=6)]


class ByLadder[T](Plan):
    """One value for each ladder."""

    kora: T
    support: T


class Measure(Plan):
    """One measure. ``rung`` is None for a decision to place: the place decides."""

    key: str
    da: str
    en: str
    source: tuple[str, ...] = Field(min_length=1)
    codes: tuple[str, ...] = Field(min_length=1)
    rung: RungNumber | ByLadder[RungNumber] | None
    placed: bool | ByLadder[bool]


class AccountFunction(Plan):
    """One function of the municipal accounts, in the years ``since`` to ``until``, inclusive."""

    function: str
    rungs: tuple[RungNumber, ...] = Field(min_length=1)
    since: int | None = None
    until: int | None = None
    da: str
    en: str


class Renumbered(Plan):
    """Codes that the law gave another meaning on the day ``since``, each with how its new meaning is written."""

    since: date
    instead: dict[str, str]


class LawSpan(Plan):
    """The days from ``since`` to ``until``, both included, on which a law was in force; open where missing."""

    since: date | None = None
    until: date | None = None

    def __str__(self) -> str:
        return f"{self.since or ''} – {self.until or ''}".strip()


class MeasureCodes(Plan):
    """The whole mapping. Codes are unique, and so is a function within a year. ``laws`` were in force for a time."""

    sources: dict[str, str]
    measures: tuple[Measure, ...]
    functions: tuple[AccountFunction, ...]
    renumbered: Renumbered | None = None
    laws: dict[str, LawSpan] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _codes_are_unique(self) -> Self:
        codes = [normal_code(code) for measure in self.measures for code in measure.codes]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"codes named twice: {', '.join(twice)}")
        unknown = {name for measure in self.measures for name in measure.source} - set(self.sources)
        if unknown:
            raise ValueError(f"sources not described: {', '.join(sorted(unknown))}")
        return self

    @property
    def codes(self) -> dict[str, Measure]:
        """Every code in its normal spelling."""
        return {normal_code(code): measure for measure in self.measures for code in measure.codes}

    def unknown(self, codes: Iterable[str]) -> dict[str, str | None]:
        """The codes that the mapping lacks, each with the nearest known one."""
        known = self.codes
        return {code: nearest(normal_code(code), known) for code in codes if normal_code(code) not in known}

    def outdated(self, codes: pd.Series[str], start: pd.Series[Any]) -> pd.Series[Any]:
        """How each code must be written where it meant another place by the day ``start``; missing where it is well."""
        if self.renumbered is None:
            return pd.Series(None, index=codes.index, dtype=object)
        instead = {normal_code(code): new for code, new in self.renumbered.instead.items()}
        written = each_value(codes, lambda code: instead.get(normal_code(code)))
        return written.where(start >= pd.Timestamp(self.renumbered.since))

    def not_in_force(self, codes: pd.Series[str], when: pd.Series[Any]) -> pd.Series[Any]:
        """When the law of each code was in force, as text, where the day ``when`` lies outside; missing elsewhere."""
        law = each_value(codes, lambda code: normal_code(code).split(" ")[0])
        outside = pd.Series(None, index=codes.index, dtype=object)
        for name, span in self.laws.items():
            early = when < pd.Timestamp(span.since) if span.since else pd.Series(False, index=codes.index)
            late = when > pd.Timestamp(span.until) if span.until else pd.Series(False, index=codes.index)
            outside[(law == name) & (early | late)] = str(span)
        return outside

    def place(self, codes: pd.Series[str], *, ladder: Ladder) -> pd.DataFrame:
        """Columns ``measure`` (key), ``rung`` (1-6, missing where the place is not known) and ``placed`` (bool).

        Raises RefusedError with the codes that the mapping lacks: none is guessed.
        """
        lacking = self.unknown(codes.dropna().unique())
        if lacking:
            raise refuse("reg_unknown_code", found=", ".join(sorted(lacking)), expected=_suggestions(lacking))
        known = self.codes

        def told(of: Callable[[Measure], Any]) -> pd.Series[Any]:
            return each_value(codes, lambda code: of(known[normal_code(code)]))

        return pd.DataFrame(
            {
                "measure": told(lambda measure: measure.key),
                "rung": pd.to_numeric(told(lambda measure: _of(measure.rung, ladder))).astype("Int64"),
                "placed": told(lambda measure: _of(measure.placed, ladder)),
            },
            index=codes.index,
        )

    def function(self, function: str, year: int) -> AccountFunction | None:
        """The account function as it was defined in that year; None when the mapping has none."""
        wanted = _digits(function)
        for one in self.functions:
            fits = (one.since or year) <= year <= (one.until or year)
            if _digits(one.function) == wanted and fits:
                return one
        return None


def rung_of(measure: Measure, ladder: Ladder) -> int | None:
    """The rung of a measure on that ladder; None for a decision to place, where the place decides."""
    found: int | None = _of(measure.rung, ladder)
    return found


def _of(value: Any, ladder: Ladder) -> Any:
    return getattr(value, ladder) if isinstance(value, ByLadder) else value


def _suggestions(lacking: dict[str, str | None]) -> str:
    return ", ".join(f"{code} → {near or '?'}" for code, near in sorted(lacking.items()))


def _digits(function: str) -> str:
    """``5.28.20``, ``52820``, ``528200`` and ``5.28.20.1``: the five digits that name the function."""
    return re.sub(r"\D", "", function)[:5]


def normal_code(code: str) -> str:
    """``SEL 52.3.7`` for »§ 52, stk. 3, nr. 7«, »SEL-52-3.7« and »serviceloven §52.3.7«; SEL where no law is named."""
    found = _LAW.fullmatch(code)
    law, rest = (found["law"], found["rest"]) if found else (None, code)
    numbers = _PARTS.findall(rest)
    if not numbers:
        return code.strip()
    name = _LAWS[law.casefold().replace(" ", "")] if law else "SEL"
    return f"{name} {'.'.join(numbers)}".replace(" ", " ").upper()


def read_measure_codes(path: Path) -> MeasureCodes:
    """Read a mapping file. Raises InputError that names file and field."""
    return parse_plan(MeasureCodes, read_text(path), path.name)


@cache
def standard_codes() -> MeasureCodes:
    """The mapping that comes with the package."""
    source = files("sverige_did.sources.registers") / "measure_codes.yaml"
    return parse_plan(MeasureCodes, source.read_text("utf-8"), source.name)
