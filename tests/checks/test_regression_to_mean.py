import numpy as np
import pytest

from sverige_did.checks.regression_to_mean import RELIABILITY, regression_of_districts
from sverige_did.results.estimates import CheckResult


def seen(effect: float, gap: float, reliability: float = 0.5) -> CheckResult:
    return regression_of_districts(effect, gap, reliability, "wellbeing_sdq", scale="points", axis="points")


def left_at(found: CheckResult, reliability: float) -> float:
    return found.curves[0].y[int(np.isclose(RELIABILITY, reliability).argmax())]


def test_three_points_above_with_reliability_seven_tenths_fall_by_nine_tenths() -> None:
    found = seen(-0.9, 3.0, 0.7)
    assert found.numbers["effect_by_itself"] == pytest.approx(-0.9)
    assert left_at(found, 0.7) == pytest.approx(0)


def test_selection_on_a_noisy_level_falls_back_by_as_much() -> None:
    """Independent reference: districts with lasting and passing parts, the highest four of twenty chosen."""
    rng, reliability, draws = np.random.default_rng(11), 0.6, 20_000
    lasting = rng.normal(0, np.sqrt(reliability), (draws, 20, 1))
    drawn = lasting + rng.normal(0, np.sqrt(1 - reliability), (draws, 20, 2))
    rank = np.argsort(drawn[:, :, 0], axis=1)
    before, after = (np.take_along_axis(drawn[:, :, t], rank, axis=1) for t in (0, 1))
    gap = before[:, 16:].mean() - before[:, :16].mean()
    did = (after - before)[:, 16:].mean() - (after - before)[:, :16].mean()
    found = seen(did, gap, reliability)
    assert left_at(found, reliability) == pytest.approx(0, abs=0.01)
    assert found.numbers["effect_by_itself"] == pytest.approx(did, abs=0.01)


@pytest.mark.parametrize(
    ("effect", "gap", "key"),
    [(-11.6, -5, "districts_opposite"), (-11.6, 0, "districts_opposite"), (-11.6, 5, "districts")],
)
def test_the_verdict(effect: float, gap: float, key: str) -> None:
    here, mirrored = seen(effect, gap), seen(-effect, -gap)
    assert here.key == mirrored.key == key
    assert np.array(here.curves[0].y) == pytest.approx(-np.array(mirrored.curves[0].y))


def test_a_perfectly_reliable_level_leaves_the_effect_alone() -> None:
    assert seen(-11.6, 5).curves[0].y[-1] == pytest.approx(-11.6)
