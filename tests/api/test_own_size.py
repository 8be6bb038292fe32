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
