"""Every D1g outcome is doubted, and what could not be doubted is said to be so."""

from __future__ import annotations

import numpy as np
import pytest
from herning import evidence
from hypothesis import given
from hypothesis import strategies as st

from sverige_did import words
from sverige_did.bayes.models.closed_form import NormalPrior, Sampling, prob_negative
from sverige_did.checks.control_group import control_group
from sverige_did.checks.shock_curve import shock_curve
from sverige_did.did.exact import zelen
from sverige_did.did.scales import did
from sverige_did.studies.published.estimate import findings
from sverige_did.studies.published.estimators import BY_SCALE, over_tables
from sverige_did.studies.published.group_tables import GroupTable, middle_table
from sverige_did.studies.published.posterior import jobs
from sverige_did.studies.published.sensitivity import OUT_OF_REACH, sensitivity_analyses


@pytest.fixture(scope="module")
def made():
    return sensitivity_analyses(evidence())


def test_every_outcome_with_two_totals_names_what_is_out_of_reach(made):
    for design in evidence().designs:
        missing = {check.check for check in made if check.outcome == design.outcome and check.status == "could_not_run"}
        assert missing == (set(OUT_OF_REACH) if design.design_class == "D1g" else set())


def test_every_table_is_doubted_in_every_reading(made):
    for outcome in ("institution_share", "network_share", "institution_per_1000"):
        for reading in evidence().tables_of(outcome):
            run = {check.check for check in made if (check.outcome, check.reading) == (outcome, reading)}
            assert {"tipping_shock", "shock_curve", "absolute_violation", "spillover"} <= run


def test_every_check_has_its_sentence_in_both_languages(made):
    for check in made:
        for language in words.LANGUAGES:
            assert words.text(f"checks.{check.check}.{check.key}", language, **check.numbers)


def test_the_lost_control_group_is_tried_over_the_plans_grids(made):
    (check,) = [c for c in made if c.check == "control_group" and c.reading == "H2"]
    assert check.numbers["tried"] == 9
    assert check.numbers["p_low"] < check.numbers["p_high"]


def test_control_group_at_the_given_size_and_level_is_the_given_table():
    y, n = np.array([[12, 6], [48, 48]]), np.array([[48, 45], [192, 192]])
    check = control_group(y, n, "o", sizes=(4.0,), levels=(0.25,))
    assert check.numbers["p_low"] == pytest.approx(zelen(y, n).p_value)
    assert check.key == "never"


def test_the_curve_is_the_closed_form_and_falls_towards_the_prior():
    data, prior = Sampling(-0.7, 0.26, 0.625), NormalPrior(0.0, 0.75)
    check = shock_curve(data, prior, "o", s=(0.0, 0.5, 50.0))
    assert check.curves[0].y == pytest.approx(prob_negative(data, prior, [0.0, 0.5, 50.0]))
    assert check.numbers["percent_high"] == pytest.approx(50, abs=1)
    mirrored = shock_curve(data, prior, "o", s=(0.0,), lower_is_better=False)
    assert mirrored.numbers["percent_low"] == pytest.approx(100 - check.numbers["percent_low"])


def test_checks_estimates_and_posteriors_of_a_reading_speak_of_one_table(made):
    """In every outcome and reading, those with several tables among them: what a reader holds side by side."""
    several = 0
    found = {(one.outcome, one.reading): {} for one in findings(evidence())}
    for one in findings(evidence()):
        found[one.outcome, one.reading][one.result.estimator, one.result.scale] = one.result.estimate
    fitted = {(job.table.outcome, job.table.reading): job.table for job in jobs(evidence())}
    for (outcome, reading), table in fitted.items():
        several += len(evidence().tables_of(outcome)[reading]) > 1
        y, n = np.array(table.events), np.array(table.totals)
        change = (y[0, 1] / n[0, 1]) / (y[0, 0] / n[0, 0])
        assert found[outcome, reading]["before_after", "ratio"] == pytest.approx(change)
        checks = {check.check: check for check in made if (check.outcome, check.reading) == (outcome, reading)}
        scale = "logit" if table.family == "binomial" else "log"
        if (y > 0).all():
            assert checks["tipping_shock"].numbers["estimate"] == pytest.approx(did(y / n, scale))
        points = found[outcome, reading].get(("mover", "pp"))
        if points is not None:
            assert checks["scale_discrepancy"].numbers["effect_identity"] == pytest.approx(points)
    assert several > 2


tables = st.lists(
    st.tuples(*[st.integers(1, 30)] * 4).map(
        lambda y: GroupTable(
            outcome="institution_share", reading="x", family="binomial", events=(y[:2], y[2:]),
            totals=((40, 40), (160, 160)), assumptions=(),
        )
    ),
    min_size=1,
    max_size=7,
)  # fmt: skip


@given(tables, st.randoms())
def test_the_middle_table_is_the_middle_in_points_in_any_order(drawn, random):
    chosen = middle_table(drawn)
    points = sorted(did(np.array(one.events) / np.array(one.totals), "identity") for one in drawn)
    mine = did(np.array(chosen.events) / np.array(chosen.totals), "identity")
    assert mine == pytest.approx(points[len(points) // 2])
    random.shuffle(drawn)
    again = middle_table(drawn)
    assert did(np.array(again.events) / np.array(again.totals), "identity") == pytest.approx(mine)
    for scale in ("pp", "ratio", "log_odds"):
        spoken, own = over_tables(drawn, scale, 0.95), BY_SCALE[scale](again, 0.95)
        assert spoken.estimate == own.estimate
        assert spoken.lower <= own.lower <= own.upper <= spoken.upper
