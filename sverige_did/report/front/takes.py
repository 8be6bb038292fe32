"""How much would be needed: what a study's own districts can find, and how many times as much would find a halving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sverige_did import words
from sverige_did.report import numbers
from sverige_did.results.methods_tables import MOST_TIMES

if TYPE_CHECKING:
    from sverige_did.results.methods_tables import DesignSize, SmallestFound
    from sverige_did.words import Language


def what_it_takes(size: DesignSize | None, language: Language) -> str:
    """One to four sentences from the simulated design of an outcome; empty where nothing was simulated.

    >>> what_it_takes(None, "da")
    ''
    """
    if size is None or not size.smallest:
        return ""
    own = next(one for one in size.smallest if one.more == "own")
    sentences = [_found(own, size, language)]
    if size.shape:
        sentences.append(_say("shape", language, shape=numbers.decimal(100 * size.shape, language, 0)))
    more = [one for one in size.smallest if one.more != "own" and one.change is not None]
    helps = [one for one in more if one.times is not None and one.times > 1]
    if helps:
        ways = [_ways(one, one.times, language) for one in helps]
        sentences.append(_say(f"halved.{_way(helps[0])}", language, ways=_either(ways, language)))
    futile = [_ways(one, MOST_TIMES, language) for one in more if one.times is None]
    if futile:
        kind = "alone" if helps else _way(more[0])
        sentences.append(_say(f"futile.{kind}", language, ways=_either(futile, language)))
    return " ".join(sentences)


def _found(own: SmallestFound, size: DesignSize, language: Language) -> str:
    if own.change is None:
        falls = not any(one.change is not None and one.change > 0 for one in size.smallest)
        return _say("never_fall" if falls else "never_rise", language)
    percent = numbers.decimal(100 * abs(own.change), language, 0)
    return _say("fall" if own.change < 0 else "rise", language, percent=percent)


def _way(one: SmallestFound) -> str:
    return "rise" if one.change is not None and one.change > 0 else "fall"


def _ways(one: SmallestFound, times: int | None, language: Language) -> str:
    return _say(f"times.{one.more}", language, times=times)


def _either(parts: list[str], language: Language) -> str:
    return parts[0] if len(parts) == 1 else _say("either", language, first=", ".join(parts[:-1]), last=parts[-1])


def _say(key: str, language: Language, **values: object) -> str:
    return words.text(f"front.takes.{key}", language, **values)
