"""Units that lack periods, at different dates: what is refused names them, and what rests on fewer says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sverige_did as sd
from tests.api.frames import study


def with_holes(missing: float, seed: int = 3) -> pd.DataFrame:
    """Synthetic: 8 and 7 of 30 begin in the fourth and the sixth of eight periods."""
    frame = sd.datasets.simulate(units=30, treated=15, periods=8, starts=(4, 6), effect=1.0, seed=1)
    return frame[np.random.default_rng(seed).random(len(frame)) >= missing]


def test_limits_that_holes_leave_no_units_for_are_refused_with_that_reason() -> None:
    frame = with_holes(0.4)
    with pytest.raises(sd.RefusedError) as refused:
        study(frame).event_study()
    problem = refused.value.problems[0]
    assert problem.key == "bands_incomplete"
    whole = (frame.groupby("district").size() == 8).sum()
    assert f"{whole} of 30" in str(refused.value)


def test_limits_of_fewer_units_than_the_estimates_say_so() -> None:
    frame = with_holes(0.05)
    whole = int((frame.groupby("district").size() == 8).sum())
    assert 0 < whole < 30
    notes = study(frame).event_study().notes("en")
    assert any(f"{whole} of 30" in note for note in notes)
    assert not any("of 30" in note for note in study(with_holes(0.0)).event_study().notes("en"))


def test_a_verdict_of_dates_names_who_lacks_what() -> None:
    frame = with_holes(0.0).drop(index=[3])
    lost = with_holes(0.0).loc[3]
    found = study(frame).verdict()
    assert found.verdict == "refused"
    for said in (found.say("en"), pytest.raises(sd.RefusedError, study(frame).size, 100).value.problems[0].say("en")):
        assert "seen in every period" in said
        assert str(lost["district"]) in said
        assert str(lost["period"]) in said
    assert "treat all" not in found.say("en")
