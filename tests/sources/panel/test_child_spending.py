"""What each child cost: the panel's own spending, child by child, and a year counted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_registers as small

from sverige_did.sources.panel.child_spending import Spent, spent_on_children
from sverige_did.sources.panel.frame import PanelFrame, make_panel_frame
from sverige_did.sources.panel.placements import Placements, placements, spending
from sverige_did.sources.registers.codes import standard_codes

BOTH_YEARS = np.ones(4, dtype=bool)
FIRST = np.array([True, True, False, False])


def ground(folder: Path, placed: pd.DataFrame | None = None) -> tuple[PanelFrame, Placements]:
    frames = small.delivery() | ({} if placed is None else {"placements": placed})
    tables = small.tables(folder, frames)
    panel_frame = make_panel_frame(tables, small.study())
    return panel_frame, placements(tables["placements"], panel_frame, standard_codes())


def spent(panel_frame: PanelFrame, placed: Placements, inside: np.ndarray = BOTH_YEARS) -> Spent:
    prices = panel_frame.rules.prices
    assert prices is not None
    return spent_on_children(placed, panel_frame, prices, inside=inside)


@pytest.mark.parametrize("inside", [BOTH_YEARS, FIRST, ~FIRST, np.array([False, False, True, False])])
def test_the_children_of_a_district_cost_what_the_panel_says(tmp_path: Path, inside: np.ndarray) -> None:
    panel_frame, placed = ground(tmp_path)
    found, prices = spent(panel_frame, placed, inside), panel_frame.rules.prices
    assert prices is not None
    wanted = 1e6 * spending(placed, panel_frame, prices, "f").numbers["spent"][:, inside].sum(axis=1)
    told = np.bincount(found.district, weights=found.amount, minlength=6) * panel_frame.length[inside].sum()
    assert told == pytest.approx(wanted)
    assert wanted.sum() > 0


def test_a_year_of_two_places_by_hand(tmp_path: Path) -> None:
    """c0 is in an institution at 1,000 a day until the end of 2013, then in family care at 500; prices rise by 10 %."""
    panel_frame, placed = ground(tmp_path)
    found = spent(panel_frame, placed)
    mine = found.amount[found.child == panel_frame.codes(pd.Series(["c0"]))[0]]
    last_counts = panel_frame.rules.last_day_counts
    days = 365 if last_counts else 364
    assert mine == pytest.approx([(days * 1000 * 1.1 + 365 * 500) / 2])


def test_a_day_without_a_price_marks_its_district_in_its_periods_alone(tmp_path: Path) -> None:
    rows = small.placements()
    rows.loc[rows["child"] == "c5", "price"] = np.nan
    panel_frame, placed = ground(tmp_path, rows)
    assert spent(panel_frame, placed, FIRST).priced.tolist() == [True] * 5 + [False]
    assert spent(panel_frame, placed, ~FIRST).priced.all()


def test_neither_the_order_of_spells_nor_what_they_are_cut_into_matters(tmp_path: Path) -> None:
    panel_frame, placed = ground(tmp_path)
    once = spent(panel_frame, placed)
    spells, n = placed.spells, len(placed.spells)
    middle = (spells.start + spells.stop) // 2
    rows = np.random.default_rng(1).permutation(2 * n)
    start, stop = np.concatenate([spells.start, middle])[rows], np.concatenate([middle, spells.stop])[rows]
    halves = Placements(spells.cut(rows % n, start, stop), placed.price[rows % n], placed.secure[rows % n])
    again = spent(panel_frame, halves)
    assert again.child.tolist() == once.child.tolist()
    assert again.amount == pytest.approx(once.amount)
    dearer = spent(panel_frame, placed._replace(price=3 * placed.price))
    assert dearer.amount == pytest.approx(3 * once.amount)


def test_children_of_no_known_district_and_free_places_cost_nothing_here(tmp_path: Path) -> None:
    panel_frame, placed = ground(tmp_path)
    nowhere = placed._replace(spells=replace(placed.spells, district=np.full(len(placed.spells), -1)))
    assert not len(spent(panel_frame, nowhere).amount)
    free = spent(panel_frame, placed._replace(price=0 * placed.price))
    assert (len(free.amount), free.priced.all()) == (0, True)
