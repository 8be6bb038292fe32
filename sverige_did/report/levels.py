"""The levels of a group in registers as a reader meets them: in one unit, with as many decimals, in every place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.outcomes import CATALOGUE

if TYPE_CHECKING:
    from sverige_did.disclosure.release import ReleasedLevel
    from sverige_did.words import Language

PER_CHILD = 1e6
"""An amount of the group is registered in mio. kr. per resident child, and told in kroner per child."""


def in_its_unit(outcome: str, level: float) -> float:
    """A level in the unit that :func:`unit_of` names."""
    return level * PER_CHILD if CATALOGUE[outcome].of_the_group else level


def all_in_its_unit(one: ReleasedLevel) -> tuple[float | None, float | None, float | None]:
    """A level and the range that is told of a hidden one, in the unit that :func:`unit_of` names."""
    level, low, high = (
        None if end is None else in_its_unit(one.outcome, end) for end in (one.level, one.low, one.high)
    )
    return level, low, high


def unit_of(outcome: str, language: Language) -> str:
    """The unit of an outcome's levels in words; that of its effect may be another (kroner a child, mio. kr. in all)."""
    kind = CATALOGUE[outcome]
    return words.text(f"labels.unit.{'kr_per_child' if kind.of_the_group else kind.unit}", language)


def digits(outcome: str, usual: int) -> int:
    """Decimals of a level: none for kroner a child."""
    return 0 if CATALOGUE[outcome].of_the_group else usual
