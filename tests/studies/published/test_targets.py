"""Herning's targets: each at its own date, with what could be said at mid-term and at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from herning import evidence
from scipy import stats
from scipy.special import expit

from sverige_did.results.targets import TargetRecord
from sverige_did.studies.published.posterior import closed_forms
from sverige_did.studies.published.targets import target_records


@pytest.fixture(scope="module")
def records() -> tuple[TargetRecord, ...]:
    return target_records(evidence()).targets


def of(records: tuple[TargetRecord, ...], key: str, reading: str | None = None) -> TargetRecord:
    return next(one for one in records if one.key == key and reading in {None, one.reading})


def test_every_target_of_the_plan_is_held(records: tuple[TargetRecord, ...]) -> None:
    assert list(dict.fromkeys(one.key for one in records)) == [one.key for one in evidence().study.targets]


def test_the_target_that_was_met_at_the_start_is_flagged(records: tuple[TargetRecord, ...]) -> None:
    record = of(records, "institution_25", "H2")
    assert record.met_before
    assert record.moments[0].registered == 25
    assert of(records, "family_75").met_before is False


def test_the_middle_answer_is_that_of_the_same_model_by_draws(records: tuple[TargetRecord, ...]) -> None:
    """An independent reference: prior draws of the treated group's path under the plan, weighted by its counts."""
    rng, n = np.random.default_rng(7), 3_000_000
    s = np.abs(0.3 * rng.standard_normal(n))
    before = np.sqrt(1.5**2 + 1.0**2 + s**2 / 4) * rng.standard_normal(n)
    after = before + np.sqrt(0.5**2 + 0.75**2 + s**2 / 2) * rng.standard_normal(n)
    end = after + np.sqrt(s**2 / 2) * rng.standard_normal(n)
    weight = stats.binom.pmf(12, 48, expit(before)) * stats.binom.pmf(6, 45, expit(after))
    record = of(records, "institution_25", "H2")
    reached = np.average(expit(after) <= 0.25, weights=weight)
    assert record.moments[1].probability == pytest.approx(reached, abs=0.004)
    weight *= stats.binom.pmf(0, 45, expit(end))
    assert record.moments[2].middle == pytest.approx(100 * _median(expit(end), weight), abs=0.4)


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)])


def test_a_saving_of_2014_or_2015_is_not_held_against_the_one_from_2016(records: tuple[TargetRecord, ...]) -> None:
    record = of(records, "saving_2016")
    assert {one.status for one in record.moments} == {"not_due"}
    assert record.last is None
    assert [one.registered for one in record.moments] == pytest.approx([4.025, 6.7])


def test_the_expected_saving_of_2015_starts_from_the_mid_term_evaluation(records: tuple[TargetRecord, ...]) -> None:
    first, last = of(records, "saving_2015").moments
    assert first.status == "not_due"
    assert last.meets
    assert last.probability < of(records, "saving_2015").alone, "what 2014 said was less"
    assert last.lower < 0 < 3.35 < last.upper


def test_mid_term_spending_is_the_closed_form_of_the_page() -> None:
    """A target of 2014 would be judged by the posterior that the page tells of spending."""
    held = evidence()
    plan = held.study
    one = next(item for item in plan.targets if item.key == "saving_2015")
    asked = one.model_copy(update={"date": plan.periods.follow_up, "value": 0.0})
    found = target_records(replace(held, study=plan.model_copy(update={"targets": (asked,)}))).targets[0]
    closed = next(item for item in closed_forms(held) if item.outcome == "placement_spending").result
    assert found.moments[0].probability == pytest.approx(closed.prob_benefit, abs=0.01)
    assert found.moments[0].upper == pytest.approx(28.8 * (1 - closed.lower), abs=0.3)


def test_what_the_source_says_in_words_has_no_probability(records: tuple[TargetRecord, ...]) -> None:
    prevention, placement = (of(records, key) for key in ("follow_up_prevention", "follow_up_placement"))
    assert [(one.moment, one.meets) for one in prevention.moments] == [("mid_term", False), ("final", False)]
    assert [(one.moment, one.meets) for one in placement.moments] == [("final", True)]
    assert {one.probability for one in (*prevention.moments, *placement.moments)} == {None}


def test_the_laws_follow_ups_have_no_figure(records: tuple[TargetRecord, ...]) -> None:
    law = of(records, "follow_up_law")
    assert not law.moments
    assert [one.key for one in law.remarks] == ["errors.target_no_figure"]


def test_a_reading_that_gives_figures_up_says_which(records: tuple[TargetRecord, ...]) -> None:
    assert "F082" in of(records, "family_75", "H1").remarks[0].values["facts"]
    assert not of(records, "institution_25", "H2").remarks


def test_a_fact_that_is_not_there_is_named() -> None:
    held = evidence()
    plan = held.study
    one = next(item for item in plan.targets if item.reported)
    wrong = one.model_copy(update={"reported": (one.reported[0].model_copy(update={"fact": "F999"}),)})
    (record,) = target_records(replace(held, study=plan.model_copy(update={"targets": (wrong,)}))).targets
    assert [remark.key for remark in record.remarks] == ["errors.target_fact_missing"]
