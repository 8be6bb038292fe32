"""The one rule of before, after and left out, and of who is treated: readable tables; nobody else decides it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_registers as small

import sverige_did
from sverige_did.periods import period_days
from sverige_did.study.blocks import Grid
from sverige_did.study.study import Periods
from sverige_did.windows import (
    cells_after,
    cells_before,
    last_start,
    of_moment,
    other_partial,
    own_windows,
    partial_of,
    sides,
    up_to,
    widest,
    windows_of,
    windows_of_cells,
)


def dates(
    baseline: str = "2013-06-30", start: str = "2013-08-01", follow_up: str = "2014-12-31", partial: str = "donut"
) -> Periods:
    return Periods(
        baseline=date.fromisoformat(baseline),
        treatment_start=date.fromisoformat(start),
        follow_up=date.fromisoformat(follow_up),
        hard_stop=date(2015, 12, 31),
        partial=partial,  # type: ignore[arg-type]  # one of the three words
        ramp_months=0,
    )


def side_of(start: str, end: str, when: Periods) -> str:
    found = windows_of([start], [end], when)
    return {(True, False): "before", (False, True): "after", (False, False): "left out"}[
        bool(found.before[0]), bool(found.after[0])
    ]


# The plan's dates, and what each period of the panel is under them: B before, A after, - left out.
HALF_YEARS = "2012H1 2012H2 2013H1 2013H2 2014H1 2014H2 2015H1 2015H2"
TABLE = [
    # baseline, start, follow-up, partial -> the eight half-years
    ("2013-06-30", "2013-08-01", "2014-12-31", "donut", "BBB-AA--"),
    ("2013-06-30", "2013-08-01", "2014-12-31", "intention", "BBBAAA--"),
    ("2013-06-30", "2013-07-01", "2014-12-31", "donut", "BBBAAA--"),  # no period is treated in part
    ("2013-06-30", "2013-07-01", "2014-12-31", "intention", "BBBAAA--"),
    ("2012-12-31", "2013-08-01", "2015-12-31", "donut", "BB--AAAA"),  # a baseline before the last period before
    ("2012-12-31", "2013-08-01", "2015-12-31", "intention", "BB-AAAAA"),
    ("2013-06-29", "2013-08-01", "2015-06-30", "donut", "BB--AAA-"),  # one day short is not by the baseline
    ("2013-12-31", "2013-08-01", "2014-12-31", "donut", "BBB-AA--"),  # a baseline after the start makes none before
    ("2014-06-30", "2013-08-01", "2014-12-31", "donut", "BBB--A--"),  # ... and what it calls before is not after
    ("2014-06-30", "2013-08-01", "2014-12-31", "intention", "BBB--A--"),
]


@pytest.mark.parametrize(("baseline", "start", "follow_up", "partial", "expected"), TABLE)
def test_dates_say_which_half_years_are_before_after_and_left_out(baseline, start, follow_up, partial, expected):
    spans = [period_days(label) for label in HALF_YEARS.split()]
    found = windows_of(
        [one.start for one in spans], [one.end for one in spans], dates(baseline, start, follow_up, partial)
    )
    assert "".join(np.select([found.before, found.after], ["B", "A"], "-")) == expected
    assert not (found.before & found.after).any()
    np.testing.assert_array_equal(found.left_out, ~found.inside)


SNAPSHOTS = [
    # a snapshot is of one day: never in part; between the start and a later baseline it is before
    ("2013-06-30", "2013-06-30", "before"),
    ("2013-06-30", "2013-07-15", "left out"),
    ("2013-06-30", "2013-07-31", "left out"),
    ("2013-06-30", "2013-08-01", "after"),
    ("2013-08-31", "2013-08-31", "before"),
    ("2013-08-31", "2013-09-01", "after"),
    ("2013-08-31", "2015-01-01", "left out"),
]


@pytest.mark.parametrize(("baseline", "day", "expected"), SNAPSHOTS)
@pytest.mark.parametrize("partial", ["donut", "intention"])
def test_a_snapshot_lies_on_one_side_or_none(baseline, day, expected, partial):
    assert side_of(day, day, dates(baseline, partial=partial)) == expected


def test_the_first_and_the_last_day_count():
    when = dates("2013-07-31", "2013-08-01", "2013-08-31")
    assert side_of("2013-07-01", "2013-07-31", when) == "before"
    assert side_of("2013-08-01", "2013-08-31", when) == "after"
    assert side_of("2013-08-01", "2013-09-01", when) == "left out"


def test_nothing_is_both_whatever_the_dates():
    days = [date(2013, month, 1) for month in range(1, 13)]
    starts, ends = zip(*[(a, b) for a in days for b in days if a <= b], strict=True)
    for baseline, start, partial in product(days, days, ("donut", "intention", "weights")):
        found = windows_of(starts, ends, dates(baseline.isoformat(), start.isoformat(), partial=partial))
        assert not (found.before & found.after).any()


def test_cells_are_taken_as_they_stand():
    starts, ends = ["2014-01-01", "2013-01-01", "2013-07-01"], ["2014-06-30", "2013-06-30", "2013-12-31"]
    cells = pd.DataFrame({"start": pd.to_datetime(starts), "end": pd.to_datetime(ends)}, index=[7, 3, 5])
    assert cells_before(cells, dates()).index.tolist() == [3]
    assert cells_after(cells, dates()).index.tolist() == [7]
    assert cells_after(cells, dates(partial="intention")).index.tolist() == [7, 5]
    assert cells_before(cells[:0], dates()).empty


def test_the_other_way_with_a_period_in_part_and_the_widest_windows():
    assert [partial_of(dates(partial=one)) for one in ("donut", "weights", "intention")] == [
        "donut",
        "donut",
        "intention",
    ]
    assert [other_partial(dates(partial=one)).partial for one in ("donut", "intention")] == ["intention", "donut"]
    spans = [period_days(label) for label in HALF_YEARS.split()]
    found = windows_of([one.start for one in spans], [one.end for one in spans], widest(dates("2012-06-30")))
    assert found.inside.all()
    assert found.before.tolist() == [True] * 3 + [False] * 5
    assert side_of("2013-08-31", "2013-08-31", widest(dates("2013-08-31"))) == "before"


def test_a_printed_figure_is_the_one_by_the_baseline_or_the_one_at_the_follow_up():
    ends = [date(2013, 6, 30), date(2013, 8, 1), date(2014, 6, 30), date(2014, 12, 31)]
    assert [of_moment(end, dates(), "before") for end in ends] == [True, False, False, False]
    assert [of_moment(end, dates(), "after") for end in ends] == [False, False, False, True]


def test_a_unit_is_treated_from_its_day_and_a_control_where_it_has_none_or_one_that_is_never_seen():
    begun = pd.Series(pd.to_datetime(["2013-08-01", "2015-12-31", "2016-01-01", None]), index=list("abcd"))
    found = sides(begun, date(2015, 12, 31))
    assert found.group.tolist() == ["treated", "treated", "control", "control"]
    assert np.isnat(found.treated_from).tolist() == [False, False, True, True]


def test_own_dates_say_what_the_plan_cannot_and_later_ones_are_not_seen():
    cells = pd.DataFrame(
        [(begun, start, end)
         for begun in ("2013-08-01", "2014-07-01", None)
         for start, end in (("2013-01-01", "2013-06-30"), ("2013-07-01", "2013-12-31"), ("2014-01-01", "2014-06-30"),
                            ("2014-07-01", "2014-12-31"))],
        columns=["treated_from", "start", "end"],
    ).apply(pd.to_datetime)  # fmt: skip
    own = own_windows(cells)
    assert "".join(np.select([own.before, own.after], ["B", "A"], "-")) == "B-AA" + "BBBA" + "BBBB"
    seen = up_to(cells, date(2014, 6, 30))
    assert seen["group"].tolist() == ["treated"] * 3 + ["control"] * 6, "who begins later is a control in what is seen"
    assert seen["treated_from"].isna().tolist() == [False] * 3 + [True] * 6


@pytest.mark.parametrize(
    ("grid", "partial", "follow_up", "last"),
    [
        (("half_year", "2013H1", "2015H2"), "donut", date(2014, 12, 31), date(2014, 7, 1)),
        (("half_year", "2013H1", "2015H2"), "intention", date(2014, 12, 31), date(2014, 12, 31)),
        (("half_year", "2013H1", "2014H1"), "donut", date(2014, 12, 31), date(2014, 1, 1)),
        (("half_year", "2013H1", "2014H1"), "intention", date(2014, 12, 31), date(2014, 6, 30)),
        (("half_year", "2013H1", "2015H2"), "donut", date(2014, 11, 30), date(2014, 1, 1)),
        (("half_year", "2013H1", "2015H2"), "intention", date(2014, 11, 30), date(2014, 6, 30)),
        (("year", "2012", "2015"), "donut", date(2014, 12, 31), date(2014, 1, 1)),
        (("half_year", "2013H1", "2015H2"), "donut", date(2013, 12, 31), date(2013, 8, 1)),  # the programme's own day
    ],
)
def test_the_last_start_leaves_a_period_that_is_treated_and_compared(grid, partial, follow_up, last):
    step, first, end = grid
    rules = small.plan()["registers"] | {"grid": {"step": step, "first": first, "last": end}}
    periods = {
        "baseline": "2013-06-30", "treatment_start": "2013-08-01", "follow_up": follow_up, "hard_stop": "2015-12-31",
        "partial": partial,
    }  # fmt: skip
    study = small.study(registers=rules, periods=periods)
    assert last_start(study) == last
    # By enumeration: a district that begins on that day has a period of the window after that is treated as the plan
    # asks, and one that begins a day later has none, unless it begins with the programme.
    spans = pd.DataFrame(study.registers.grid.spans, columns=["start", "end"]).apply(pd.to_datetime)
    after = windows_of_cells(spans, study.periods).after
    side = "start" if partial == "donut" else "end"
    fits = [bool((after & (spans[side] >= pd.Timestamp(day))).any()) for day in (last, last + timedelta(days=1))]
    assert fits == [follow_up > date(2013, 12, 31), False]


@pytest.mark.parametrize(
    ("step", "first", "last", "spans"),
    [
        ("year", "2012", "2013", ["2012-01-01/2012-12-31", "2013-01-01/2013-12-31"]),
        ("half_year", "2012H2", "2013H1", ["2012-07-01/2012-12-31", "2013-01-01/2013-06-30"]),
        ("half_year", "2012H1", "2012H1", ["2012-01-01/2012-06-30"]),
    ],
)
def test_the_periods_of_a_grid_are_those_of_its_labels(step, first, last, spans):
    grid = Grid(step=step, first=first, last=last)
    assert [f"{start}/{end}" for start, end in grid.spans] == spans
    assert grid.end == grid.spans[-1][1]


# Who may still name a date of the plan, and why; everything else asks windows.py.
ALLOWED = {
    "windows.py": "the rule itself",
    "study/study.py": "the dates and the order they must have",
    "studies/panel/phase_in.py": "how many days the programme had run, for its share of full strength",
    "studies/published/sensitivity.py": "printed figures between and after the two moments, which are no windows",
    "report/district_inference.py": "the line in a figure at which the programme starts",
    "sources/published/panel.py": "the first treated day of printed figures, which know no districts",
    "sources/panel/build.py": "tells of the day in a remark on districts that begin too late",
    "sources/panel/teams_and_accounts.py": "accounts are of whole calendar years, up to that of the stop",
    "tasks/figures.py": "hands the stop to the reader of printed figures",
    "study/economy.py": "a target's own rule of follow-ups, which is no date",
    "studies/panel/economy.py": "the calendar years in which money was invested, and the day from which it pays",
    "studies/panel/targets.py": "the days of the two evaluations, at which targets are held against figures",
    "studies/published/economy.py": "the calendar years of accounts, and the day from which it pays",
    "studies/published/targets.py": "the days of the two evaluations, at which targets are held against figures",
    "report/implementation.py": "the line in a figure at which the programme starts, and the rule of follow-ups",
    "report/next_office.py": "the horizon of an effect, as the days between the start and the last that counts",
    "report/front/by_hand.py": "which printed figures are of the evaluation that the plan compares",
    "report/provenance.py": "which printed figures tell who the groups were before anything was done",
    "report/front/cards.py": "the line in a figure at which the programme starts",
    "report/doubt/robins.py": "what the plan says of the start and of a period treated in part, in words",
    "report/seen.py": "the last day of a printed change",
    "sources/registers/rules_of_plan.py": "that the registers say the same first day as the plan",
    "sources/aggregates/delivery.py": "that public tables say the same first day as the plan",
}
# Who hands a date on to it.
HANDED_ON = {
    "studies/panel/staggered_did.py": "up_to(data.cells, data.study.periods.follow_up)",
    "disclosure/summed.py": "up_to(cells, when.follow_up)",
}
NAMED = re.compile(r"\.(treatment_start|baseline|follow_up|hard_stop)\b|(?<!data)(?<!other)\.partial\b")
DATED = re.compile(r"(\[\"treated_from\"\]|\bbegun\b)\s*(\.notna\(\)\s*,|[<>]=?)|[<>]=?\s*\w+\[\"treated_from\"\]")


def modules() -> dict[str, str]:
    package = Path(sverige_did.__file__).parent
    return {path.relative_to(package).as_posix(): path.read_text("utf-8") for path in package.rglob("*.py")}


def test_nobody_else_holds_a_period_against_the_dates_of_a_plan():
    # registers.follow_up of a plan is how often the law wants a placement followed up: no date.
    plain = {
        place: text.replace(HANDED_ON.get(place, "\0"), "").replace("rules.follow_up", "")
        for place, text in modules().items()
    }
    assert {place for place, text in plain.items() if NAMED.search(text)} == set(ALLOWED)


def test_nobody_else_decides_who_is_treated_or_compares_cells_with_their_own_date():
    found = {place for place, text in modules().items() if DATED.search(text)}
    # staggered_did.exposed_share counts days under treatment, which is no window.
    # A frame's own dates are read into periods in api/times.py, before there is a panel or a plan.
    # What public tables leave out is decided before there is a panel: who has begun by the end of all that is seen.
    assert found == {"windows.py", "studies/panel/staggered_did.py", "sources/aggregates/delivery.py", "api/times.py"}
