"""A second study of published figures: a made-up municipality that prints its numbers of children, with no readings."""

from __future__ import annotations

from pathlib import Path

import yaml

from sverige_did.sources.published.fact_row import COLUMNS

BEFORE, AFTER = "2019-12-31", "2021-12-31"


def both(text: str) -> dict[str, str]:
    return {"da": f"{text} (da)", "en": f"{text} (en)"}


def _prior(key: str, sd: float, family: str = "normal", mean: float = 0.0) -> dict[str, object]:
    return {"key": key, "family": family, "mean": mean, "sd": sd, "unit": "log_odds", "reason": both("made up")}


WANTED = {
    "institution_per_1000": ("primary", "lower", ["ratio", "log_odds"]),
    "institution_share": ("secondary", "lower", ["pp", "ratio", "log_odds"]),
    "family_share": ("secondary", "higher", ["pp"]),
    "placed_total": ("secondary", "lower", ["ratio"]),
    "breakdowns": ("secondary", "lower", ["ratio"]),
    "complaints": ("secondary", "lower", ["ratio"]),
    "placement_spending": ("secondary", "lower", ["mio_dkk", "ratio"]),
    "wellbeing_sdq": ("secondary", "lower", ["level"]),
    "decision_time": ("exploratory", "lower", ["level"]),
    "caseload": ("implementation", "lower", ["ratio"]),
}

PLAN: dict[str, object] = {
    "study": "madeup",
    "kind": "published",
    "synthetic": True,
    "title": both("A made-up evaluation"),
    "question": both("Did it help?"),
    "population": both("Children who do not exist"),
    "written": "2026-01-31",
    "known_when_written": both("Everything, for it was made up"),
    "input": "published.csv",
    "treated": {"label": both("With"), "districts": 3, "districts_known": True},
    "control": {"label": both("Without"), "districts": 9, "districts_known": True},
    "periods": {
        "baseline": BEFORE,
        "treatment_start": "2020-01-01",
        "follow_up": AFTER,
        "hard_stop": "2022-12-31",
        "partial": "donut",
        "ramp_months": 0,
    },
    "weights": "children",
    "questions": [{"key": "all", "text": both("Did anything change?")}],
    "outcomes": [
        {"outcome": key, "question": "all", "role": role, "benefit": benefit, "scales": scales}
        for key, (role, benefit, scales) in WANTED.items()
    ],
    "sources": [{"file": "report.pdf", "label": both("The report")}],
    "priors": [
        _prior("effect", 0.75),
        _prior("shock_sd", 0.3, "half_normal"),
        _prior("baseline_share", 1.5),
        _prior("baseline_count", 1.5, mean=3.0),
        _prior("group_gap", 1.0),
        _prior("period_change", 0.5),
    ],
    "sampling": {"seed": 1, "chains": 2, "draws": 500, "tune": 400},
    "sensitivity": {
        "overlap_rho": [0.0, 0.5],
        "shock_sd": [0.0, 0.3],
        "shock_autocorrelation": 0.0,
        "spillover_kappa": [0.0, 0.1],
        "partial_year": [0.0, 0.5],
        "overdispersion": [1.0, 2.0],
    },
}

Fact = tuple[str, str, str, str, str, float, float]
"""Outcome, measure, unit, group, date, number, rounding."""


def _at_both(
    outcome: str, measure: str, unit: str, group: str, numbers: tuple[float, float], rounding: float = 0.0
) -> list[Fact]:
    return [(outcome, measure, unit, group, day, x, rounding) for day, x in zip((BEFORE, AFTER), numbers, strict=True)]


def share(
    outcome: str, counts: tuple[float, float, float, float], totals: tuple[float, float, float, float]
) -> list[Fact]:
    """Numbers of children and of all of them: treated before, after, control before, after."""
    return [
        fact
        for at, group in ((0, "treated"), (2, "control"))
        for measure, numbers in (("count", counts), ("total", totals))
        for fact in _at_both(outcome, measure, "children", group, (numbers[at], numbers[at + 1]))
    ]


FACTS: list[Fact] = [
    *share("institution_share", (14, 7, 40, 41), (50, 48, 160, 158)),
    *share("family_share", (20, 24, 60, 61), (50, 48, 160, 158)),
    *_at_both("placed_total", "count", "children", "treated", (50, 48)),
    *_at_both("placed_total", "count", "children", "control", (160, 158)),
    # Percentages of a printed number of placements, in one year only.
    ("breakdowns", "level", "percent", "treated", AFTER, 4.2, 0.05),
    ("breakdowns", "total", "cases", "treated", AFTER, 48, 0),
    ("breakdowns", "level", "percent", "control", AFTER, 7.6, 0.05),
    ("breakdowns", "total", "cases", "control", AFTER, 158, 0),
    # A percentage of nobody knows how many.
    ("complaints", "level", "percent", "treated", AFTER, 1.4, 0.05),
    ("complaints", "level", "percent", "control", AFTER, 2.0, 0.05),
    ("placement_spending", "change", "mio_dkk", "treated", AFTER, -2.5, 0.05),
    ("placement_spending", "change", "mio_dkk", "control", AFTER, 1.0, 0.05),
    ("caseload", "level", "cases", "treated", AFTER, 25, 0.5),
    ("caseload", "level", "cases", "control", AFTER, 41, 0.5),
]  # fmt: skip

# 24 of 48 children are 50 %, not 55 %; any two of the three can be true: 24 of 44 are 54.5 %, 26 of 48 are 54.2 %.
CONTRADICTION: Fact = ("family_share", "level", "percent", "treated", AFTER, 55.0, 0.9)


def fact_id(fact: Fact) -> str:
    outcome, measure, _, group, day, *_ = fact
    return f"{outcome}-{measure}-{group}-{day[:4]}"


def write(folder: Path, facts: list[Fact], **changes: object) -> Path:
    """The study in the single-study form: study.yaml and data/published.csv."""
    (folder / "data").mkdir(parents=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(PLAN | changes, allow_unicode=True, sort_keys=False), "utf-8")
    lines = [",".join(COLUMNS)]
    for fact in facts:
        outcome, measure, unit, group, day, number, rounding = fact
        start = BEFORE if measure in {"change", "ratio_change"} else day
        cells = (
            "report.pdf",
            f"Table {outcome}",
            outcome,
            measure,
            unit,
            group,
            start,
            day,
            f"{number:g}",
            f"{rounding:g}",
        )
        lines.append(",".join((fact_id(fact), *cells, f"Fund {number:g}", f"Finding {number:g}", "printed")))
    (folder / "data" / "published.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder
