"""Ranges of hidden levels: by hand, true, told by nothing but what is shown, and among what an outsider is given."""

from __future__ import annotations

import numpy as np
import pytest
from small_groups import MANY, panel, plan

from sverige_did.design import designs
from sverige_did.disclosure.levels import Cell, counted, levels_of, released_levels
from sverige_did.disclosure.programme import attacked
from sverige_did.disclosure.ranges import Public, ranges, with_ranges
from sverige_did.disclosure.registers import Answers, Attacked, attacked_release
from sverige_did.disclosure.release import ReleasedLevel
from sverige_did.panel import Panel
from sverige_did.report.district_inference import levels as level_tables
from sverige_did.report.front.by_hand import by_hand
from sverige_did.report.front.cards import over_time
from sverige_did.report.implementation import done_figure
from sverige_did.words import Language

FEW = MANY | {"network": 3.0}
Shown = tuple[tuple[Cell, ReleasedLevel], ...]


def one(outcome: str, level: float | None, *periods: str, per: float = 1.0, step: float = 2.5) -> Public:
    return Public(outcome, "treated", "–".join(periods), periods, per, step, level)


def drafted(cells: Panel) -> Shown:
    """The half-years and windows of every outcome of the plan, under the threshold alone."""
    levels = levels_of(cells, plan())
    wanted = [item.outcome for item in plan().outcomes]
    return tuple(released_levels(levels, wanted, {counted(name): "periods" for name in wanted}, frozenset()))


@pytest.fixture(scope="module")
def few() -> Shown:
    return with_ranges(drafted(panel(FEW)), steps_off=0.5)


@pytest.fixture(scope="module")
def release() -> Attacked:
    cells = panel(FEW)
    return attacked_release(plan(), cells, Answers(designs(cells, plan()), (), (), ()))


def test_a_part_is_at_most_what_the_whole_leaves_beside_the_parts_that_are_shown() -> None:
    """20 placed and 10 in foster care, each to the nearest 2.5: 12.5 are left at most, and none at least."""
    shown = [one("placed_total", 20.0, "2014H1"), one("foster_per_1000", 10.0, "2014H1")]
    hidden = [one(f"{kind}_per_1000", None, "2014H1") for kind in ("network", "institution")]
    assert set(ranges([*shown, *hidden], 0.5).values()) == {(0.0, 12.5)}
    assert set(ranges([*shown, *hidden], 1.0).values()) == {(0.0, 15.0)}, "levels that were sent out before are held"


def test_a_half_year_is_what_its_window_leaves_and_has_a_lower_end_too() -> None:
    """40 in the window and 10 + 10 in two of its half-years leave 16.25 to 23.75 for the third: outwards, 15 to 25."""
    rate, half_years = "institution_per_1000", ("2014H1", "2014H2", "2015H1")
    shown = [one(rate, 10.0, label) for label in half_years[:2]]
    found = ranges([*shown, one(rate, 40.0, *half_years), one(rate, None, "2015H1")], 0.5)
    assert found == {(rate, "treated", "2015H1"): (15.0, 25.0)}


def test_a_share_is_from_the_least_of_the_most_to_the_most_of_the_least() -> None:
    """Up to 7.5 of 17.5 to 22.5 placed are up to 42.9 %; a denominator is nowhere shown itself."""
    whole, share = one("placed_total", 20.0, "2014H1"), one("network_share", None, "2014H1", per=float("nan"))
    found = ranges([whole, one("foster_per_1000", 15.0, "2014H1"), share], 0.5)
    assert found == {("network_share", "treated", "2014H1"): (0.0, 42.9)}
    assert ranges([whole, one("foster_per_1000", 10.0, "2014H1"), share], 0.5) == {}, "0 to 71.4 % says next to nothing"


def test_what_nothing_is_said_of_has_no_range() -> None:
    assert ranges([one("institution_per_1000", None, "2014H1")], 0.5) == {}
    assert ranges([one("breakdowns_per_1000", None, "2014H1"), one("placed_total", 9.0, "2014H1")], 0.5) == {}


