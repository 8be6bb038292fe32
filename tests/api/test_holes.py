"""Units that lack periods, at different dates: what is refused names them, and what rests on fewer says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sverige_did as sd
from sverige_did.api.levels import levels_of
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
    with pytest.raises(sd.RefusedError) as refused:
        study(frame).size(100)
    for said in (found.say("en"), refused.value.problems[0].say("en")):
        assert "seen in every period" in said
        assert str(lost["district"]) in said
        assert str(lost["period"]) in said
    assert "treat all" not in found.say("en")


def test_a_row_counts_the_units_that_it_rests_on() -> None:
    frame = sd.datasets.simulate(units=14, treated=4, periods=8, starts=5, effect=1.0, seed=1)
    treated = frame.loc[frame["start"].notna(), "district"].unique()
    never = frame.loc[frame["start"].isna(), "district"].unique()
    frame.loc[frame["district"] == never[0], "y"] = np.nan
    frame.loc[(frame["district"] == treated[0]) & (frame["period"] >= 5), "y"] = np.nan
    one = study(frame)
    counts = [(13 - 1, 3)]
    for found in (one.imputation(), one.att_gt().aggregate("simple")):
        rows = found.to_frame()
        assert list(zip(rows["n_units"], rows["n_treated"], strict=True))[:1] == counts
    cells = one.att_gt().to_frame().set_index(["cohort", "period"])
    assert tuple(cells.loc[("5", "6"), ["n_units", "n_treated"]]) == (12, 3)
    assert tuple(cells.loc[("5", "4"), ["n_units", "n_treated"]]) == (13, 4)


def test_a_method_that_is_left_out_says_no_more_than_is_so() -> None:
    """Of rare events the treated have none before: one of them changes, and so do the controls."""
    frame = sd.datasets.simulate(units=14, treated=4, periods=8, starts=5, effect=1.0, seed=2)
    frame["y"] = (frame["y"] > frame["y"].quantile(0.93)).astype(float)
    found = study(frame).verdict()
    assert not any("changed alike" in note for note in found.notes("en"))
    assert any("before the start all" in note for note in found.notes("en"))


@pytest.mark.parametrize(
    ("years", "gap"), [((2000, 2002, 2004, 2006, 2007, 2009, 2011, 2013), "2000 – 2002"), (None, "")]
)
def test_uneven_periods_are_named_where_time_is_counted_in_them(years: tuple[int, ...] | None, gap: str) -> None:
    frame = sd.datasets.simulate(units=20, treated=8, periods=8, starts=(5, 7), effect=1.0, seed=2)
    if years is not None:
        frame = frame.assign(
            period=[years[at - 1] for at in frame["period"]],
            start=frame["start"].map(lambda at: None if pd.isna(at) else years[int(at) - 1]),
        )
    one = study(frame)
    found = (one.event_study(), one.att_gt(), one.att_gt().aggregate("event"), one.imputation("event_time"))
    for result in found:
        said = [note for note in result.notes("en") if "not equally far apart" in note]
        assert bool(said) == bool(gap)
        assert all(gap in note for note in said)
    assert not any("equally far" in note for note in one.imputation().notes("en"))


@pytest.mark.parametrize("lack", [2002, 2006, 2007])
def test_a_period_that_is_missing_from_the_whole_table_is_time_that_passed(lack: int) -> None:
    frame = sd.datasets.simulate(units=20, treated=8, periods=8, starts=(4, 6), effect=1.0, seed=2)
    frame = frame.assign(period=frame["period"] + 2000, start=frame["start"] + 2000)
    whole, less = study(frame), study(frame[frame["period"] != lack])
    told = whole.att_gt(base="universal").to_frame().set_index(["cohort", "period"])["event_time"]
    left = less.att_gt(base="universal").to_frame().set_index(["cohort", "period"])["event_time"]
    assert (left == told[left.index]).all()
    cohorts = sorted(set(left.index.get_level_values("cohort")))
    assert cohorts == ["2004", "2006"]  # also where the year of a start is the one that is missing
    named = f"{lack - 1} – {lack + 1}"
    for result in (less.event_study(), less.att_gt(), less.att_gt().aggregate("event"), less.imputation("event_time")):
        assert any("Whole periods are missing" in note and named in note for note in result.notes("en"))
        assert any("Hele perioder mangler" in note and named in note for note in result.notes("da"))
    assert not any("missing" in note for note in whole.event_study().notes("en"))
    levels_of(less.setting).plot()


def test_one_start_counts_the_years_to_its_reference() -> None:
    """2004 lacks, so that the period that the others are held against is two years before the start."""
    frame = sd.datasets.simulate(units=20, treated=8, periods=8, starts=5, effect=1.0, seed=2)
    frame = frame.assign(period=frame["period"] + 2000, start=frame["start"] + 2000)
    found = study(frame[frame["period"] != 2004]).event_study()
    moments = {one.period: one.event_time for one in found.moments}
    assert moments == {"2001": -4, "2002": -3, "2003": -2, "2005": 0, "2006": 1, "2007": 2, "2008": 3}
    assert "of 2 periods before the start and" in found.say("en")


@pytest.mark.parametrize(
    ("start", "partial", "first"),
    [("2004-01-01", None, 1), ("2004-06-01", None, 0), ("2004-06-01", "after", 1), ("2004-06-01", "left_out", 0)],
)
def test_a_start_in_a_year_that_is_missing_leaves_nothing_out(start: str, partial: str | None, first: int) -> None:
    """Nobody has a row of that year, so that no row is treated in part; 2005 is its second year, or its first whole."""
    frame = sd.datasets.simulate(units=20, treated=8, periods=8, starts=4, effect=1.0, seed=2)
    frame = frame.assign(period=frame["period"] + 2000)
    frame["start"] = pd.to_datetime(frame["start"].map(lambda at: None if pd.isna(at) else start))
    less = frame[frame["period"] != 2004]
    found = sd.did(less, unit="district", time="period", y="y", treated_from="start", partial=partial)
    assert found.context.left_out == found.context.starting == 0
    assert {one.period: one.event_time for one in found.event_study().moments}["2005"] == first


def test_months_are_evenly_apart() -> None:
    frame = sd.datasets.simulate(units=20, treated=8, periods=8, starts=5, effect=1.0, seed=2)
    frame["period"] = [f"2013-{at:02}-01" for at in frame["period"]]
    frame["start"] = frame["start"].map(lambda at: None if pd.isna(at) else f"2013-{int(at):02}-01")
    assert not any("equally far" in note for note in study(frame).event_study().notes("en"))
