"""Problems with registers as a table on the screen, as JSON, and as a page that can be sent to whoever made them.

A problem never holds an identifier of a child (errors.py), so none of the three can show one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.table import Table as RichTable
from rich.text import Text

from sverige_did import words
from sverige_did.report.pages import environment
from sverige_did.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sverige_did.errors import Problem
    from sverige_did.words import Language

COLUMNS = ("severity", "file", "row", "column", "found", "problem", "mend")


def problem_row(problem: Problem, language: Language) -> tuple[str, ...]:
    """One problem as text, a cell for each of ``COLUMNS``; what is not known is empty."""
    expected = problem.wanted(language)
    wanted = "" if expected is None else words.text("problems.expected", language, expected=expected)
    return (
        words.text(f"problems.severity.{problem.severity}", language),
        problem.file or "",
        "" if problem.row is None else str(problem.row),
        problem.column or "",
        problem.found or "",
        " ".join(part for part in (problem.sentence(language), wanted) if part),
        problem.mend(language) or "",
    )


def problems_table(problems: Sequence[Problem], language: Language) -> RichTable:
    """All problems as one table for a terminal, where it was found in one column: terminals are narrow."""
    table = RichTable(show_lines=True)
    for name in ("where", "found", "problem", "mend"):
        table.add_column(words.text(f"problems.column.{name}", language), overflow="fold")
    for problem in problems:
        severity, *_, found, sentence, mend = problem_row(problem, language)
        where = problem.where(language).replace(", ", "\n")
        style = "red" if problem.severity == "error" else "yellow"
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
            rows=[(problem.severity, problem_row(problem, language)) for problem in problems],
        )
    )


def summary(problems: Sequence[Problem], language: Language) -> str:
    """How many errors and warnings there are."""
    errors = sum(problem.severity == "error" for problem in problems)
    return words.text("problems.summary", language, errors=errors, warnings=len(problems) - errors)
