"""Which data give which class: a readable table, and the words that each class is locked to."""

from __future__ import annotations

import re

import pytest

from sverige_did import words
from sverige_did.design import classify
from sverige_did.results.designs import OutcomeDesign, Support
from sverige_did.results.estimates import ALLOWED_VERDICTS, EFFECT_CLASSES, Estimate, Finding

FORBIDDEN = re.compile(r"effekt|effect|virkning|impact|påvirk|caus|skyldes|forårsag", re.IGNORECASE)

# unit kind, treated before/after, control before/after, treated dates, adoption dates, different cases -> class
SPECIFICATION = [
    ("district", (1, 1), (1, 1), 2, 1, False, "D1"),
    ("district", (1, 1), (1, 1), 14, 1, False, "D1"),
    ("area", (1, 1), (1, 1), 5, 3, False, "D5"),
    ("group", (1, 1), (1, 1), 2, 0, False, "D1g"),
    ("group", (0, 1), (0, 1), 1, 0, False, "D2"),
    ("district", (0, 1), (0, 1), 3, 1, False, "D2"),
    ("district", (1, 1), (0, 1), 4, 1, False, "D2"),
    ("group", (1, 1), (0, 0), 4, 0, False, "D3"),
    ("group", (0, 1), (0, 0), 2, 0, False, "D3"),
    ("group", (1, 1), (1, 0), 2, 0, False, "D3"),
    ("group", (1, 1), (0, 0), 1, 0, True, "D4"),
    ("none", (0, 0), (0, 0), 0, 0, False, None),
    ("group", (0, 0), (1, 1), 0, 0, False, None),
]


@pytest.mark.parametrize(("unit", "treated", "control", "dates", "adoptions", "different", "expected"), SPECIFICATION)
def test_the_class_follows_from_the_support(unit, treated, control, dates, adoptions, different, expected):
    support = Support(
        outcome="institution_share",
        unit_kind=unit,
        treated_before=treated[0],
        treated_after=treated[1],
        control_before=control[0],
        control_after=control[1],
        treated_dates=dates,
        control_dates=dates,
        treated_units=4,
        control_units=16,
        adoption_dates=adoptions,
        numbers_lost=False,
        different_cases=different,
    )
    found = classify(support)
    assert found == expected
    design = OutcomeDesign(outcome="institution_share", design_class=found, support=support)
    assert design.may_say_effect == (expected in {"D1", "D1g", "D5"})


def claims() -> list[tuple[str, str]]:
    return [(design_class, verdict) for design_class, verdicts in ALLOWED_VERDICTS.items() for verdict in verdicts]


@pytest.mark.parametrize(("design_class", "verdict"), claims())
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_there_is_one_sentence_for_each_claim_and_none_overclaims(design_class, verdict, language):
    point = Estimate(estimate=0.4, scale="ratio", estimand="e", estimator="e", inference="none")
    finding = Finding(
        study="s", outcome="o", reading="all", design_class=design_class, verdict=verdict, plan_sha256="0", result=point
    )
    claim = words.catalogue(language)[finding.claim_key]
    assert "viser, at" not in claim
    if design_class not in EFFECT_CLASSES:
        assert not FORBIDDEN.search(claim)
