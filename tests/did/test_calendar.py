"""Time since a start in steps of the calendar: a whole period that lacks from a table is no time that did not pass."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from sverige_did.did.aggregate import aggregate
from sverige_did.did.arrays import DistrictPanel, panel_from_rows
from sverige_did.did.calendar import step_of, steps, times_since
from sverige_did.did.columns import periods
from sverige_did.did.imputation import imputation
from sverige_did.did.staggered import group_time_effects
from sverige_did.errors import RefusedError
from sverige_did.inference.event_effects import of_dates_by_event_time

MONTHS = [f"2013-{at:02}" for at in range(1, 13)]
WEEKS = [str(date(2013, 1, 7) + timedelta(weeks=at)) for at in range(40)]


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ([2001, 2002, 2004], [0, 1, 3]),
        ([2001, 2003, 2005, 2009], [0, 1, 2, 4]),
        (["2010H1", "2010H2", "2011H2", "2012H1"], [0, 1, 3, 4]),
        (["2010Q1", "2010Q2", "2011Q1"], [0, 1, 4]),
        (MONTHS[:3] + MONTHS[7:], [0, 1, 2, *range(7, 12)]),
        (WEEKS[:5] + WEEKS[9:], [*range(5), *range(9, 40)]),
        ([f"2013-{at:02}-{day}" for at, day in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1)],
         list(range(12))),
    ],
)  # fmt: skip
def test_a_period_that_lacks_is_counted(labels: list[object], wanted: list[int]) -> None:
    at = periods(np.array(labels, dtype=object))[1]
    assert step_of(at) is not None
    assert steps(at).tolist() == wanted


@pytest.mark.parametrize(
    "odd", [[2000, 2002, 2004, 2006, 2007, 2009], [1, 2, 4, 8, 16], [2000, 2001.4, 2002], [2001, 2001.1, 2002, 2003]]
)
def test_periods_without_a_step_are_counted_as_they_stand(odd: list[float]) -> None:
    at = np.array(odd, dtype=float)
    assert step_of(at) is None
    assert steps(at).tolist() == list(range(len(odd)))
    assert times_since(at, at[1:2])[0].tolist() == [e - 1 for e in range(len(odd))]


def test_a_start_can_lie_in_a_period_that_lacks() -> None:
    found = times_since(np.array([2001.0, 2002, 2005, 2006]), np.array([2002.0, 2003, 2004, 2005, np.nan]))
    assert found[:4].tolist() == [[-1, 0, 3, 4], [-2, -1, 2, 3], [-3, -2, 1, 2], [-4, -3, 0, 1]]


def whole_panel(lack: tuple[int, ...] = ()) -> DistrictPanel:
    rng = np.random.default_rng(7)
    unit, year = np.repeat(np.arange(18), 9), np.tile(np.arange(2001, 2010), 18)
    start = np.repeat([2004.0, 2006.0, np.nan], 6)[unit]
    y = rng.normal(size=unit.size) + (year >= start)
    keep = ~np.isin(year, lack)
    return panel_from_rows(
        unit[keep], year[keep], y[keep], (year >= start)[keep], treated_from=start[keep]
    )  # fmt: skip


@pytest.mark.parametrize("lack", [(2007,), (2001, 2008), (2004,), (2006, 2007)])
def test_what_is_left_stands_at_the_same_time_with_the_same_effect(lack: tuple[int, ...]) -> None:
    """The base years 2003 and 2005 are there, so that no effect of the others can move."""
    whole, less = (group_time_effects(whole_panel(one), base="universal") for one in ((), lack))
    columns = whole.cohort, whole.period, whole.event_time, whole.estimate
    told = {(g, t): (e, b) for g, t, e, b in zip(*columns, strict=True)}
    for g, t, e, b in zip(less.cohort, less.period, less.event_time, less.estimate, strict=True):
        assert (e, pytest.approx(b)) == told[g, t]
    assert len(less.period) == len(whole.period) - 2 * len(lack)
    by_time = imputation(whole_panel(lack), "event_time").at.astype(int).tolist()
    years = [year for year in range(2001, 2010) if year not in lack]
    assert by_time == sorted({year - g for g in (2004, 2006) for year in years if year >= g})


def test_a_base_period_is_no_effect_beside_those_of_another_start() -> None:
    """2005 lacks: the last one before 2006 is 2004, two years before, where 2004's effect of no time is none either."""
    found = group_time_effects(whole_panel((2005,)), base="universal")
    dynamic = aggregate(found, "dynamic")
    at = dict(zip(dynamic.at.tolist(), dynamic.estimate.tolist(), strict=True))
    of_first = found.estimate[(found.cohort == 2004) & (found.event_time == -2)]
    assert at[-2.0] == pytest.approx(of_first[0])
    assert at[-1.0] == 0.0
    with pytest.raises(RefusedError) as refused:
        of_dates_by_event_time(whole_panel((2005,)))
    assert refused.value.problems[0].key == "did_reference_apart"
    assert refused.value.problems[0].found == "-2, -1"


def test_drift_counts_time_from_the_last_period_before() -> None:
    """2007 lacks: what follows it is a year farther from the base."""
    effects = of_dates_by_event_time(whole_panel((2007,))).effects
    assert effects.before.tolist() == [-2.0, -1.0]
    assert effects.after.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