def test_every_range_of_a_hidden_level_holds_the_true_one(few: Shown) -> None:
    ranged = [(cell.found.level, level) for cell, level in few if level.low is not None]
    assert len(ranged) >= 10
    assert all(level.status == "hidden" for _, level in ranged)
    for true, level in ranged:
        assert level.low is not None
        assert level.high is not None
        assert true is not None
        assert level.low <= true <= level.high


def test_a_range_is_a_function_of_what_is_shown_and_of_public_numbers(few: Shown) -> None:
    """With other true numbers behind the same release, and none at all, the ranges are the same."""

    def blind(cell: Cell) -> Cell:
        few_below = {"denominator": 1e9} if cell.denominator_step else {}
        return cell._replace(found=cell.found._replace(value=float("nan"), **few_below), held=float("nan"))

    again = with_ranges(tuple((blind(cell), level) for cell, level in few), steps_off=0.5)
    assert [level for _, level in again] == [level for _, level in few]


def test_a_release_tells_ranges_and_the_attack_had_them(release: Attacked) -> None:
    found = [one for one in (*release.release.levels, *release.release.windows) if one.high is not None]
    assert found
    assert all(one.level is None and one.low is not None and one.low < (one.high or 0) for one in found)
    for one_ in found:
        name = f"level|{one_.outcome}|{one_.group}|{one_.period}"
        assert any(row.name == name for row in release.known.rows), name
    assert not attacked(release.known)


def test_a_range_that_told_too_much_would_be_refused(release: Attacked) -> None:
    """A child on either side of the truth is narrower than the threshold."""
    cell = next(one for one in levels_of(panel(FEW), plan()).cells if one.outcome == "network_per_1000")
    per = 1000 / cell.found.denominator
    ends = {"low": (cell.found.value - 0.5) * per, "high": (cell.found.value + 0.5) * per}
    known = release.known.again()
    known.hidden([cell])
    known.ranges([(cell, ReleasedLevel(outcome=cell.outcome, group=cell.group, period=cell.label, status="hidden"))])
    assert not attacked(known)
    told = ReleasedLevel(outcome=cell.outcome, group=cell.group, period=cell.label, status="hidden", **ends)
    known.ranges([(cell, told)])
    (exposed,) = attacked(known)
    assert exposed.high - exposed.low == pytest.approx(1.0, abs=1e-3)
    assert np.all([name.startswith("level|network_per_1000") for name in exposed.blamed])


@pytest.mark.parametrize(("language", "said"), [("en", "hidden (2.50–7.50)"), ("da", "skjult (2,50–7,50)")])
def test_the_pages_say_a_range_beside_hidden_and_draw_it(language: Language, said: str, release: Attacked) -> None:
    rate = "network_per_1000"

    def ranged(level: ReleasedLevel) -> ReleasedLevel:
        if level.outcome != rate or level.period not in {"2012H1", "2011H1–2013H1"} or level.group == "control":
            return level
        return level.model_copy(update={"status": "hidden", "level": None, "low": 2.5, "high": 7.5})

    shown = [
        ReleasedLevel(outcome=rate, group=group, period=f"{year}H1", status="shown", level=6.0)
        for group in ("treated", "control") for year in range(2011, 2016)
    ]  # fmt: skip
    windows = tuple(ranged(one) for one in release.release.windows)
    page = release.release.model_copy(update={"levels": tuple(map(ranged, shown)), "windows": windows})
    cells = {cell for table in level_tables(page, language) for row in table.rows for cell in row}
    assert said in cells
    drawn = over_time(page, rate, language)
    assert drawn is not None
    assert drawn[0].wide.count("stroke-opacity") == 1, "one hidden half-year"
    done = done_figure(page, rate, language)
    assert done is not None
    assert any(said in row for row in done.table.rows)
    hand = by_hand(page, rate, language)
    assert hand is not None
    assert any(said in row for row in hand.rows)
