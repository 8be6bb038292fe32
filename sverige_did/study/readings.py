"""How damaged tables can be read, as frozen values: ``readings.yaml``, a part of the plan beside ``study.yaml``.

A table holds unknown counts of children: a whole and its kinds, before (``_0``) and after (``_1``). Rules say what
each printed figure means for those counts. Every table of whole children that meets the rules is enumerated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from sverige_did.study.blocks import Bilingual, Name, Plan
from sverige_did.study.formula import Term, terms_of


def _formula(text: str) -> str:
    terms_of(text)
    return text


Formula = Annotated[str, AfterValidator(_formula)]
Figures = Annotated[
    str, Field(pattern=r"^\S+(\s+[+-]\s+\S+)*$", description="A fact id, or a sum of several: A - B - C")
]


class Reading(Plan):
    """One way to read a damaged table; all readings are carried to the end, none is chosen."""

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    label: Bilingual
    definition: Bilingual


class Rule(Plan):
    """What one printed figure says: that the formula of ``counts`` has its value, within its rounding.

    ``reads`` makes it a bound. ``low`` and ``high`` are what words without a number mean ("fell": ``high: -1``).
    """

    key: Name
    figure: Figures
    counts: Formula
    reads: Literal["equal", "at_least", "at_most"] = "equal"
    low: float | None = None
    high: float | None = None


class Range(Plan):
    """A quantity whose smallest and largest possible value is shown, in each table that has its counts."""

    key: Name
    counts: Formula


class CountTable(Plan):
    """One table to be enumerated: the counts it has, how large the whole can be, and the rules that bind it.

    ``given`` are the rules that define the reading, never given up; ``printed`` those that may contradict each other.
    ``after_only`` are events among the whole after. A table that only asks whether figures can belong together is
    not ``estimated`` from.
    """

    reading: str
    outcome: Name
    kinds: tuple[Name, ...] = Field(min_length=1)
    after_only: tuple[Name, ...] = ()
    largest: tuple[Figures, Figures] = Field(description="The most children of the whole, before and after")
    given: tuple[Name, ...] = ()
    printed: tuple[Name, ...] = ()
    estimated: bool = True

    def counts(self, whole: str) -> frozenset[str]:
        """The names that rules may use."""
        return frozenset(f"{name}_{at}" for name in (whole, *self.kinds) for at in (0, 1)) | {*self.after_only}


class Counted(Plan):
    """An outcome and the kinds of the whole that it counts."""

    outcome: Name
    kinds: tuple[Name, ...] = Field(min_length=1)


class Whole(Plan):
    """What the kinds are parts of, and the outcome that counts it."""

    name: Name
    outcome: Name
    kinds: tuple[Name, ...] = Field(min_length=1, description="They exclude each other and make up the whole")


class Reconstruction(Plan):
    """Every table that is to be enumerated, with its rules."""

    whole: Whole
    shares: tuple[Counted, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)
    ranges: tuple[Range, ...] = ()
    tables: tuple[CountTable, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        keys = [rule.key for rule in self.rules]
        used = [*(item.kinds for item in self.shares), *(item.kinds for item in self.tables)]
        _known("kinds", (kind for kinds in used for kind in kinds), self.whole.kinds)
        for table in self.tables:
            wanted = (*table.given, *table.printed)
            _known("rules", wanted, keys)
            named = {name for key in wanted for term in self.terms(key) for name in term.names}
            _known("counts", named, table.counts(self.whole.name))
        return self

    def rule(self, key: str) -> Rule:
        """The rule of that key."""
        return {rule.key: rule for rule in self.rules}[key]

    def terms(self, key: str) -> tuple[Term, ...]:
        """The formula of the rule of that key."""
        return terms_of(self.rule(key).counts)


class Readings(Reconstruction):
    """``readings.yaml``: the readings by name, and the tables of each."""

    readings: tuple[Reading, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _readings_are_known(self) -> Self:
        named = [item.key for item in self.readings]
        for kind, keys in {"readings": named, "rules": [item.key for item in self.rules]}.items():
            twice = sorted({key for key in keys if keys.count(key) > 1})
            if twice:
                raise PydanticCustomError(
                    "named_twice", "{kind}: named twice: {keys}", {"kind": kind, "keys": ", ".join(twice)}
                )
        _known("readings", (table.reading for table in self.tables), named)
        return self


def _known(kind: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    allowed = set(known)
    astray = sorted(set(wanted) - allowed)
    if astray:
        raise PydanticCustomError(
            "names_unknown",
            "{kind}: not defined: {keys}; known: {known}",
            {"kind": kind, "keys": ", ".join(astray), "known": ", ".join(sorted(allowed))},
        )
