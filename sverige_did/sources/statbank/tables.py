"""What StatBank says of a table: its variables and their values, and the codes that somebody's words mean."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from math import prod
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sverige_did.errors import InputError, Problem
from sverige_did.sources.registers.headers import fold

CELL_LIMIT = 1_000_000
"""The most cells that StatBank gives in one answer of any format but BULK."""

NEAREST = 5


class _Reply(BaseModel):
    """A part of a reply: frozen, and what we do not ask about is left there."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class Value(_Reply):
    """One value of a variable: its code and its text."""

    id: str
    text: str


class Variable(_Reply):
    """One variable of a table, with ``every`` value of it.

    ``time``: its values are periods; ``elimination``: it may be left out of a request.
    """

    id: str
    text: str
    every: tuple[Value, ...] = Field(alias="values")
    elimination: bool = False
    time: bool = False

    def code_of(self, name: str, table: str) -> str:
        """The code of a value by its code or its text, whatever its capitals and accents.

        Raises InputError ``sb_no_value`` with the nearest values that there are.
        """
        found = _one_of(name, [(value.id, value.text) for value in self.every])
        if found is None:
            near = _nearest(name, [(value.id, value.text) for value in self.every])
            raise InputError(Problem("sb_no_value", file=table, column=self.id, found=name, expected=near))
        return found

    def between(self, low: int, high: int) -> tuple[str, ...]:
        """The codes that are numbers from ``low`` to ``high``: the municipalities among regions and totals."""
        return tuple(value.id for value in self.every if value.id.isdecimal() and low <= int(value.id) <= high)


class TableInfo(_Reply):
    """A table: its name in capitals, its title, when it was last updated, and its variables."""

    id: str
    text: str
    updated: str
    variables: tuple[Variable, ...]
    description: str = ""
    unit: str = ""

    def variable(self, name: str) -> Variable:
        """A variable by its id or its text. Raises InputError ``sb_no_variable`` with those that there are."""
        found = _one_of(name, [(one.id, one.text) for one in self.variables])
        for one in self.variables:
            if one.id == found:
                return one
        expected = ", ".join(f"{one.id} ({one.text})" for one in self.variables)
        raise InputError(Problem("sb_no_variable", file=self.id, column=name, expected=expected))


class Selection(_Reply):
    """What is asked of one table: every variable with the codes wanted of it, in the table's own order."""

    table: str
    codes: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def cells(self) -> int:
        """How many numbers the answer has."""
        return prod(len(codes) for _, codes in self.codes)

    def body(self, form: str) -> dict[str, Any]:
        """The request as StatBank takes it: codes in, codes out, in Danish, so that its texts are those we know."""
        variables = [{"code": variable, "values": list(codes)} for variable, codes in self.codes]
        return {
            "table": self.table, "format": form, "lang": "da", "valuePresentation": "Code", "variables": variables,
        }  # fmt: skip

    def within(self, limit: int = CELL_LIMIT) -> tuple[Selection, ...]:
        """The selection in as few parts of at most ``limit`` cells as halving its longest variable gives."""
        if self.cells <= limit:
            return (self,)
        at = max(range(len(self.codes)), key=lambda index: len(self.codes[index][1]))
        name, codes = self.codes[at]
        if len(codes) == 1:
            return (self,)
        # As many parts as are needed, not halves: the fewest requests.
        fit = max(1, limit * len(codes) // self.cells)
        parts = [codes[first : first + fit] for first in range(0, len(codes), fit)]
        return tuple(
            smaller
            for part in parts
            for smaller in Selection(
                table=self.table, codes=(*self.codes[:at], (name, part), *self.codes[at + 1 :])
            ).within(limit)
        )


def selection(info: TableInfo, wanted: dict[str, tuple[str, ...]]) -> Selection:
    """The codes of ``wanted`` values by variable, each by code or text; variables in the order of the table.

    Raises InputError with all that the table does not have, and ``sb_variable_missing`` for a variable that must be
    chosen from and is not.
    """
    problems: list[Problem] = []
    chosen: dict[str, tuple[str, ...]] = {}
    for name, values in wanted.items():
        try:
            variable = info.variable(name)
        except InputError as error:
            problems += error.problems
            continue
        codes = []
        for value in values:
            try:
                codes.append(variable.code_of(value, info.id))
            except InputError as error:
                problems += error.problems
        chosen[variable.id] = tuple(dict.fromkeys(codes))
    problems += [
        Problem("sb_variable_missing", file=info.id, column=one.id, expected=_nearest("", _pairs(one)))
        for one in info.variables
        if not chosen.get(one.id) and not problems
    ]
    if problems:
        raise InputError(*problems)
    return Selection(table=info.id, codes=tuple((one.id, chosen[one.id]) for one in info.variables))


def _pairs(variable: Variable) -> list[tuple[str, str]]:
    return [(value.id, value.text) for value in variable.every]


def _one_of(name: str, known: Iterable[tuple[str, str]]) -> str | None:
    """The id of the one that is meant: by id as it stands, then by id or text folded; None where none or two are."""
    pairs = list(known)
    if any(name == identity for identity, _ in pairs):
        return name
    for at in (0, 1):
        found = {pair[0] for pair in pairs if fold(pair[at]) == fold(name)}
        if len(found) == 1:
            return found.pop()
    return None


def _nearest(name: str, known: list[tuple[str, str]]) -> str:
    """The values that look most like ``name``: by number where it is one, else by the letters of code and text."""
    shown = {identity: f"{identity} ({text})" for identity, text in known}
    if name.isdecimal() and (numbered := [identity for identity, _ in known if identity.isdecimal()]):
        near = sorted(numbered, key=lambda identity: (abs(int(identity) - int(name)), identity))
    else:
        folded = {fold(part): identity for identity, text in reversed(known) for part in (text, identity)}
        near = [folded[match] for match in get_close_matches(fold(name), folded, n=NEAREST, cutoff=0.5)]
        near = near or [identity for identity, _ in known]
    return ", ".join(shown[identity] for identity in dict.fromkeys(near[:NEAREST]))
