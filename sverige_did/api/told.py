"""What a study or a result says, it says of the caller's units: districts, schools, or units where it knows no word."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, Concatenate, Protocol

from sverige_did import words
from sverige_did.errors import spoken

if TYPE_CHECKING:
    from sverige_did.words.units import Told


class _Context(Protocol):
    @property
    def told(self) -> Told: ...


class _Named(Protocol):
    @property
    def context(self) -> Any: ...


def of_its_units[Self: _Named, **P, Back](
    method: Callable[Concatenate[Self, P], Back],
) -> Callable[Concatenate[Self, P], Back]:
    """A method within which every text, and every refusal, is told of the units of its object.

    Raises InputError ``unknown_option`` for a language that there is not.
    """

    names = list(signature(method).parameters)[1:]
    at = names.index("language") if "language" in names else None

    @wraps(method)
    def told(self: Self, /, *given: P.args, **named: P.kwargs) -> Back:
        if at is not None:
            spoken(given[at] if len(given) > at else named.get("language"))
        context: _Context = self.context
        with words.naming(context.told):
            return method(self, *given, **named)

    return told
