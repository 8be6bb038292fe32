"""Coded statements of interviews: from ``statements.csv`` beside the plan to frozen values, every fault named.

No free text comes in with a study of registers: what is said there is about children who can be found. A study of
published figures has the coder's own words for each, which are shorter than a message and about what was printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from sverige_did.errors import UNSEEN, InputError, Problem
from sverige_did.results.statements import Direction, SourceGroup, Statement, Strength
from sverige_did.sources.files.cpr import refuse_cpr
from sverige_did.sources.files.raw_table import MAX_BYTES
from sverige_did.sources.files.read_table import COMMENT, read_raw
from sverige_did.study.study import PublishedStudy, Study

CODED = ("statement", "question", "source_group", "direction", "strength", "source", "place")
SAID = ("said_da", "said_en")
LONGEST = 240
"""Characters of a coder's own words: a sentence, and not what somebody said."""

HEADERS = {
    "udsagn": "statement", "spørgsmål": "question", "kildegruppe": "source_group", "retning": "direction",
    "styrke": "strength", "kilde": "source", "sted": "place", "sagt_da": "said_da", "sagt_en": "said_en",
}  # fmt: skip
"""Danish headers, as they can stand instead of the English ones."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "source_group": {
        "sagsbehandlere": "caseworkers", "ledere": "leaders", "faggrupper": "professions",
        "leverandører": "providers", "familier": "families", "evaluator": "evaluator",
    },
    "direction": {"bedre": "better", "dårligere": "worse", "blandet": "mixed", "uændret": "unchanged"},
    "strength": {"en": "one", "nogle": "some", "de fleste": "most"},
}  # fmt: skip
ALLOWED = {"source_group": get_args(SourceGroup), "direction": get_args(Direction), "strength": get_args(Strength)}


def read_statements(path: Path, study: Study) -> tuple[Statement, ...]:
    """The statements of the file, in its order; none where every line is a comment, as in a folder just laid out.

    Raises InputError with every problem of the file: a column missing or not known, free text in a study of
    registers, a question that the plan does not ask, a word that is no code, a statement that stands twice.
    """
    if _only_comments(path):
        return ()
    raw = read_raw(path)
    refuse_cpr(raw.frame, raw.file)
    if wrong := [problem for problem in raw.problems if problem.severity == "error"]:
        raise InputError(*wrong)
    table = raw.frame.rename(columns=lambda name: HEADERS.get(str(name).strip().casefold(), str(name).strip()))
    problems = list(_columns(raw.file, [str(name) for name in table.columns], with_words=_has_words(study)))
    if problems:
        raise InputError(*problems)
    questions = tuple(question.key for question in study.questions)
    statements: list[Statement] = []
    first: dict[str, int] = {}
    for number, cells in zip(table.index, table.fillna("").to_dict("records"), strict=True):
        row = {str(name): str(cell).strip() for name, cell in cells.items()}
        row |= {column: codes.get(row[column].casefold(), row[column]) for column, codes in WORDS.items()}
        found = list(_row(raw.file, int(number), row, questions))
        name = row["statement"]
        if name in first:
            again: dict[str, object] = {"first": first[name]}
            found.append(Problem("repeated_id", raw.file, int(number), "statement", name[:60], values=again))
        first.setdefault(name, int(number))
        problems += found
        if not found:
            statements.append(Statement.model_validate({name: row[name] for name in (*CODED, *SAID) if name in row}))
    if not problems and not statements:
        problems.append(Problem("empty_table", raw.file))
    if problems:
        raise InputError(*problems)
    return tuple(statements)


def _only_comments(path: Path) -> bool:
    """Whether the file is the guide that ``sverige-did new`` wrote, with nothing filled in."""
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        return False
    lines = [line for line in path.read_text("utf-8-sig", "replace").splitlines() if line.strip()]
    return bool(lines) and all(line.startswith(COMMENT) for line in lines)


def _has_words(study: Study) -> bool:
    return isinstance(study, PublishedStudy)


def _columns(file: str, header: list[str], *, with_words: bool) -> Iterator[Problem]:
    wanted = (*CODED, *SAID) if with_words else CODED
    for name in wanted:
        if name not in header:
            yield Problem("missing_column", file, 1, name, expected=", ".join(wanted))
    for name in sorted(set(header) - set(wanted)):
        key = "statements_free_text" if name in SAID else "statements_unknown_column"
        yield Problem(key, file, 1, name, expected=", ".join(wanted))


def _row(file: str, number: int, row: Mapping[str, str], questions: tuple[str, ...]) -> Iterator[Problem]:
    for column, cell in row.items():
        if UNSEEN.search(cell):
            yield Problem("text_unseen", file, number, column)
        if not cell:
            yield Problem("empty_cell", file, number, column)
    for column, allowed in (*ALLOWED.items(), ("question", questions)):
        if row[column] and row[column] not in allowed:
            yield Problem("not_in_list", file, number, column, row[column][:60], ", ".join(allowed))
    for column in SAID:
        if len(row.get(column, "")) > LONGEST:
            expected = f"<= {LONGEST}"
            yield Problem("statements_too_long", file, number, column, str(len(row[column])), expected)
