"""The recorded coverage of intervals for cases before and during: what it shows, and that it can be made again."""

from __future__ import annotations

import csv

import pytest
from case_coverage import DESIGNS, RECORD, SIMULATIONS, design_rows


def recorded() -> dict[tuple[str, str, str], tuple[float, float]]:
    with RECORD.open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {
            (row["design"], row["method"], row["about"]): (float(row["mean_error"]), float(row["coverage"]))
            for row in rows
        }


def test_every_design_is_recorded() -> None:
    assert {design for design, _, _ in recorded()} == set(DESIGNS)
    assert SIMULATIONS >= 1000


def test_caseworkers_intervals_hold_the_difference_of_these_municipalities() -> None:
    for design in DESIGNS:
        _, coverage = recorded()[design, "caseworker_jackknife", "these"]
        assert 0.93 <= coverage <= 0.98, design


def test_what_municipalities_have_in_general_needs_the_interval_with_two_degrees_of_freedom() -> None:
    narrow = recorded()["municipalities_change", "caseworker_jackknife", "all"][1]
    wide = recorded()["municipalities_change", "municipalities", "all"][1]
    assert narrow < wide
    assert wide >= 0.93


def test_finished_cases_are_biased_in_every_design_and_the_estimate_in_none() -> None:
    for (design, method, about), (error, coverage) in recorded().items():
        if about == "these" and method == "only_completed":
            assert error < -10, design
            assert coverage < 0.9
        elif about == "these":
            assert abs(error) < 1.5, (design, method)


@pytest.mark.slow
def test_a_design_can_be_made_again() -> None:
    for design, method, about, _, _, error, _ in design_rows("alike", 100):
        assert float(str(error)) == pytest.approx(recorded()[design, method, about][0], abs=6)
