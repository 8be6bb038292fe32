"""The ladder of registers: against a slow count child by child, what must not matter, and next to nobody."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_registers as small

from sverige_did.disclosure.ladder import release_ladder
from sverige_did.results.ladder import LadderCell, LadderRecord
from sverige_did.sources.panel.frame import make_panel_frame
from sverige_did.sources.panel.ladder_paths import LOST, OF_AGE, OUT, RUNGS, ladder_paths
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.studies.panel.ladder import ladder
from sverige_did.studies.panel.ladder_followed import longest
from sverige_did.study.study import PanelStudy

CODES = ("SEL 50", "SEL 11.3.2", "SEL 52.3.3", "ANBAAR 6", "ANBAAR 1", "ANBAAR 24", "ANBAAR 9")
BEFORE, AFTER = (date(2012, 12, 31),), (date(2013, 12, 31), date(2014, 6, 30))
"""The last evenings before the periods of the plan's windows."""

HALF, YEAR = 181, 181
"""Days followed: the window before holds a single half-year, so time is followed no longer than flows."""


def delivery(seed: int = 1, size: int = 12, *, lost: bool = True) -> dict[str, pd.DataFrame]:
    """Children whose measure changes every few months; some move away or are placed nobody knows where."""
    rng = np.random.default_rng(seed)
    children, rows = [], []
    for d, district in enumerate(small.DISTRICTS):
        for k in range(size):
            name, day = f"k{d}-{k}", date(2012, 3, 1) + timedelta(days=int(rng.integers(0, 200)))
            children.append((name, "1996H1" if k % 6 == 0 else "2004H1", "girl", district))
            while day < date(2015, 1, 1):
                end = day + timedelta(days=int(rng.geometric(1 / 130)))
                why = str(rng.choice(["moved", "planned", "left_area"], p=[0.7, 0.2, 0.1])) if lost else "moved"
                measure = "SEL 58" if lost and rng.random() < 0.05 else str(rng.choice(CODES))
                rows.append((name, measure, str(day), str(end), why, None))
                day = end + timedelta(days=0 if why == "moved" else int(rng.integers(20, 200)))
    frames = {"districts": small.districts()}
    frames["children"] = pd.DataFrame(children, columns=["child", "birth_half_year", "sex", "district"])
    columns = ["child", "measure", "start", "end", "end_reason", "price"]
    frames["placements"] = pd.DataFrame(rows, columns=columns).drop_duplicates(["child", "measure", "start"])
    return frames


def plan(**changes: Any) -> PanelStudy:
    return PanelStudy.model_validate(small.plan(**({"registers": {"last_day_counts": False}} | changes)))


def made(folder: Path, frames: dict[str, pd.DataFrame], **changes: Any) -> LadderRecord:
    return ladder(small.tables(folder, frames), plan(**changes), standard_codes())


def value(record: LadderRecord, rung: str, quantity: str, group: str, moment: str) -> LadderCell:
    place = (rung, quantity, group, moment)
    (found,) = [one for one in record.cells if (one.rung, one.quantity, one.group, one.moment) == place]
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[LadderRecord, dict[str, list[tuple[int, int, int]]]]:
    """A ladder on which nobody is lost, and each child's stretches (state, first day, first day without)."""
    frames, folder = delivery(lost=False), tmp_path_factory.mktemp("registers")
    tables = small.tables(folder, frames)
    frame = make_panel_frame(tables, plan())
    paths = ladder_paths(tables, frame, standard_codes())
    by_child: dict[str, list[tuple[int, int, int]]] = {}
    for child, state, start, stop in zip(paths.child, paths.state, paths.start, paths.stop, strict=True):
        by_child.setdefault(str(frame.children[child]), []).append((int(state), int(start), int(stop)))
    return ladder(tables, plan(), standard_codes()), by_child


def on(path: list[tuple[int, int, int]], day: date) -> int:
    number = (day - date(1970, 1, 1)).days
    return next((state for state, start, stop in path if start <= number < stop), LOST)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("group", ["treated", "control"])
def test_shares_and_months_are_those_of_a_slow_count(seen: Any, group: str, moment: str) -> None:
    record, paths = seen
    days = BEFORE if moment == "before" else AFTER
    mine = {name: path for name, path in paths.items() if (int(name[1]) < 3) == (group == "treated")}
    for rung, name in enumerate(RUNGS):
        there = [(path, day) for day in days for path in mine.values() if on(path, day) == rung]
        ends = np.array([on(path, day + timedelta(days=HALF)) for path, day in there])
        spent = [sum(on(path, day + timedelta(days=u)) == rung for u in range(1, YEAR + 1)) for path, day in there]
        shares = {"stay": ends == rung, "down": ends < rung, "out": ends == OUT, "of_age": ends == OF_AGE}
        for quantity, inside in shares.items():
            if (quantity, rung) != ("down", 0):
                assert value(record, name, quantity, group, moment).value == pytest.approx(100 * inside.mean())
        assert value(record, name, "months", group, moment).value == pytest.approx(np.mean(spent) * 12 / 365.25)


