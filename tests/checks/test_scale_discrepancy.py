import numpy as np
import pytest

from sverige_did.checks.scale_discrepancy import scale_discrepancy
from sverige_did.did.scales import implied_effect

Y, N = np.array([[17, 8], [75, 75]]), np.array([[67, 58], [300, 300]])
MOVED, HUNDRED = np.array([[50, 50], [20, 5]]), np.full((2, 2), 100)


def test_the_worked_example_agrees_because_the_control_group_stood_still() -> None:
    found = scale_discrepancy(Y, N, "institution_share")
    assert found.numbers["spread"] == pytest.approx(0, abs=1e-10)
    assert found.numbers["effect_logit"] == pytest.approx(-11.6, abs=0.05)
    spread = dict(zip(found.curves[0].x, found.curves[0].y, strict=True))
    assert spread[25.0] == pytest.approx(0, abs=1e-10)
    assert max(spread.values()) > 0.01


def test_each_scale_by_hand_when_the_control_group_moved() -> None:
    found = scale_discrepancy(MOVED, HUNDRED, "institution_share")
    assert found.key == "disagree"
    assert (found.numbers["effect_identity"], found.numbers["effect_log"]) == pytest.approx((15, 37.5))
    odds = (0.05 / 0.95) / (0.2 / 0.8)
    assert found.numbers["effect_logit"] == pytest.approx(100 * (0.5 - odds / (1 + odds)))
    assert found.numbers["spread"] == pytest.approx(22.5)
    assert found.numbers["exceeds_half_effect"] == found.numbers["exceeds_std_error"] == 1


def test_the_curve_is_the_spread_with_another_control_mean() -> None:
    line = scale_discrepancy(MOVED, HUNDRED, "a", change=(-0.1, 0.02)).curves[0]
    assert line.x == pytest.approx((7,))  # 5 - 10 % is no share
    mu = np.array([[0.5, 0.5], [0.2, 0.07]])
    effects = [implied_effect(mu, scale) for scale in ("identity", "log", "logit", "probit")]
    assert line.y[0] == pytest.approx(100 * (max(effects) - min(effects)))


def test_rates_have_two_scales_and_a_unit_per_thousand() -> None:
    found = scale_discrepancy(MOVED, 10 * HUNDRED, "a", family="poisson")
    assert found.numbers["effect_logit"] is None
    assert (found.numbers["effect_identity"], found.numbers["effect_log"]) == pytest.approx((15, 37.5))


def test_labels_and_size_do_not_matter_for_the_spread() -> None:
    here = scale_discrepancy(MOVED, HUNDRED, "a").numbers
    assert scale_discrepancy(7 * MOVED, 7 * HUNDRED, "b", reading="H1").numbers["spread"] == pytest.approx(
        here["spread"]
    )


@pytest.mark.parametrize("empty", [[[0, 5], [5, 5]], [[5, 5], [0, 5]], [[5, 5], [5, 100]]])
def test_without_odds_it_says_that_it_could_not_run(empty: list[list[int]]) -> None:
    found = scale_discrepancy(empty, HUNDRED, "a")
    assert (found.status, found.key, found.curves) == ("could_not_run", "empty_cell", ())


def test_an_emptied_treated_cell_after_is_no_obstacle() -> None:
    assert scale_discrepancy([[17, 0], [75, 75]], N, "a").numbers["effect_probit"] == pytest.approx(-100 * 17 / 67)
