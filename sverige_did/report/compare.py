"""Two releases side by side: mid-term and final, or two municipalities; what differs in run, plan, data and answers.

Nothing is estimated here: a difference between two estimates has no interval of its own, and the note says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table as RichTable
from rich.text import Text

from sverige_did import words
from sverige_did.disclosure.cases import CaseRelease
from sverige_did.errors import InputError, Problem
from sverige_did.report import labels
from sverige_did.report.answers import study_answers
from sverige_did.report.cases import case_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sverige_did.disclosure.release import Release
    from sverige_did.results.answers import Answer
    from sverige_did.words import Language

    AnyRelease = Release | CaseRelease

NAMES = ("key", "outcome", "name", "label", "check")
"""The fields by which the members of a plan's lists are known; other members are known by their place."""

LONGEST = 160
"""Characters of a value of the plan that are shown."""


class Pair(NamedTuple):
    """One thing that differs: what, and how it stands in either release; empty where it is in one alone."""

    what: str
    first: str
    second: str


class Section(NamedTuple):
    """What differs of one kind (``run``, ``answers``, ``data``, ``plan``), and how many things are the same."""

    key: str
    pairs: tuple[Pair, ...]
    same: int


def compared(first: AnyRelease, second: AnyRelease, language: Language) -> tuple[Section, ...]:
    """The sections in order, each with what differs; an empty one says that nothing does.

    Raises InputError (``compare_kinds``) for a study of cases beside one that is not: they share no outcome.
    """
    if isinstance(first, CaseRelease) != isinstance(second, CaseRelease):
        raise InputError(Problem("compare_kinds", found=second.study.kind, expected=first.study.kind))
    told = [
        (_run(one, language), _answered(one, language), _data(one, language), _plan(one, language))
        for one in (first, second)
    ]
    keys = ("run", "answers", "data", "plan")
    return tuple(_section(key, a, b) for key, a, b in zip(keys, *told, strict=True))


def _section(key: str, first: Mapping[str, str], second: Mapping[str, str]) -> Section:
    every = dict.fromkeys([*first, *second])
    differ = [Pair(name, first.get(name, ""), second.get(name, "")) for name in every]
    pairs = tuple(pair for pair in differ if pair.first != pair.second)
    return Section(key, pairs, len(every) - len(pairs))


def _run(release: AnyRelease, language: Language) -> dict[str, str]:
    made_up = words.text(f"compare.data.{'made_up' if release.synthetic else 'real'}", language)
    said = {
        "study": release.study.study,
        "title": labels.in_language(release.study.title, language),
        "plan": release.plan_sha256[:12],
        "panel": release.data_sha256[:12] if not isinstance(release, CaseRelease) else "",
        "origin": made_up,
    }
    named = {words.text(f"compare.run.{name}", language): value for name, value in said.items()}
    return named | release.versions


def _plan(release: AnyRelease, language: Language) -> dict[str, str]:
    """Every leaf of the plan by its path in ``study.yaml``; what is said in two languages in the reader's own."""
    return dict(_leaves(release.study.model_dump(mode="json", exclude={"study", "title"}), "", language))


def _leaves(value: Any, path: str, language: Language) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and set(value) == set(words.LANGUAGES):
        yield from _leaves(value[language], path, language)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name), language)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for at, one in enumerate(value):
            named = (str(one[name]) for name in NAMES if isinstance(one, dict) and isinstance(one.get(name), str))
            yield from _leaves(one, f"{path}[{next(named, str(at))}]", language)
    elif value is not None and value != []:
        text = " ".join(str(", ".join(map(str, value)) if isinstance(value, list) else value).split())
        yield path, text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _data(release: AnyRelease, language: Language) -> dict[str, str]:
    """What each outcome was estimated from, and which figures were printed or which periods registered."""
    if isinstance(release, CaseRelease):
        return {}
    found = {}
    for design in release.designs:
        support = design.support
        found[labels.short_name(design.outcome, language)] = words.text(
            "compare.support", language, design=design.design_class or "–",
            treated=support.treated_units, control=support.control_units,
            treated_dates=support.treated_dates, control_dates=support.control_dates,
        )  # fmt: skip
    for one in release.coverage:
        group = words.text(f"compare.group.{one.group}", language)
        if one.periods:
            name = f"{labels.short_name(one.outcome, language)}, {group}"
            found[name] = f"{one.source}: {one.periods[0]}–{one.periods[-1]}"
    for fact in release.reported:
        found[fact.fact_id] = fact.finding_da if language == "da" else fact.finding_en
    return found


def _answered(release: AnyRelease, language: Language) -> dict[str, str]:
    told = case_answers(release, language) if isinstance(release, CaseRelease) else study_answers(release, language)
    return {_name(one, language): _said(one, language) for one in told.answers}


def _name(answer: Answer, language: Language) -> str:
    kind, _, outcome = answer.anchor.partition("outcome-")
    return words.text(f"compare.section.{kind}", language) if kind else labels.short_name(outcome, language)


def _said(answer: Answer, language: Language) -> str:
    if not answer.standing:
        return answer.sentence
    return f"{words.text(f'front.verdict.{answer.standing}', language)}. {answer.sentence}"


def as_tables(sections: tuple[Section, ...], names: tuple[str, str], language: Language) -> Iterator[RichTable | str]:
    """The sections for a terminal: a table each, a line where nothing differs, and the note at the end."""
    for section in sections:
        heading = words.text(f"compare.heading.{section.key}", language)
        if section.pairs:
            table = RichTable(title=heading, title_justify="left", title_style="bold", show_lines=True)
            for column in (words.text("compare.what", language), *names):
                table.add_column(Text(column), overflow="fold")
            for pair in section.pairs:
                # The brackets of a path or a text of the plan are no markup.
                table.add_row(*(Text(said or words.text("compare.absent", language)) for said in pair))
            yield table
        yield words.text(
            f"compare.{'rest' if section.pairs else 'nothing'}", language, heading=heading, same=section.same
        )
    yield words.text("compare.note", language)
