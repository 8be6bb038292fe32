import numpy as np
import pytest

from sverige_did.checks.regression_to_mean import regression_to_mean


def test_three_points_above_with_reliability_seven_tenths_fall_by_nine_tenths() -> None:
    found = regression_to_mean(-0.9, 3.0, "wellbeing_sdq", reliability=[0.7], scale="points")
    curves = {line.name: line for line in found.curves}
    assert curves["by_itself"].y[0] == pytest.approx(-0.9)
    assert curves["left"].y[0] == pytest.approx(0)
    assert found.numbers["reliability_limit"] == pytest.approx(0.7)


def test_selection_on_a_noisy_level_falls_back_by_as_much() -> None:
    """Independent reference: districts with lasting and passing parts, the highest four of twenty chosen."""
    rng, reliability, draws = np.random.default_rng(11), 0.6, 20_000
    lasting = rng.normal(0, np.sqrt(reliability), (draws, 20, 1))
    seen = lasting + rng.normal(0, np.sqrt(1 - reliability), (draws, 20, 2))
    rank = np.argsort(seen[:, :, 0], axis=1)
    before, after = (np.take_along_axis(seen[:, :, t], rank, axis=1) for t in (0, 1))
    gap = before[:, 16:].mean() - before[:, :16].mean()
    did = (after - before)[:, 16:].mean() - (after - before)[:, :16].mean()
    found = regression_to_mean(did, gap, "a", reliability=[reliability])
    assert found.curves[0].y[0] == pytest.approx(0, abs=0.01)
    assert found.numbers["reliability_limit"] == pytest.approx(reliability, abs=0.01)


@pytest.mark.parametrize(
    ("effect", "gap", "key"),
    [(-11.6, -5, "opposite"), (-11.6, 0, "opposite"), (-11.6, 5, "falls_short"), (-2.0, 5, "explains")],
)
def test_the_verdict(effect: float, gap: float, key: str) -> None:
    here, mirrored = regression_to_mean(effect, gap, "a"), regression_to_mean(-effect, -gap, "a")
    assert here.key == mirrored.key == key
    assert np.array(here.curves[0].y) == pytest.approx(-np.array(mirrored.curves[0].y))


def test_a_perfectly_reliable_level_leaves_the_effect_alone() -> None:
    assert regression_to_mean(-11.6, 5, "a").curves[0].y[-1] == pytest.approx(-11.6)
