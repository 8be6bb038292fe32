"""The study: what is said once holds in every method, and what should not matter does not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frames import small, study

import sverige_did as sd
from sverige_did.did.arrays import panel_from_rows
from sverige_did.did.synthetic import synthetic_did

METHODS = ("methods", "twfe", "event_study", "att_gt", "imputation")


def numbers(found: sd.Study) -> dict[str, np.ndarray]:
    """All estimates, limits and p-values of a study, by method."""
    made = {}
    for name in METHODS:
        frame = getattr(found, name)().to_frame()
        made[name] = frame.select_dtypes("number").astype(float).to_numpy()
    made["size"] = np.array([one.share for one in found.size(200).points])
    return made


def same(one: sd.Study, other: sd.Study, times: float = 1.0, tolerance: float = 1e-9) -> None:
    for name, values in numbers(one).items():
        np.testing.assert_allclose(numbers(other)[name], values, rtol=tolerance, atol=tolerance, err_msg=name)
    assert one.verdict().verdict == other.verdict().verdict


def test_an_effect_that_was_put_in_comes_out_of_every_estimator() -> None:
    frame = sd.datasets.simulate(noise=0.0, effect=-2.5, periods=10, starts=7)
    exact = study(frame.assign(y=frame["y"] + np.random.default_rng(0).normal(0, 1e-9, len(frame))))
    found = [exact.twfe(), exact.imputation(), exact.synthetic(), exact.att_gt().aggregate("simple")]
    assert [one.estimate for one in found] == pytest.approx([-2.5] * 4, abs=1e-6)
    events = exact.event_study().to_frame()
    np.testing.assert_allclose(events["estimate"], -2.5 * (events["event_time"] >= 0), atol=1e-6)


def test_the_order_of_rows_and_the_names_of_units_change_nothing() -> None:
    frame = small()
    order = np.random.default_rng(4).permutation(len(frame))
    names = dict(zip(frame["district"].unique(), np.random.default_rng(5).permutation(12), strict=True))
    same(study(frame), study(frame.iloc[order].assign(district=lambda one: one["district"].map(names))))


def test_another_unit_of_the_outcome_changes_the_unit_of_the_answer() -> None:
    one, other = study(), study(small().assign(y=lambda frame: 1000 * frame["y"]))
    for column, factor in {"estimate": 1000, "lower": 1000, "upper": 1000, "p_value": 1}.items():
        mine, theirs = (made.methods().to_frame()[column].to_numpy(float) for made in (one, other))
        np.testing.assert_allclose(theirs, factor * mine, rtol=1e-8)


@pytest.mark.parametrize(
    "said",
    [
        {"time": "half", "treated_from": "begins"},
        {"time": "half", "treated_from": None, "treated": "treated"},
        {"time": "month", "treated_from": "month_begins"},
        {"time": "stamp", "treated_from": "stamp_begins"},
        {"time": "stamp", "treated_from": "text_begins"},
    ],
)
def test_time_may_be_numbers_half_years_periods_or_dates(said: dict[str, Any]) -> None:
    frame = small()
    starts = {half: f"{half[:4]}-{'01' if half.endswith('1') else '07'}-01" for half in frame["half"].unique()}
    stamp = pd.to_datetime(frame["half"].map(starts))
    begins = pd.to_datetime(frame["begins"].map(starts))
    frame = frame.assign(
        stamp=stamp, stamp_begins=begins, month=stamp.dt.to_period("M"), month_begins=begins.dt.to_period("M"),
        text_begins=frame["begins"].map(starts),
    )  # fmt: skip
    found = study(frame, **said)
    assert found.context.n_treated == 4
    assert found.twfe().estimate == pytest.approx(study().twfe().estimate, rel=1e-12)
    assert found.methods().by("behrens_fisher").p_value == pytest.approx(study().methods().by("behrens_fisher").p_value)


def test_tables_of_polars_and_pyarrow_and_a_dict_are_read_alike() -> None:
    polars = pytest.importorskip("polars", reason="the dependency group `bench` is not installed")
    frame = small()[["district", "period", "y", "start"]]
    expected = study(frame).twfe().estimate
    tables = [polars.from_pandas(frame), polars.from_pandas(frame).lazy(), pa.Table.from_pandas(frame),
              {name: frame[name].to_numpy(dtype=object) for name in frame}]  # fmt: skip
    assert [study(table).twfe().estimate for table in tables] == [expected] * 4


def test_columns_of_a_database_are_read_as_plain_ones() -> None:
    frame = small().convert_dtypes().assign(district=lambda one: one["district"].astype("category"))
    assert study(frame).twfe().estimate == pytest.approx(study().twfe().estimate, rel=1e-12)


def test_columns_may_be_called_by_numbers_and_stand_in_the_index() -> None:
    frame = small().rename(columns={"y": 5}).set_index(["district", "period"])
    assert study(frame, y=5).twfe().estimate == study().twfe().estimate


def test_counts_are_rates_out_of_those_at_risk() -> None:
    counts = study(y=None, events="events", exposure="children", per=100)
    levels = study(small().assign(y=lambda one: 100 * one["events"] / one["children"]))
    assert counts.twfe().estimate == pytest.approx(levels.twfe().estimate, rel=1e-12)


def test_a_weight_that_varies_is_frozen_before_anybody_starts() -> None:
    frame = small()
    moving = frame.assign(children=frame["children"] * np.where(frame["period"] < 4, 1.0, 7.0))
    found = study(moving, weight="children")
    assert found.twfe().estimate == pytest.approx(study(frame, weight="children").twfe().estimate)
    assert any("“children” varies over time" in note for note in found.verdict().reasons)
    assert not any("varies" in note for note in study(frame, weight="children").verdict().reasons)


def test_weights_and_strata_reach_the_estimators() -> None:
    frame, found = small(), study(weight="children", strata="stratum")
    panel = panel_from_rows(
        frame["district"],
        frame["period"],
        frame["y"],
        frame["treated"],
        weights=frame["children"],
        strata=frame["stratum"],
    )
    np.testing.assert_array_equal(found.panel.weights, panel.weights)
    assert found.panel.strata is not None
    change = panel.wide()[:, 3:].mean(axis=1) - panel.wide()[:, :3].mean(axis=1)
    parts, weight = [], []
    for s in np.unique(panel.strata):  # type: ignore[arg-type]
        arm = [(panel.strata == s) & side for side in (panel.ever_treated, ~panel.ever_treated)]
        means = [np.average(change[one], weights=panel.weights[one]) for one in arm]
        parts.append(means[0] - means[1])
        weight.append(panel.weights[arm[0]].sum())
    assert found.verdict().estimate == pytest.approx(np.average(parts, weights=weight))


def test_people_are_added_up_to_cells() -> None:
    rng = np.random.default_rng(3)
    people = small().loc[lambda one: one.index.repeat(5)].reset_index(drop=True)
    people["y"] += rng.normal(size=len(people))
    people["placed"] = rng.random(len(people)) < 0.4
    people["placed"] = people["placed"].astype(int)
    cells = people.groupby(["district", "period"], as_index=False).agg(
        y=("y", "mean"), start=("start", lambda one: one.iloc[0]), placed=("placed", "sum"), n=("placed", "size")
    )
    assert study(people, rows="people").twfe().estimate == pytest.approx(study(cells).twfe().estimate)
    events = study(people.assign(n=1), rows="people", y=None, events="placed", exposure="n")
    expected = study(cells, y=None, events="placed", exposure="n")
    assert events.twfe().estimate == pytest.approx(expected.twfe().estimate)


def test_clusters_are_one_change_each_in_every_method() -> None:
    frame = small(units=24, treated=8, periods=9, starts=7).assign(
        team=lambda one: (one["district"].str[-2:].astype(int) - 1) // 2
    )
    found = study(frame, cluster="team")
    by_team = frame.groupby(["team", "period"], as_index=False).agg(y=("y", "mean"), start=("start", "first"))
    alone = study(by_team, unit="team")
    assert found.verdict().estimate == pytest.approx(alone.verdict().estimate)
    assert found.verdict().p_value == pytest.approx(alone.verdict().p_value)
    assert found.twfe().std_error != study(frame).twfe().std_error
    assert found.att_gt().averages["simple"].std_error != study(frame).att_gt().averages["simple"].std_error
    for method in ("event_study", "imputation", "synthetic", "sensitivity"):
        mine, theirs = (getattr(one, method)() for one in (found, alone))
        pd.testing.assert_frame_equal(mine.to_frame(), theirs.to_frame())
    assert found.size(100).size == alone.size(100).size


def test_clusters_that_start_at_different_dates_are_the_units_of_the_verdict() -> None:
    frame = sd.datasets.simulate(units=40, treated=20, starts=(5, 7), effect=-3.0)
    frame["team"] = (frame["district"].str[-2:].astype(int) - 1) // 4 * 2 + frame["district"].str[-2:].astype(int) % 2
    found = study(frame, cluster="team")
    by_team = frame.groupby(["team", "period"], as_index=False).agg(y=("y", "mean"), start=("start", "first"))
    alone = study(by_team, unit="team")
    assert found.verdict().p_value == pytest.approx(alone.verdict().p_value)
    assert found.sensitivity().by("pretrends").numbers == pytest.approx(alone.sensitivity().by("pretrends").numbers)


def test_clusters_whose_units_lack_periods_are_refused_where_their_mean_would_move() -> None:
    frame = small(units=24, treated=8).assign(team=lambda one: (one["district"].str[-2:].astype(int) - 1) // 2)
    found = study(frame.drop(5), cluster="team")
    assert found.verdict().estimate is not None
    with pytest.raises(sd.RefusedError, match="some units lack periods"):
        found.event_study()
    whole = study(frame[(frame["team"] != 1) | (frame["period"] != 2)], cluster="team")
    assert len(whole.event_study().moments) == 6
    with pytest.raises(sd.RefusedError, match="within a cluster"):
        study(frame, cluster="team", strata="stratum").imputation()


def test_a_covariate_that_explains_the_changes_takes_their_noise_away() -> None:
    frame = small(units=20, noise=0.1, effect=-1.0)
    push = pd.Series(np.random.default_rng(8).normal(0, 3, 20), index=frame["district"].unique())
    frame = frame.assign(push=frame["district"].map(push))
    frame["y"] += frame["push"] * (frame["period"] >= 4)
    plain, adjusted = study(frame).verdict(), study(frame, covariates="push").verdict()
    widths = [float(np.ptp(np.array(one.limits, dtype=float))) for one in (plain, adjusted)]
    assert widths[1] < widths[0] / 5
    assert adjusted.verdict == "supported"
    assert adjusted.estimate == pytest.approx(-1.0, abs=0.3)


@pytest.mark.parametrize(("partial", "first"), [("after", "2012H2"), ("before", "2013H1"), ("left_out", "2013H1")])
def test_a_period_in_which_units_start_counts_as_the_caller_says(partial: str, first: str) -> None:
    frame = small().assign(begins=lambda one: one["begins"].where(one["begins"].isna(), "2012-08-01"))
    found = study(frame, time="half", treated_from="begins", partial=partial)
    assert found.context.starts == (first,)
    lost = {f"district {at:02} 2012H2" for at in (1, 2, 3, 4)} if partial == "left_out" else set()
    assert set(found.left_out) == lost
    assert (found.context.left_out, found.context.starting) == (0, len(lost))
    assert ("rows of a period in which their unit starts, left out: 4" in str(found)) == bool(lost)
    assert "without an outcome" not in str(found)
    window = found.setting.window
    assert window is not None
    assert (2012.5 in window.pre, 2012.5 in window.post) == (partial == "before", partial == "after")


def test_windows_hold_in_every_method_that_compares_them() -> None:
    frame, found = small(), study(before=(2, 3), after=(4, 5))
    inside = frame[frame["period"].between(2, 5)]
    assert found.verdict().estimate == pytest.approx(study(inside).verdict().estimate)
    assert found.twfe().estimate == pytest.approx(study(inside).twfe().estimate)


def test_a_common_shock_in_a_period_that_the_treated_lack_is_no_effect() -> None:
    """Unbalanced rows: what happened everywhere cannot pass for an effect."""
    frame = small(effect=0.0, noise=0.1)
    frame["y"] += 30.0 * (frame["period"] == 5)
    gone = frame["start"].notna() & (frame["period"] == 5)
    found = study(frame[~gone], chosen="random")
    assert abs(found.verdict().estimate or 9.0) < 0.5
    assert found.verdict().verdict == "inconclusive"
    assert abs(found.imputation().estimate) < 0.5


def test_controls_inside_their_own_anticipation_are_none() -> None:
    """All change a period before their start: as controls of the earlier ones they would hide the effect."""
    frame = sd.datasets.simulate(units=12, treated=8, periods=8, starts=(5, 7), noise=0.0, effect=5.0)
    early = frame["start"].notna() & (frame["period"] == frame["start"].fillna(0) - 1)
    frame["y"] += 5.0 * early + np.random.default_rng(1).normal(0, 1e-9, len(frame))
    found = study(frame).att_gt(control="not_yet", anticipation=1).aggregate("simple")
    assert found.estimate == pytest.approx(5.0, abs=1e-6)


@pytest.mark.parametrize("chosen", ["unknown", "rise"])
def test_highest_districts_that_fall_back_are_not_called_an_effect(chosen: str) -> None:
    supported = 0
    for seed in range(8):
        frame = sd.datasets.simulate(
            units=20, treated=4, effect=0.0, memory=0.9, noise=3.0, seed=seed, periods=6, starts=5
        )
        before = frame[frame["period"] == 4].set_index("district")["y"].nlargest(4).index
        frame["start"] = np.where(frame["district"].isin(before), 5, 0)
        supported += study(frame, chosen=chosen).verdict().verdict == "supported"
    assert supported <= 1


def test_nothing_is_supported_by_dates_that_nobody_drew() -> None:
    frame = sd.datasets.simulate(units=24, treated=8, starts=(5, 7), effect=-4.0)
    assert study(frame, chosen="random").verdict().verdict == "supported"
    by_hand = study(frame, chosen="unknown").verdict()
    assert by_hand.verdict == "inconclusive"
    assert "not drawn by lot" in by_hand.reasons[0]


def test_synthetic_weights_are_those_of_the_arrays() -> None:
    frame = sd.datasets.simulate()
    found, panel = study(frame).synthetic(), study(frame).panel
    expected = synthetic_did(panel.wide(), panel.ever_treated, panel.periods >= 7)
    assert found.estimate == pytest.approx(expected.estimate, abs=1e-10)
    assert sum(found.unit_weights.values()) == pytest.approx(1)
    assert found.period_weights.keys() == {"1", "2", "3", "4", "5", "6"}


def test_a_study_cannot_be_changed_and_its_results_come_out_alike_twice() -> None:
    found = study()
    with pytest.raises(FrozenInstanceError):
        found.setting = replace(found.setting, seed=3)  # type: ignore[misc]
    assert found.methods() == found.methods()
    assert found.sensitivity() == found.sensitivity()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, sverige_did; print(sorted({'numpy', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
