"""What went wrong, where, what was expected and what to do: the part of the interface met on bad days.

Errors carry keys and values; their sentences live in ``words/<language>/errors.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from sverige_did import words

if TYPE_CHECKING:
    from sverige_did.words import Language


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    ``key`` names the sentence in ``errors.yaml``; ``values`` fill it. What was expected is either ``expected`` as it
    stands or, where it needs words, the sentence ``errors.rule.<rule>``. ``row`` counts as a spreadsheet does:
    the header is row 1. ``found`` must never hold an identifier of a child.
    """

    key: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    found: str | None = None
    expected: str | None = None
    rule: str | None = None
    severity: Literal["error", "warning"] = "error"
    values: dict[str, object] = field(default_factory=dict)

    def where(self, language: Language | None = None) -> str:
        """File, row and column as one phrase; empty when none is known."""
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(words.text("errors.at_row", language, row=self.row))
        if self.column is not None:
            place = "at_field" if self.key.startswith("plan_") else "at_column"
            parts.append(words.text(f"errors.{place}", language, column=self.column))
        return ", ".join(parts)

    def sentence(self, language: Language | None = None) -> str:
        """What is wrong, in one language."""
        return words.text(f"errors.{self.key}", language, **self.values)

    def wanted(self, language: Language | None = None) -> str | None:
        """What was expected; None when nothing in particular was."""
        return words.text(f"errors.rule.{self.rule}", language, **self.values) if self.rule else self.expected

    def mend(self, language: Language | None = None) -> str | None:
        """What to do about it; None when that goes without saying."""
        key = f"errors.{self.key}_mend"
        return words.text(key, language, **self.values) if words.has(key, language) else None

    def say(self, language: Language | None = None) -> str:
        """The whole message in one language: where, what was found, what was expected, what to do."""
        where, expected, mend = self.where(language), self.wanted(language), self.mend(language)
        lines = [f"{where}: {self.sentence(language)}" if where else self.sentence(language)]
        if self.found is not None:
            lines.append("  " + words.text("errors.found", language, found=self.found))
        if expected is not None:
            lines.append("  " + words.text("errors.expected", language, expected=expected))
        if mend is not None:
            lines.append("  " + mend)
        return "\n".join(lines)


class SverigeDidError(Exception):
    """Any refusal of this package; ``problems`` says why, ``say(language)`` in words.

    Examples
    --------
    >>> import sverige_did as sd
    >>> try:
    ...     sd.did({"district": ["a"], "y": [2.0]}, unit="district", time="year", y="y", treated_from="start")
    ... except sd.SverigeDidError as error:
    ...     print(error.problems[0].key)
    frame_column
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems
        # It is read after the call has been left in which it was raised, and tells of the same units.
        self._unit = words.unit()

    def say(self, language: Language | None = None) -> str:
        """All problems as text, one after another."""
        with words.naming(self._unit):
            return "\n".join(problem.say(language) for problem in self.problems)

    def __str__(self) -> str:
        return self.say()


class InputError(SverigeDidError):
    """A plan or a data file cannot be used as it is.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate()
    >>> try:
    ...     sd.did(frame, unit="district", time="year", y="y", treated_from="start")
    ... except sd.InputError as error:
    ...     print(error)
    The table has no such column, or more than one of that name.
      Found: year
      Expected: district, period, start, children, y
      Correct the name, or rename the column.
    """


class RefusedError(SverigeDidError):
    """The data are readable, but the design cannot carry what was asked (too few districts, no variation, ...).

    ``draws`` are those of a fit that did not converge, kept to be looked at and not to be reported; else None.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(units=30, treated=8, starts=(5, 7), seed=1)
    >>> try:
    ...     sd.did(frame, unit="district", time="period", y="y", treated_from="start").twfe()
    ... except sd.RefusedError as error:
    ...     print(error.problems[0].key)
    did_staggered
    """

    draws: object = None


def refuse(key: str, /, *, found: str | None = None, expected: str | None = None, **values: object) -> RefusedError:
    """A refusal to raise from a numerical function: ``raise refuse("too_few_treated", found="2", expected=">= 3")``."""
    return RefusedError(Problem(key, found=found, expected=expected, values=values))


def option(name: str, value: object, options: object) -> None:
    """Refuse a ``value`` of the parameter ``name`` that is none of ``options``, the Literal type of its signature.

    Raises RefusedError ``unknown_option``, which lists the valid ones.
    """
    valid = get_args(options)
    if not (isinstance(value, str) and value in valid):
        raise refuse("unknown_option", found=repr(value), expected=", ".join(valid), name=name)
