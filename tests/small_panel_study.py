"""A plan with one outcome, for panels that are made in the tests."""

from __future__ import annotations

from typing import Any

from sverige_did.study.study import Study


def both(text: str) -> dict[str, str]:
    return {"da": f"{text} (da)", "en": f"{text} (en)"}


def study(*, scales: tuple[str, ...] = ("rate_per_1000",), **changes: Any) -> Study:
    tree = {
        "study": "made-up",
        "kind": "panel",
        "synthetic": True,
        "title": both("Made up"),
        "question": both("Does it work?"),
        "population": both("Children who do not exist"),
        "written": "2026-01-31",
        "known_when_written": both("Everything"),
        "registers": {
            "grid": {"first": "2011H1", "last": "2015H2"},
            "residence": {"date": "2013-06-01"},
        },
        "treated": {"label": both("Treated"), "districts": 4},
        "control": {"label": both("Control"), "districts": 12},
        "periods": {
            "baseline": "2013-06-30",
            "treatment_start": "2013-08-01",
            "follow_up": "2015-12-31",
            "hard_stop": "2015-12-31",
            "partial": "donut",
        },
        "weights": "districts",
        "questions": [{"key": "all", "text": both("What happened?")}],
        "outcomes": [
            {
                "outcome": "institution_per_1000",
                "question": "all",
                "role": "primary",
                "benefit": "lower",
                "scales": scales,
            }
        ],
        "sampling": {"seed": 1},
    }
    return Study.model_validate(tree | changes)
