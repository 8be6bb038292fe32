"""The plan of a new evaluation as a page of Markdown: who begins, what it can show, what to register from when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sverige_did import words
from sverige_did.outcomes import CATALOGUE
from sverige_did.report import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from sverige_did.results.power import NewDesign
    from sverige_did.words import Language

ENOUGH = 0.8


class Written(NamedTuple):
    """How the plan came about: the ``command``, its ``seed``, the ``start``, the ``first`` and ``last`` half-year."""

    command: str
    seed: int
    start: date
    first: str
    last: str


def plan_design_page(design: NewDesign, written: Written, language: Language) -> str:
    """The page as Markdown."""
    parts = [
        f"# {_say('title', language, outcome=_outcome(design, language))}",
        _say("written", language, command=written.command),
        *_begin(design, written, language),
        *_found(design, language),
        *_register(design, written, language),
        f"## {_say('next.heading', language)}",
        "\n".join(f"{at}. {_say(f'next.steps.k{at}', language)}" for at in (1, 2, 3)),
    ]
    return "\n\n".join(parts) + "\n"


def _begin(design: NewDesign, written: Written, language: Language) -> Iterator[str]:
    yield f"## {_say('begin.heading', language)}"
    number, names = len(design.drawn), list(map(_plain, design.drawn))
    listed = _say("list", language, first=", ".join(names[:-1]), last=names[-1])
    yield _say("begin.drawn", language, number=number, districts=len(design.districts), names=listed,
               start=numbers.day(written.start, language))  # fmt: skip
    yield _say(
        "begin.how", language, sets=_whole(design.sets, language), number=number, seed=written.seed,
        looked_at=_whole(design.looked_at, language), share=_percent(design.sets / design.looked_at, language),
        least=numbers.significant((2 if 2 * number == len(design.districts) else 1) / design.sets, language),
        every=_say("begin.every" if design.every else "begin.sample", language),
    )  # fmt: skip
    yield f"### {_say('balance.heading', language)}"
    yield _table("balance", 5, (
        (_covariate(one.covariate, language),
         *(numbers.significant(value, language) for value in (one.drawn, one.others)),
         *(numbers.decimal(value, language, 2) for value in (one.apart, one.most)))
        for one in design.balance
    ), language)  # fmt: skip


def _found(design: NewDesign, language: Language) -> Iterator[str]:
    yield f"## {_say('found.heading', language)}"
    first, *others = design.powers
    yield _say(
        "found.said", language, before=design.before, after=design.after, change=_percent(first.change, language),
        power=_percent(first.power, language), simulations=_whole(first.simulations, language),
        shock=_percent(design.shock, language), memory=numbers.decimal(design.memory, language, 2),
        source=_say("found.read_off" if design.shock_known else "found.assumed", language),
    )  # fmt: skip
    if first.power < ENOUGH:
        yield _say("found.weak", language)
    if len(design.searched) > 1:
        tried = "; ".join(
            _say("found.tried", language, number=number, power=_percent(power, language))
            for number, power in design.searched
        )
        yield _say("found.searched", language, tried=tried)
    yield _table("found", 4, (
        (_percent(one.change, language), _percent(one.power, language),
         "–" if one.type_m is None else numbers.decimal(one.type_m, language, 1),
         "–" if one.type_s is None else numbers.decimal(100 * one.type_s, language, 1))
        for one in others
    ), language)  # fmt: skip


def _register(design: NewDesign, written: Written, language: Language) -> Iterator[str]:
    yield f"## {_say('register.heading', language)}"
    yield _say("register.first", language, first=written.first, last=written.last, before=design.before,
               after=design.after)  # fmt: skip
    family = CATALOGUE[design.outcome].family
    yield _say(f"register.{family}", language, outcome=_outcome(design, language))
    yield _say("register.files", language)


def _table(key: str, columns: int, rows: Iterable[Sequence[str]], language: Language) -> str:
    heads = [_say(f"{key}.columns.k{at}", language) for at in range(1, columns + 1)]
    lines = [heads, ["---", *["---:"] * (columns - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(name: str) -> str:
    """A name of a district that no sign of Markdown or of a table can come out of."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in name)


def _covariate(key: str, language: Language) -> str:
    name, _, number = key.partition("_")
    return _say(f"balance.{name}", language, number=number)


def _outcome(design: NewDesign, language: Language) -> str:
    return words.text(f"outcomes.{design.outcome}.short", language)


def _whole(value: float, language: Language) -> str:
    return numbers.decimal(value, language, 0)


def _percent(share: float, language: Language) -> str:
    return numbers.decimal(100 * share, language, 0)


def _say(key: str, language: Language, **values: object) -> str:
    return words.text(f"plan_design.{key}", language, **values)
