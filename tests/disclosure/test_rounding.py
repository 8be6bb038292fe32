"""The rules of rounding by hand, and what no rounded value may do."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.disclosure.coarse import Steps, coarse_check, coarse_curve, coarse_estimate, percent_step
from sverige_did.disclosure.rounding import down, nice_above, nice_below, p_to_step, to_step, up
from sverige_did.results.estimates import CheckResult, Curve, Estimate

STEPS = Steps({("a", "pp"): 0.5, ("a", "ratio"): 0.2})


@pytest.mark.parametrize(
    ("value", "below", "above"), [(0.37, 0.2, 0.5), (1.0, 1.0, 1.0), (0.0049, 0.002, 0.005), (73.0, 50.0, 100.0)]
)
def test_steps_are_one_two_or_five(value: float, below: float, above: float) -> None:
    assert (nice_below(value), nice_above(value)) == (below, above)


def test_limits_go_outwards_and_every_number_lies_on_its_grid() -> None:
    rng = np.random.default_rng(3)
    for value in rng.normal(0, 3, 200):
        assert down(value, 0.5) <= value <= up(value, 0.5)
        assert abs(to_step(value, 0.5) - value) <= 0.25
        made = Estimate(
            estimate=value, lower=value - 1.234, upper=value + 1.234, level=0.95, scale="pp", estimand="att",
            estimator="e", inference="i", std_error=0.61234, p_value=0.0456789,
        )  # fmt: skip
        shown = coarse_estimate(made, "a", STEPS)
        assert made.lower is not None
        assert shown.lower is not None
        assert shown.lower <= made.lower
        for number in (shown.estimate, shown.lower, shown.upper):
            assert number is not None
            assert number / 0.5 == pytest.approx(round(number / 0.5), abs=1e-9)
        assert (shown.std_error, shown.p_value) == (0.6, 0.05)


def test_limits_and_p_values_of_other_methods_than_those_of_the_verdict_are_rougher() -> None:
    made = Estimate(
        estimate=1.0, lower=-0.3, upper=5.2, level=0.95, scale="pp", estimand="att", estimator="did",
        inference="behrens_fisher", std_error=1.0, p_value=0.0234,
    )  # fmt: skip
    own = coarse_estimate(made, "a", STEPS)
    other = coarse_estimate(made.model_copy(update={"inference": "cr3_jackknife"}), "a", STEPS)
    assert (own.lower, own.upper, own.p_value) == (-0.5, 5.5, 0.03)
    assert (other.lower, other.upper, other.p_value) == (-2.0, 6.0, 0.05)


def test_p_values_are_rounded_up_and_stay_on_their_side_of_every_level_that_is_used() -> None:
    for rough in (False, True):
        for p in np.linspace(0, 1, 2001):
            shown = p_to_step(p, rough=rough)
            assert shown >= p - 1e-9
            for level in (0.01, 0.05, 0.1):
                assert (shown <= level) == (p <= level + 1e-9)


def test_per_cent_of_an_effect_are_no_finer_than_the_effect_is() -> None:
    """Ten per cent of a small effect is a finer step than that of the estimate."""
    check = CheckResult(
        check="leave_one_out",
        outcome="a",
        scale="pp",
        numbers={"effect": 1.1, "percent_low": 83.0, "percent_high": 128.0},
    )
    assert percent_step(check, 0.5) == 50
    assert coarse_check(check, STEPS).numbers == {"effect": 1.0, "percent_low": 100.0, "percent_high": 150.0}
    assert percent_step(check.model_copy(update={"check": "shared_shock"}), 0.5) == 10


def test_a_ratio_is_never_rounded_to_nothing_and_p_never_to_zero() -> None:
    assert STEPS.round("a", "ratio", 0.03) == 0.2
    assert p_to_step(1e-9) == 0.001


def test_many_points_of_a_line_tell_no_more_than_its_two_ends() -> None:
    """Twenty-one rounded multiples of one number would tell its digits."""
    x = np.linspace(0, 1, 21)
    curve = Curve(name="c", x_name="x", y_name="y", x=tuple(x), y=tuple(1.2345 + 3.3333 * x))
    shown = np.array(coarse_curve(curve, "a", "pp", STEPS).y)
    assert (shown[0], shown[-1]) == (1.0, 4.5)
    assert np.allclose(shown, 1.0 + 3.5 * x)
    check = CheckResult(
        check="spillover", outcome="a", scale="pp", numbers={"did": 1.2345, "kappa_low": -0.25},
        curves=(curve.model_copy(update={"y": tuple(1.2345 / (1 + x))}),),
    )  # fmt: skip
    told = np.array(coarse_check(check, STEPS).curves[0].y) * (1 + x)
    assert np.allclose(told, 1.0, rtol=0.01), "from every point only the rounded number comes out"
