"""Size and power of a study's own design: in its own unit, on its own scale, and by its own rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sverige_did as sd
from tests.api.frames import small, study


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    """Synthetic: events among many, so that swings and not chance in counts make the error."""
    rng = np.random.default_rng(5)
    made = sd.datasets.simulate(units=14, treated=4, periods=8, starts=5, effect=0.0, seed=5)
    share = 0.25 + 0.02 * rng.standard_normal(len(made))
    return made.assign(exposure=4_000.0, events=np.rint(4_000 * share))


@pytest.mark.parametrize("per", [1.0, 100.0, 1_000.0])
def test_an_effect_that_is_found_is_in_the_unit_of_the_verdict(counts: pd.DataFrame, per: float) -> None:
    one = study(counts, y=None, events="events", exposure="exposure", per=per)
    found = one.power(300)
    row = next(row for row in one.verdict().rows if row.std_error)
    assert found.points[3].errors == 2.8
    assert found.points[3].effect == pytest.approx(2.8 * row.std_error, rel=0.6)
    assert found.detectable is not None
    assert f"{found.detectable:.3g}"[:3] in found.say("en")


@pytest.mark.parametrize(("scale", "unit"), [("ratio", "%"), ("log_odds", "log-odds")])
def test_an_effect_that_is_found_is_told_on_its_scale(counts: pd.DataFrame, scale: str, unit: str) -> None:
    found = study(counts, y=None, events="events", exposure="exposure", scale=scale).power(300)
    assert unit in found.say("en").split("An effect of ")[1]
    assert set(found.to_frame()["scale"]) == {scale}
    assert found.points[0].effect == (1.0 if scale == "ratio" else 0.0)


def test_what_nobody_drew_by_lot_is_simulated_with_the_whole_rule() -> None:
    frame = sd.datasets.simulate(units=14, treated=4, periods=8, starts=5, effect=0.0, seed=2)
    drawn, unknown, high = (study(frame, chosen=by).size(400) for by in ("random", "unknown", "level"))
    assert unknown.power < drawn.power
    assert unknown.size <= drawn.size
    assert unknown.points == high.points


@pytest.mark.parametrize("by", ["unknown", "level", "rise", "will"])
def test_where_no_finding_can_be_supported_there_is_no_power(by: str) -> None:
    frame = sd.datasets.simulate(units=20, treated=8, periods=8, starts=(4, 6), effect=1.0, seed=1)
    with pytest.raises(sd.RefusedError) as refused:
        study(frame, chosen=by).power(100)
    assert refused.value.problems[0].key == "frame_dates_not_by_lot"
    assert study(frame).size(100).power > 0


def test_units_that_had_just_risen_have_no_power() -> None:
    with pytest.raises(sd.RefusedError) as refused:
        study(small(), chosen="rise").size(100)
    assert refused.value.problems[0].key == "frame_no_verdict"
