"""The rules of rounding by hand, and what no rounded value may do."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.disclosure.coarse import Steps, coarse_check, coarse_curve, coarse_estimate
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
        assert (shown.std_error, shown.p_value) == (0.6, 0.046)


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
