"""What a printed figure says about counts, as a formula: ``100 * institution_1 / placed_1 - 100``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True)
class Term:
    """``coefficient`` x (sum of the numerator) / (sum of the denominator); an empty sum is 1."""

    coefficient: float
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The counts it needs."""
        return frozenset(self.numerator + self.denominator)


_NAME = r"[a-z][a-z0-9_]*"
_SUM = rf"{_NAME}|\(\s*{_NAME}(?:\s*\+\s*{_NAME})*\s*\)"
_TERM = re.compile(
    rf"\s*(?P<sign>[+-])?\s*(?:(?P<number>\d+(?:\.\d+)?)(?:\s*\*\s*(?P<of>{_SUM}))?|(?P<bare>{_SUM}))"
    rf"(?:\s*/\s*(?P<below>{_SUM}))?\s*"
)


def terms_of(formula: str) -> tuple[Term, ...]:
    """The terms of a formula: numbers, counts and bracketed sums of counts, joined by ``* / + -``.

    Raises PydanticCustomError (``formula``) where the text is no such formula.
    """
    terms: list[Term] = []
    at = 0
    while at < len(formula):
        found = _TERM.match(formula, at)
        if found is None or (terms and not found["sign"]):
            raise PydanticCustomError("formula", "not a formula from here on: {rest}", {"rest": formula[at:][:40]})
        size = float(found["number"] or 1.0)
        top, below = found["of"] or found["bare"] or "", found["below"] or ""
        terms.append(Term(-size if found["sign"] == "-" else size, _names(top), _names(below)))
        at = found.end()
    if not terms:
        raise PydanticCustomError("formula", "not a formula from here on: {rest}", {"rest": formula})
    return tuple(terms)


def _names(text: str) -> tuple[str, ...]:
    return tuple(re.findall(_NAME, text))


def figures_in(text: str) -> tuple[tuple[float, str], ...]:
    """The fact ids of a sum such as ``K1 - K2 + K3``, each with its sign; signs stand between blanks."""
    first, *rest = re.split(r"\s+([+-])\s+", text.strip())
    return (
        (1.0, first),
        *((-1.0 if sign == "-" else 1.0, name) for sign, name in zip(rest[::2], rest[1::2], strict=True)),
    )
