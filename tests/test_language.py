"""The two languages say the same things, with the same fields and the same numbers."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from sverige_did import words
from sverige_did.errors import Problem, refuse
from sverige_did.outcomes import CATALOGUE

DANISH, ENGLISH = words.catalogue("da"), words.catalogue("en")


def fields(text: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name})


def digits(text: str) -> list[str]:
    """Numbers in a text, without its fields and without the decimal signs in which the languages differ."""
    return sorted(re.findall(r"\d+", re.sub(r"\{[^}]*\}", "", text)))


def test_both_languages_have_the_same_keys():
    assert DANISH.keys() == ENGLISH.keys()


@pytest.mark.parametrize("key", sorted(DANISH.keys() & ENGLISH.keys()))
def test_both_say_it_with_the_same_fields_and_numbers(key):
    assert fields(DANISH[key]) == fields(ENGLISH[key])
    assert digits(DANISH[key]) == digits(ENGLISH[key])


@pytest.mark.parametrize("outcome", CATALOGUE)
def test_every_outcome_has_its_names(outcome):
    assert words.has(f"outcomes.{outcome}.phrase", "da")
    assert words.has(f"outcomes.{outcome}.short", "en")


def test_a_missing_text_is_a_fault():
    with pytest.raises(KeyError):
        words.text("errors.no_such_key", "en")
    with pytest.raises(KeyError):
        words.text("errors.at_row", "en")


def test_a_problem_says_where_what_and_what_to_do():
    problem = Problem("missing_column", file="a.csv", row=1, column="value", found="x", expected="y")
    said = problem.say("en")
    assert said.startswith("a.csv, row 1, column “value”: ")
    assert said.splitlines()[1:3] == ["  Found: x", "  Expected: y"]
    assert len(said.splitlines()) == 4
    assert problem.say("da").startswith("a.csv, række 1, kolonne »value«: ")


def test_a_refusal_speaks_the_language_of_the_environment(monkeypatch):
    error = refuse("missing_file")
    monkeypatch.setenv("SVERIGE_DID_LANG", "da")
    assert str(error).startswith("Filen findes ikke")
    monkeypatch.setenv("SVERIGE_DID_LANG", "fr")
    assert str(error).startswith("The file does not exist")
