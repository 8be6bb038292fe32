"""The published study's estimates: hand-checked numbers, and no effect where the design has none."""

from __future__ import annotations

import math

import pytest
from herning import evidence

from sverige_did.results.estimates import EFFECT_CLASSES, Finding
from sverige_did.studies.published.estimate import findings


@pytest.fixture(scope="module")
def made() -> tuple[Finding, ...]:
    return findings(evidence())


def one(made, outcome, estimator, scale, reading="all", estimand=None):
    (found,) = [
        finding.result
        for finding in made
        if (finding.outcome, finding.reading, finding.result.estimator, finding.result.scale)
        == (outcome, reading, estimator, scale)
        and estimand in {None, finding.result.estimand}
    ]
    return found


def test_the_printed_share_did_has_its_rounding_and_nothing_else(made):
    did = one(made, "institution_share", "did", "pp")
    # 25 -> 13 is -12 +- 1 with rounding; "practically unchanged" is 0 +- 1 in the plan.
    assert (did.estimate, did.lower, did.upper) == (-12.0, -14.0, -10.0)
    assert did.inference == "bounds"


@pytest.mark.parametrize(
    ("outcome", "estimate", "low", "high"),
    [("family_share", 10, 9, 11), ("network_share", 4, 3, 5), ("home_based_share", 2, -1, 5)],
)
def test_the_other_shares(made, outcome, estimate, low, high):
    did = one(made, outcome, "did", "pp")
    assert (did.estimate, did.lower, did.upper) == (estimate, low, high)


def test_placed_in_all(made):
    did = one(made, "placed_total", "did", "ratio")
    assert did.estimate == pytest.approx(0.94 / 0.98)
    assert (did.lower, did.upper) == pytest.approx((0.935 / 0.985, 0.945 / 0.975))


def test_spending_raw_scaled_and_net(made):
    assert one(made, "placement_spending", "did", "mio_dkk").estimate == pytest.approx(-5.0)
    scaled = one(made, "placement_spending", "did_scaled", "mio_dkk")
    assert scaled.estimate == pytest.approx(-3.7 - 1.3 / 4)
    net = one(made, "placement_spending", "net_cost", "mio_dkk")
    assert net.estimate == pytest.approx(scaled.estimate + 2.75)
    assert one(made, "placement_spending", "break_even", "institution_years").estimate == pytest.approx(2.75 / 0.6)


def test_prevention_is_bounded_on_one_side_only(made):
    did = one(made, "preventive_spending", "did", "mio_dkk")
    assert did.lower == -math.inf
    assert did.upper == pytest.approx(-6.0)


def test_ladder_moves_with_and_without_the_top_rung(made):
    every = one(made, "ladder_moves", "sign_test", "share", estimand="share_of_moves")
    below = one(made, "ladder_moves", "sign_test", "share", estimand="share_of_moves_below_top")
    assert (every.estimate, below.estimate) == pytest.approx((21 / 27, 8 / 14))
    assert every.p_value == pytest.approx(0.0059, abs=5e-5)
    assert below.p_value == pytest.approx(0.79, abs=5e-3)


def test_breakdowns_are_a_difference_in_level_that_chance_could_make(made):
    ratio = one(made, "breakdowns", "rate_ratio", "ratio")
    assert ratio.estimate == pytest.approx(2.2 / 5.9)
    assert ratio.lower < 0.1
    assert ratio.upper > 1.5


def test_the_target(made):
    assert one(made, "savings_target", "before_after", "ratio").estimate == pytest.approx(3.7 / 4.5)


def test_nothing_without_a_comparison_is_more_than_descriptive(made):
    for finding in made:
        if finding.design_class not in EFFECT_CLASSES:
            assert finding.verdict == "descriptive"
            assert finding.result.estimand != "att"
        else:
            assert finding.verdict == "conditional"


def test_every_finding_of_tables_says_that_it_ignores_district_shocks(made):
    chance = [f for f in made if f.design_class == "D1g" and f.result.inference not in {"none", "bounds", "assumption"}]
    assert chance
    assert all("no_district_shocks" in finding.result.assumptions for finding in chance)
