"""A small release with something of every kind: made-up counts, computed here, and marked as made up."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from sverige_did.disclosure.release import Release
from sverige_did.results.designs import OutcomeDesign, Support
from sverige_did.results.estimates import CheckResult, Curve, DesignClass, Diagnostics, Estimate, Finding, Verdict
from sverige_did.results.published import Feasible, Reported
from sverige_did.study.study import Study

EVENTS = np.array([[17.0, 8.0], [75.0, 75.0]])
TOTALS = np.array([[67.0, 58.0], [300.0, 300.0]])


def both(text: str) -> dict[str, str]:
    return {"da": f"{text} (da)", "en": f"{text} (en)"}


def make_study(**changes: object) -> Study:
    wanted = [
        ("institution_share", "institution", "primary", "lower", ["ratio", "pp", "log_odds"]),
        ("family_share", "family", "secondary", "higher", ["pp"]),
        ("breakdowns", "quality", "secondary", "lower", ["ratio"]),
        ("ladder_moves", "ladder", "exploratory", "higher", ["level"]),
        ("decision_time", "sister", "exploratory", "lower", ["level"]),
        ("wellbeing_sdq", "wellbeing", "secondary", "lower", ["level"]),
        ("caseload", "caseload", "implementation", "lower", ["ratio"]),
    ]
    plan: dict[str, object] = {
        "study": "small",
        "kind": "published",
        "synthetic": True,
        "title": both("A small made-up study"),
        "question": both("Does a page tell what a release holds?"),
        "population": both("Children who do not exist"),
        "written": "2026-01-31",
        "known_when_written": both("Everything, for it was made up"),
        "input": "small.csv",
        "treated": {"label": both("<script>alert(1)</script>"), "districts": 4, "districts_known": True},
        "control": {"label": both("Other & more"), "districts": 16, "districts_known": False},
        "periods": {
            "baseline": "2013-08-31",
            "treatment_start": "2013-08-01",
            "follow_up": "2014-12-31",
            "hard_stop": "2015-12-31",
            "partial": "donut",
            "ramp_months": 6,
        },
        "weights": "children",
        "questions": [{"key": question, "text": both(f"Question {question}?")} for _, question, *_ in wanted],
        "outcomes": [
            {"outcome": outcome, "question": question, "role": role, "benefit": benefit, "scales": scales}
            for outcome, question, role, benefit, scales in wanted
        ],
        "readings": [
            {"key": key, "label": both(f"reading {key}"), "definition": both(f"Definition of {key}")}
            for key in ("H1", "H2")
        ],
        "assumptions": [
            {
                "key": "control_level",
                "value": 1234.5,
                "unit": "children",
                "grid": [1000.0, 1234.5],
                "reason": both("Needed"),
                "source": "own assumption",
            }
        ],
        "priors": [
            {"key": "effect", "family": "normal", "mean": 0.0, "sd": 0.75, "unit": "log_odds", "reason": both("Flat")},
            {"key": "shock_sd", "family": "half_normal", "sd": 0.3, "unit": "log_odds", "reason": both("Small")},
            {"key": "share", "family": "beta", "a": 2.0, "b": 6.0, "unit": "share", "reason": both("A quarter")},
        ],
        "sampling": {"seed": 1},
        "deviations": [{"when": "2026-02-01", "what": both("Something else"), "why": both("It was better")}],
    }
    return Study.model_validate(plan | changes)


CLASSES: dict[str, tuple[DesignClass | None, Verdict]] = {
    "institution_share": ("D1g", "conditional"),
    "family_share": ("D1g", "conditional"),
    "breakdowns": ("D2", "descriptive"),
    "ladder_moves": ("D3", "descriptive"),
    "decision_time": ("D4", "descriptive"),
    "wellbeing_sdq": (None, "refused"),
    "caseload": ("D3", "descriptive"),
}


def make_design(outcome: str) -> OutcomeDesign:
    design_class = CLASSES[outcome][0]
    both_sides = design_class in {"D1g", "D2"}
    support = Support(
        outcome=outcome,
        unit_kind="group",
        treated_before=design_class == "D1g",
        treated_after=design_class is not None,
        control_before=design_class == "D1g",
        control_after=both_sides,
        treated_dates=0 if design_class is None else 2,
        control_dates=2 if both_sides else 0,
        treated_units=0 if design_class is None else 1,
        control_units=int(both_sides),
        adoption_dates=1,
        numbers_lost=outcome == "caseload",
        different_cases=design_class == "D4",
    )
    return OutcomeDesign(outcome=outcome, design_class=design_class, support=support)


def finding(study: Study, outcome: str, reading: str, estimate: Estimate) -> Finding:
    design_class, verdict = CLASSES[outcome]
    assert design_class is not None
    return Finding(
        study=study.study,
        outcome=outcome,
        reading=reading,
        design_class=design_class,
        verdict=verdict,
        plan_sha256=study.sha256,
        result=estimate,
    )


def log_odds_did(events: np.ndarray, totals: np.ndarray) -> tuple[float, float]:
    """The log-odds DiD and its sampling standard error."""
    logits = np.log(events / (totals - events))
    theta = logits[0, 1] - logits[0, 0] - logits[1, 1] + logits[1, 0]
    return float(theta), float(np.sqrt((1 / events + 1 / (totals - events)).sum()))


def shares(reading_shift: float) -> tuple[Estimate, ...]:
    """The estimates of the institution share in one reading: the counts are shifted, so that readings differ."""
    events = EVENTS + np.array([[0.0, reading_shift], [0.0, 0.0]])
    p = events / TOTALS
    theta, se = log_odds_did(events, TOTALS)
    raw, relative = p[0, 1] / p[0, 0], p[0, 1] / p[0, 0] / (p[1, 1] / p[1, 0])
    pp = 100 * (p[0, 1] - p[0, 0] - p[1, 1] + p[1, 0])
    common = {"estimand": "att", "assumptions": ("no_district_shocks",)}
    wide = math.hypot(se, 0.3)
    return (
        Estimate(estimate=raw, scale="ratio", estimator="before_after", inference="none", estimand="change"),
        Estimate(
            estimate=relative, scale="ratio", estimator="did", inference="exact_sampling", lower=relative / 3,
            upper=relative * 3, level=0.95, p_value=0.14, **common,
        ),
        Estimate(
            estimate=relative, scale="ratio", estimator="bayes", inference="posterior",
            lower=relative * math.exp(-wide), upper=relative * math.exp(wide), level=0.95, prob_benefit=0.91, **common,
        ),
        Estimate(
            estimate=theta, scale="log_odds", estimator="bayes", inference="posterior", lower=theta - 2 * wide,
            upper=theta + 2 * wide, level=0.95, prob_benefit=0.91, **common,
        ),
        Estimate(
            estimate=theta, scale="log_odds", estimator="zelen", inference="exact_sampling", lower=-math.inf,
            upper=theta + 2 * se, level=0.95, p_value=0.0004, **common,
        ),
        Estimate(
            estimate=pp, scale="pp", estimator="trimming_bounds", inference="bounds", lower=pp - 2, upper=pp + 2,
            level=1.0, assumptions=("control_level",), estimand="att",
        ),
    )  # fmt: skip


def other_findings(study: Study) -> tuple[Finding, ...]:
    family = Estimate(estimate=10.0, scale="pp", estimator="did", inference="none", estimand="att")
    years = Estimate(
        estimate=23.4, scale="institution_years", estimator="break_even", inference="assumption", estimand="break_even"
    )
    rates = Estimate(
        estimate=2.2 / 5.9, scale="ratio", estimator="rate_ratio", inference="exact_sampling", estimand="ratio",
        lower=0.04, upper=1.56, level=0.95, p_value=0.27,
    )  # fmt: skip
    moves = Estimate(
        estimate=8 / 14, scale="share", estimator="sign_test", inference="exact_sampling", estimand="share_of_moves",
        lower=0.29, upper=0.82, level=0.95, p_value=0.79,
    )  # fmt: skip
    weeks = Estimate(estimate=-12.5, scale="level", estimator="before_after", inference="none", estimand="change")
    return (
        finding(study, "family_share", "all", family),
        finding(study, "family_share", "all", years),
        finding(study, "breakdowns", "all", rates),
        finding(study, "ladder_moves", "all", moves),
        finding(study, "decision_time", "all", weeks),
    )


def make_reported(fact_id: str, value: float | date | None, unit: str, outcome: str = "institution_share") -> Reported:
    return Reported(
        fact_id=fact_id,
        source_file="small.txt",
        place="Table <b>4</b>",
        outcome=outcome,
        measure="level",
        unit=unit,
        group="treated",
        period_start=date(2013, 8, 1),
        period_end=date(2014, 12, 31),
        value=value,
        rounding=0.5 if isinstance(value, float) else None,
        finding_da=f"Fund {fact_id}",
        finding_en=f"Finding {fact_id}",
        provenance="printed",
    )


def make_checks(outcome: str) -> tuple[CheckResult, ...]:
    x = np.linspace(0, 1, 41)
    y = 1 / (1 + np.exp(-2 + 2 * x))
    curve = Curve(
        name="p_value",
        x_name="checks.axis.shock_sd",
        y_name="checks.axis.p_value",
        x=tuple(x),
        y=(math.inf, *y[1:]),
        lower=tuple(y / 2),
        upper=tuple(np.minimum(1.2 * y, 1)),
    )
    numbers = {
        "estimate": -0.75, "constant": 0.625, "serial_correlation": 0.0, "tipping_shock": 0.38, "factor": 1.46,
        "p_without": 0.14,
    }  # fmt: skip
    return (
        CheckResult(check="tipping_shock", outcome=outcome, reading="H1", numbers=numbers, curves=(curve,)),
        CheckResult(check="tipping_shock", outcome=outcome, reading="H2", numbers=numbers, curves=(curve,)),
        CheckResult(check="scale_discrepancy", outcome=outcome, status="could_not_run", key="empty_cell"),
    )


def make_release(study: Study | None = None, **changes: object) -> Release:
    plan = study or make_study()
    readings = {"H1": 0.0, "H2": -2.0}
    found = tuple(
        finding(plan, "institution_share", key, estimate)
        for key, shift in readings.items()
        for estimate in shares(shift)
    )
    release = Release(
        study=plan,
        plan_sha256=plan.sha256,
        data_sha256="0" * 64,
        synthetic=plan.synthetic,
        policy="published",
        versions={"numpy": "2"},
        designs=tuple(make_design(item.outcome) for item in plan.outcomes),
        main_reading="H2",
        findings=(*found, *other_findings(plan)),
        checks=make_checks("institution_share"),
        reported=(
            make_reported("F1", 25.0, "percent"),
            make_reported("F2", None, "none"),
            make_reported("F3", date(2013, 8, 1), "date"),
        ),
        feasible=(
            Feasible(
                reading="H1", outcome="institution_share", unknowns=("placed_0", "placed_1"), tables=(),
                conflicts=(("F1", "F2"),), given_up=("F2",),
            ),
            Feasible(
                reading="H2", outcome="institution_share", unknowns=("placed_0", "placed_1"), tables=((12, 6), (12, 5)),
                intervals={"institution_change_pp": (-13.3, -11.6)}, facts=("F1",),
            ),
        ),
        diagnostics=(
            Diagnostics(
                fit="institution_share-H2", chains=4, draws=1500, seed=1, r_hat_max=1.003, ess_bulk_min=2345.0,
                ess_tail_min=1890.0, divergences=0, bfmi_min=0.87, passed=True,
            ),
        ),
    )  # fmt: skip
    return release.model_copy(update=changes)