def test_arrivals_are_counted_from_outside_or_from_below(seen: Any) -> None:
    record, paths = seen
    first, after = ((date(2013, m, 1) - date(1970, 1, 1)).days for m in (1, 7))
    count = {"institution": 0, "any_measure": 0, "early_help": 0}
    for name, path in paths.items():
        for k, (state, start, _) in enumerate(path):
            before = path[k - 1][0] if k else OUT
            if int(name[1]) < 3 and first <= start < after and state < OUT:
                count["institution"] += state == 6 and before == OUT
                count["any_measure"] += state >= 2 and (before == OUT or before < 2)
                count["early_help"] += state == 1 and (before in {OUT, 0})
    for rung, number in count.items():
        assert value(record, rung, "arrived", "treated", "before").value == pytest.approx(
            1000 * number / (3000 * 181 / 365)
        )


def test_the_shares_of_a_rung_are_everybody_also_where_some_are_lost(tmp_path: Path) -> None:
    record = made(tmp_path, delivery(seed=3))
    for rung in RUNGS:
        for group in ("treated", "control"):
            shares = [
                value(record, rung, quantity, group, "after").value
                for quantity in ("stay", "down", "up", "out", "of_age")
                if (rung, quantity) not in {("clarification", "down"), ("institution", "up")}
            ]
            assert sum(shares) == pytest.approx(100)  # type: ignore[arg-type]
    assert {one.key for one in record.remarks} >= {"errors.ladder_no_place"}


def test_a_difference_is_of_the_four_numbers_and_has_limits_from_the_districts(seen: Any) -> None:
    record, _ = seen
    for one in record.contrasts:
        numbers = [value(record, one.rung, one.quantity, group, moment).value
                   for group in ("treated", "control") for moment in ("after", "before")]  # fmt: skip
        assert one.estimate == pytest.approx(numbers[0] - numbers[1] - numbers[2] + numbers[3])
        if one.lower is not None:
            assert one.lower < one.estimate < one.upper
    assert {one.quantity for one in record.contrasts}.isdisjoint({"age", "known"})


def test_the_order_of_rows_and_the_names_of_children_do_not_matter(tmp_path: Path) -> None:
    frames = delivery(seed=5, size=6)
    usual = made(tmp_path, frames)
    other = {name: frame.iloc[::-1].assign() for name, frame in frames.items()}
    for name in ("children", "placements"):
        other[name] = other[name].assign(child=other[name]["child"].str.replace("k", "other-"))
    again = made(tmp_path, other)
    assert [one.model_dump() for one in again.cells] == [pytest.approx(one.model_dump()) for one in usual.cells]


def test_one_child_is_counted_inside_and_told_nowhere(tmp_path: Path) -> None:
    frames = {"districts": small.districts(), "children": small.children()}
    one = [("c0", "ANBAAR 9", "2012-06-01", "2014-03-01", "planned", None)]
    frames["placements"] = pd.DataFrame(one, columns=["child", "measure", "start", "end", "end_reason", "price"])
    record = made(tmp_path, frames)
    assert value(record, "institution", "stay", "treated", "before").children == 1
    assert value(record, "institution", "stay", "control", "before").status == "nobody"
    assert all(found.lower is None for found in record.contrasts if found.rung == "institution")
    released = release_ladder(record, plan())
    assert released is not None
    about = [found for found in released.cells if found.rung == "institution" and found.group == "treated"]
    assert {found.status for found in about if found.quantity in {"stay", "months", "out"}} == {"hidden"}
    (remark,) = released.remarks
    assert remark.key == "errors.ladder_rung_unseen"
    assert dict(remark.values) == {"rungs": "6"}


def test_what_has_no_before_and_after_says_so(tmp_path: Path) -> None:
    frames = delivery(size=2)
    late = frames["districts"].copy()
    late.loc[late["district"] == "B", "treated_from"] = "2014-01-01"
    away = frames["placements"].assign(start="2016-01-01", end="2016-02-01").drop_duplicates(["child", "measure"])
    given = {"ladder_staggered": frames | {"districts": late}, "ladder_nobody": frames | {"placements": away}}
    for key, delivered in given.items():
        record = made(tmp_path, delivered)
        assert record.cells == ()
        assert [one.key for one in record.remarks] == [f"errors.{key}"]


def test_time_is_followed_for_as_long_as_both_windows_hold_and_at_most_a_year() -> None:
    lengths = np.array([181, 184, 181, 184, 181, 184])
    mask = np.array
    both = {
        "before": mask([True, True, True, False, False, False]),
        "after": mask([False, False, False, False, True, True]),
    }
    assert longest(both, lengths) == (2, 365)
    short = both | {"after": mask([False, False, False, False, False, True])}
    assert longest(short, lengths) == (1, 181)
