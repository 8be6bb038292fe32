"""Answers: frozen, ordered, and unable to call themselves an effect where they are none."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from sverige_did.results import estimates
from sverige_did.results.estimates import (
    ALLOWED_VERDICTS,
    EFFECT_CLASSES,
    ROW_FIELDS,
    Curve,
    Estimate,
    Finding,
    Frozen,
    NotAnEffectError,
)
from sverige_did.results.published import Reported

POINT = Estimate(estimate=-11.7, scale="pp", estimand="att", estimator="did", inference="none")


def finding(design_class: str, verdict: str) -> Finding:
    return Finding(
        study="s", outcome="o", reading="all", design_class=design_class, verdict=verdict, plan_sha256="0", result=POINT
    )


def kinds() -> list[type[Frozen]]:
    return [kind for kind in vars(estimates).values() if isinstance(kind, type) and issubclass(kind, Frozen)]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_result_is_frozen_and_knows_its_fields(kind):
    assert kind.model_config["frozen"]
    assert kind.model_config["extra"] == "forbid"


def test_a_result_cannot_be_changed():
    with pytest.raises(ValidationError):
        POINT.estimate = 0.0


@pytest.mark.parametrize("design_class", [c for c in ALLOWED_VERDICTS if c not in EFFECT_CLASSES])
def test_what_is_no_effect_cannot_be_asked_for_one(design_class):
    with pytest.raises(NotAnEffectError):
        _ = finding(design_class, "descriptive").att


@pytest.mark.parametrize("design_class", sorted(EFFECT_CLASSES))
def test_an_effect_can(design_class):
    assert finding(design_class, ALLOWED_VERDICTS[design_class][0]).att == POINT.estimate


@pytest.mark.parametrize("design_class", list(ALLOWED_VERDICTS))
@pytest.mark.parametrize("verdict", ["supported", "inconclusive", "conditional", "descriptive", "refused"])
def test_a_class_carries_its_own_verdicts_only(design_class, verdict):
    if verdict in ALLOWED_VERDICTS[design_class]:
        assert finding(design_class, verdict).verdict == verdict
    else:
        with pytest.raises(ValidationError):
            finding(design_class, verdict)


def test_limits_come_in_order_and_with_a_level():
    with pytest.raises(ValidationError):
        Estimate(**POINT.model_dump() | {"lower": 1.0, "upper": 0.0, "level": 0.95})
    with pytest.raises(ValidationError):
        Estimate(**POINT.model_dump() | {"lower": -1.0, "upper": 0.0})


def test_infinite_limits_survive_json():
    wide = Estimate(**POINT.model_dump() | {"lower": -math.inf, "upper": math.inf, "level": 0.95})
    assert Estimate.model_validate_json(wide.model_dump_json()) == wide


def test_a_row_has_the_published_columns():
    assert tuple(finding("D1g", "conditional").row()) == ROW_FIELDS


def test_a_curve_has_one_length():
    with pytest.raises(ValidationError):
        Curve(name="c", x_name="x", y_name="y", x=(1.0, 2.0), y=(1.0,))


def test_a_reported_figure_knows_its_rounding():
    common = {"fact_id": "F", "source_file": "f", "place": "p", "outcome": "o", "measure": "level", "unit": "percent"}
    common |= {"group": "treated", "period_start": "2013-06-30", "period_end": "2013-06-30", "provenance": "printed"}
    fact = Reported(**common, value=25, rounding=0.5, finding_da="a", finding_en="a")
    assert (fact.low, fact.high) == (24.5, 25.5)
    words_only = Reported(**common, value=None, finding_da="a", finding_en="a")
    with pytest.raises(TypeError):
        _ = words_only.low
