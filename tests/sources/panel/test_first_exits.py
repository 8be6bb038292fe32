"""First stays in care, child by child: each row of the table is one child's placements and what it counts as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_registers as small

from sverige_did.sources.panel.first_exits import FirstStays, first_exits, first_stays
from sverige_did.sources.panel.frame import PanelFrame, make_panel_frame, windows_of
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT, Spells
from sverige_did.study.blocks import Grid

GO_LIVE = "2013-08-01"
END = "2015-01-01"


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(int))


@pytest.fixture(scope="module")
def panel_frame(tmp_path_factory: pytest.TempPathFactory) -> PanelFrame:
    made = make_panel_frame(small.tables(tmp_path_factory.mktemp("delivery"), small.delivery()), small.study())
    return replace(
        made, windows=windows_of(Grid(first="2011H1", last="2014H2")), residents=np.ones((6, 8)), length=np.ones(8)
    )


def stays(panel_frame: PanelFrame, *rows: tuple[int, str, str], district: int = 0) -> FirstStays:
    """Children by number, from the first day to the first day away."""
    child, start, stop = zip(*rows, strict=True)
    days = [np.array([day(one) for one in each]) for each in (start, stop)]
    spells = Spells(np.array(child), np.ones(len(rows), int), np.full(len(rows), district), *days, day(END))
    return first_stays(spells, panel_frame)


CASES = [
    ("left after 100 days", [(0, "2011-03-01", "2011-06-09")], 100),
    ("from one place straight to the next", [(0, "2011-03-01", "2011-04-01"), (0, "2011-04-01", "2011-06-09")], 100),
    ("two places at once", [(0, "2011-03-01", "2011-06-09"), (0, "2011-03-11", "2011-04-01")], 100),
    ("away for a day and back", [(0, "2011-03-01", "2011-06-09"), (0, "2011-06-10", "2013-06-01")], 100),
    ("rows in any order", [(0, "2011-06-10", "2013-06-01"), (0, "2011-03-01", "2011-06-09")], 100),
    ("still there a year later", [(0, "2011-03-01", "2014-06-09")], None),
    ("entered under the programme", [(0, "2013-08-01", "2013-11-09")], 100),
]


@pytest.mark.parametrize(("rows", "days"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_one_child(panel_frame: PanelFrame, rows: list[tuple[int, str, str]], days: int | None) -> None:
    found = stays(panel_frame, *rows)
    assert found.months == pytest.approx([12.0 if days is None else days / (365.25 / 12)])
    assert found.left.tolist() == [days is not None]
    assert found.district.tolist() == [0]
    assert panel_frame.windows.labels[found.period[0]] == ("2013H2" if rows[0][1] == GO_LIVE else "2011H1")


@pytest.mark.parametrize(
    ("why", "child", "start"),
    [
        ("entered before the first period", 0, "2010-12-31"),
        ("the programme begins within the year", 0, "2012-09-01"),
        ("the grid ends within the year", 0, "2014-02-01"),
        ("comes of age within the year, on 1 October 2013", 12, "2013-08-01"),
    ],
)
def test_a_child_who_cannot_be_followed_for_a_year_is_not_counted_even_if_it_left(
    panel_frame: PanelFrame, why: str, child: int, start: str
) -> None:
    gone = str(np.datetime64(start, "D") + np.timedelta64(30, "D"))
    assert not len(stays(panel_frame, (child, start, gone)).months), why
    assert len(stays(panel_frame, (child, "2011-03-01", "2011-04-01")).months) == 1


def with_own_days(panel_frame: PanelFrame, **begins: str) -> PanelFrame:
    """Districts of the frame that begin on other days; a control that begins stays one, as ``windows.sides`` says."""
    units = panel_frame.units.set_index("unit")
    for unit, begin in begins.items():
        units.loc[unit, "begins"] = pd.Timestamp(begin)
        if units.loc[unit, "group"] == "treated":
            units.loc[unit, "treated_from"] = pd.Timestamp(begin)
    return replace(panel_frame, units=units.reset_index())


ENTERED = ("2011-03-01", "2012-08-01", "2012-09-01", "2012-12-31", "2013-02-01", "2013-08-01", "2013-12-01")


@pytest.mark.parametrize(
    ("begins", "unit", "kept"),
    [
        # All at once: a year that holds the first day belongs to neither side, in any district.
        ({}, "A", ["2011-03-01", "2013-08-01", "2013-12-01"]),
        ({}, "D", ["2011-03-01", "2013-08-01", "2013-12-01"]),
        # A control that begins later is one until then: who is followed into it, or enters under it, is nobody's.
        ({"D": "2014-09-01"}, "D", ["2011-03-01", "2013-08-01"]),
        ({"D": "2014-09-01"}, "E", ["2011-03-01", "2013-08-01", "2013-12-01"]),
        ({"D": "2013-12-01"}, "D", ["2011-03-01"]),
        # At different days: each district by its own, and nobody's day divides those that never begin.
        ({"B": "2014-01-01"}, "B", ["2011-03-01", "2012-08-01", "2012-09-01", "2012-12-31"]),
        ({"B": "2014-01-01"}, "A", ["2011-03-01", "2013-08-01", "2013-12-01"]),
        ({"B": "2014-01-01"}, "D", list(ENTERED)),
    ],
)
def test_nobody_is_followed_both_without_the_programme_and_under_it(
    panel_frame: PanelFrame, begins: dict[str, str], unit: str, kept: list[str]
) -> None:
    frame = with_own_days(panel_frame, **begins)
    place = frame.units["unit"].tolist().index(unit)
    found = [len(stays(frame, (0, one, "2016-01-01"), district=place).months) for one in ENTERED]
    assert [one for one, counted in zip(ENTERED, found, strict=True) if counted] == kept


def test_a_child_of_no_known_district_is_in_no_cell(panel_frame: PanelFrame) -> None:
    assert not len(stays(panel_frame, (0, "2011-03-01", "2011-06-09"), district=UNKNOWN_DISTRICT).months)


def test_cells_are_means_over_those_who_entered_and_missing_where_nobody_did(panel_frame: PanelFrame) -> None:
    found = stays(panel_frame, (0, "2011-03-01", "2011-06-09"), (1, "2011-05-01", "2014-01-01"))
    (cells,), (left,) = (one.cells() for one in first_exits(found, panel_frame, "f"))
    known = cells[cells["status"] == "exact"]
    assert known[["unit", "period", "kind", "denominator"]].to_numpy().tolist() == [["A", "2011H1", "mean", 2.0]]
    assert known["value"].to_numpy() == pytest.approx([(100 / (365.25 / 12) + 12) / 2])
    assert len(cells) == 6 * 8
    of_entered = left[left["denominator"] > 0]
    assert of_entered[["outcome", "value", "denominator"]].to_numpy().tolist() == [["left_within_year", 1.0, 2.0]]


def test_nobody_placed_is_no_error(panel_frame: PanelFrame) -> None:
    nothing = np.empty(0, dtype=np.int64)
    found = first_stays(Spells(nothing, nothing, nothing, nothing, nothing, day(END)), panel_frame)
    (cells,), (left,) = (one.cells() for one in first_exits(found, panel_frame, "f"))
    assert set(cells["status"]) == {"missing"}
    assert not left["value"].any()


def test_order_of_spells_does_not_matter(panel_frame: PanelFrame, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    start = rng.integers(day("2010-06-01"), day("2014-12-01"), 300)
    spells = Spells(rng.integers(0, 12, 300), np.ones(300, int), rng.integers(0, 6, 300), start,
                    start + rng.integers(1, 200, 300), day("2015-12-01"))  # fmt: skip
    order = rng.permutation(300)
    again = Spells(spells.child[order], spells.rung[order], np.zeros(300, int), spells.start[order],
                   spells.stop[order], spells.censored_on)  # fmt: skip
    here, there = first_stays(spells, panel_frame), first_stays(again, panel_frame)
    assert here.months.tolist() == there.months.tolist()
