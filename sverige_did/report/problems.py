"""Problems with registers as a table on the screen, as JSON, and as a page that can be sent to whoever made them.

A problem never holds an identifier of a child (errors.py), so none of the three can show one.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table as RichTable
from rich.text import Text

from sverige_did import words
from sverige_did.report.pages import environment
from sverige_did.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sverige_did.errors import Problem
    from sverige_did.words import Language

COLUMNS = ("severity", "file", "row", "column", "found", "problem", "mend")


class Group(NamedTuple):
    """Problems that are the same but for their rows: the first of them, all rows in order, and what was found there."""

    problem: Problem
    rows: tuple[int, ...]
    found: tuple[str, ...]


MOST_FOUND = 3
"""How many cells of a group are shown."""


def grouped(problems: Iterable[Problem]) -> tuple[Group, ...]:
    """Equal problems together, in the order of their first."""
    groups: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        values = tuple(sorted((name, str(value)) for name, value in problem.values.items()))
        same = (problem.key, problem.severity, problem.file, problem.column, problem.expected, problem.rule, values)
        groups.setdefault((*same, None if problem.row else problem.found), []).append(problem)
    return tuple(
        Group(
            every[0],
            tuple(sorted({one.row for one in every if one.row is not None})),
            tuple(dict.fromkeys(one.found for one in every if one.found is not None)),
        )
        for every in groups.values()
    )


def row_spans(rows: Sequence[int]) -> str:
    """``2–4, 9`` for the rows 2, 3, 4 and 9."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and row == spans[-1][-1] + 1:
            spans[-1][1:] = [row]
        else:
            spans.append([row])
    return ", ".join("–".join(map(str, span)) for span in spans)


def _shown(group: Group) -> str:
    return ", ".join(group.found[:MOST_FOUND]) + (", …" if len(group.found) > MOST_FOUND else "")


def _where(group: Group, language: Language) -> str:
    if len(group.rows) < 2:
        return group.problem.where(language).replace(", ", "\n")
    one = words.text("errors.at_row", language, row=group.rows[0])
    many = words.text("errors.at_rows", language, rows=row_spans(group.rows))
    first = replace(group.problem, row=group.rows[0]).where(language).replace(", ", "\n")
    return first.replace(one, many)


def problem_row(group: Group, language: Language) -> tuple[str, ...]:
    """Equal problems as text, a cell for each of ``COLUMNS``; what is not known is empty."""
    problem = group.problem
    expected = problem.wanted(language)
    wanted = "" if expected is None else words.text("problems.expected", language, expected=expected)
    return (
        words.text(f"problems.severity.{problem.severity}", language),
        problem.file or "",
        row_spans(group.rows),
        problem.column or "",
        _shown(group),
        " ".join(part for part in (problem.sentence(language), wanted) if part),
        problem.mend(language) or "",
    )


def problems_table(problems: Sequence[Problem], language: Language) -> RichTable:
    """All problems as one table for a terminal, where it was found in one column: terminals are narrow."""
    table = RichTable(show_lines=True)
    for name in ("where", "found", "problem", "mend"):
        table.add_column(words.text(f"problems.column.{name}", language), overflow="fold")
    for group in grouped(problems):
        severity, *_, found, sentence, mend = problem_row(group, language)
        where = _where(group, language)
        style = "red" if group.problem.severity == "error" else "yellow"
        # As Text, so that a cell with square brackets is shown and not obeyed.
        table.add_row(*(Text(cell) for cell in (f"{severity}\n{where}", found, sentence, mend)), style=style)
    return table


def problems_json(problems: Sequence[Problem]) -> str:
    """All problems as a JSON list: what a machine reads, with the words in both languages."""
    rows = [
        {
            "key": problem.key,
            "severity": problem.severity,
            "file": problem.file,
            "row": problem.row,
            "column": problem.column,
            "found": problem.found,
            **{language: problem.say(language) for language in LANGUAGES},
        }
        for problem in problems
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def problems_html(problems: Sequence[Problem], language: Language) -> str:
    """All problems as one page without any request to a network."""
    return (
        environment()
        .get_template("problems.html.j2")
        .render(
            language=language,
            title=words.text("problems.title", language),
            summary=summary(problems, language),
            columns=[words.text(f"problems.column.{name}", language) for name in COLUMNS],
            rows=[(group.problem.severity, problem_row(group, language)) for group in grouped(problems)],
        )
    )


def assumptions(said: Sequence[tuple[str, str]], language: Language) -> list[str]:
    """What was assumed, each sentence once after the files that it is about, below a heading; nothing for none."""
    files: dict[str, list[str]] = {}
    for file, sentence in said:
        files.setdefault(sentence, []).append(file)
    lines = [
        "  " + words.text("problems.assumed_of", language, files=", ".join(dict.fromkeys(names)), said=sentence)
        for sentence, names in files.items()
    ]
    return [words.text("problems.assumed", language), *lines] if lines else []


def summary(problems: Sequence[Problem], language: Language) -> str:
    """How many errors and warnings there are."""
    errors = sum(problem.severity == "error" for problem in problems)
    return words.text(
        "problems.summary",
        language,
        errors=words.counted("problems.errors", errors, language),
        warnings=words.counted("problems.warnings", len(problems) - errors, language),
    )
