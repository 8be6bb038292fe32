"""Cells of the panel as arrays, and hidden numbers carried to both of their ends."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from whole_window import around_go_live

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel
from sverige_did.did.collapse import collapse, collapsed_did
from sverige_did.did.hidden import hidden_range
from sverige_did.did.imputation import imputation
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError
from sverige_did.panel import Panel
from sverige_did.periods import period_days, period_number
from sverige_did.studies.panel.arrays import district_panel


def cells(kind: str = "person_years", **changes: object) -> pd.DataFrame:
    """Two treated districts from 1 October 2013 and two others, three half-years; the numbers count upwards."""
    rows = []
    for d, (unit, begun) in enumerate({"a": "2013-10-01", "b": "2013-10-01", "c": None, "d": None}.items()):
        for t, label in enumerate(("2013H1", "2013H2", "2014H1")):
            value = float((d + 1) * (t + 2) ** 2)
            start, end = period_days(label)
            rows.append({
                "outcome": "o", "reading": "all", "unit": unit, "unit_kind": "district", "group": "control",
                "treated_from": pd.Timestamp(begun) if begun else pd.NaT, "stratum": None, "period": label,
                "start": pd.Timestamp(start), "end": pd.Timestamp(end), "kind": kind, "value": value, "low": value,
                "high": value, "denominator": 2000.0, "denominator_low": 2000.0, "denominator_high": 2000.0,
                "status": "exact", "source": "made up",
            } | changes)  # fmt: skip
    frame = pd.DataFrame(rows).astype({"stratum": "str"})
    return Panel.of(frame, synthetic=True).outcome("o")


def hide(frame: pd.DataFrame, unit: str, period: str, low: float, high: float) -> pd.DataFrame:
    mine = (frame["unit"] == unit) & (frame["period"] == period)
    frame.loc[mine, ["value", "low", "high", "status"]] = [np.nan, low, high, "hidden"]
    return frame


def simple_att(panel: DistrictPanel) -> float:
    return aggregate(group_time_effects(panel), "simple").overall


def imputed_att(panel: DistrictPanel) -> float:
    return float(imputation(panel).estimate[0])


def collapsed_att(panel: DistrictPanel) -> float:
    return collapsed_did(collapse(panel, around_go_live(panel)), scale="pp").estimate


def test_a_period_is_numbered_by_its_beginning():
    labels = ["2020", "2013H1", "2013H2", "2013Q4", "2013-12"]
    assert [period_number(label) for label in labels] == pytest.approx([2020, 2013, 2013.5, 2013.75, 2013 + 11 / 12])


def test_counts_get_their_exposure_and_a_period_treated_in_part_is_left_out_or_counts():
    donut = district_panel(cells(), partial="donut", per=1000)
    assert donut.exposure is not None
    assert set(donut.exposure) == {2.0}
    assert [(one.unit, one.period) for one in donut.dropped] == [("a", 2013.5), ("b", 2013.5)]
    assert donut.treated_from.tolist()[:2] == [2013.5, 2013.5]
    whole = district_panel(cells(), partial="intention", per=1000)
    assert whole.level.tolist()[:3] == [2, 4.5, 8]
    assert whole.treated.tolist()[:3] == [False, True, True]


def test_a_stock_is_treated_on_the_day_of_go_live_and_never_in_part():
    frame = cells(kind="stock")
    frame["start"] = frame["end"]
    panel = district_panel(frame, partial="donut")
    assert panel.dropped == ()
    assert panel.treated_from[0] == 2013.5


def test_means_and_amounts_have_no_exposure():
    assert district_panel(cells(kind="mean"), partial="intention").exposure is None


def test_weights_follow_their_unit_and_the_order_of_rows_does_not_matter():
    frame = cells()
    weights = pd.Series({"d": 4.0, "c": 3.0, "b": 2.0, "a": 1.0})
    panel = district_panel(frame.sample(frac=1, random_state=1), partial="donut", weights=weights)
    assert panel.weights.tolist() == [1, 2, 3, 4]
    assert panel.y.tolist() == district_panel(frame, partial="donut").y.tolist()


def test_what_was_never_published_is_left_out_and_named_and_what_is_hidden_is_not():
    frame = cells()
    frame.loc[frame["unit"].eq("c") & frame["period"].eq("2013H1"), ["value", "high", "denominator", "status"]] = [
        np.nan, np.inf, np.nan, "missing",
    ]  # fmt: skip
    frame = hide(frame, "d", "2014H1", 0, 10)
    with pytest.raises(RefusedError) as error:
        district_panel(frame, partial="intention")
    assert (error.value.problems[0].key, error.value.problems[0].found) == ("did_hidden_cells", "1")
    low, high = (district_panel(frame, partial="intention", end=end) for end in ("low", "high"))
    assert [(one.unit, one.reason) for one in low.dropped] == [("c", "outcome_missing")]
    assert (low.y[-1], high.y[-1]) == (0, 10)


@pytest.mark.parametrize("estimator", [collapsed_att, simple_att, imputed_att])
def test_the_bounds_are_those_of_trying_every_corner(estimator):
    frame = hide(hide(hide(cells(), "a", "2013H1", 1, 9), "c", "2014H1", 0, 7), "d", "2013H2", 2, 90)
    low, high = (district_panel(frame, partial="intention", end=end, per=1000) for end in ("low", "high"))
    found = hidden_range(estimator, low, high)
    rows = np.flatnonzero(low.y != high.y)
    corners = []
    for which in product([False, True], repeat=rows.size):
        y = low.y.copy()
        y[rows[list(which)]] = high.y[rows[list(which)]]
        corners.append(estimator(replace(low, y=y)))
    assert found.hidden == 3
    assert (found.lower, found.upper) == pytest.approx((min(corners), max(corners)))
    assert estimator(found.at_upper) == found.upper > found.lower


def test_without_hidden_numbers_the_bounds_are_the_estimate():
    panel = district_panel(cells(), partial="intention")
    found = hidden_range(simple_att, panel, panel)
    assert (found.hidden, found.lower, found.upper) == (0, simple_att(panel), simple_att(panel))


def test_estimators_that_do_not_follow_in_a_straight_line_are_refused():
    frame = hide(hide(cells(), "a", "2014H1", 1, 9), "b", "2014H1", 1, 9)
    low, high = (district_panel(frame, partial="intention", end=end) for end in ("low", "high"))
    with pytest.raises(RefusedError) as error:
        hidden_range(lambda panel: simple_att(panel) ** 2, low, high)
    assert error.value.problems[0].key == "did_not_linear"
    shorter = replace(high, y=high.y[:-1], unit=high.unit[:-1], time=high.time[:-1], exposure=high.exposure[:-1])
    with pytest.raises(RefusedError) as error:
        hidden_range(simple_att, low, shorter)
    assert error.value.problems[0].key == "did_lengths"


@pytest.mark.parametrize("empty", [(), ("2013H1",), ("2013H2",), ("2013H1", "2013H2")])
def test_the_start_is_that_of_the_plan_however_many_half_years_next_to_it_are_empty(empty):
    labels = ("2012H1", "2012H2", "2013H1", "2013H2", "2014H1", "2014H2")
    rows = pd.DataFrame(
        [(unit, since, label) for unit, since in (("a", "2013-08-01"), ("b", None)) for label in labels],
        columns=["unit", "since", "period"],
    )
    days = [period_days(label) for label in rows["period"]]
    made = rows.assign(
        treated_from=pd.to_datetime(rows["since"]).astype("datetime64[us]"),
        start=pd.to_datetime([span.start for span in days]), end=pd.to_datetime([span.end for span in days]),
        kind="mean", status="exact", value=np.arange(12.0), denominator=np.nan,
    )  # fmt: skip
    found = district_panel(made[~((made["unit"] == "a") & made["period"].isin(empty))], partial="intention")
    assert found.go_live() == 2013.5
    assert np.isnan(found.treated_from[1])
    both = district_panel(made[~made["period"].isin(empty)], partial="intention")
    assert both.treated.tolist() == [label >= "2013H2" for label in labels if label not in empty] + [False] * (
        6 - len(empty)
    )
