"""Published numbers through the front door, from data that other packages ship."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import counties, shipped, states

import sverige_did as sd

HOPE = (
    0.07912, 0.01468, 0.08617, -0.0055, 0.00336, 0.02673, 0.07021, -0.00314, 0.07804, 0.04768, -0.02853, 0.0896,
    0.03374, -0.01517, -0.12762, -0.01448, -0.01027, 0.02307, 0.03602, -0.05515, -0.02172, 0.06554, 0.01642,
    -0.1178, 0.00084, 0.08279, -0.00691, 0.00527, -0.0079, -0.02601, -0.01212, -0.10031, 0.08663, -0.04468,
    -0.03083, 0.00349, -0.08011, -0.09488, -0.04702, 0.08683, -0.05643, 0.10483,
)  # fmt: skip
"""Changes of 42 states, Georgia first, from Conley and Taber's data (tests/inference/test_few_treated.py)."""


@pytest.fixture(scope="module")
def employment() -> sd.Study:
    return sd.did(counties(), unit="countyreal", time="year", y="lemp", treated_from="first")


def test_employment_effects_by_cohort_and_year(employment: sd.Study) -> None:
    assert (employment.context.n_units, employment.context.n_treated) == (500, 191)
    frame = employment.att_gt().to_frame()
    published = {
        "2004": (-0.0105, -0.0704, -0.1373, -0.1008),
        "2006": (0.0065, -0.0028, -0.0046, -0.0412),
        "2007": (0.0305, -0.0027, -0.0311, -0.0261),
    }
    for cohort, effects in published.items():
        np.testing.assert_allclose(frame.loc[frame["cohort"] == cohort, "estimate"], effects, atol=5.1e-5)


@pytest.mark.parametrize(
    ("kind", "published"), [("simple", -0.03995), ("event", -0.0772), ("group", -0.0310), ("calendar", -0.0417)]
)
def test_employment_effects_averaged_in_four_ways(employment: sd.Study, kind: str, published: float) -> None:
    digits = 5 if kind == "simple" else 4
    assert round(employment.att_gt().aggregate(kind).estimate, digits) == published  # type: ignore[arg-type]


def test_employment_effects_by_time_since_the_start(employment: sd.Study) -> None:
    rows = employment.att_gt().aggregate("event").to_frame().iloc[1:]
    published = [0.0305, -0.0006, -0.0245, -0.0199, -0.0510, -0.1373, -0.1008]
    np.testing.assert_allclose(rows["estimate"], published, atol=5.1e-5)


def test_employment_effects_among_counties_of_one_population(employment: sd.Study) -> None:
    """Doubly robust in log population: -.0418 (.0115), as R's did prints it."""
    adjusted = sd.did(counties(), unit="countyreal", time="year", y="lemp", treated_from="first", covariates="lpop")
    found = adjusted.att_gt()
    published = {
        "2004": (-0.0145, -0.0764, -0.1404, -0.1069),
        "2006": (-0.0005, -0.0062, 0.0010, -0.0413),
        "2007": (0.0267, -0.0046, -0.0284, -0.0288),
    }
    frame = found.to_frame()
    for cohort, effects in published.items():
        np.testing.assert_allclose(frame.loc[frame["cohort"] == cohort, "estimate"], effects, atol=5.1e-5)
    simple = found.aggregate("simple")
    assert (round(simple.estimate, 4), round(simple.std_error or 0, 4)) == (-0.0418, 0.0115)


def test_medicaid_event_study_from_a_frame_with_blanks_for_never() -> None:
    frame = states().assign(start=lambda one: one["yexp2"].where(one["yexp2"] < 2016))
    found = sd.did(frame, unit="stfips", time="year", y="dins", treated_from="start").event_study().to_frame()
    published = [-0.00529, -0.01130, -0.00268, -0.00142, 0.00034, 0, 0.04645, 0.06921]
    np.testing.assert_allclose(found["estimate"], published, atol=5.1e-6)
    assert list(found["event_time"]) == list(range(-6, 2))


def test_a_start_after_the_last_period_is_one_that_the_table_does_not_see() -> None:
    later = sd.did(states(), unit="stfips", time="year", y="dins", treated_from="yexp2")
    assert (later.context.n_units, later.context.n_treated, later.context.starts) == (43, 22, ("2014",))


def test_one_treated_state_has_conley_and_tabers_interval_and_no_verdict() -> None:
    rows = [(f"state {at:02}", year, change * year) for at, change in enumerate(HOPE) for year in (0, 1)]
    frame = pd.DataFrame(rows, columns=["state", "after", "enrolled"])
    frame["hope"] = (frame["state"] == "state 00") & (frame["after"] == 1)
    georgia = sd.did(frame, unit="state", time="after", y="enrolled", treated="hope", level=1 - 4 / 42)
    found = georgia.methods().by("conley_taber")
    assert found.estimate == pytest.approx(0.0778, abs=5e-5)
    assert (found.lower, found.upper) == pytest.approx((-0.010, 0.197), abs=5e-4)
    assert georgia.verdict().verdict == "refused"


def test_california_by_synthetic_did() -> None:
    frame = pd.read_csv(shipped("statspai", "statspai/datasets/data/california_prop99.csv"))
    frame["law"] = (frame["state"] == "California") & (frame["year"] >= 1989)
    found = sd.did(frame, unit="state", time="year", y="cigsale", treated="law").synthetic()
    assert found.estimate == pytest.approx(-15.604, abs=0.002)
    assert found.p_value == pytest.approx(2 / 39)
    largest = sorted(found.unit_weights.items(), key=lambda pair: -pair[1])[:3]
    assert [(name, round(w, 3)) for name, w in largest] == [
        ("Nevada", 0.124), ("New Hampshire", 0.105), ("Connecticut", 0.078),
    ]  # fmt: skip
    assert {year: round(w, 3) for year, w in found.period_weights.items() if w > 1e-3} == {
        "1986": 0.366, "1987": 0.206, "1988": 0.427,
    }  # fmt: skip


def test_self_defence_laws_by_the_year_that_counts_as_the_first() -> None:
    castle = pd.read_csv(shipped("statspai", "statspai/datasets/data/castle_2013.csv"))
    laws = sd.did(castle, unit="state", time="year", y="l_homicide", treated_from="effyear")
    assert laws.att_gt().aggregate("simple").estimate == pytest.approx(0.110383035, abs=1e-8)
