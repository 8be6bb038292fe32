"""How much would be needed: hand-checked against the design analysis in docs/methods.md."""

from __future__ import annotations

import numpy as np
import pytest

from sverige_did.checks.needed import multiplier, needed_hazard, needed_points, needed_share
from sverige_did.errors import RefusedError


def test_the_multiplier_is_two_point_eight():
    assert multiplier() == pytest.approx(2.8016, abs=1e-4)


def test_points_of_the_sdq():
    found = needed_points(60, 6.5, 0.7, "wellbeing_sdq", grid=(30, 60, 240)).numbers
    assert found["std_error"] == pytest.approx(0.92, abs=0.005)
    assert found["points"] == pytest.approx(2.6, abs=0.05)
    assert found["points_adjusted"] == pytest.approx(2.4, abs=0.05)


@pytest.mark.parametrize(("design", "ratio"), [(1.0, 1.58), (1.5, 1.75), (2.2, 1.97)])
def test_hazards_of_the_sister_study(design, ratio):
    found = needed_hazard(150, "decision_time", designs=(design,)).numbers
    assert found["ratio_low"] == pytest.approx(ratio, abs=0.005)


def test_four_times_the_children_halve_the_difference():
    few, many = (needed_points(n, 6.5, 0.7, "o").numbers["points"] for n in (50, 200))
    assert few == pytest.approx(2 * many)


def test_shocks_only_ever_ask_for_more():
    check = needed_share(0.25, 0.26, 0.625, "o", s=(0.0, 0.3, 0.6))
    reached = np.array(check.curves[0].y)
    assert (np.diff(reached) < 0).all()
    assert (reached < 25).all()


def test_simulated_power_at_the_share_needed():
    """An independent reference: binomial draws at that share reject in about four of five."""
    rng = np.random.default_rng(20131112)
    share, cells = 0.5, 60_000
    variance = 4 / (300 * 0.25)  # four cells at one half
    reached = needed_share(share, variance, 0.625, "o", s=(0.0,)).numbers["reached_low"] / 100
    p = np.array([share, reached, share, share])
    draws = rng.binomial(300, p, size=(cells, 4)) / 300
    logits = np.log(draws / (1 - draws))
    theta = logits @ np.array([-1, 1, 1, -1])
    se = np.sqrt((1 / (300 * draws * (1 - draws))).sum(axis=1))
    assert np.mean(np.abs(theta / se) > 1.96) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    "call",
    [lambda: needed_points(1, 6.5, 0.7, "o"), lambda: needed_hazard(2, "o"), lambda: needed_share(1.0, 0.2, 0.6, "o")],
)
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(RefusedError):
        call()
