"""Districts that do not swing at all: what rounding leaves of them is no finding, in any estimator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import sverige_did as sd
from tests.api.frames import study


def constant(*, starts: int | tuple[int, ...], missing: float) -> pd.DataFrame:
    """Synthetic: unlike levels, one common trend, rows missing at random."""
    frame = sd.datasets.simulate(units=20, treated=8, periods=8, starts=starts, effect=0.0, noise=0.0, seed=1)
    level = frame.groupby("district")["y"].transform("first")
    frame["y"] = level * np.pi + 0.1 * frame["period"]
    rows = np.random.default_rng(3).random(len(frame)) >= missing
    return frame[rows]


ASKED: dict[str, Callable[[sd.Study], pd.DataFrame]] = {
    "imputation": lambda one: one.imputation("event_time").to_frame(),
    "att_gt": lambda one: one.att_gt().to_frame(),
    "simple": lambda one: one.att_gt().aggregate("simple").to_frame(),
    "dynamic": lambda one: one.att_gt().aggregate("event").to_frame(),
    "methods": lambda one: one.methods().to_frame(),
}


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("starts", [5, (4, 6)])
@pytest.mark.parametrize("name", ASKED)
def test_rounding_has_no_p_value(name: str, starts: int | tuple[int, ...], missing: float) -> None:
    found = ASKED[name](study(constant(starts=starts, missing=missing)))
    assert found["p_value"].isna().all() or found["p_value"].min() > 0.5
    assert found["estimate"].abs().max() < 1e-10 if len(found) else True


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_two_way_effects_of_what_does_not_swing_are_refused(missing: float) -> None:
    with pytest.raises(sd.RefusedError) as refused:
        study(constant(starts=5, missing=missing)).twfe()
    assert refused.value.problems[0].key == "no_variation_within"


@pytest.mark.parametrize("missing", [0.0, 0.04])
@pytest.mark.parametrize("starts", [5, (4, 6)])
def test_an_event_study_of_what_does_not_swing_has_no_limits(starts: int | tuple[int, ...], missing: float) -> None:
    with pytest.raises(sd.RefusedError) as refused:
        study(constant(starts=starts, missing=missing)).event_study()
    assert refused.value.problems[0].key == "no_variation_within"
