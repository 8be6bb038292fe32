"""The later count: hand-checked against the exact test, and honest about what it rests on."""

from __future__ import annotations

import pytest

from sverige_did import words
from sverige_did.checks.project_end import project_end
from sverige_did.did.exact import poisson_did

EVENTS, TOTALS = ((12, 4), (48, 48)), ((1.0, 1.0), (4.0, 4.0))


def test_none_left_of_twelve():
    check = project_end(EVENTS, TOTALS, 0, 0.625, "institution_children")
    exact = poisson_did(((12, 0), (48, 48)), TOTALS)
    assert exact.estimate == 0
    assert check.numbers["upper"] == pytest.approx(exact.upper)
    assert check.numbers["p"] == pytest.approx(exact.p_value)
    assert check.key == "excludes"
    assert check.numbers["shock"] > 0
    assert "control_unchanged_later" in check.assumptions


def test_an_unchanged_count_changes_nothing():
    same = project_end(EVENTS, TOTALS, 4, 0.625, "o")
    assert same.numbers["p"] == pytest.approx(poisson_did(EVENTS, TOTALS).p_value)
    assert same.key == "includes"


def test_more_left_means_less_shock_is_needed():
    shocks = [project_end(((48, 12), (192, 192)), TOTALS, left, 0.625, "o").numbers["shock"] for left in (0, 6, 12)]
    assert shocks == sorted(shocks, reverse=True)


@pytest.mark.parametrize("later", [0, 4])
def test_it_has_its_words(later):
    check = project_end(EVENTS, TOTALS, later, 0.625, "o")
    for language in words.LANGUAGES:
        assert words.text(f"checks.project_end.{check.key}", language, **check.numbers)
        assert words.has(f"checks.assumption.{check.assumptions[0]}", language)
