"""Every refusal and every remark that the code can raise, through both languages, the screen, JSON and the page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sverige_did
from sverige_did import words
from sverige_did.errors import Problem
from sverige_did.report.district_inference import said
from sverige_did.report.problems import grouped, problem_row, problems_html, problems_json, problems_table
from sverige_did.results.estimates import remarks_of
from sverige_did.words import LANGUAGES

PLACE = {"Problem": 0, "refuse": 0, "at_rows": 2, "at_cells": 1, "problems_at": 1, "_left_out": 1, "_remark": 1,
         "cannot_compare": 0}  # fmt: skip
"""Where the key stands among the arguments of what makes a problem."""

OURS = {"at_row", "at_rows", "at_column", "at_field", "found", "expected", "and_more"}
KEYS = sorted(
    key.removeprefix("errors.")
    for key in words.catalogue("en")
    if key.startswith("errors.") and key.count(".") == 1 and not key.endswith("_mend")
)
MESSAGES = [key for key in KEYS if key not in OURS]


def fields(key: str, language: words.Language) -> set[str]:
    return set(re.findall(r"{(\w+)}", words.catalogue(language)[f"errors.{key}"]))


def raised() -> Iterator[tuple[str, str, ast.Call]]:
    """Every key that is written where a problem is made, with the place and the call."""
    root = Path(sverige_did.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                at = PLACE.get(name)
                if at is None or len(node.args) <= at:
                    continue
                if isinstance(node.args[at], ast.JoinedStr):
                    continue  # a key made of parts has a test beside its own code
                for part in ast.walk(node.args[at]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and "_" in part.value:
                        yield part.value, f"{path.relative_to(root)}:{node.lineno}", node


def given(call: ast.Call) -> set[str] | None:
    """The names of the values that a call gives its sentence; None where they are not written there."""
    name = getattr(call.func, "id", "")
    if any(keyword.arg is None for keyword in call.keywords):
        return None
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if name == "refuse":
        return set(named) - {"found", "expected", "and_more"}
    values = named.get("values")
    if name != "Problem" or (values is not None and not isinstance(values, ast.Dict)):
        return None
    return {key.value for key in getattr(values, "keys", []) if isinstance(key, ast.Constant)}


def test_every_key_in_the_code_has_its_sentence_and_gets_its_fields() -> None:
    found = list(raised())
    assert len({key for key, _, _ in found}) > 250
    wrong = []
    for key, place, call in found:
        if f"errors.{key}" not in words.catalogue("en"):
            wrong.append(f"{place}: {key} has no sentence")
        elif (values := given(call)) is not None and not fields(key, "en") <= values:
            wrong.append(f"{place}: {key} lacks {sorted(fields(key, 'en') - values)}")
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_refusal_is_without_a_mend_and_both_say_what_the_code_gives(language: words.Language) -> None:
    for key in MESSAGES:
        assert words.has(f"errors.{key}_mend", language), key
        assert fields(f"{key}_mend", language) <= fields(key, "en"), key
        assert fields(key, language) == fields(key, "en"), key


def problem(key: str, severity: str = "error") -> Problem:
    values = {name: f"«{name}»" for name in fields(key, "en")}
    return Problem(key, file="a.csv", row=3, column="b", found="c", expected="d", values=values,
                   severity="warning" if severity == "warning" else "error")  # fmt: skip


def test_every_message_can_be_said_on_the_screen_in_json_and_on_the_page() -> None:
    problems = [problem(key) for key in MESSAGES]
    problems_json(problems)
    for language in LANGUAGES:
        page = problems_html(problems, language)
        problems_table(problems, language)
        for one in problems:
            sentence = one.sentence(language)
            assert not re.search(r"{\w+}", one.say(language))
            assert sentence.split("«")[0][:20].replace("&", "&amp;").split("'")[0] in page
            (remark,) = remarks_of([one])
            assert said(remark, language)


def test_equal_messages_are_one_with_all_their_rows() -> None:
    rows = [Problem("reg_before_birth", file="a.csv", row=row, column="start") for row in (2, 3, 4, 9)]
    other = Problem("reg_before_birth", file="b.csv", row=2, column="start")
    groups = grouped([*rows, other])
    assert [group.rows for group in groups] == [(2, 3, 4, 9), (2,)]
    assert problem_row(groups[0], "en")[2] == "2–4, 9"
    shown = [cell.plain for cell in problems_table([*rows, other], "da").columns[0].cells]
    assert "rækkerne 2–4, 9" in shown[0]
    assert "række 2" in shown[1]
