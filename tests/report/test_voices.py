"""Voices beside figures: what may be said of the two together."""

from __future__ import annotations

import pytest
from small_release import make_release

from sverige_did import words
from sverige_did.disclosure.release import Release
from sverige_did.report import render
from sverige_did.report.voices import Together, heard, said, statements_table, together
from sverige_did.results.statements import Statement


def statement(question: str, direction: str, group: str = "caseworkers", name: str = "V1") -> Statement:
    return Statement.model_validate(
        {
            "statement": name, "question": question, "source_group": group, "direction": direction,
            "strength": "some", "source": "report.txt", "place": "page 3", "said_da": "Dansk.", "said_en": "English.",
        }
    )  # fmt: skip


def with_voices(*statements: Statement) -> Release:
    return make_release().model_copy(update={"statements": statements})


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        (["better", "mixed"], "better"), (["worse"], "worse"), (["better", "worse", "mixed"], "divided"),
        (["mixed", "unchanged"], "mixed"), ([], "nothing"),
    ],
)  # fmt: skip
def test_what_several_say_together(directions: list[str], expected: str) -> None:
    assert said([statement("quality", direction) for direction in directions]) == expected


@pytest.mark.parametrize(
    ("standing", "points", "voices", "expected"),
    [
        ("supported", "better", "better", "agree"), ("supported", "worse", "better", "disagree"),
        ("inconclusive", "better", "better", "same_way"), ("conditional", "worse", "better", "other_way"),
        ("descriptive", "neither", "worse", "figures_open"), ("supported", "better", "divided", "voices_open"),
        ("no_data", "", "better", "voices_only"), ("supported", "better", "nothing", "figures_only"),
    ],
)  # fmt: skip
def test_only_figures_that_carry_a_finding_agree_with_anybody(
    standing: str, points: str, voices: str, expected: Together
) -> None:
    assert together(standing, points, voices) == expected  # type: ignore[arg-type]


def test_each_question_is_there_with_who_said_what() -> None:
    release = with_voices(
        statement("institution", "better"), statement("institution", "better", name="V2"),
        statement("institution", "worse", "families", name="V3"),
    )  # fmt: skip
    rows = {row.question: row for row in heard(release, "en")}
    assert list(rows) == [question.key for question in release.study.questions]
    assert rows["institution"].lines == (
        ("▲", "for the better", "caseworkers\u00a02"),
        ("▼", "for the worse", "children and families\u00a01"),
    )
    assert rows["institution"].together == "voices_open"
    assert rows["wellbeing"].together == "figures_only"


def test_the_page_tells_all_statements_and_says_that_they_are_no_effect() -> None:
    release = with_voices(statement("wellbeing", "better"))
    for language in words.LANGUAGES:
        page = render(release, language)
        assert words.text("voices.lead", language, count=1) in page
        assert ("Dansk." if language == "da" else "English.") in page
        assert words.text("voices.together.voices_only", language) in page
    assert len(statements_table(release, "da").rows) == 1


def test_a_study_without_interviews_has_no_such_section() -> None:
    assert 'id="voices"' not in render(make_release(), "da")
